"""search: words of entries and of people's names, and their spellings

Expand only: the release before this one must keep working on the new schema.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("entry", sa.Column("words", postgresql.TSVECTOR(), server_default="", nullable=False))
    op.create_index("ix_entry_words", "entry", ["words"], unique=False, postgresql_using="gin")
    op.create_table(
        "name",
        sa.Column("account", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("words", postgresql.TSVECTOR(), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_name")),
    )
    op.create_index("ix_name_words", "name", ["words"], unique=False, postgresql_using="gin")
    op.create_table(
        "spelling",
        sa.Column("written", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("written", "word", name=op.f("pk_spelling")),
    )


def downgrade() -> None:
    op.drop_table("spelling")
    op.drop_index("ix_name_words", table_name="name", postgresql_using="gin")
    op.drop_table("name")
    op.drop_index("ix_entry_words", table_name="entry", postgresql_using="gin")
    op.drop_column("entry", "words")
