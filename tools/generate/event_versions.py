"""tools/generate/event_versions.json: the fields that each version of each event has had.

It is a record: `./just generate` adds events, versions and fields, and takes nothing away. So a field that disappears
from an event, or gets another type, is seen: that needs a new `VERSION`.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
from services.core.events.outbox import Event
from services.registry import NAMES
from tools.generate.events import described, events_of

PATH = "tools/generate/event_versions.json"

Record = dict[str, dict[str, dict[str, str]]]
"""Types by field, by version, by kind."""


def published() -> Iterator[type[Event]]:
    """Give each event that a service publishes."""
    for name in NAMES:
        yield from (event for _, event in sorted(events_of(name).items()))


def fields_of(event: type[Event]) -> dict[str, str]:
    """Return what types an event's fields have."""
    hints = get_type_hints(event)
    return {field.name: described(hints[field.name]) for field in msgspec.structs.fields(event)}


def recorded(root: Path) -> Record:
    """Return what is recorded."""
    found: Record = json.loads((root / PATH).read_text("utf-8"))
    return found


def with_these(record: Record, events: Iterator[type[Event]]) -> Record:
    """Return a record with what it doesn't have of some events; what it has stays as it is."""
    whole = {kind: dict(versions) for kind, versions in record.items()}
    for event in events:
        versions = whole.setdefault(event.KIND, {})
        versions[str(event.VERSION)] = {**fields_of(event), **versions.get(str(event.VERSION), {})}
    return whole


def broken(record: Mapping[str, Any], events: Iterator[type[Event]]) -> list[str]:
    """Return what was promised of events and isn't so any more, a sentence each."""
    found = []
    left = set(record)
    for event in events:
        left.discard(event.KIND)
        versions = record.get(event.KIND, {})
        if versions and max(map(int, versions)) > event.VERSION:
            found.append(f"{event.KIND} has had version {max(map(int, versions))}: VERSION only grows")
        fields = fields_of(event)
        for name, kind in versions.get(str(event.VERSION), {}).items():
            if name not in fields:
                found.append(f"{event.KIND}.{name} is gone: raise VERSION")
            elif fields[name] != kind:
                found.append(f"{event.KIND}.{name} was {kind} and is {fields[name]}: raise VERSION")
    return found + [f"{kind} isn't published any more: take it out of {PATH} by hand" for kind in sorted(left)]


def contents(root: Path) -> dict[str, str]:
    """Return the file."""
    return {PATH: json.dumps(with_these(recorded(root), published()), indent=2, sort_keys=True) + "\n"}
