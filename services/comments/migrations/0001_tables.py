"""Tables of Comments.

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op
from services.core.data.expand.helpers import append_only
from services.core.events import tables
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_log",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("thread", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("actor", sa.Uuid(), nullable=True),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("details", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_audit_log")),
    )
    op.create_index("ix_audit_log_thread", "audit_log", ["thread", "position"], unique=False)
    op.create_table(
        "block",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("other", sa.Uuid(), nullable=False),
        sa.Column("blocked", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "other", name=op.f("pk_block")),
    )
    op.create_table(
        "comment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("thread", sa.Uuid(), nullable=False),
        sa.Column("parent", sa.Uuid(), nullable=True),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("author", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="shown", nullable=False),
        sa.Column("listed", sa.Boolean(), server_default="true", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("replies", sa.Integer(), server_default="0", nullable=False),
        sa.Column("places", sa.Integer(), server_default="0", nullable=False),
        sa.Column("support", sa.Integer(), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("request_key", sa.Text(), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.CheckConstraint("state IN ('shown', 'deleted', 'hidden')", name=op.f("ck_comment_state")),
        sa.CheckConstraint("least(replies, places, support) >= 0", name=op.f("ck_comment_counts_arent_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comment")),
    )
    op.create_index("ix_comment_author", "comment", ["author", "id"], unique=False)
    op.create_index("ix_comment_replies", "comment", ["parent", "id"], unique=False, postgresql_where=sa.text("listed"))
    op.create_index(
        "ix_comment_replies_supported",
        "comment",
        ["parent", "support", "id"],
        unique=False,
        postgresql_where=sa.text("listed"),
    )
    op.create_index(
        "ix_comment_top",
        "comment",
        ["thread", "id"],
        unique=False,
        postgresql_where=sa.text("parent IS NULL AND listed"),
    )
    op.create_index(
        "ix_comment_top_supported",
        "comment",
        ["thread", "support", "id"],
        unique=False,
        postgresql_where=sa.text("parent IS NULL AND listed"),
    )
    op.create_index("uq_comment_path", "comment", ["thread", "path"], unique=True)
    op.create_index(
        "uq_comment_request",
        "comment",
        ["author", "request_key"],
        unique=True,
        postgresql_where=sa.text("request_key IS NOT NULL"),
    )
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
        "support",
        sa.Column("comment", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("comment", "account", name=op.f("pk_support")),
    )
    op.create_table(
        "thread",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("owner", sa.Uuid(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("known_version", sa.Integer(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("comments", sa.Integer(), server_default="0", nullable=False),
        sa.Column("places", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked", sa.Boolean(), server_default="false", nullable=False),
        sa.Column("pinned", sa.Uuid(), nullable=True),
        sa.CheckConstraint("least(comments, places) >= 0", name=op.f("ck_thread_counts_arent_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread")),
    )
    append_only("audit_log")
    tables.create()


def downgrade() -> None:
    tables.drop()
    op.drop_table("thread")
    op.drop_table("support")
    op.drop_table("person")
    op.drop_index("uq_comment_request", table_name="comment", postgresql_where=sa.text("request_key IS NOT NULL"))
    op.drop_index("uq_comment_path", table_name="comment")
    op.drop_index(
        "ix_comment_top_supported", table_name="comment", postgresql_where=sa.text("parent IS NULL AND listed")
    )
    op.drop_index("ix_comment_top", table_name="comment", postgresql_where=sa.text("parent IS NULL AND listed"))
    op.drop_index("ix_comment_replies_supported", table_name="comment", postgresql_where=sa.text("listed"))
    op.drop_index("ix_comment_replies", table_name="comment", postgresql_where=sa.text("listed"))
    op.drop_index("ix_comment_author", table_name="comment")
    op.drop_table("comment")
    op.drop_table("block")
    op.drop_index("ix_audit_log_thread", table_name="audit_log")
    op.drop_table("audit_log")
