"""Polls, their audit log, idempotency keys; events' tables."""

import sqlalchemy as sa
from alembic import op
from services.core.data.expand.helpers import append_only
from sqlalchemy.dialects.postgresql import JSONB

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "poll",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("options", JSONB(), nullable=False),
        sa.Column("next_option", sa.Integer(), nullable=False),
        sa.Column("seats", sa.Integer()),
        sa.Column("min_picks", sa.Integer()),
        sa.Column("max_picks", sa.Integer()),
        sa.Column("max_score", sa.Integer()),
        sa.Column("points", sa.Integer()),
        sa.Column("max_ranks", sa.Integer()),
        sa.Column("allow_ties", sa.Boolean()),
        sa.Column("random_order", sa.Boolean(), nullable=False),
        sa.Column("results", sa.Text(), nullable=False),
        sa.Column("minimum", sa.Integer(), nullable=False),
        sa.Column("eligibility", sa.Text(), nullable=False),
        sa.Column("strength", sa.Text(), nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("change", sa.Boolean(), nullable=False),
        sa.Column("withdraw", sa.Boolean(), nullable=False),
        sa.Column("abstain", sa.Boolean(), nullable=False),
        sa.Column("quorum", sa.Integer()),
        sa.Column("opens_at", _TIME),
        sa.Column("closes_at", _TIME),
        sa.Column("closed_at", _TIME),
        sa.Column("archived_at", _TIME),
        sa.Column("published_at", _TIME),
        sa.Column("deleted_at", _TIME),
        sa.Column("opened_event_at", _TIME),
        sa.Column("closed_event_at", _TIME),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_poll"),
        sa.UniqueConstraint("code", name="uq_poll_code"),
        sa.CheckConstraint("published_at IS NULL OR opens_at IS NOT NULL", name=op.f("ck_poll_published_opens")),
        sa.CheckConstraint("closes_at > opens_at", name=op.f("ck_poll_closes_after_opening")),
    )
    op.create_index(
        "ix_poll_published",
        "poll",
        ["published_at", "id"],
        postgresql_where=sa.text("published_at IS NOT NULL AND deleted_at IS NULL"),
    )
    op.create_index("ix_poll_owner", "poll", ["owner", "id"], postgresql_where=sa.text("deleted_at IS NULL"))
    op.create_index(
        "ix_poll_to_open",
        "poll",
        ["opens_at"],
        postgresql_where=sa.text("opened_event_at IS NULL AND published_at IS NOT NULL AND deleted_at IS NULL"),
    )
    op.create_index(
        "ix_poll_to_close",
        "poll",
        [sa.text("(coalesce(closed_at, closes_at))")],
        postgresql_where=sa.text("closed_event_at IS NULL AND opened_event_at IS NOT NULL AND deleted_at IS NULL"),
    )
    op.create_table(
        "audit",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("poll", sa.Uuid(), nullable=False),
        sa.Column("at", _TIME, server_default=sa.func.now(), nullable=False),
        sa.Column("actor", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("details", JSONB(), nullable=False),
        sa.PrimaryKeyConstraint("position", name="pk_audit"),
    )
    op.create_index("ix_audit_poll", "audit", ["poll", "position"])
    append_only("audit")
    op.create_table(
        "idempotency_key",
        sa.Column("owner", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("poll", sa.Uuid(), nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("owner", "key", name="pk_idempotency_key"),
    )
    op.create_index("ix_idempotency_key_expires_at", "idempotency_key", ["expires_at"])
    op.create_table(
        "outbox",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("created_at", _TIME, server_default=sa.func.now(), nullable=False),
        sa.Column("published_at", _TIME),
        sa.PrimaryKeyConstraint("position", name="pk_outbox"),
        sa.UniqueConstraint("event_id", name="uq_outbox_event_id"),
    )
    op.create_index("ix_outbox_waiting", "outbox", ["position"], postgresql_where=sa.text("published_at IS NULL"))
    op.create_index("ix_outbox_created_at", "outbox", ["created_at"])
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("handled_at", _TIME, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_inbox"),
    )
    op.create_index("ix_inbox_handled_at", "inbox", ["handled_at"])
    op.create_table(
        "parked",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("parked_at", _TIME, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_parked"),
    )


def downgrade() -> None:
    for table in ("parked", "inbox", "outbox", "idempotency_key", "audit", "poll"):
        op.drop_table(table)
