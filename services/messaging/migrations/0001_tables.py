"""Tables of Messaging.

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op
from services.core.events import tables
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("receipts", sa.Boolean(), server_default="true", nullable=False),
        sa.CheckConstraint("bytes >= 0", name=op.f("ck_account_bytes_arent_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
    )
    op.create_table(
        "block",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("other", sa.Uuid(), nullable=False),
        sa.Column("blocked", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "other", name=op.f("pk_block")),
    )
    op.create_table(
        "change",
        sa.Column("conversation", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("message", sa.Uuid(), nullable=True),
        sa.Column("account", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "what IN ('sent', 'edited', 'deleted', 'reacted', 'read', 'member', 'title')", name=op.f("ck_change_what")
        ),
        sa.PrimaryKeyConstraint("conversation", "seq", name=op.f("pk_change")),
    )
    op.create_table(
        "conversation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), server_default="", nullable=False),
        sa.Column("low", sa.Uuid(), nullable=True),
        sa.Column("high", sa.Uuid(), nullable=True),
        sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("last", sa.Uuid(), nullable=True),
        sa.Column("asked_by", sa.Uuid(), nullable=True),
        sa.Column("made_by", sa.Uuid(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("request_key", sa.Text(), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'direct') = (low IS NOT NULL AND high IS NOT NULL)", name=op.f("ck_conversation_direct_has_two")
        ),
        sa.CheckConstraint("kind IN ('direct', 'group')", name=op.f("ck_conversation_kind")),
        sa.CheckConstraint("low < high", name=op.f("ck_conversation_pair_in_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conversation")),
    )
    op.create_index(
        "ix_conversation_asked_by",
        "conversation",
        ["asked_by"],
        unique=False,
        postgresql_where=sa.text("asked_by IS NOT NULL"),
    )
    op.create_index(
        "uq_conversation_pair",
        "conversation",
        ["low", "high"],
        unique=True,
        postgresql_where=sa.text("low IS NOT NULL"),
    )
    op.create_index(
        "uq_conversation_request",
        "conversation",
        ["made_by", "request_key"],
        unique=True,
        postgresql_where=sa.text("request_key IS NOT NULL"),
    )
    op.create_table(
        "follow",
        sa.Column("follower", sa.Uuid(), nullable=False),
        sa.Column("followee", sa.Uuid(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("follower", "followee", name=op.f("pk_follow")),
    )
    op.create_table(
        "member",
        sa.Column("conversation", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("read", sa.BigInteger(), nullable=False),
        sa.Column("shown", sa.BigInteger(), nullable=True),
        sa.Column("unread", sa.Integer(), server_default="0", nullable=False),
        sa.Column("seq", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("latest", sa.Uuid(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("role IN ('owner', 'admin', 'member')", name=op.f("ck_member_role")),
        sa.CheckConstraint("state IN ('active', 'requested', 'declined', 'left')", name=op.f("ck_member_state")),
        sa.CheckConstraint("unread >= 0", name=op.f("ck_member_unread_isnt_negative")),
        sa.PrimaryKeyConstraint("conversation", "account", name=op.f("pk_member")),
    )
    op.create_index("ix_member_list", "member", ["account", "state", "latest"], unique=False)
    op.create_index("ix_member_seq", "member", ["account", "seq"], unique=False)
    op.create_index(
        "uq_member_owner", "member", ["conversation"], unique=True, postgresql_where=sa.text("role = 'owner'")
    )
    op.create_table(
        "message",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("sender", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("reply_to", sa.Uuid(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("deleted", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("edits", sa.Integer(), server_default="0", nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "searched",
            postgresql.TSVECTOR(),
            sa.Computed(
                "to_tsvector('simple', text) || array_to_tsvector(ARRAY['c' || replace(conversation::text, '-', '')])",
                persisted=True,
            ),
            nullable=True,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    op.create_index("ix_message_searched", "message", ["searched"], unique=False, postgresql_using="gin")
    op.create_index("uq_message_client_id", "message", ["conversation", "sender", "client_id"], unique=True)
    op.create_index("uq_message_seq", "message", ["conversation", "seq"], unique=True)
    op.create_table(
        "person",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=True),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("avatar", sa.Text(), nullable=True),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_table(
        "reaction",
        sa.Column("message", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("emoji", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("message", "account", name=op.f("pk_reaction")),
    )
    op.create_table(
        "revision",
        sa.Column("message", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("message", "number", name=op.f("pk_revision")),
    )
    tables.create()


def downgrade() -> None:
    tables.drop()
    op.drop_table("revision")
    op.drop_table("reaction")
    op.drop_table("person")
    op.drop_index("uq_message_seq", table_name="message")
    op.drop_index("uq_message_client_id", table_name="message")
    op.drop_index("ix_message_searched", table_name="message", postgresql_using="gin")
    op.drop_table("message")
    op.drop_index("uq_member_owner", table_name="member", postgresql_where=sa.text("role = 'owner'"))
    op.drop_index("ix_member_seq", table_name="member")
    op.drop_index("ix_member_list", table_name="member")
    op.drop_table("member")
    op.drop_table("follow")
    op.drop_index(
        "uq_conversation_request", table_name="conversation", postgresql_where=sa.text("request_key IS NOT NULL")
    )
    op.drop_index("uq_conversation_pair", table_name="conversation", postgresql_where=sa.text("low IS NOT NULL"))
    op.drop_index(
        "ix_conversation_asked_by", table_name="conversation", postgresql_where=sa.text("asked_by IS NOT NULL")
    )
    op.drop_table("conversation")
    op.drop_table("change")
    op.drop_table("block")
    op.drop_table("account")
