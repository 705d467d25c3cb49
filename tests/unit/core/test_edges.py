"""Small parts of the edge: who may call inside, whose address it is, what a setting and a cursor may be."""

import asyncio
import contextlib
import io
import json
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import redirect_stderr
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import httpx
import msgspec
import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from litestar import Controller, Request, get
from services.core.aws.secrets import FileSecrets
from services.core.data.database import connect_arguments
from services.core.data.pagination import decode_cursor, encode_cursor, page_of
from services.core.http.application import create_app
from services.core.http.dependencies import address_of
from services.core.kit import Kit, Shared
from services.core.observe import logs
from services.core.peers.calls import (
    DEADLINE_HEADER,
    INTERNAL_KEY,
    SERVICE_TOKEN_HEADER,
    WANTED_HEADER,
    Calls,
    PeerError,
    _deadline,
)
from services.core.problems import Problem
from services.core.service import NoSettings, Service
from services.core.settings import CoreSettings, SettingsError, describe, load


class Nothing:
    def __init__(self, kit: Kit[NoSettings]) -> None:
        self.kit = kit

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Inside(Controller):
    @get("/deadline", operation_id="Deadline")
    async def deadline(self) -> dict[str, bool]:
        return {"bounded": _deadline.get() != float("inf")}


class Outside(Controller):
    @get("/address", operation_id="Address")
    async def address(self, request: Request[Any, Any, Any]) -> str:
        return address_of(request)

    @get("/deadline", operation_id="OutsideDeadline")
    async def deadline(self) -> dict[str, bool]:
        return {"bounded": _deadline.get() != float("inf")}


def settings_of(folder: Path, **other: Any) -> CoreSettings:
    FileSecrets(folder / "secrets.json").ensure(INTERNAL_KEY, lambda: "k" * 43)
    return CoreSettings(secrets=f"file://{folder}/secrets.json", storage=f"file://{folder}/files", **other)


def client_of(settings: CoreSettings) -> httpx.AsyncClient:
    service = Service("trial", Nothing, controllers=[Outside], internal_controllers=[Inside])
    transport = httpx.ASGITransport(create_app([service], settings))  # type: ignore[arg-type]  # of the same shape
    return httpx.AsyncClient(transport=transport, base_url="http://trial")


@pytest.fixture
async def client(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(settings_of(tmp_path)) as client:
        yield client


@pytest.mark.parametrize("path", ["/v1/trial/address", "/v1/polls/1", "/health/ready"])
async def test_a_request_for_another_service_is_refused_as_misdirected(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path, headers={WANTED_HEADER: "polls"})
    assert answer.status_code == 421
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"].endswith("/misdirected")
    assert answer.json()["trace"] == answer.headers["x-trace-id"]


async def test_a_request_for_this_service_is_served(client: httpx.AsyncClient) -> None:
    assert (await client.get("/v1/trial/address", headers={WANTED_HEADER: "trial"})).status_code == 200


async def token(folder: Path) -> str:
    settings = settings_of(folder)
    return await Calls(settings, FileSecrets(folder / "secrets.json"))._service_token()


async def test_inside_is_for_services_and_others_see_nothing(client: httpx.AsyncClient, tmp_path: Path) -> None:
    unknown = (await client.get("/internal/trial/nothing")).json() | {"trace": ""}
    for headers in ({}, {SERVICE_TOKEN_HEADER: "x"}, {"Authorization": f"Bearer {await token(tmp_path)}"}):
        refused = await client.get("/internal/trial/deadline", headers=headers)
        assert refused.status_code == 404
        assert (refused.json() | {"trace": ""})["type"] == unknown["type"]
    good = await client.get("/internal/trial/deadline", headers={SERVICE_TOKEN_HEADER: await token(tmp_path)})
    assert good.json() == {"bounded": False}


async def test_nobody_works_for_a_caller_who_has_gone(client: httpx.AsyncClient, tmp_path: Path) -> None:
    headers = {SERVICE_TOKEN_HEADER: await token(tmp_path)}

    async def ask(path: str, **more: str) -> httpx.Response:
        """Ask in a task of its own, as a server does for each request."""
        return await asyncio.create_task(client.get(path, headers=headers | more))

    late = await ask("/internal/trial/deadline", **{DEADLINE_HEADER: "0"})
    assert late.status_code == 503
    soon = await ask("/internal/trial/deadline", **{DEADLINE_HEADER: "500"})
    assert soon.json() == {"bounded": True}
    outside = await ask("/v1/trial/deadline", **{DEADLINE_HEADER: "0"})
    assert outside.json() == {"bounded": False}, "a client's own word about time is nobody's"


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, ["6.6.6.6"], "127.0.0.1"),
        (1, ["6.6.6.6, 10.0.0.1"], "10.0.0.1"),
        (1, ["6.6.6.6", "10.0.0.1"], "10.0.0.1"),
        (2, ["6.6.6.6, 9.9.9.9", "10.0.0.1"], "9.9.9.9"),
        (2, ["10.0.0.1"], "127.0.0.1"),
        (1, [], "127.0.0.1"),
        (1, [" , ,"], "127.0.0.1"),
    ],
)
async def test_an_address_is_what_trusted_proxies_say(
    tmp_path: Path, proxies: int, forwarded: list[str], address: str
) -> None:
    async with client_of(settings_of(tmp_path, trusted_proxies=proxies)) as client:
        headers = [("X-Forwarded-For", line) for line in forwarded]
        assert (await client.get("/v1/trial/address", headers=headers)).text == address


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.1.2.3", {}, 200),
        ("192.168.0.7", {}, 200),
        ("fd00::7", {}, 200),
        ("::ffff:10.1.2.3", {}, 200),
        ("8.8.8.8", {}, 404),
        ("::ffff:8.8.8.8", {}, 404),
        ("2a00:1450:4001:800::200e", {}, 404),
        ("unix", {}, 404),
        ("127.0.0.1", {"x-forwarded-for": "8.8.8.8"}, 404),
        ("127.0.0.1", {"x-forwarded-for": "10.1.2.3"}, 404),
        ("10.1.2.3", {"forwarded": "for=8.8.8.8"}, 404),
        ("10.1.2.3", {"via": "1.1 proxy"}, 404),
    ],
)
async def test_metrics_are_for_private_networks_without_a_proxy_between(
    tmp_path: Path, address: str, headers: dict[str, str], status: int
) -> None:
    app: Any = create_app([], settings_of(tmp_path))
    transport = httpx.ASGITransport(app, client=(address, 1234))
    async with httpx.AsyncClient(transport=transport, base_url="http://trial") as client:
        answer = await client.get("/metrics", headers=headers)
        assert answer.status_code == status
        assert ("votewave_http_requests_total" in answer.text) == (status == 200)
        assert (await client.get("/health/live", headers=headers)).status_code == 200


class Knobs(msgspec.Struct, frozen=True):
    needed: int
    share: Annotated[float, msgspec.Meta(ge=0, le=1, description="How much.")] = 0.5
    on: bool = False
    word: str = "x"


def test_settings_are_read_from_their_variables() -> None:
    environ = {"VOTEWAVE_TRIAL_NEEDED": "7", "VOTEWAVE_TRIAL_ON": "true", "VOTEWAVE_TRIAL_WORD": "5", "OTHER": "1"}
    assert load(Knobs, "trial", environ) == Knobs(needed=7, on=True, word="5")


def test_every_wrong_setting_is_named_at_once() -> None:
    environ = {"VOTEWAVE_TRIAL_SHARE": "nan", "VOTEWAVE_TRIAL_ON": "perhaps"}
    with pytest.raises(SettingsError) as refused:
        load(Knobs, "trial", environ)
    for name in ("NEEDED", "SHARE", "ON"):
        assert f"VOTEWAVE_TRIAL_{name}" in str(refused.value)


def test_each_setting_of_a_process_is_described() -> None:
    for variable, shown, _, meaning in describe(CoreSettings):
        assert variable.startswith("VOTEWAVE_")
        assert shown
        assert meaning.endswith("."), variable


@pytest.mark.parametrize("field", ["secrets", "storage", "mail", "redis_url"])
def test_a_place_that_is_none_is_named_with_its_variable(field: str) -> None:
    with pytest.raises(SettingsError, match=f"VOTEWAVE_{field.upper()}"):
        Shared(CoreSettings(**{"secrets": "file:///x", "storage": "file:///x", field: "nonsense"}))


def test_a_database_url_is_the_drivers_to_read() -> None:
    assert connect_arguments("postgresql://host") == {"dsn": "postgresql://host", "database": "votewave"}
    assert connect_arguments("postgresql:///other?host=/run") == {"dsn": "postgresql:///other?host=/run"}


Key = tuple[int, UUID]


@given(st.integers(-(2**53), 2**53), st.uuids())
def test_a_cursor_gives_back_its_key(number: int, key: UUID) -> None:
    cursor = encode_cursor((number, key))
    assert decode_cursor(cursor, Key) == (number, key)
    assert cursor.isascii()
    assert not set(cursor) & set("+/=&?# ")


@given(st.text(max_size=60))
def test_a_cursor_of_somebody_else_is_a_400_or_the_first_page(cursor: str) -> None:
    with contextlib.suppress(Problem):
        assert decode_cursor(cursor, Key) is None or cursor


def test_a_page_knows_whether_another_follows() -> None:
    assert page_of([1, 2, 3], 2, lambda n: n).next == encode_cursor(2)
    assert page_of([1, 2], 2, lambda n: n).next is None
    assert page_of([], 2, lambda n: n).items == []


@pytest.fixture
def written() -> Iterator[Any]:
    """What is logged, with logging as a server has it; as it was before at the end."""
    root = logging.getLogger()
    before, level, said = root.handlers[:], root.level, structlog.get_config()
    stream = io.TextIOWrapper(io.BytesIO(), write_through=True)
    with redirect_stderr(stream):
        logs.configure("json", "debug", service="trial")
        yield stream.buffer
    structlog.reset_defaults()
    structlog.configure(**said)
    root.handlers[:] = before
    root.setLevel(level)


def test_a_log_line_holds_neither_secrets_nor_the_text_of_exceptions(written: io.BytesIO) -> None:
    log = structlog.get_logger("trial")
    log.info("one", password="hunter2", access_token="eyJ", Receipt="r", plain="p")
    secret = "hunter2"
    try:
        int(secret)
    except ValueError:
        log.exception("two", detail="d")
    logging.getLogger("library").warning("failed for %s", secret)
    try:
        {}[secret]
    except KeyError:
        logging.getLogger("library").exception("broke")
    logging.getLogger("library").info("not of interest")
    logs.on_loop_error(None, {"message": "Task exception was never retrieved", "exception": ValueError(secret)})
    lines = [json.loads(line) for line in written.getvalue().decode().splitlines()]
    assert "hunter2" not in written.getvalue().decode()
    assert [line["event"] for line in lines] == ["one", "two", "library", "library", "unhandled"]
    assert lines[0]["plain"] == "p"
    assert lines[1]["error"] == "ValueError"
    assert "test_edges.py" in lines[1]["where"][-1]
    assert lines[2]["said"] == "failed for %s"
    assert lines[3]["error"] == "KeyError"
    assert lines[4]["error"] == "ValueError"
    assert all(line["service"] == "trial" for line in lines)


async def test_a_peer_of_an_unknown_kind_is_nobody(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, peers="static:http://127.0.0.1:9/{service}")
    calls = Calls(settings, FileSecrets(tmp_path / "secrets.json"))
    with pytest.raises(PeerError):
        await calls.get("polls", f"/{uuid4()}", Knobs, 0.5)
    await calls.close()
