"""Structured logs (structlog): JSON on a server, readable lines on a laptop, never a secret.

Fields are given by name at the call; a field whose name says that it is secret is not written, whatever
its value. Nobody logs bodies, headers, tokens or ballots.
"""

import json
import logging
import sys
from collections.abc import MutableMapping
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from services.core.observe.trace import current_trace

if TYPE_CHECKING:
    from stamina.instrumentation import RetryDetails

_SECRET_WORDS = (
    "password",
    "token",
    "secret",
    "authorization",
    "cookie",
    "ballot",
    "choice",
    "receipt",
    "email",
)
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


@cache
def _is_secret(field: str) -> bool:
    # Cached: the names of fields stand in the code, so there are few.
    return field != "event" and any(word in field.lower() for word in _SECRET_WORDS)


def _guard(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if trace := current_trace():
        event.setdefault("trace", trace)
    for key in event:
        if _is_secret(key):
            event[key] = "[left out]"
    return event


_encode = msgspec.json.Encoder(enc_hook=repr).encode


def _to_json(event: Any, **_: Any) -> bytes:
    """Return a line's JSON. Five times as fast as `json`, which takes what msgspec doesn't."""
    try:
        return _encode(event)
    except (UnicodeError, TypeError, ValueError, RecursionError):
        return json.dumps(event, default=repr, skipkeys=True).encode()


def where(exc: BaseException) -> list[str]:
    """Return the innermost places of an exception, `folder/file.py:line function`.

    Its text is never logged: it may quote a ballot, a token, or a statement with its values.
    """
    frames: list[str] = []
    step = exc.__traceback__
    while step is not None:
        code = step.tb_frame.f_code
        path = "/".join(code.co_filename.rsplit("/", 2)[-2:])
        frames.append(f"{path}:{step.tb_lineno} {code.co_name}")
        step = step.tb_next
    return frames[-6:]


def _exception(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception by its kind and place."""
    exc = event.pop("exc_info", None)
    if exc is True:
        exc = sys.exc_info()
    if isinstance(exc, tuple):
        exc = exc[1]
    if isinstance(exc, BaseException):
        event.setdefault("error", type(exc).__name__)
        event.setdefault("where", where(exc))
    return event


class _Libraries(logging.Handler):
    """Takes what libraries log into our form: the message as it stands in their code, without its values."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        said = str(record.msg).partition("\n")[0][:200]
        structlog.get_logger("library").log(
            record.levelno, "library", logger=record.name, said=said, exc_info=record.exc_info
        )


def on_loop_error(_: Any, context: dict[str, Any]) -> None:
    """Log an exception that no task or callback handled (the event loop's exception handler)."""
    structlog.get_logger("asyncio").error(
        "unhandled", said=str(context.get("message", "")), exc_info=context.get("exception")
    )


def _on_retry(details: "RetryDetails") -> None:
    """Log a retry. A healthy start has several, until all peers are discovered.

    The exception's text isn't logged: see `where`.
    """
    structlog.get_logger("retry").debug(
        "retry", number=details.retry_num, wait_seconds=details.wait_for, error=type(details.caused_by).__name__
    )


def configure(form: str, level: str, **bound: str) -> None:
    """Set up logging for the process.

    Args:
        form: `json` or `console`.
        level: `debug`, `info`, `warning` or `error`.
        bound: Fields of every line, such as version and environment.
    """
    renderer: Any = (
        structlog.processors.JSONRenderer(_to_json)
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            lambda _, __, event: {**bound, **event},
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _exception,
            _guard,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer)
        if form == "json"
        else structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    from stamina import instrumentation  # noqa: PLC0415  (--help needn't wait for it)

    instrumentation.set_on_retry_hooks([_on_retry])
    # Libraries log through the standard library; only their warnings are of interest here.
    logging.basicConfig(level=max(_LEVELS[level], logging.WARNING), handlers=[_Libraries()], force=True)
