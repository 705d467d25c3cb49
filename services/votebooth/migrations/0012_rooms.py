"""rooms

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op
from services.core.data.expand.helpers import churn
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rooms",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("owner_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("head", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("acted_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("request_key", sa.Text(), nullable=True),
        sa.Column("request_hash", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rooms")),
        sa.UniqueConstraint("code", name=op.f("uq_rooms_code")),
    )
    op.create_index(
        "ix_rooms_acted_at", "rooms", ["acted_at"], unique=False, postgresql_where=sa.text("code IS NOT NULL")
    )
    op.create_index("ix_rooms_owner_id_id", "rooms", ["owner_id", "id"], unique=False)
    op.create_index("uq_rooms_owner_id_request_key", "rooms", ["owner_id", "request_key"], unique=True)
    op.create_table(
        "room_log",
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.Uuid(), nullable=True),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("part", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("room_id", "seq", name=op.f("pk_room_log")),
    )
    op.create_table(
        "room_members",
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("guest", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("room_id", "subject_id", name=op.f("pk_room_members")),
    )
    op.create_table(
        "room_leases",
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("room_id", "subject_id", name=op.f("pk_room_leases")),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "room_reactions",
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("emoji", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("room_id", "until", "emoji", name=op.f("pk_room_reactions")),
        prefixes=["UNLOGGED"],
    )
    op.create_table(
        "room_questions",
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("asker_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("guest", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("anonymous", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("answered", sa.Boolean(), nullable=False),
        sa.Column("pinned", sa.Boolean(), nullable=False),
        sa.Column("votes", sa.Integer(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("room_id", "id", name=op.f("pk_room_questions")),
    )
    op.create_table(
        "room_votes",
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("voter_id", sa.Uuid(), nullable=False),
        sa.Column("question_id", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("room_id", "voter_id", "question_id", name=op.f("pk_room_votes")),
    )
    op.create_index("ix_room_votes_room_id_question_id", "room_votes", ["room_id", "question_id"], unique=False)
    op.create_table(
        "room_screens",
        sa.Column("room_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("room_id", "id", name=op.f("pk_room_screens")),
    )
    churn("room_leases", fillfactor=80)
    churn("room_reactions")


def downgrade() -> None:
    op.drop_table("room_screens")
    op.drop_table("room_votes")
    op.drop_table("room_questions")
    op.drop_table("room_reactions")
    op.drop_table("room_leases")
    op.drop_table("room_members")
    op.drop_table("room_log")
    op.drop_table("rooms")
