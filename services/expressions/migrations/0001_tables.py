"""Tables of Expressions.

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
        sa.Column("bytes", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("reactions", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("least(bytes, reactions) >= 0", name=op.f("ck_account_arent_negative")),
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
        "follow",
        sa.Column("follower", sa.Uuid(), nullable=False),
        sa.Column("followee", sa.Uuid(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("follower", "followee", name=op.f("pk_follow")),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("owner", sa.Uuid(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=False),
        sa.Column("wave", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("owner", "key", name=op.f("pk_idempotency_key")),
    )
    op.create_index(op.f("ix_idempotency_key_expires_at"), "idempotency_key", ["expires_at"], unique=False)
    op.create_table(
        "leftover",
        sa.Column("wave", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("wave", name=op.f("pk_leftover")),
    )
    op.create_table(
        "mention",
        sa.Column("wave", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("wave", "account", name=op.f("pk_mention")),
    )
    op.create_table(
        "mute",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("other", sa.Uuid(), nullable=False),
        sa.Column("muted", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("account", "other", name=op.f("pk_mute")),
    )
    op.create_table(
        "person",
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=True),
        sa.Column("display_name", sa.Text(), nullable=False),
        sa.Column("avatar", sa.Text(), nullable=True),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
    )
    op.create_index("ix_person_handle", "person", [sa.literal_column("lower(handle)")], unique=False)
    op.create_table(
        "poll",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("owner", sa.Uuid(), nullable=False),
        sa.Column("listing", sa.Text(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_poll")),
    )
    op.create_table(
        "reaction",
        sa.Column("wave", sa.Uuid(), nullable=False),
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("emoji", sa.Text(), nullable=True),
        sa.Column("ordinal", sa.Uuid(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("(kind = 'emoji') = (emoji IS NOT NULL)", name=op.f("ck_reaction_emoji")),
        sa.CheckConstraint("kind IN ('like', 'clap', 'emoji')", name=op.f("ck_reaction_kind")),
        sa.PrimaryKeyConstraint("wave", "account", "kind", name=op.f("pk_reaction")),
    )
    op.create_index("ix_reaction_list", "reaction", ["wave", "ordinal"], unique=False)
    op.create_table(
        "revision",
        sa.Column("wave", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("pieces", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("wave", "number", name=op.f("pk_revision")),
    )
    op.create_table(
        "wave",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("author", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("pieces", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("visibility", sa.Text(), nullable=False),
        sa.Column("poll", sa.Uuid(), nullable=True),
        sa.Column("ripple_of", sa.Uuid(), nullable=True),
        sa.Column("bare", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("likes", sa.Integer(), server_default="0", nullable=False),
        sa.Column("claps", sa.Integer(), server_default="0", nullable=False),
        sa.Column(
            "emojis", postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'::jsonb"), nullable=False
        ),
        sa.Column("ripples", sa.Integer(), server_default="0", nullable=False),
        sa.Column("reacted", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("edits", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("visibility IN ('public', 'followers', 'mentioned')", name=op.f("ck_wave_visibility")),
        sa.CheckConstraint("least(likes, claps, ripples) >= 0", name=op.f("ck_wave_counts_arent_negative")),
        sa.CheckConstraint("ripple_of IS NOT NULL OR NOT bare", name=op.f("ck_wave_bare_ripples")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wave")),
    )
    op.create_index("ix_wave_author", "wave", ["author", "id"], unique=False)
    op.create_index(
        "ix_wave_ripples", "wave", ["ripple_of", "id"], unique=False, postgresql_where=sa.text("ripple_of IS NOT NULL")
    )
    op.create_index("uq_wave_bare", "wave", ["author", "ripple_of"], unique=True, postgresql_where=sa.text("bare"))
    tables.create()


def downgrade() -> None:
    tables.drop()
    op.drop_index("uq_wave_bare", table_name="wave", postgresql_where=sa.text("bare"))
    op.drop_index("ix_wave_ripples", table_name="wave", postgresql_where=sa.text("ripple_of IS NOT NULL"))
    op.drop_index("ix_wave_author", table_name="wave")
    op.drop_table("wave")
    op.drop_table("revision")
    op.drop_index("ix_reaction_list", table_name="reaction")
    op.drop_table("reaction")
    op.drop_table("poll")
    op.drop_index("ix_person_handle", table_name="person")
    op.drop_table("person")
    op.drop_table("mute")
    op.drop_table("mention")
    op.drop_table("leftover")
    op.drop_index(op.f("ix_idempotency_key_expires_at"), table_name="idempotency_key")
    op.drop_table("idempotency_key")
    op.drop_table("follow")
    op.drop_table("block")
    op.drop_table("account")
