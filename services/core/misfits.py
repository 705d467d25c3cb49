"""All that doesn't fit a type, each by the client's own path such as `options.3.label`; msgspec stops at the first.

Only what was refused is looked through, and no further than a form has use for, so that it costs milliseconds at most.
"""

import math
import re
from collections.abc import Iterator
from enum import Enum
from itertools import islice
from typing import Any, Literal, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from services.core.forms import parts, without_nulls
from services.core.problems import FieldError, misfitting

BODY = "body"
"""The path of a body as a whole."""

MOST_ERRORS = 50
_MOST_VALUES = 1_000
"""Values that are looked at one by one; msgspec needs tens of microseconds for each whose type is a union."""

_LONGEST_NAME = 60
_WITH_POINT = re.compile(r"-?\d{1,15}\.0+")

REQUIRED = "It is required."
UNKNOWN = "There is no such field here."


def _whole(number: str) -> float:
    """Return a number that has a point or an exponent: JSON Schema, like JavaScript, takes 3.0 for an integer.

    Raises:
        msgspec.DecodeError: It is larger than any float.
    """
    if _WITH_POINT.fullmatch(number):
        return int(number.partition(".")[0])
    value = float(number)
    if math.isinf(value):
        raise msgspec.DecodeError("a number is out of range")
    return value


_plain = msgspec.json.Decoder(float_hook=_whole)


def read_again(raw: bytes, kind: Any) -> Any:
    """Return JSON that a strict decoder has refused, if nothing was wrong but integers as 3.0 and nulls for nothing.

    Args:
        raw: It can be decoded, or it would have been refused for that.
        kind: The type.

    Raises:
        Problem: 400 that names every field that doesn't fit.
    """
    value = without_nulls(_plain.decode(raw), kind)
    try:
        return msgspec.convert(value, kind, str_keys=True)
    except msgspec.ValidationError as exc:
        raise misfitting(misfits(value, kind, exc)) from exc


def misfits(value: Any, kind: Any, refusal: msgspec.ValidationError) -> tuple[FieldError, ...]:
    """Return what doesn't fit in a value that was decoded from JSON: the first 50 fields.

    Args:
        value: Of plain objects.
        kind: The type that it should have had.
        refusal: What msgspec says; it is the answer where a body is so large that the search ends before.
    """
    found = tuple(islice(_Search().errors(value, kind, ""), MOST_ERRORS))
    return found or (_first(str(refusal)),)


def _first(refusal: str) -> FieldError:
    reason, _, place = refusal.partition(" - at `")  # `$.options[3].label`, or `key` in `$.scores`
    names = re.findall(r"[^.\[\]]+", place.rpartition("$")[2].rstrip("`"))
    return FieldError(".".join(names) or BODY, reason)


def field_error(path: str, kind: Any, reason: str) -> FieldError:
    """Return a refused field with what its type allows.

    Args:
        path: Where it stands.
        kind: Its type.
        reason: What msgspec says.
    """
    limits: dict[str, Any] = {}
    allowed: list[str | int | bool] = []
    for part in parts(kind):
        if isinstance(part, Meta):
            limits.update(_limits(part))
        elif get_origin(part) is Literal:
            allowed += get_args(part)
        elif isinstance(part, type) and issubclass(part, Enum):
            allowed += [member.value for member in part]
    if allowed:
        reason = f"It is one of: {', '.join(map(str, allowed))}."
    return FieldError(path or BODY, reason, allowed=tuple(allowed), **limits)


class _Search:
    """Looks through one value; it gives up after so many parts of it."""

    def __init__(self) -> None:
        self._left = _MOST_VALUES

    def errors(self, value: Any, kind: Any, path: str) -> Iterator[FieldError]:
        """Give one error after the other."""
        self._left -= 1
        if self._left < 0 or (reason := _reason(value, kind)) is None:
            return
        inner = self._inner(value, kind, path)
        first = next(inner, None)
        if first is not None:
            yield first
            yield from inner
        elif self._left > 0:
            yield field_error(path, kind, reason)

    def _inner(self, value: Any, kind: Any, path: str) -> Iterator[FieldError]:
        members = [part for part in parts(kind) if not isinstance(part, Meta)]
        if isinstance(value, list):
            for items in (get_args(member)[0] for member in members if get_origin(member) is list):
                yield from self._of_list(value, items, path)
        if not isinstance(value, dict):
            return
        structs = [member for member in members if isinstance(member, type) and issubclass(member, Struct)]
        if structs:
            yield from self._of_structs(value, structs, path)
        for names, items in (get_args(member) for member in members if get_origin(member) is dict):
            yield from self._of_dict(value, names, items, path)

    def _of_list(self, value: list[Any], kind: Any, path: str) -> Iterator[FieldError]:
        for index, item in enumerate(value[: self._left]):
            yield from self.errors(item, kind, _at(path, index))

    def _of_dict(self, value: dict[str, Any], names: Any, kind: Any, path: str) -> Iterator[FieldError]:
        for name, item in islice(value.items(), max(0, self._left)):
            if (reason := _reason({name: None}, dict[names, Any])) is not None:
                yield FieldError(_at(path, name), reason)
            else:
                yield from self.errors(item, kind, _at(path, name))

    def _of_structs(self, value: dict[str, Any], kinds: list[type[Struct]], path: str) -> Iterator[FieldError]:
        config = kinds[0].__struct_config__
        if config.tag_field is not None:
            tagged = {str(kind.__struct_config__.tag): kind for kind in kinds}
            tag = value.get(config.tag_field)
            if not isinstance(tag, str) or tag not in tagged:
                reason = f"It is one of: {', '.join(tagged)}."
                yield FieldError(_at(path, config.tag_field), reason, allowed=tuple(tagged))
                return
            kinds = [tagged[tag]]
        yield from self._of_struct(value, kinds[0], path)

    def _of_struct(self, value: dict[str, Any], kind: type[Struct], path: str) -> Iterator[FieldError]:
        config = kind.__struct_config__
        fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
        for name, field in fields.items():
            if name in value:
                yield from self.errors(value[name], field.type, _at(path, name))
            elif field.required:
                yield FieldError(_at(path, name), REQUIRED)
        if config.forbid_unknown_fields:
            for name in value:
                if name not in fields and name != config.tag_field:
                    yield FieldError(_at(path, name), UNKNOWN)


def _reason(value: Any, kind: Any) -> str | None:
    """Return why a value doesn't fit a type; None if it does."""
    try:
        msgspec.convert(value, kind, str_keys=True)
    except msgspec.ValidationError as exc:
        return str(exc).partition(" - at `")[0]
    return None


def _at(path: str, name: object) -> str:
    shown = str(name)[:_LONGEST_NAME]
    return f"{path}.{shown}" if path else shown


def _limits(meta: Meta) -> dict[str, Any]:
    """Return a field's bounds: msgspec's own, or those that stand there for readers (`services/core/refusals.py`)."""
    said = (meta.extra_json_schema or {}).get("extra", {})
    found = {
        "minimum": said.get("minimum", meta.ge),
        "maximum": said.get("maximum", meta.le),
        "min_length": said.get("min_length", said.get("min_items", meta.min_length)),
        "max_length": said.get("max_length", said.get("max_items", meta.max_length)),
    }
    return {name: bound for name, bound in found.items() if bound is not None}
