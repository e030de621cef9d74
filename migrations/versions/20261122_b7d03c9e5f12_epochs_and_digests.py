"""epochs and digests

Revision: b7d03c9e5f12, after: 44a7f21621a9, made: 2026-11-22 07:12:00.000000
"""

from collections import defaultdict

import sqlalchemy as sa
from alembic import op

from server.core.clock import now_ms
from sync.digest import digest

revision = "b7d03c9e5f12"
down_revision = "44a7f21621a9"
branch_labels = None
depends_on = None

BROKEN = sa.text("breaks_chain IS NOT NULL")
GONE = sa.text("gone_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "epochs",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("cause", sa.String(length=24), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_epochs")),
        sa.UniqueConstraint("id", name=op.f("uq_epochs_id")),
    )
    with op.batch_alter_table("scopes", schema=None) as batch_op:
        batch_op.add_column(sa.Column("floor", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("digest_count", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("digest_sum", sa.BigInteger(), nullable=True))

    with op.batch_alter_table("scope_entities", schema=None) as batch_op:
        batch_op.add_column(sa.Column("gone_at", sa.BigInteger(), nullable=True))
        batch_op.create_index(
            "ix_scope_entities_gone_at", ["gone_at"], unique=False, postgresql_where=GONE, sqlite_where=GONE
        )

    with op.batch_alter_table("device_heads", schema=None) as batch_op:
        batch_op.add_column(sa.Column("chain_hash", sa.String(length=64), nullable=True))

    with op.batch_alter_table("operations", schema=None) as batch_op:
        batch_op.add_column(sa.Column("breaks_chain", sa.Boolean(), nullable=True))
        batch_op.create_index(
            "ix_operations_breaks_chain",
            ["breaks_chain"],
            unique=False,
            postgresql_where=BROKEN,
            sqlite_where=BROKEN,
        )

    fill(op.get_bind())
    with op.batch_alter_table("scopes", schema=None) as batch_op:
        batch_op.alter_column("floor", existing_type=sa.BigInteger(), nullable=False)
        batch_op.alter_column("digest_count", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("digest_sum", existing_type=sa.BigInteger(), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("operations", schema=None) as batch_op:
        batch_op.drop_index("ix_operations_breaks_chain", postgresql_where=BROKEN, sqlite_where=BROKEN)
        batch_op.drop_column("breaks_chain")

    with op.batch_alter_table("device_heads", schema=None) as batch_op:
        batch_op.drop_column("chain_hash")

    with op.batch_alter_table("scope_entities", schema=None) as batch_op:
        batch_op.drop_index("ix_scope_entities_gone_at", postgresql_where=GONE, sqlite_where=GONE)
        batch_op.drop_column("gone_at")

    with op.batch_alter_table("scopes", schema=None) as batch_op:
        batch_op.drop_column("digest_sum")
        batch_op.drop_column("digest_count")
        batch_op.drop_column("floor")

    op.drop_table("epochs")


def fill(bind: sa.Connection) -> None:
    """Digests of the rows there are; removals count their ninety days from now; heads know their last operation.

    A database handhelds have spoken to keeps the epoch they were told: it is the same life of it.
    """
    fill_digests(bind)
    bind.execute(sa.text("UPDATE scope_entities SET gone_at = :now WHERE NOT present"), {"now": now_ms()})
    bind.execute(
        sa.text(
            "UPDATE device_heads SET chain_hash = (SELECT body_hash FROM operations"
            " WHERE operations.device_id = device_heads.device_id"
            " AND operations.incarnation = device_heads.incarnation AND operations.seq = device_heads.head_seq)"
        )
    )
    if bind.execute(sa.text("SELECT 1 FROM device_heads LIMIT 1")).first():
        bind.execute(
            sa.text("INSERT INTO epochs (number, id, begun_at, cause) VALUES (1, '1', :now, 'first')"),
            {"now": now_ms()},
        )


def fill_digests(bind: sa.Connection) -> None:
    rows: dict[str, list[tuple[str, int]]] = defaultdict(list)
    present = sa.text(
        "SELECT s.scope, s.entity, p.rev FROM scope_entities s JOIN projections p ON p.entity = s.entity"
        " WHERE s.present"
    )
    for row in bind.execute(present):
        rows[row.scope].append((row.entity, row.rev))
    bind.execute(sa.text("UPDATE scopes SET floor = 0, digest_count = 0, digest_sum = 0"))
    for scope, held in rows.items():
        found = digest(held)
        bind.execute(
            sa.text("UPDATE scopes SET digest_count = :count, digest_sum = :sum WHERE id = :scope"),
            {"count": found.count, "sum": found.sum, "scope": scope},
        )
