"""places and releases

Revision: 5c1d7be20a94, after: e28a6410c7d9, made: 2026-11-22 10:20:00.000000
"""

import sqlalchemy as sa
from alembic import op

revision = "5c1d7be20a94"
down_revision = "e28a6410c7d9"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "repeated_places",
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("incarnation", sa.String(length=36), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("op_id", sa.String(length=36), nullable=True),
        sa.Column("chain_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("device_id", "incarnation", "seq", name=op.f("pk_repeated_places")),
    )
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.add_column(sa.Column("released_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("released_by", sa.String(length=36), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.drop_column("released_by")
        batch_op.drop_column("released_at")

    op.drop_table("repeated_places")
