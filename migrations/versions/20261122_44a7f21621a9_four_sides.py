"""four sides

Revision: 44a7f21621a9, after: d710fe48e7d1, made: 2026-11-22 01:30:28.824199
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from server.crm import policy
from server.tasks import lines
from sync.canonical import derive

revision = "44a7f21621a9"
down_revision = "d710fe48e7d1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "board_lines",
        sa.Column("station_id", sa.String(length=36), nullable=False),
        sa.Column("board_until", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("rev", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("courier_id", sa.String(length=36), nullable=True),
        sa.Column("parcel_id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("merchant", sa.String(length=120), nullable=False),
        sa.Column("waybill", sa.String(length=500), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=True),
        sa.Column("window_end", sa.BigInteger(), nullable=True),
        sa.Column("lat_e7", sa.BigInteger(), nullable=True),
        sa.Column("lng_e7", sa.BigInteger(), nullable=True),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("import_id", sa.String(length=36), nullable=True),
        sa.Column("search", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("station_id", "board_until", "id", name=op.f("pk_board_lines")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("board_lines", schema=None) as batch_op:
        batch_op.create_index("ix_board_lines_customer_id", ["customer_id"], unique=False)
        batch_op.create_index("ix_board_lines_id", ["id"], unique=True)
        batch_op.create_index("ix_board_lines_import_id", ["import_id"], unique=False)

    op.create_table(
        "idempotent_calls",
        sa.Column("key_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("batch_id", sa.String(length=36), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column(
            "answer",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
            ),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("key_id", "name", name=op.f("pk_idempotent_calls")),
    )
    with op.batch_alter_table("idempotent_calls", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotent_calls_begun_at"), ["begun_at"], unique=False)

    op.create_table(
        "order_files",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("station_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("brought_at", sa.BigInteger(), nullable=False),
        sa.Column("brought_by", sa.String(length=36), nullable=False),
        sa.Column(
            "look",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
            ),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_files")),
    )
    with op.batch_alter_table("order_files", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_order_files_station_id"), ["station_id"], unique=False)

    op.create_table(
        "order_mappings",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("station_id", sa.String(length=36), nullable=False),
        sa.Column("merchant", sa.String(length=120), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column(
            "document",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.Column("used_by", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_mappings")),
        sa.UniqueConstraint(
            "station_id",
            "merchant",
            "fingerprint",
            name=op.f("uq_order_mappings_station_id_merchant_fingerprint"),
        ),
    )
    with op.batch_alter_table("order_mappings", schema=None) as batch_op:
        batch_op.create_index(
            "ix_order_mappings_known", ["station_id", "fingerprint", "used_at"], unique=False
        )

    op.create_table(
        "push_messages",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("outbox_id", sa.String(length=36), nullable=False),
        sa.Column("subscription_id", sa.String(length=36), nullable=False),
        sa.Column("owner_kind", sa.String(length=16), nullable=False),
        sa.Column("owner_id", sa.String(length=36), nullable=False),
        sa.Column("station_id", sa.String(length=36), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=True),
        sa.Column("op_id", sa.String(length=36), nullable=True),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("tag", sa.String(length=80), nullable=False),
        sa.Column(
            "changes",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempted_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_messages")),
    )
    with op.batch_alter_table("push_messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_push_messages_op_id"), ["op_id"], unique=False)
        batch_op.create_index("ix_push_messages_same", ["subscription_id", "tag", "state"], unique=False)

    op.create_table(
        "push_subscriptions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("owner_kind", sa.String(length=16), nullable=False),
        sa.Column("owner_id", sa.String(length=36), nullable=False),
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("device_id", sa.String(length=36), nullable=True),
        sa.Column("endpoint", sa.Text(), nullable=False),
        sa.Column("endpoint_hash", sa.String(length=64), nullable=False),
        sa.Column("p256dh", sa.String(length=120), nullable=False),
        sa.Column("auth", sa.String(length=40), nullable=False),
        sa.Column("lang", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_subscriptions")),
        sa.UniqueConstraint(
            "owner_kind", "owner_id", "task_id", "endpoint_hash", name="uq_push_subscriptions_one"
        ),
    )
    with op.batch_alter_table("push_subscriptions", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_push_subscriptions_endpoint_hash"), ["endpoint_hash"], unique=False
        )

    op.create_table(
        "revealers",
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_revealers")),
    )
    op.create_table(
        "reveals",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("station_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column(
            "fields",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reveals")),
    )
    with op.batch_alter_table("reveals", schema=None) as batch_op:
        batch_op.create_index("ix_reveals_station_at", ["station_id", "at"], unique=False)
        batch_op.create_index("ix_reveals_user_at", ["user_id", "at"], unique=False)

    op.create_table(
        "saved_filters",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("station_id", sa.String(length=36), nullable=False),
        sa.Column("user_id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=60), nullable=False),
        sa.Column(
            "query",
            sa.JSON(none_as_null=True).with_variant(
                postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
            ),
            nullable=False,
        ),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filters")),
    )
    with op.batch_alter_table("saved_filters", schema=None) as batch_op:
        batch_op.create_index("ix_saved_filters_station", ["station_id", "shared"], unique=False)
        batch_op.create_index(batch_op.f("ix_saved_filters_user_id"), ["user_id"], unique=False)

    op.create_table(
        "tracking_links",
        sa.Column("task_id", sa.String(length=36), nullable=False),
        sa.Column("station_id", sa.String(length=36), nullable=False),
        sa.Column("customer_id", sa.String(length=36), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("task_id", name=op.f("pk_tracking_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_tracking_links_token_hash")),
    )
    with op.batch_alter_table("tracking_links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tracking_links_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_tracking_links_station_id"), ["station_id"], unique=False)

    op.create_table(
        "withdrawn_outcomes",
        sa.Column("op_id", sa.String(length=36), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("op_id", name=op.f("pk_withdrawn_outcomes")),
    )
    op.create_table(
        "api_key",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("station_id", sa.String(length=36), nullable=False),
        sa.Column("merchant", sa.String(length=120), nullable=False),
        sa.Column("label", sa.String(length=120), nullable=True),
        sa.Column("hint", sa.String(length=16), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["station_id"], ["station.id"], name=op.f("fk_api_key_station_id_station")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_key")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_key_key_hash")),
    )
    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_api_key_station_id"), ["station_id"], unique=False)

    with op.batch_alter_table("conflicts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("owner_id", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("mine_author", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("theirs_author", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("decided_at", sa.BigInteger(), nullable=True))
        batch_op.drop_index(batch_op.f("ix_conflicts_station_status"))
        batch_op.create_index(
            "ix_conflicts_station_decided", ["station_id", "status", "decided_at", "id"], unique=False
        )
        batch_op.create_index(
            "ix_conflicts_station_due", ["station_id", "status", "due_at", "id"], unique=False
        )

    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("tier_rank", sa.SmallInteger(), nullable=True))
        batch_op.add_column(sa.Column("search", sa.Text(), nullable=True))
        batch_op.add_column(sa.Column("proposed_at", sa.BigInteger(), nullable=True))
        batch_op.drop_index(batch_op.f("ix_customers_name"))
        batch_op.drop_index(batch_op.f("ix_customers_phone"))
        batch_op.drop_index(batch_op.f("ix_customers_station_id"))
        batch_op.create_index("ix_customers_station_proposed", ["station_id", "proposed_at"], unique=False)
        batch_op.create_index("ix_customers_station_search", ["station_id", "search", "id"], unique=False)
        batch_op.create_index(
            "ix_customers_station_tier", ["station_id", "tier_rank", "name", "id"], unique=False
        )

    with op.batch_alter_table("device_heads", schema=None) as batch_op:
        batch_op.add_column(sa.Column("skew_ms", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("mono", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("boot", sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column("doubted_boot", sa.String(length=60), nullable=True))

    with op.batch_alter_table("import_batches", schema=None) as batch_op:
        batch_op.add_column(sa.Column("file_id", sa.String(length=36), nullable=True))
        batch_op.add_column(
            sa.Column(
                "wish",
                sa.JSON(none_as_null=True).with_variant(
                    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
                ),
                nullable=True,
            )
        )
        batch_op.add_column(
            sa.Column(
                "trouble",
                sa.JSON(none_as_null=True).with_variant(
                    postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql"
                ),
                nullable=True,
            )
        )
        batch_op.add_column(sa.Column("seen_rows", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("new_rows", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("unchanged_rows", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("changed_rows", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("wrong_rows", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("kept_rows", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("staged_by", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("applied_key", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("undone_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("undone_by", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("undo_reason", sa.String(length=500), nullable=True))
        batch_op.create_index("ix_import_batches_station_staged", ["station_id", "staged_at"], unique=False)
        batch_op.create_foreign_key(
            batch_op.f("fk_import_batches_file_id_order_files"), "order_files", ["file_id"], ["id"]
        )
        batch_op.drop_column("applied_through")

    with op.batch_alter_table("import_rows", schema=None) as batch_op:
        batch_op.add_column(sa.Column("task_id", sa.String(length=36), nullable=True))
        batch_op.add_column(sa.Column("digest", sa.String(length=64), nullable=True))

    with op.batch_alter_table("operations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_operations_author"))
        batch_op.create_index("ix_operations_author_position", ["author", "position"], unique=False)
        batch_op.create_index(
            "ix_operations_forced_by",
            ["forced_by"],
            unique=False,
            postgresql_where=sa.text("forced_by IS NOT NULL"),
            sqlite_where=sa.text("forced_by IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_operations_voided_by",
            ["voided_by"],
            unique=False,
            postgresql_where=sa.text("voided_by IS NOT NULL"),
            sqlite_where=sa.text("voided_by IS NOT NULL"),
        )

    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.add_column(sa.Column("request", sa.String(length=64), nullable=True))
        batch_op.create_index(
            "ix_outbox_dead",
            ["dead_at", "id"],
            unique=False,
            postgresql_where=sa.text("dead_at IS NOT NULL"),
            sqlite_where=sa.text("dead_at IS NOT NULL"),
        )

    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tasks_station_status"))
        batch_op.drop_index(batch_op.f("ix_tasks_station_window"))

    fill(op.get_bind())
    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.alter_column("tier_rank", existing_type=sa.SmallInteger(), nullable=False)
        batch_op.alter_column("search", existing_type=sa.Text(), nullable=False)
    with op.batch_alter_table("import_batches", schema=None) as batch_op:
        batch_op.alter_column("seen_rows", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("new_rows", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("unchanged_rows", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("changed_rows", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("wrong_rows", existing_type=sa.Integer(), nullable=False)
        batch_op.alter_column("kept_rows", existing_type=sa.Integer(), nullable=False)


def downgrade() -> None:
    with op.batch_alter_table("tasks", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_tasks_station_window"), ["station_id", "window_end"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_tasks_station_status"), ["station_id", "status"], unique=False)

    with op.batch_alter_table("outbox", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_outbox_dead",
            postgresql_where=sa.text("dead_at IS NOT NULL"),
            sqlite_where=sa.text("dead_at IS NOT NULL"),
        )
        batch_op.drop_column("request")

    with op.batch_alter_table("operations", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_operations_voided_by",
            postgresql_where=sa.text("voided_by IS NOT NULL"),
            sqlite_where=sa.text("voided_by IS NOT NULL"),
        )
        batch_op.drop_index(
            "ix_operations_forced_by",
            postgresql_where=sa.text("forced_by IS NOT NULL"),
            sqlite_where=sa.text("forced_by IS NOT NULL"),
        )
        batch_op.drop_index("ix_operations_author_position")
        batch_op.create_index(batch_op.f("ix_operations_author"), ["author"], unique=False)

    with op.batch_alter_table("import_rows", schema=None) as batch_op:
        batch_op.drop_column("digest")
        batch_op.drop_column("task_id")

    with op.batch_alter_table("import_batches", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column(
                "applied_through", sa.INTEGER(), autoincrement=False, server_default="0", nullable=False
            )
        )
        batch_op.drop_constraint(batch_op.f("fk_import_batches_file_id_order_files"), type_="foreignkey")
        batch_op.drop_index("ix_import_batches_station_staged")
        batch_op.drop_column("undo_reason")
        batch_op.drop_column("undone_by")
        batch_op.drop_column("undone_at")
        batch_op.drop_column("applied_key")
        batch_op.drop_column("staged_by")
        batch_op.drop_column("kept_rows")
        batch_op.drop_column("wrong_rows")
        batch_op.drop_column("changed_rows")
        batch_op.drop_column("unchanged_rows")
        batch_op.drop_column("new_rows")
        batch_op.drop_column("seen_rows")
        batch_op.drop_column("trouble")
        batch_op.drop_column("wish")
        batch_op.drop_column("file_id")

    with op.batch_alter_table("device_heads", schema=None) as batch_op:
        batch_op.drop_column("doubted_boot")
        batch_op.drop_column("boot")
        batch_op.drop_column("mono")
        batch_op.drop_column("skew_ms")

    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.drop_index("ix_customers_station_tier")
        batch_op.drop_index("ix_customers_station_search")
        batch_op.drop_index("ix_customers_station_proposed")
        batch_op.create_index(batch_op.f("ix_customers_station_id"), ["station_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_customers_phone"), ["phone"], unique=False)
        batch_op.create_index(batch_op.f("ix_customers_name"), ["name"], unique=False)
        batch_op.drop_column("proposed_at")
        batch_op.drop_column("search")
        batch_op.drop_column("tier_rank")

    with op.batch_alter_table("conflicts", schema=None) as batch_op:
        batch_op.drop_index("ix_conflicts_station_due")
        batch_op.drop_index("ix_conflicts_station_decided")
        batch_op.create_index(
            batch_op.f("ix_conflicts_station_status"), ["station_id", "status"], unique=False
        )
        batch_op.drop_column("decided_at")
        batch_op.drop_column("theirs_author")
        batch_op.drop_column("mine_author")
        batch_op.drop_column("owner_id")

    with op.batch_alter_table("api_key", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_api_key_station_id"))

    op.drop_table("api_key")
    op.drop_table("withdrawn_outcomes")
    with op.batch_alter_table("tracking_links", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tracking_links_station_id"))
        batch_op.drop_index(batch_op.f("ix_tracking_links_customer_id"))

    op.drop_table("tracking_links")
    with op.batch_alter_table("saved_filters", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_saved_filters_user_id"))
        batch_op.drop_index("ix_saved_filters_station")

    op.drop_table("saved_filters")
    with op.batch_alter_table("reveals", schema=None) as batch_op:
        batch_op.drop_index("ix_reveals_user_at")
        batch_op.drop_index("ix_reveals_station_at")

    op.drop_table("reveals")
    op.drop_table("revealers")
    with op.batch_alter_table("push_subscriptions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_push_subscriptions_endpoint_hash"))

    op.drop_table("push_subscriptions")
    with op.batch_alter_table("push_messages", schema=None) as batch_op:
        batch_op.drop_index("ix_push_messages_same")
        batch_op.drop_index(batch_op.f("ix_push_messages_op_id"))

    op.drop_table("push_messages")
    with op.batch_alter_table("order_mappings", schema=None) as batch_op:
        batch_op.drop_index("ix_order_mappings_known")

    op.drop_table("order_mappings")
    with op.batch_alter_table("order_files", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_order_files_station_id"))

    op.drop_table("order_files")
    with op.batch_alter_table("idempotent_calls", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotent_calls_begun_at"))

    op.drop_table("idempotent_calls")
    with op.batch_alter_table("board_lines", schema=None) as batch_op:
        batch_op.drop_index("ix_board_lines_import_id")
        batch_op.drop_index("ix_board_lines_id")
        batch_op.drop_index("ix_board_lines_customer_id")

    op.drop_table("board_lines")


PLAIN = {
    "kind": "person",
    "email": None,
    "language": None,
    "tier": "casual",
    "contacts": [],
    "consents": [],
    "tags": [],
    "profile_touched": {},
}
PLAIN_REQUEST = {
    "scope": "always",
    "address": None,
    "task": None,
    "weekdays": [],
    "state": "accepted",
    "valid_from": None,
    "valid_until": None,
}
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def rows_of(bind: sa.Connection, name: str, *columns: str) -> list[sa.Row]:
    table = sa.table(name, *(sa.column(one, JSON if one == "record" else None) for one in columns))
    return list(bind.execute(sa.select(table)))


def put(bind: sa.Connection, name: str, key: str, values: dict) -> None:
    columns = [sa.column(one, JSON if one == "record" else None) for one in values]
    table = sa.table(name, sa.column("id"), *columns)
    bind.execute(sa.update(table).where(table.c.id == key).values(**values))


def fill(bind: sa.Connection) -> None:
    """What was there before gets what the new columns ask for; every record becomes one of today's shape."""
    customers = {row.id: whole(row.record) for row in rows_of(bind, "customers", "id", "record")}
    for key, record in customers.items():
        found = {
            "record": record,
            "tier_rank": policy.tier_rank(record),
            "search": policy.search_lines(record),
            "proposed_at": policy.proposed_at(record),
        }
        put(bind, "customers", key, found)
    fill_board(bind, customers)
    for row in rows_of(bind, "conflicts", "id", "record"):
        decision = row.record["decision"]
        owned = {
            "owner_id": row.record["owner"],
            "mine_author": row.record["mine_author"],
            "theirs_author": row.record["theirs_author"],
            "decided_at": decision["at"] if decision else None,
        }
        put(bind, "conflicts", row.id, owned)
    fill_imports(bind)
    bind.execute(
        sa.text(
            "UPDATE import_batches SET seen_rows = rows, new_rows = rows, unchanged_rows = 0, changed_rows = 0,"
            " wrong_rows = 0, kept_rows = 0"
        )
    )


def whole(record: dict) -> dict:
    touched = record["touched"]
    requests = [
        {**PLAIN_REQUEST, "source": "csr" if one["id"] in touched else "order", **one}
        for one in record["requests"]
    ]
    return {**PLAIN, **record, "requests": requests}


def fill_imports(bind: sa.Connection) -> None:
    """Rows that were accepted and not yet applied are applied by their task from here on."""
    rows = sa.table(
        "import_rows",
        sa.column("batch_id"),
        sa.column("row_no"),
        sa.column("task_id"),
        sa.column("order_body", JSON),
    )
    waiting = sa.select(rows.c.batch_id, rows.c.row_no, rows.c.order_body).where(
        rows.c.order_body.is_not(None)
    )
    for row in list(bind.execute(waiting)):
        task = derive("task", row.order_body["kind"], row.order_body["waybill"])
        here = (rows.c.batch_id == row.batch_id, rows.c.row_no == row.row_no)
        bind.execute(sa.update(rows).where(*here).values(task_id=task))


def fill_board(bind: sa.Connection, customers: dict[str, dict]) -> None:
    parcels = {row.id: row.record for row in rows_of(bind, "parcels", "id", "record")}
    made = []
    for row in rows_of(bind, "tasks", "id", "rev", "record", "import_id"):
        task = row.record
        line = lines.describe(task, row.rev, parcels.get(task["parcel"], {}), customers[task["customer"]], 0)
        made.append({**line, "import_id": row.import_id})
    if made:
        bind.execute(sa.insert(sa.table("board_lines", *(sa.column(one) for one in made[0]))), made)
