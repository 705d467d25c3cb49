"""The tables that every service's events need, for a service's first migration.

    from services.core.events import tables

    def upgrade() -> None:
        op.create_table("poll", …)
        tables.create()

Landed migrations call this too, so what it makes never changes. What `core.data.models` gains comes in revisions of
each service's own.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

_TIME = sa.DateTime(timezone=True)


def create() -> None:
    """Create `outbox`, `inbox` and `parked` as `core.data.models` declares them."""
    op.create_table(
        "outbox",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        *_event(),
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
        *_event(),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("parked_at", _TIME, server_default=sa.func.now(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name="pk_parked"),
    )


def _event() -> "list[sa.Column[Any]]":
    return [
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
    ]


def drop() -> None:
    """Drop them."""
    for table in ("parked", "inbox", "outbox"):
        op.drop_table(table)
