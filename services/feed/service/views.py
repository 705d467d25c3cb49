"""Entries as they go over the wire."""

from collections.abc import Sequence
from typing import Any, cast

from services.core.people import People
from services.feed.schemas import EntryView, Kind


async def views(people: People, entries: Sequence[Any]) -> list[EntryView]:
    """Return rows of entries with their authors named, with one statement however many there are."""
    authors = await people.of(entry.author for entry in entries)
    return [
        EntryView(
            kind=cast(Kind, entry.kind),
            id=entry.id,
            author=authors[entry.author],
            text=entry.text,
            created_at=entry.created_at,
        )
        for entry in entries
    ]
