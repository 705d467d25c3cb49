"""Compression of large answers, by zstd or gzip as the client likes, on routes that are marked for it.

Only marked routes are compressed: `@get(…, opt=COMPRESSED)`. An answer's length then tells something of its content, so
a secret beside text that somebody else can choose could be guessed byte by byte (BREACH). So no route is marked that
answers with a token, ticket, key, receipt or voting secret.

A compressed answer is another representation: its ETag is marked as weak, and `matches` takes it as the same version.
"""

import asyncio
import sys
import zlib
from collections.abc import Sequence
from typing import Any, Protocol

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

COMPRESSED: dict[str, Any] = {"compressed": True}
"""`opt` of a route whose answers may be compressed."""

_LEAST_BYTES = 1000
_APART_BYTES = 32_000
"""A piece of this size is compressed in a thread: it takes about a millisecond, without Python's lock."""
_ZSTD_LEVEL = 3
_GZIP_LEVEL = 5
_AS_GZIP = 31  # zlib's code for its longest window with a gzip header
_VARY = (b"vary", b"Accept-Encoding")


class _Compressor(Protocol):
    def compress(self, data: bytes, /) -> bytes: ...

    def flush(self) -> bytes: ...


def compressing(scope: Any, send: Any) -> Any:
    """Return what sends a marked route's answer compressed, if it is large and the client takes that."""
    return _Sending(scope, send)


class _Sending:
    """One answer on its way."""

    __slots__ = ("_compressor", "_scope", "_send", "_start")

    def __init__(self, scope: Any, send: Any) -> None:
        self._scope = scope
        self._send = send
        self._start: Any = None
        self._compressor: _Compressor | None = None

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            if not _is_marked(self._scope):
                await self._send(message)
                return
            message["headers"] = [*message["headers"], _VARY]
            if message["status"] == 200 and not _names(message["headers"]) & {b"content-encoding"}:
                self._start = message  # until it is seen whether the body is large
                return
        elif message["type"] == "http.response.body":
            await self._send_piece(message, bool(message.get("more_body")))
            return
        await self._send(message)

    async def _send_piece(self, message: Any, more: bool) -> None:
        body: bytes = message.get("body", b"")
        if self._start is not None:
            start, self._start = self._start, None
            coding = chosen(self._scope["headers"]) if more or len(body) >= _LEAST_BYTES else None
            if coding is None:
                await self._send(start)
            else:
                self._compressor = _compressor(coding)
                body = await _compress(self._compressor, body, more)
                start["headers"] = _headers(start["headers"], coding, None if more else len(body))
                await self._send(start)
                await self._send({**message, "body": body})
                return
        elif self._compressor is not None:
            body = await _compress(self._compressor, body, more)
            if more and not body:  # it still gathers
                return
        await self._send({**message, "body": body})


def _is_marked(scope: Any) -> bool:
    handler = scope.get("route_handler")
    return handler is not None and bool(handler.opt.get("compressed"))


def _names(headers: Any) -> set[bytes]:
    return {name.lower() for name, _ in headers}


def _headers(headers: Any, coding: str, length: int | None) -> list[tuple[bytes, bytes]]:
    """Return an answer's headers once it is compressed."""
    kept = [(name, value) for name, value in headers if name.lower() != b"content-length"]
    kept = [
        (name, b"W/" + value if name.lower() == b"etag" and not value.startswith(b"W/") else value)
        for name, value in kept
    ]
    kept.append((b"content-encoding", coding.encode()))
    if length is not None:
        kept.append((b"content-length", str(length).encode()))
    return kept


def _compressor(coding: str) -> _Compressor:
    if coding == "zstd":
        return zstd.ZstdCompressor(level=_ZSTD_LEVEL)
    return zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _AS_GZIP)


async def _compress(compressor: _Compressor, piece: bytes, more: bool) -> bytes:
    """Return what a piece comes to; the last one ends the stream."""

    def work() -> bytes:
        made = compressor.compress(piece)
        return made if more else made + compressor.flush()

    return await asyncio.to_thread(work) if len(piece) >= _APART_BYTES else work()


def chosen(headers: Any, codings: Sequence[str] = ("zstd", "gzip")) -> str | None:
    """Return which coding a client would rather have (RFC 9110, section 12.5.3); None if it has no use for any.

    Args:
        headers: The request's.
        codings: Those that there are; of what the client likes equally, the first.
    """
    said = ",".join(value.decode("latin-1") for name, value in headers if name == b"accept-encoding")
    wanted: dict[str, float] = {}
    for part in said.lower().split(","):
        name, _, parameter = part.partition(";")
        wanted[name.strip()] = _weight(parameter)
    weights = [wanted.get(coding, wanted.get("*", 0.0)) for coding in codings]
    best = max(weights, default=0.0)
    return codings[weights.index(best)] if best > 0 else None


def _weight(text: str) -> float:
    name, _, value = text.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
