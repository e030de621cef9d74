"""messages to couriers, notices by text message, the clock of what is in quarantine

Revision: f3b95d08a6e1, after: c41b6a90e7d2, made: 2026-11-22 17:00:00.000000
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "f3b95d08a6e1"
down_revision = "c41b6a90e7d2"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "courier_messages",
        sa.Column("station_id", sa.String(length=36), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("record", JSON, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_courier_messages")),
    )
    with op.batch_alter_table("courier_messages", schema=None) as batch_op:
        batch_op.create_index("ix_courier_messages_newest", ["station_id", "sent_at", "id"], unique=False)
    with op.batch_alter_table("push_messages", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("channel", sa.String(length=8), nullable=False, server_default="webpush")
        )
    with op.batch_alter_table("push_messages", schema=None) as batch_op:
        batch_op.alter_column("channel", server_default=None)
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.add_column(sa.Column("skew_ms", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("quarantine", schema=None) as batch_op:
        batch_op.drop_column("skew_ms")
    with op.batch_alter_table("push_messages", schema=None) as batch_op:
        batch_op.drop_column("channel")
    op.drop_table("courier_messages")
