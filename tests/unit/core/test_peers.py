import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiohttp import web
from services.core.aws.secrets import FileSecrets
from services.core.peers import discovery as peers_module
from services.core.peers.consul import Registration
from services.core.peers.discovery import ConsulPeers, StaticPeers
from services.core.settings import CoreSettings, SettingsError, load


class Agent:
    """What Consul's agent says on the wire, as a test wants it; a real one is asked in tests/cluster."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, dict[str, str]]] = []
        self.index = 50
        self.ports = [7001, 7002]
        self.canaries: set[int] = set()
        self.status = 200
        self.known = False
        self.changed = asyncio.Event()
        self.tokens: list[str | None] = []

    async def health(self, request: web.Request) -> web.Response:
        self.tokens.append(request.headers.get("X-Consul-Token"))
        self.asked.append((time.monotonic(), dict(request.query)))
        if int(request.query.get("index", "0")) >= self.index > 0:
            self.changed.clear()
            await self.changed.wait()
        services = [
            {
                "Node": {"Address": "10.0.0.9"},
                "Service": {"Address": "", "Port": port, "Tags": ["canary"] if port in self.canaries else ["stable"]},
            }
            for port in self.ports
        ]
        return web.json_response(services, status=self.status, headers={"X-Consul-Index": str(self.index)})

    def change(self, **values: Any) -> None:
        for name, value in values.items():
            setattr(self, name, value)
        self.changed.set()

    @property
    def indexes(self) -> list[str | None]:
        return [query.get("index") for _, query in self.asked]


@pytest.fixture
async def agent() -> Agent:
    return Agent()


@pytest.fixture
async def settings(agent: Agent) -> AsyncIterator[CoreSettings]:
    app = web.Application()
    app.router.add_get("/v1/health/service/polls", agent.health)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield CoreSettings(peers="consul", consul_url=f"http://127.0.0.1:{runner.addresses[0][1]}")
    agent.changed.set()
    await runner.cleanup()


@pytest.fixture
async def peers(settings: CoreSettings, tmp_path: Path) -> AsyncIterator[ConsulPeers]:
    peers = ConsulPeers(settings, FileSecrets(tmp_path / "secrets.json"))
    yield peers
    await peers.close()


async def until(check: Any) -> None:
    async with asyncio.timeout(5):
        while not check():
            await asyncio.sleep(0.01)


async def test_one_question_follows_another_with_the_last_answer_s_index(agent: Agent, peers: ConsulPeers) -> None:
    assert sorted(await peers.urls("polls", 1)) == ["http://10.0.0.9:7001", "http://10.0.0.9:7002"]
    await until(lambda: len(agent.asked) == 2)
    agent.change(index=60, ports=[7003])
    await until(lambda: len(agent.asked) == 3)
    assert await peers.urls("polls", 1) == ["http://10.0.0.9:7003"]
    assert agent.indexes == [None, "50", "60"]
    assert all(query.get("passing") == "1" for _, query in agent.asked)
    assert agent.asked[1][1]["wait"] == "10s"


async def test_an_index_that_falls_means_from_the_start(agent: Agent, peers: ConsulPeers) -> None:
    await peers.urls("polls", 1)
    await until(lambda: len(agent.asked) == 2)
    agent.change(index=7)
    await until(lambda: len(agent.asked) == 4)
    assert agent.indexes == [None, "50", None, "7"]


async def test_after_an_error_it_begins_from_the_start_and_meanwhile_keeps_what_it_knows(
    agent: Agent, peers: ConsulPeers
) -> None:
    known = sorted(await peers.urls("polls", 1))
    await until(lambda: len(agent.asked) == 2)
    agent.change(status=500, index=51)
    await until(lambda: len(agent.asked) == 4)
    assert sorted(await peers.urls("polls", 1)) == known
    agent.change(status=200)
    await until(lambda: len(agent.asked) >= 6)
    assert agent.indexes[2:4] == [None, None]
    assert agent.indexes[-1] == "51"


async def test_an_empty_answer_is_believed_after_a_while(
    agent: Agent, peers: ConsulPeers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers_module, "_KEEP_LAST_SECONDS", 0.5)
    known = sorted(await peers.urls("polls", 1))
    await until(lambda: len(agent.asked) == 2)
    agent.change(ports=[], index=51)
    await until(lambda: len(agent.asked) == 3)
    assert sorted(await peers.urls("polls", 1)) == known
    await asyncio.sleep(0.6)
    agent.change(index=52)
    await until(lambda: len(agent.asked) == 4)
    assert await peers.urls("polls", 1) == []


async def test_an_agent_that_answers_at_once_is_not_asked_without_pause(agent: Agent, peers: ConsulPeers) -> None:
    agent.index = 0  # never a reason to wait
    await peers.urls("polls", 1)
    await asyncio.sleep(0.55)
    assert len(agent.asked) <= 6


async def test_back_off_spreads_and_stays_below_five_seconds(agent: Agent, peers: ConsulPeers) -> None:
    agent.status = 500
    began = time.monotonic()
    assert await peers.urls("polls", 1) == []
    assert time.monotonic() - began < 0.5, "the first failure is an answer: nobody waits for the second"
    await asyncio.sleep(1.0)
    assert 2 <= len(agent.asked) <= 4


async def test_the_token_is_our_setting_s_and_a_rotated_one_is_used_at_once(
    agent: Agent, settings: CoreSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONSUL_HTTP_TOKEN", "somebody else's")
    secrets = FileSecrets(tmp_path / "secrets.json")
    secrets.ensure("consul/token", lambda: "first")
    peers = ConsulPeers(msgspec.structs.replace(settings, consul_token_from="secret:consul/token"), secrets)
    await peers.urls("polls", 1)
    secrets.rotate("consul/token", lambda: "second")
    await until(lambda: len(agent.asked) == 2)
    agent.change(index=51)
    await until(lambda: len(agent.asked) == 3)
    assert agent.tokens[0] == "first"
    assert agent.tokens[2] == "second"
    await peers.close()

    peers = ConsulPeers(settings, secrets)
    await peers.urls("polls", 1)
    assert agent.tokens[-1] is None
    await peers.close()


async def test_without_its_token_nobody_is_asked(agent: Agent, settings: CoreSettings, tmp_path: Path) -> None:
    for missing in ("secret:consul/token", f"file://{tmp_path}/token"):
        peers = ConsulPeers(
            msgspec.structs.replace(settings, consul_token_from=missing), FileSecrets(tmp_path / "secrets.json")
        )
        assert await peers.urls("polls", 1) == []
        await peers.close()
    assert agent.asked == []


async def test_instances_take_turns_and_one_that_refused_comes_last(peers: ConsulPeers) -> None:
    one, two = sorted(await peers.urls("polls", 1))
    firsts = {(await peers.urls("polls", 1))[0] for _ in range(2)}
    assert firsts == {one, two}
    peers.refused(one)
    assert [await peers.urls("polls", 1) for _ in range(3)] == [[two, one]] * 3


async def test_a_static_address_may_hold_the_service_s_name() -> None:
    assert await StaticPeers("http://{service}.local:80/").urls("polls", 1) == ["http://polls.local:80"]
    assert await StaticPeers("").urls("polls", 1) == []


async def test_a_registration_outlives_an_agent_that_is_not_there(tmp_path: Path) -> None:
    settings = CoreSettings(consul_registration="self", consul_url="http://127.0.0.1:9")
    registration = Registration(settings, FileSecrets(tmp_path / "secrets.json"), ["polls"])
    registration.start()
    await asyncio.sleep(0.3)
    began = time.monotonic()
    await registration.leave()
    assert time.monotonic() - began < 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("VOTEWAVE_CONSUL_REGISTRATION", "yes"),
        ("VOTEWAVE_CONSUL_URL", "http://agent:8500/?token=x"),
        ("VOTEWAVE_CONSUL_TOKEN_FROM", "5f1d0b6e-the-token-itself"),
    ],
)
def test_a_wrong_setting_is_named_and_a_token_not_shown(name: str, value: str) -> None:
    with pytest.raises(SettingsError, match=name) as caught:
        load(CoreSettings, environ={name: value})
    assert "5f1d0b6e" not in str(caught.value)


async def test_canaries_are_for_their_gate_unless_there_is_nothing_else(agent: Agent, peers: ConsulPeers) -> None:
    agent.canaries = {7002}
    assert await peers.urls("polls", 1) == ["http://10.0.0.9:7001"]
    agent.change(ports=[7002], index=60)
    await until(lambda: len(agent.asked) >= 3)
    assert await peers.urls("polls", 1) == ["http://10.0.0.9:7002"]
