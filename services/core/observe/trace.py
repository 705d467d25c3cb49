"""Trace context (W3C Trace Context): one id from the gateway through services, events and logs."""

import random
import re
from contextvars import ContextVar

HEADER = "traceparent"
_FORM = re.compile(r"^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$")
_NULL_TRACE = "0" * 32

# Unique, not secret: no system call for each request, as a cryptographic generator makes it.
_random = random.Random()  # noqa: S311

_trace: ContextVar[str] = ContextVar("trace", default="")


def current_trace() -> str:
    """Return the current trace id, 32 hexadecimal digits, or "" outside of any request."""
    return _trace.get()


def begin_trace(traceparent: str | None) -> str:
    """Take over the caller's trace, or begin one, for the current context; return its id."""
    found = _FORM.match(traceparent) if traceparent else None
    trace = found[1] if found and found[1] != _NULL_TRACE else _new_id()
    _trace.set(trace)
    return trace


def traceparent() -> str:
    """Return the header value that hands the current trace to a peer."""
    return f"00-{current_trace() or _new_id()}-{_random.getrandbits(64):016x}-01"


def _new_id() -> str:
    return f"{_random.getrandbits(128):032x}"
