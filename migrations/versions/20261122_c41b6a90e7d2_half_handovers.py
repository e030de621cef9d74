"""half handovers

Revision: c41b6a90e7d2, after: 9a3e57c1d0f4, made: 2026-11-22 13:50:00.000000
"""

import sqlalchemy as sa
from alembic import op

revision = "c41b6a90e7d2"
down_revision = "9a3e57c1d0f4"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "half_handovers",
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("giver_id", sa.String(length=36), nullable=False),
        sa.Column("taker_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_half_handovers")),
    )
    with op.batch_alter_table("half_handovers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_half_handovers_giver_id"), ["giver_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_half_handovers_taker_id"), ["taker_id"], unique=False)


def downgrade() -> None:
    op.drop_table("half_handovers")
