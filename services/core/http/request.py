"""A strict reading of JSON bodies."""

import json
from typing import Any

import msgspec
from litestar import Request

from services.core.misfits import BODY, REQUIRED, read_again
from services.core.problems import FieldError, malformed, unsupported

_JSON = "application/json"

BODY_COMPLETE = "_votewave_body_complete"
"""Key in a request's scope: the whole body has arrived, so reading it needs no timeout."""

HEAD = "_votewave_head"
"""Key in a request's scope: it came as HEAD, and its route is asked as for GET."""

WIRE = "votewave.wire"
"""Key in the extensions of a WebSocket's scope: what writes whole frames past the framework."""


def is_head(request: Request[Any, Any, Any]) -> bool:
    """Say whether nobody will see the answer's body, so that nothing is held open or read for it."""
    return HEAD in request.scope


class StrictRequest(Request[Any, Any, Any]):
    """A request whose JSON body says each thing once, and in the type that its handler declares."""

    async def body(self) -> bytes:
        """Return the body.

        Raises:
            Problem: 400 if there must be one and isn't, or an object in it has the same name twice (RFC 8259 leaves
                open what that means); 415 if it isn't said to be JSON where the handler takes JSON.
        """
        raw = await super().body()
        field = self.route_handler.parsed_data_field
        if field is None:
            self._check(raw)
        elif raw:  # it is looked at when it fits its type
            if self.content_type[0] != _JSON:
                raise unsupported(f"Send JSON, with 'Content-Type: {_JSON}'.")
        elif field.is_required:
            raise malformed(f"Send a JSON body, with 'Content-Type: {_JSON}'.", (FieldError(BODY, REQUIRED),))
        return raw

    def _check(self, raw: bytes) -> None:
        if raw and raw[:1] in b'{[ \t\r\n"' and not self.scope.get("_votewave_checked"):
            self.scope["_votewave_checked"] = True  # type: ignore[typeddict-unknown-key]  # ours
            check_json(raw)

    async def json(self) -> Any:
        """Return the JSON body as the handler's type.

        Litestar alone would decode it to plain objects and convert those leniently: "1" to a number, "false"
        to a truth value, 5 to a date.

        Raises:
            Problem: 400 that names every field that doesn't fit.
        """
        field = self.route_handler.parsed_data_field
        if field is None:
            return await super().json()
        raw = await self.body()
        value = decode(raw or b"null", field.annotation)
        self._check(raw)
        return value


def decode(raw: bytes, kind: Any) -> Any:
    """Return JSON as a type; names that stand twice aren't seen.

    Raises:
        Problem: 400 that names every field that doesn't fit.
    """
    try:
        try:
            # First, since it is quick and stops where something doesn't fit; what fits is then looked at for names.
            return msgspec.json.decode(raw, type=kind)
        except msgspec.ValidationError:
            return read_again(raw, kind)
    except RecursionError as exc:
        raise malformed("The body is nested too deeply.") from exc
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise malformed(f"The body isn't valid JSON: {exc}") from exc


def check_json(raw: bytes) -> None:
    """Refuse what JSON decoders read differently: a name twice in one object, NaN, depth without end.

    Raises:
        Problem: 400.
    """
    try:
        _STRICT.decode(raw.decode())
    except RecursionError as exc:
        raise malformed("The body is nested too deeply.") from exc
    except ValueError as exc:
        raise malformed(f"The body isn't valid JSON: {exc}") from exc


def _once(pairs: list[tuple[str, Any]]) -> None:
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise ValueError(f"the name {name[:60]!r} stands twice in one object")
        seen.add(name)


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number in JSON")


_STRICT = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_constant)
