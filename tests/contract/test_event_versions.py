"""What a version of an event was said to have, it has."""

from pathlib import Path
from typing import ClassVar
from uuid import UUID

from services.core.events.outbox import Event
from tools.generate.event_versions import broken, published, recorded, with_these

ROOT = Path(__file__).parents[2]


class Made(Event, frozen=True, kw_only=True):
    """The first version."""

    KIND: ClassVar[str] = "test.thing.made"
    thing: UUID
    size: int


class More(Made, frozen=True, kw_only=True):
    """With a field more."""

    name: str


class Less(Event, frozen=True, kw_only=True):
    """Without one."""

    KIND: ClassVar[str] = "test.thing.made"
    thing: UUID


class Other(Event, frozen=True, kw_only=True):
    """With another type."""

    KIND: ClassVar[str] = "test.thing.made"
    thing: UUID
    size: str


class New(Less, frozen=True, kw_only=True):
    """Without a field, and with a new version."""

    VERSION: ClassVar[int] = 2


def test_no_event_lost_a_field_or_changed_a_type_without_a_new_version() -> None:
    """Raise `VERSION` where consumers read it no more, and run `./just generate`."""
    record = recorded(ROOT)
    assert len(record) >= 15
    assert broken(record, published()) == []


def test_what_breaks_a_promise_is_seen() -> None:
    record = with_these({}, iter([Made]))
    assert broken(record, iter([Made])) == broken(record, iter([More])) == broken(record, iter([New])) == []
    assert broken(record, iter([Less])) == ["test.thing.made.size is gone: raise VERSION"]
    assert broken(record, iter([Other])) == ["test.thing.made.size was integer and is string: raise VERSION"]
    assert broken(record, iter([])) != []
    later = with_these(record, iter([New]))
    assert set(later["test.thing.made"]) == {"1", "2"}
    assert broken(later, iter([Made])) == ["test.thing.made has had version 2: VERSION only grows"]


def test_generating_again_doesnt_hide_a_broken_promise() -> None:
    record = with_these({}, iter([More]))
    for event in (Less, Other):
        assert broken(with_these(record, iter([event])), iter([event]))
