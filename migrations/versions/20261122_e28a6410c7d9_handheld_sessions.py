"""handheld sessions

Revision: e28a6410c7d9, after: b7d03c9e5f12, made: 2026-11-22 07:20:00.000000
"""

import sqlalchemy as sa
from alembic import op

from server.core.clock import now_ms

revision = "e28a6410c7d9"
down_revision = "b7d03c9e5f12"
branch_labels = None
depends_on = None

DAY_MS = 24 * 3_600_000


def upgrade() -> None:
    op.create_table(
        "handheld_session",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("device_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(length=36), nullable=True),
        sa.ForeignKeyConstraint(
            ["device_id"], ["device.id"], name=op.f("fk_handheld_session_device_id_device")
        ),
        sa.ForeignKeyConstraint(
            ["ended_by"], ["user_account.id"], name=op.f("fk_handheld_session_ended_by_user_account")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("fk_handheld_session_user_id_user_account")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handheld_session")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_handheld_session_token_hash")),
    )
    with op.batch_alter_table("handheld_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_handheld_session_device_id"), ["device_id"], unique=False)

    op.create_table(
        "parked_proofs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("parked_id", sa.String(length=36), nullable=False),
        sa.Column("station_id", sa.String(length=36), nullable=False),
        sa.Column("device_id", sa.String(length=36), nullable=True),
        sa.Column("op_id", sa.String(length=36), nullable=True),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parked_proofs")),
        sa.UniqueConstraint("parked_id", "sha256", name=op.f("uq_parked_proofs_parked_id_sha256")),
    )
    with op.batch_alter_table("parked_proofs", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_parked_proofs_device_id"), ["device_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_parked_proofs_op_id"), ["op_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_parked_proofs_sha256"), ["sha256"], unique=False)

    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.add_column(sa.Column("drained_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("wiped_at", sa.BigInteger(), nullable=True))

    fill(op.get_bind())


def downgrade() -> None:
    with op.batch_alter_table("device", schema=None) as batch_op:
        batch_op.drop_column("wiped_at")
        batch_op.drop_column("drained_at")

    op.drop_table("parked_proofs")
    op.drop_table("handheld_session")


def fill(bind: sa.Connection) -> None:
    """Handhelds that are in use stay logged in for thirty days: until then their credential counts as a login too."""
    now = now_ms()
    bind.execute(
        sa.text(
            "INSERT INTO handheld_session (id, device_id, user_id, token_hash, started_at, until, ended_at)"
            " SELECT id, id, user_id, credential_hash, enrolled_at, :until, revoked_at FROM device"
        ),
        {"until": now + 30 * DAY_MS},
    )
