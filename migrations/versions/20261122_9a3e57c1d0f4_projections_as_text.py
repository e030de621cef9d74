"""projections as text

Revision: 9a3e57c1d0f4, after: 5c1d7be20a94, made: 2026-11-22 13:40:00.000000
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "9a3e57c1d0f4"
down_revision = "5c1d7be20a94"
branch_labels = None
depends_on = None

_JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("projections", schema=None) as batch_op:
        batch_op.alter_column(
            "body",
            existing_type=_JSON,
            type_=sa.Text(),
            existing_nullable=False,
            postgresql_using="body::text",
        )


def downgrade() -> None:
    with op.batch_alter_table("projections", schema=None) as batch_op:
        batch_op.alter_column(
            "body",
            existing_type=sa.Text(),
            type_=_JSON,
            existing_nullable=False,
            postgresql_using="body::jsonb",
        )
