"""Where null stands in a request's body.

On creating, null means left out: a client that has nothing to say of a field needn't take the field away. In an edit
what is left out stays, so null stands only where the edit's own type has it, for a field that can be emptied.
"""

from collections.abc import Iterator
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import msgspec
from msgspec import Struct


class Edit(Struct, frozen=True, forbid_unknown_fields=True):
    """What to change, or a part of it; what is left out stays."""


def parts(kind: Any) -> Iterator[Any]:
    """Give the members of a union and what describes them."""
    if get_origin(kind) in (Annotated, Union, UnionType):
        for part in get_args(kind):
            yield from parts(part)
    else:
        yield kind


def empties(kind: type[Struct]) -> frozenset[str]:
    """Return the fields of a request's body, as they are on the wire, whose type has no null but which take it."""
    if issubclass(kind, Edit) or not kind.__struct_config__.forbid_unknown_fields:
        return frozenset()
    fields = msgspec.structs.fields(kind)
    return frozenset(each.encode_name for each in fields if not each.required and not _takes_null(each.type))


def _takes_null(kind: Any) -> bool:
    return any(part is NoneType or part is None or part is Any for part in parts(kind))


def without_nulls(value: Any, kind: Any) -> Any:
    """Return a body without the nulls that mean left out.

    Args:
        value: Of plain objects, as JSON was decoded.
        kind: The type that it should have.
    """
    if isinstance(value, list) and (items := _items(kind)) is not None:
        return [without_nulls(each, items) for each in value]
    if isinstance(value, dict) and (struct := _struct(value, kind)) is not None:
        names, inner = _plan(struct)
        return {
            name: without_nulls(each, inner[name]) if name in inner else each
            for name, each in value.items()
            if each is not None or name not in names
        }
    return value


@cache
def _plan(kind: type[Struct]) -> tuple[frozenset[str], dict[str, Any]]:
    """Return the names that null takes away, and the types of the fields within which there may be more."""
    inner = {each.encode_name: each.type for each in msgspec.structs.fields(kind)}
    return empties(kind), {name: each for name, each in inner.items() if _items(each) is not None or _structs(each)}


def _items(kind: Any) -> Any:
    """Return the type of a list's items, if there may be nulls in them."""
    for part in parts(kind):
        if get_origin(part) is list and (_structs(items := get_args(part)[0]) or _items(items) is not None):
            return items
    return None


def _structs(kind: Any) -> list[type[Struct]]:
    return [part for part in parts(kind) if isinstance(part, type) and issubclass(part, Struct)]


def _struct(value: dict[str, Any], kind: Any) -> type[Struct] | None:
    """Return which of a type's structs an object is, by its tag if there are several."""
    for struct in _structs(kind):
        config = struct.__struct_config__
        if config.tag_field is None or value.get(config.tag_field) == config.tag:
            return struct
    return None
