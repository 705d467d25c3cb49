"""Log lines: JSON that can always be read, and never a secret in them."""

import asyncio
import io
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
import stamina
import structlog
from services.core.observe.logs import configure
from services.core.observe.trace import begin_trace
from structlog.testing import capture_logs


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    written = io.BytesIO()
    stderr = io.TextIOWrapper(written)
    monkeypatch.setattr("sys.stderr", stderr)
    configure("json", "info", service="test")
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    structlog.reset_defaults()
    stderr.detach()  # until here it has to live: it closes what it wraps


def test_a_line_says_what_where_and_when(lines: Any) -> None:
    trace = begin_trace(None)
    structlog.get_logger().info("request", route="/v1/polls", ms=1.5)
    (line,) = lines()
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "service": "test",
        "event": "request",
        "level": "info",
        "route": "/v1/polls",
        "ms": 1.5,
        "trace": trace,
    }


def test_what_is_tried_again_isn_t_told_unless_asked(lines: Any) -> None:
    async def twice() -> None:
        async for attempt in stamina.retry_context(on=ValueError, attempts=2, wait_initial=0.001, wait_jitter=0):
            with attempt:
                if attempt.num == 1:
                    raise ValueError("its text may quote anything")

    asyncio.run(twice())
    assert lines() == []
    configure("json", "debug")
    with capture_logs() as told:
        asyncio.run(twice())
    assert told == [
        {"event": "retry", "log_level": "debug", "number": 1, "wait_seconds": 0.001, "error": "ValueError"},
    ]


def test_secrets_are_left_out_by_the_name_of_their_field(lines: Any) -> None:
    structlog.get_logger().info("token", access_token="t", Password="p", ballot={"picks": [1]}, kid="k")
    (line,) = lines()
    assert (line["access_token"], line["Password"], line["ballot"]) == ("[left out]",) * 3
    assert (line["event"], line["kid"]) == ("token", "k")


def test_whatever_is_logged_a_line_comes_out(lines: Any) -> None:
    odd = {
        "lone": "\ud800",
        "ends": "a\nb\x00\x1b[31m",
        "object": object(),
        "nan": float("nan"),
        "large": 2**80,
        "keys": {UUID(int=1): 1, ("a", 1): 2},
        "bytes": b"\xff",
        "set": {1},
    }
    for name, value in odd.items():
        structlog.get_logger().info("odd", what=name, value=value)
    assert [line["what"] for line in lines()] == list(odd)


def test_an_exceptions_kind_and_place_are_part_of_its_line_and_no_value_is(lines: Any) -> None:
    def cast(ballot: str) -> int:
        return int(ballot)

    try:
        cast("picks 2")
    except ValueError:
        structlog.get_logger().exception("failed")
    (line,) = lines()
    assert line["error"] == "ValueError"
    assert line["where"][-1].endswith(" cast")
    assert "picks 2" not in json.dumps(line)
