"""Entries as they go over the wire."""

from collections.abc import Sequence
from typing import Any, cast

from services.core.people import People
from services.feed.schemas import EntryView, Kind, RippledView


async def views(people: People, entries: Sequence[Any]) -> list[EntryView]:
    """Return rows of entries with the people named, with one statement however many there are.

    Args:
        people: Who they are.
        entries: The rows; those that somebody brings up say how many `others` share them on.
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
            else RippledView(by=known[entry.rippler], at=entry.rippled_at, others=entry.others),
        )
        for entry in entries
    ]
