import asyncio
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import jwt
import msgspec
import pytest
from aiohttp import web
from services.core.aws.secrets import FileSecrets, SecretError
from services.core.observe.trace import begin_trace
from services.core.peers import calls as calls_module
from services.core.peers.calls import (
    DEADLINE_HEADER,
    INTERNAL_AUDIENCE,
    INTERNAL_KEY,
    SERVICE_TOKEN_HEADER,
    WANTED_HEADER,
    Calls,
    PeerError,
    PeerMissing,
    begin_deadline,
)
from services.core.settings import CoreSettings


class Answer(msgspec.Struct):
    number: int


class Peer:
    """A service that answers as a test says, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[web.Request] = []
        self.answer: Callable[[web.Request], Any] = lambda _: {"number": 7}
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request)
        answer = self.answer(request)
        if asyncio.iscoroutine(answer):
            answer = await answer
        return answer if isinstance(answer, web.StreamResponse) else web.json_response(answer)


@pytest.fixture
async def peer() -> AsyncIterator[Peer]:
    peer = Peer()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", peer.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    peer.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield peer
    await runner.cleanup()


@pytest.fixture
def secrets(tmp_path: Path) -> FileSecrets:
    secrets = FileSecrets(tmp_path / "secrets.json")
    secrets.ensure(INTERNAL_KEY, lambda: "k" * 64)
    return secrets


@pytest.fixture
async def calls(peer: Peer, secrets: FileSecrets) -> AsyncIterator[Calls]:
    calls = Calls(CoreSettings(peers=f"static:{peer.url}"), secrets)
    yield calls
    await calls.close()


def status(code: int) -> Callable[[web.Request], web.Response]:
    return lambda _: web.Response(status=code, text="{}")


async def ask(calls: Calls, seconds: float = 2.0) -> Answer:
    return await calls.get("polls", "/internal/polls/1", Answer, seconds)


async def test_a_question_carries_trace_deadline_and_a_token_of_ours(peer: Peer, calls: Calls) -> None:
    trace = begin_trace(None)
    assert (await ask(calls)).number == 7
    headers = peer.asked[0].headers
    assert peer.asked[0].path == "/internal/polls/1"
    assert headers["traceparent"].split("-")[1] == trace
    assert 1500 < int(headers[DEADLINE_HEADER]) <= 2000
    assert await calls.is_service(headers[SERVICE_TOKEN_HEADER])


async def test_a_peer_that_hangs_costs_its_time_and_no_more(peer: Peer, calls: Calls) -> None:
    peer.answer = lambda _: asyncio.sleep(30)
    began = time.monotonic()
    with pytest.raises(PeerError):
        await ask(calls, 0.4)
    assert 0.35 < time.monotonic() - began < 5


async def test_a_peer_that_trickles_its_answer_costs_no_more(peer: Peer, calls: Calls) -> None:
    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(100):
            await response.write(b" ")
            await asyncio.sleep(0.05)
        return response

    peer.answer = trickle
    began = time.monotonic()
    with pytest.raises(PeerError):
        await ask(calls, 0.4)
    assert time.monotonic() - began < 3


async def test_a_failure_is_asked_about_once_more(peer: Peer, calls: Calls) -> None:
    answers = iter([web.Response(status=503), web.json_response({"number": 1})])
    peer.answer = lambda _: next(answers)
    assert (await ask(calls)).number == 1


@pytest.mark.parametrize("code", [400, 401, 403, 409, 302])
async def test_a_refusal_isnt_asked_about_again(peer: Peer, calls: Calls, code: int) -> None:
    peer.answer = status(code)
    with pytest.raises(PeerError):
        await ask(calls)
    assert len(peer.asked) == 1


async def test_a_redirect_is_not_followed_with_our_token(peer: Peer, calls: Calls) -> None:
    peer.answer = lambda _: web.Response(status=307, headers={"Location": f"{peer.url}/elsewhere"})
    with pytest.raises(PeerError):
        await ask(calls)
    assert len(peer.asked) == 1


async def test_missing_is_an_answer_and_no_failure(peer: Peer, calls: Calls) -> None:
    peer.answer = status(404)
    for _ in range(10):
        with pytest.raises(PeerMissing):
            await ask(calls)
    assert len(peer.asked) == 10


@pytest.mark.parametrize(
    "body", ["", "[", '{"number": "x"}', '{"other": 1}', "\ud800".encode("utf-8", "surrogatepass")]
)
async def test_an_answer_that_cannot_be_read_is_the_peer_s_failure(peer: Peer, calls: Calls, body: Any) -> None:
    peer.answer = lambda _: web.Response(body=body)
    with pytest.raises(PeerError):
        await ask(calls)


async def test_a_peer_that_isnt_there_is_an_error_of_its_own(secrets: FileSecrets) -> None:
    for peers in ("static:http://127.0.0.1:9", "consul", "nonsense"):
        calls = Calls(CoreSettings(peers=peers), secrets)
        with pytest.raises(PeerError):
            await ask(calls, 0.5)
        await calls.close()


async def test_the_breaker_opens_lets_one_through_and_closes(
    peer: Peer, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls_module, "_BREAKER_SECONDS", 1.0)
    peer.answer = status(500)
    for _ in range(3):
        with pytest.raises(PeerError):
            await ask(calls)
    assert len(peer.asked) == 5
    for _ in range(50):
        with pytest.raises(PeerError, match="5 times"):
            await ask(calls)
    assert len(peer.asked) == 5

    await asyncio.sleep(1.05)  # half open: of many at once, one finds out
    outcomes = await asyncio.gather(*(ask(calls) for _ in range(50)), return_exceptions=True)
    assert all(isinstance(outcome, PeerError) for outcome in outcomes)
    assert len(peer.asked) == 6

    await asyncio.sleep(1.05)
    peer.answer = lambda _: {"number": 7}
    assert (await ask(calls)).number == 7
    assert [answer.number for answer in await asyncio.gather(*(ask(calls) for _ in range(20)))] == [7] * 20


async def test_one_peer_s_breaker_is_not_another_s(peer: Peer, calls: Calls) -> None:
    peer.answer = lambda request: {"number": 1} if request.path == "/well" else web.Response(status=500)
    for _ in range(5):
        with pytest.raises(PeerError):
            await ask(calls)
    assert (await calls.get("auth", "/well", Answer)).number == 1


async def test_what_the_caller_has_left_bounds_what_we_ask(peer: Peer, calls: Calls) -> None:
    async def handle(header: str | None) -> int:
        begin_deadline(header)
        await ask(calls)
        return int(peer.asked[-1].headers[DEADLINE_HEADER])

    assert await asyncio.create_task(handle("300")) <= 300
    for nonsense in (None, "", "-1", "soon", "1e9", "9" * 30, "٣"):
        assert await asyncio.create_task(handle(nonsense)) > 1500, nonsense
    with pytest.raises(PeerError, match="no time left"):
        await asyncio.create_task(handle("0"))


def service_token(key: str = "k" * 64, algorithm: str = "HS256", **other: Any) -> str:
    now = int(time.time())
    claims = {"iss": "votewave", "aud": INTERNAL_AUDIENCE, "iat": now, "exp": now + 30, **other}
    return jwt.encode({k: v for k, v in claims.items() if v is not None}, key, algorithm=algorithm)


@pytest.mark.parametrize(
    "token",
    [
        None,
        "",
        "x",
        "a.b.c",
        service_token("other" * 16),
        service_token(aud="votewave"),
        service_token(aud=None),
        service_token(iss=None),
        service_token(exp=None),
        service_token(exp=int(time.time()) - 60),
        service_token(iat=int(time.time()) + 600),
        service_token("k" * 64, "HS512"),
        jwt.encode({"iss": "votewave", "aud": INTERNAL_AUDIENCE, "exp": 2**32}, None, algorithm="none"),
    ],
)
async def test_a_token_that_isnt_a_service_s_is_refused(calls: Calls, token: str | None) -> None:
    assert not await calls.is_service(token)


async def test_a_service_token_is_good_while_clocks_differ_a_little(calls: Calls) -> None:
    now = int(time.time())
    assert await calls.is_service(service_token())
    assert await calls.is_service(service_token(iat=now + 3))


async def test_services_know_each_other_while_their_key_is_rotated(
    calls: Calls, secrets: FileSecrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await calls.is_service(service_token())
    secrets.rotate(INTERNAL_KEY, lambda: "n" * 64)
    monkeypatch.setattr(calls_module, "_KEYS_MIN_AGE_SECONDS", 0)
    assert await calls.is_service(service_token("n" * 64)), "the caller has read the new one"
    assert await calls.is_service(service_token("k" * 64)), "the caller still has the old one"
    secrets.rotate(INTERNAL_KEY, lambda: "m" * 64)
    assert await calls.is_service(service_token("m" * 64))
    assert not await calls.is_service(service_token("k" * 64))


async def test_forged_tokens_dont_make_us_read_secrets_again_and_again(
    calls: Calls, secrets: FileSecrets, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await calls.is_service(service_token())
    reads: list[str] = []
    monkeypatch.setattr(secrets, "get_previous", lambda name: reads.append(name) or asyncio.sleep(0))
    for _ in range(100):
        assert not await calls.is_service(service_token("other" * 16))
    assert len(reads) <= 1


class Two:
    """Finds two instances, those that were refused last, as Consul's are found."""

    def __init__(self, *urls: str) -> None:
        self.found = list(urls)
        self.avoided: list[str] = []

    async def urls(self, peer: str, seconds: float) -> list[str]:
        return sorted(self.found, key=self.avoided.__contains__)

    def refused(self, url: str) -> None:
        self.avoided.append(url)

    async def close(self) -> None: ...


async def test_where_another_service_has_moved_in_the_next_instance_is_asked(peer: Peer, calls: Calls) -> None:
    def answer(request: web.Request) -> web.Response:
        assert request.headers[WANTED_HEADER] == "polls"
        return web.Response(status=421) if request.path.startswith("/stale") else web.json_response({"number": 3})

    peer.answer = answer
    stale = f"{peer.url}/stale"
    calls._peers = two = Two(stale, peer.url)
    assert (await calls.get("polls", "/answer", Answer)).number == 3
    assert two.avoided == [stale]
    two.found = [stale]
    with pytest.raises(PeerError, match="another service"):
        await calls.get("polls", "/answer", Answer)


@pytest.mark.parametrize("how", ["hangs", "hangs up"])
async def test_an_instance_that_fails_leaves_time_for_another_one(peer: Peer, calls: Calls, how: str) -> None:
    async def answer(request: web.Request) -> Any:
        if request.path.startswith("/bad"):
            if how == "hangs":
                await asyncio.sleep(30)
            assert request.transport is not None
            request.transport.abort()
        return {"number": 3}

    peer.answer = answer
    bad = f"{peer.url}/bad"
    calls._peers = two = Two(bad, peer.url)
    many = await asyncio.gather(*(calls.get("polls", "/answer", Answer, 2.0) for _ in range(20)))
    assert [one.number for one in many] == [3] * 20, "nor does the breaker take one instance for all of them"
    assert two.avoided == [bad] * 20
    told = [int(request.headers[DEADLINE_HEADER]) for request in peer.asked if request.path.startswith("/bad")]
    assert max(told) <= 1000, "whoever is asked first knows how long it is waited for"

    began = time.monotonic()
    assert (await calls.get("polls", "/answer", Answer, 2.0)).number == 3
    assert time.monotonic() - began < 5, "it comes last for a while"
    assert [request.path for request in peer.asked].count("/bad/answer") == len(told)


async def test_all_instances_that_hang_cost_no_more_than_their_time(peer: Peer, calls: Calls) -> None:
    peer.answer = lambda _: asyncio.sleep(30)
    calls._peers = Two(f"{peer.url}/one", f"{peer.url}/two")
    began = time.monotonic()
    with pytest.raises(PeerError):
        await ask(calls, 1.0)
    assert 0.9 < time.monotonic() - began < 5
    assert {request.path.split("/")[1] for request in peer.asked} == {"one", "two"}


class Away(FileSecrets):
    """Secrets that can't be had, or not soon."""

    def __init__(self, folder: Path, pause: float) -> None:
        super().__init__(folder / "none.json")
        self.pause = pause

    async def get(self, name: str) -> str:
        await asyncio.sleep(self.pause)
        raise SecretError(f"The secret {name} can't be read from AWS.")


@pytest.mark.parametrize("pause", [0.0, 30.0])
async def test_without_the_internal_key_nobody_can_be_asked(peer: Peer, tmp_path: Path, pause: float) -> None:
    calls = Calls(CoreSettings(peers=f"static:{peer.url}"), Away(tmp_path, pause))
    began = time.monotonic()
    with pytest.raises(PeerError):
        await ask(calls, 0.6)
    assert time.monotonic() - began < 5
    assert peer.asked == []
    await calls.close()


async def test_whoever_finds_out_how_a_peer_does_asks_its_other_instance_too(
    peer: Peer, calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls_module, "_BREAKER_SECONDS", 0.2)

    def hang_up(request: web.Request) -> Any:
        if request.path.startswith("/bad"):
            assert request.transport is not None
            request.transport.abort()
        return well if request.path.startswith("/good") else web.Response(status=500)

    well: Any = web.Response(status=500)
    peer.answer = hang_up
    for _ in range(5):
        with pytest.raises(PeerError):
            await ask(calls)
    well = {"number": 3}
    calls._peers = Two(f"{peer.url}/bad", f"{peer.url}/good")
    await asyncio.sleep(0.25)
    assert (await ask(calls)).number == 3


async def test_a_caller_in_a_hurry_says_nothing_of_the_peer(peer: Peer, calls: Calls) -> None:
    async def slowly(_: web.Request) -> Any:
        await asyncio.sleep(0.2)
        return {"number": 3}

    peer.answer = slowly
    calls._peers = two = Two(f"{peer.url}/one", f"{peer.url}/two")
    for _ in range(10):
        with pytest.raises(PeerError, match="no time left"):
            await ask(calls, 0.05)
    assert two.avoided == []
    assert (await ask(calls)).number == 3, "nor is it taken for down"
