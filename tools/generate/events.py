"""docs/events.md: the catalogue of events, from the structs that publishers and consumers have."""

import importlib
import importlib.util
import inspect
import pkgutil
import re
from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec
from services.core.events.outbox import Event
from services.registry import NAMES, load_services

PATH = "docs/events.md"

_INTRODUCTION = """# Events

What services tell each other, made of the code by `./just generate`. How events travel is told in
[architecture.md](architecture.md#between-services), what operators do with them in [operations.md](operations.md).

A publisher encodes its own struct as JSON. A consumer has a struct of its own with the fields that it needs: it ignores
the others, so a publisher may add some at any time. An event that doesn't fit the consumer's struct is parked. Who
takes a field away, or gives it another type, raises `VERSION` and waits for a release in which nobody reads it any
more; `tests/contract/test_event_kinds.py` says who does. What each version has had is recorded in
`tools/generate/event_versions.json`, and `tests/contract/test_event_versions.py` holds the code against it.
"""

_NAMES = {UUID: "uuid", datetime: "time", NoneType: "null", str: "string", int: "integer", bool: "boolean"}
_ATTRIBUTE = re.compile(r"^(\w+): (.*)$")


def events_of(name: str) -> dict[str, type[Event]]:
    """Return the events that a service publishes, by kind: those of its own name in `events`."""
    if importlib.util.find_spec(f"services.{name}.events") is None:
        return {}
    module = importlib.import_module(f"services.{name}.events")
    modules = [module]
    if hasattr(module, "__path__"):
        modules += [
            importlib.import_module(f"{module.__name__}.{m.name}") for m in pkgutil.iter_modules(module.__path__)
        ]
    return {
        found.KIND: found
        for module in modules
        for found in vars(module).values()
        if isinstance(found, type) and issubclass(found, Event) and found.KIND.startswith(f"{name}.")
    }


def contents() -> dict[str, str]:
    """Return the file."""
    return {PATH: "\n".join([_INTRODUCTION, *_lines()])}


def _lines() -> Iterator[str]:
    readers: dict[str, dict[str, set[str]]] = {}
    for service in load_services(["all"]):
        for handler in service.handlers:
            fields = readers.setdefault(handler.event.KIND, {}).setdefault(service.name, set())
            fields.update(handler.event.__struct_fields__)
    for name in NAMES:
        for kind, event in sorted(events_of(name).items()):
            yield from _event(kind, event, readers.get(kind, {}))


def _event(kind: str, event: type[Event], readers: dict[str, set[str]]) -> Iterator[str]:
    said, attributes = _documented(event)
    publisher = kind.partition(".")[0]
    consumers = ", ".join(readers) or "nobody"
    yield f"## `{kind}`\n\n{said}\n\nVersion {event.VERSION}. Published by {publisher}, consumed by {consumers}.\n"
    yield "| field | type | read by | |\n|---|---|---|---|"
    hints = get_type_hints(event)
    for field in msgspec.structs.fields(event):
        who = [name for name, fields in readers.items() if field.name in fields]
        everybody = "all" if len(who) == len(readers) > 1 else ", ".join(who)
        yield f"| `{field.name}` | {described(hints[field.name])} | {everybody} | {attributes.get(field.name, '')} |"
    yield ""


def _documented(event: type[Event]) -> tuple[str, dict[str, str]]:
    """Return what a docstring says of an event, and of its fields."""
    text, _, attributes = inspect.cleandoc(event.__doc__ or "").partition("\n\nAttributes:\n")
    said: dict[str, str] = {}
    name = ""
    for line in inspect.cleandoc(attributes).splitlines():
        if (found := _ATTRIBUTE.match(line)) is not None:
            name, said[found[1]] = found[1], found[2]
        elif name:
            said[name] += " " + line.strip()
    return text, said


def described(hint: Any) -> str:
    """Return a type as JSON has it."""
    origin = get_origin(hint)
    if origin in {Union, UnionType}:
        return " or ".join(described(part) for part in get_args(hint))
    if origin is Literal:
        return " or ".join(f'`"{value}"`' for value in get_args(hint))
    if origin is list:
        return f"list of {described(get_args(hint)[0])}"
    if isinstance(hint, type) and issubclass(hint, Enum):
        return " or ".join(f'`"{value.value}"`' for value in hint)
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        hints = get_type_hints(hint)
        return "{" + ", ".join(f"{field}: {described(hints[field])}" for field in hint.__struct_fields__) + "}"
    return _NAMES[hint]
