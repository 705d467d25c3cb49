"""The tables of ballots, counters, credentials, and the audit log.

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op
from services.core.data.expand.helpers import append_only, churn, grant
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "anonymous_ballots",
        sa.Column("poll_id", sa.Uuid(), nullable=False),
        sa.Column("ballot_id", sa.LargeBinary(), nullable=False),
        sa.Column("choice", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("poll_id", "ballot_id", name=op.f("pk_anonymous_ballots")),
    )
    op.create_table(
        "audit_log",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("poll_id", sa.Uuid(), nullable=True),
        sa.Column("actor", sa.Uuid(), nullable=True),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column(
            "details",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'::jsonb"),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_log")),
    )
    op.create_index("ix_audit_log_poll_id_position", "audit_log", ["poll_id", "position"], unique=False)
    op.create_table(
        "ballots",
        sa.Column("poll_id", sa.Uuid(), nullable=False),
        sa.Column("voter_key", sa.LargeBinary(), nullable=False),
        sa.Column("choice", sa.LargeBinary(), nullable=False),
        sa.Column("receipt", sa.LargeBinary(), nullable=False),
        sa.Column("cast_at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("revision", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.PrimaryKeyConstraint("poll_id", "voter_key", name=op.f("pk_ballots")),
    )
    op.create_index("uq_ballots_poll_id_receipt", "ballots", ["poll_id", "receipt"], unique=True)
    op.create_table(
        "counters",
        sa.Column("poll_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seq", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("ballots", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("abstentions", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("sums", sa.ARRAY(sa.BigInteger()), server_default=sa.text("'{}'::bigint[]"), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("poll_id", name=op.f("pk_counters")),
    )
    op.create_table(
        "credentials",
        sa.Column("poll_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("poll_id", "token_hash", name=op.f("pk_credentials")),
    )
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_inbox")),
    )
    op.create_index(op.f("ix_inbox_handled_at"), "inbox", ["handled_at"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_outbox")),
        sa.UniqueConstraint("event_id", name=op.f("uq_outbox_event_id")),
    )
    op.create_index("ix_outbox_created_at", "outbox", ["created_at"], unique=False)
    op.create_index(
        "ix_outbox_waiting",
        "outbox",
        ["position"],
        unique=False,
        postgresql_where=sa.text("published_at IS NULL"),
    )
    op.create_table(
        "parked",
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("parked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_parked")),
    )
    op.create_table(
        "participations",
        sa.Column("poll_id", sa.Uuid(), nullable=False),
        sa.Column("voter_key", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("poll_id", "voter_key", name=op.f("pk_participations")),
    )
    op.create_table(
        "patterns",
        sa.Column("poll_id", sa.Uuid(), nullable=False),
        sa.Column("pattern_id", sa.LargeBinary(), nullable=False),
        sa.Column("choice", sa.LargeBinary(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("poll_id", "pattern_id", name=op.f("pk_patterns")),
    )
    op.create_table(
        "polls",
        sa.Column("poll_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("definition", sa.LargeBinary(), nullable=False),
        sa.Column("method", sa.Text(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("results", sa.Text(), nullable=False),
        sa.Column("minimum", sa.Integer(), nullable=False),
        sa.Column("eligibility", sa.Text(), nullable=False),
        sa.Column("strength", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("poll_id", name=op.f("pk_polls")),
    )
    op.create_index(op.f("ix_polls_owner_id"), "polls", ["owner_id"], unique=False)
    op.create_table(
        "roll",
        sa.Column("poll_id", sa.Uuid(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("tries", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("poll_id", "address", name=op.f("pk_roll")),
    )
    op.create_index("ix_roll_waiting", "roll", ["due_at"], unique=False, postgresql_where=sa.text("state = 'waiting'"))
    # Rows that are replaced all the time stay on their page and off the indexes (HOT) while there is room on it.
    # In anonymous polls each batch of votes writes neighbouring rows anew.
    churn("counters", fillfactor=20)
    churn("patterns", fillfactor=80)
    churn("participations")
    churn("anonymous_ballots")
    # What sealing an anonymous poll has replaced is removed at once (`seal.py`).
    grant("MAINTAIN", "counters", "patterns", "participations", "anonymous_ballots")
    append_only("audit_log")


def downgrade() -> None:
    op.drop_index("ix_roll_waiting", table_name="roll", postgresql_where=sa.text("state = 'waiting'"))
    op.drop_table("roll")
    op.drop_index(op.f("ix_polls_owner_id"), table_name="polls")
    op.drop_table("polls")
    op.drop_table("patterns")
    op.drop_table("participations")
    op.drop_table("parked")
    op.drop_index("ix_outbox_waiting", table_name="outbox", postgresql_where=sa.text("published_at IS NULL"))
    op.drop_index("ix_outbox_created_at", table_name="outbox")
    op.drop_table("outbox")
    op.drop_index(op.f("ix_inbox_handled_at"), table_name="inbox")
    op.drop_table("inbox")
    op.drop_table("credentials")
    op.drop_table("counters")
    op.drop_index("uq_ballots_poll_id_receipt", table_name="ballots")
    op.drop_table("ballots")
    op.drop_index("ix_audit_log_poll_id_position", table_name="audit_log")
    op.drop_table("audit_log")
    op.drop_table("anonymous_ballots")
