"""Entries as they go over the wire."""

from collections.abc import Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from services.core.people import People
from services.feed.schemas import EntryView, Kind, RippledView


async def views(people: People, entries: Sequence[Any], others: Mapping[UUID, int] | None = None) -> list[EntryView]:
    """Return rows of entries with the people named, with one statement however many there are.

    Args:
        people: Who they are.
        entries: The rows.
        others: By Wave, how many more share it on than who brings it up.
    """
    named = (person for entry in entries for person in (entry.author, entry.rippler) if person is not None)
    known = await people.of(named)
    return [
        EntryView(
            kind=cast(Kind, entry.kind),
            id=entry.id,
            author=known[entry.author],
            text=entry.text,
            created_at=entry.created_at,
            rippled=None
            if entry.rippler is None
            else RippledView(by=known[entry.rippler], at=entry.rippled_at, others=(others or {}).get(entry.id, 0)),
        )
        for entry in entries
    ]
