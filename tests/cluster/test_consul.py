"""Services in a real Consul: how they come, how they go, and how others find them."""

import asyncio
import json
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from cluster_place import LEAST, Consul, Instance
from prometheus_client import REGISTRY
from services.core.aws.secrets import FileSecrets
from services.core.peers.calls import Calls, PeerError
from services.core.peers.consul import Agent
from services.core.settings import CoreSettings
from tests.conftest import eventually

KEYS = "/.well-known/jwks.json"

Start = Callable[..., Instance]
TokenOf = Callable[[str], Any]


async def ask(calls: Calls, seconds: float = 2.0) -> None:
    """Ask Auth for its public keys, which is what every service asks it for."""
    await calls.get("auth", KEYS, dict[str, Any], seconds)


def discovery(metric: str, peer: str = "auth") -> float:
    value = REGISTRY.get_sample_value(f"votewave_discovery_{metric}", {"peer": peer})
    assert value is not None
    return value


async def test_a_service_registers_itself_with_its_version_and_a_check_of_its_readiness(
    consul: Consul, instance: Start, token_of: TokenOf
) -> None:
    auth = instance("auth", **await token_of("auth"))
    await auth.start()
    await consul.passing("auth", 1)
    [entry] = await consul.get("/v1/health/service/auth")
    service, check = entry["Service"], next(check for check in entry["Checks"] if check["ServiceID"])
    assert service["ID"] == auth.id
    assert (service["Address"], service["Port"]) == ("127.0.0.1", auth.port)
    assert service["Meta"]["version"]
    assert f"{auth.url}/health/ready: 200" in check["Output"]
    assert check["Interval"] == "2s"
    [kept] = (consul.data / "checks").iterdir()  # the rest of it, the agent tells nobody
    assert json.loads(kept.read_text())["ChkType"]["DeregisterCriticalServiceAfter"] == 60_000_000_000  # ns


async def test_on_sigterm_it_turns_unready_leaves_consul_serves_on_and_ends(
    consul: Consul, instance: Start, token_of: TokenOf
) -> None:
    auth = instance("auth", VOTEWAVE_DRAIN_SECONDS="3", **await token_of("auth"))
    await auth.start()
    await consul.passing("auth", 1)
    began = time.monotonic()
    first: dict[str, float] = {}
    answers: Counter[int] = Counter()
    auth.process.terminate()
    async with httpx.AsyncClient(timeout=5) as client:
        while auth.process.poll() is None:
            now = time.monotonic() - began
            try:
                if (await client.get(f"{auth.url}/health/ready")).status_code == 503:
                    first.setdefault("unready", now)
                answers[(await client.get(f"{auth.url}{KEYS}")).status_code] += 1
            except httpx.TransportError:
                first.setdefault("closed", now)
            if not await consul.instances("auth"):
                first.setdefault("left", now)
            await asyncio.sleep(0.02)
    assert auth.process.returncode == 0
    assert first["unready"] <= first["left"] < first.get("closed", time.monotonic() - began)
    assert first["left"] < 1.5, "Consul was told at once, and didn't find out by its check"
    assert time.monotonic() - began >= 3, "those who had found it before had time to look again"
    assert set(answers) == {200}, "whoever came while it drained was served"
    assert await consul.get("/v1/agent/services") == {}
    assert [line["id"] for line in auth.says() if line["event"] == "consul_deregistered"] == [auth.id]


async def test_one_that_has_no_keys_for_tokens_yet_is_not_found(
    consul: Consul, instance: Start, token_of: TokenOf
) -> None:
    """Others have them, so whoever has a token is served by those."""
    profiles = instance("profiles", **await token_of("profiles"))
    profiles.begin()

    async def starting() -> bool:
        try:
            async with httpx.AsyncClient(timeout=5) as client:
                answer = await client.get(f"{profiles.url}/health/ready")
        except httpx.TransportError:
            return False
        return answer.status_code == 503 and answer.json()["parts"]["tokens"] == "waits for keys"

    await eventually(starting, 20)
    await asyncio.sleep(2)
    assert await starting()
    assert await consul.instances("profiles") in ({}, {profiles.id: "critical"})
    await instance("auth", **await token_of("auth")).start()
    await consul.passing("profiles", 1)


async def test_one_that_is_killed_turns_critical_and_is_found_no_more(
    consul: Consul, instance: Start, token_of: TokenOf, calls: Calls
) -> None:
    token = await token_of("auth")
    lives, dies = instance("auth", **token), instance("auth", **token)
    await asyncio.gather(lives.start(), dies.start())
    await consul.passing("auth", 2)
    await ask(calls)
    assert discovery("instances") == 2
    before = await lives.answered(KEYS)
    dies.kill()
    for _ in range(20):
        await ask(calls)  # at once, while Consul doesn't know yet: none of them fails
    assert await lives.answered(KEYS) - before >= 20  # each of them; and it asks itself for keys now and then

    async def critical() -> bool:
        return await consul.instances("auth") == {lives.id: "passing", dies.id: "critical"}

    await eventually(critical, 15)

    async def found() -> bool:
        return discovery("instances") == 1

    await eventually(found, 5)
    assert await calls._peers.urls("auth", 1) == [lives.url]


async def test_instances_take_turns_and_a_new_one_joins_within_seconds(
    consul: Consul, instance: Start, token_of: TokenOf, calls: Calls
) -> None:
    token = await token_of("auth")
    two = [instance("auth", **token), instance("auth", **token)]
    await asyncio.gather(*(one.start() for one in two))
    await consul.passing("auth", 2)
    before = [await one.answered(KEYS) for one in two]
    for _ in range(40):
        await ask(calls)
    answered = [await one.answered(KEYS) - was for one, was in zip(two, before, strict=True)]
    # Each instance also asks once itself, when it begins, which may be a moment after it is passing.
    assert all(20 <= one <= 20 + len(two) for one in answered), answered

    third = instance("auth", **token)
    await third.start()
    await consul.passing("auth", 3)

    async def joined() -> bool:
        return discovery("instances") == 3

    await eventually(joined, 2)
    three = (*two, third)
    before = [await one.answered(KEYS) for one in three]
    for _ in range(30):
        await ask(calls)
    answered = [await one.answered(KEYS) - was for one, was in zip(three, before, strict=True)]
    assert all(10 <= one <= 11 for one in answered), answered


async def test_while_consul_is_away_calls_go_on_and_it_is_believed_again_afterwards(
    consul: Consul, instance: Start, token_of: TokenOf, calls: Calls
) -> None:
    token = await token_of("auth")
    auth = instance("auth", **token)
    await auth.start()
    await consul.passing("auth", 1)
    await ask(calls)
    consul.kill()
    began = time.monotonic()
    late = instance("auth", **token)
    await late.start()  # it is ready although nobody can be told
    while time.monotonic() - began < 8:
        await ask(calls)
        await asyncio.sleep(0.1)
    assert discovery("age_seconds") > 6
    assert discovery("instances") == 1
    back = asyncio.create_task(consul.start())
    while not back.done():
        await ask(calls)
        await asyncio.sleep(0.05)
    await back

    async def both() -> bool:
        await ask(calls)
        return discovery("instances") == 2

    await eventually(both, 20)
    assert discovery("age_seconds") < 12
    assert "consul_unavailable" in {line["event"] for line in late.says()}
    assert not [line for line in auth.says() if line["level"] == "error"]


async def test_a_consul_that_hangs_holds_nobody_up(
    consul: Consul, instance: Start, token_of: TokenOf, calls: Calls
) -> None:
    auth = instance("auth", **await token_of("auth"))
    await auth.start()
    await consul.passing("auth", 1)
    await ask(calls)
    consul.signal(signal.SIGSTOP)
    try:
        for _ in range(20):
            await ask(calls, 1.0)
        began = time.monotonic()
        with pytest.raises(PeerError):  # one that nobody has looked for before
            await calls.get("polls", "/", dict[str, Any], 0.5)
        assert time.monotonic() - began < 1.5
        began = time.monotonic()
        assert await asyncio.to_thread(auth.stop) == 0
        assert time.monotonic() - began < 10, "it asks to be taken out for 3 s, then goes anyway"
    finally:
        consul.signal(signal.SIGCONT)


async def test_a_consul_that_has_forgotten_everything_is_told_again_and_read_from_the_start(
    consul: Consul, instance: Start, token_of: TokenOf, calls: Calls
) -> None:
    # One token for all, known from the configuration: the others are forgotten as well.
    token = {"VOTEWAVE_CONSUL_TOKEN_FROM": f"file://{consul.folder}/management"}
    (consul.folder / "management").write_text(consul.management)
    (consul.folder / "reader.token").write_text(consul.management)
    auth = instance("auth", **token)
    await auth.start()
    await consul.passing("auth", 1)
    await ask(calls)
    for number in range(100):  # so that its index is far ahead of what a new one begins with
        await consul.put(f"/v1/kv/{number}", "x")
    other = instance("auth", **token)
    await other.start()
    await consul.passing("auth", 2)
    await eventually(lambda: _instances(2), 5)

    consul.kill()
    shutil.rmtree(consul.data)

    async def told() -> None:
        await consul.start()
        await consul.passing("auth", 2)

    again = asyncio.create_task(told())
    while not again.done():
        await ask(calls)  # not even while the new one knows of nobody does a call fail
        await asyncio.sleep(0.05)
    await again
    other.kill()
    await eventually(lambda: _instances(1), 15)  # what changes from now on is seen
    await ask(calls)


async def _instances(count: int) -> bool:
    return discovery("instances") == count


async def test_least_privilege_suffices_and_the_token_is_in_no_address_and_no_log(
    consul: Consul, instance: Start, token_of: TokenOf, calls: Calls
) -> None:
    setting = await token_of("auth")
    token = (consul.folder / "auth.token").read_text().strip()
    # What py-consul would take from the environment doesn't count.
    auth = instance("auth", CONSUL_HTTP_TOKEN="wrong", CONSUL_HTTP_ADDR="http://127.0.0.1:9", **setting)
    await auth.start()
    await consul.passing("auth", 1)
    await ask(calls)

    async def looked() -> bool:
        return f"method=GET url=/v1/agent/service/{auth.id}" in consul.log()

    await eventually(looked, 20)  # whether Consul still knows it
    auth.stop()

    async def gone() -> bool:
        return await consul.instances("auth") == {}

    await eventually(gone, 5)
    asked = [line for line in consul.log().splitlines() if "Request finished" in line]
    assert any("/v1/agent/service/register" in line for line in asked)
    assert any("/v1/health/service/auth" in line for line in asked)
    assert any("/v1/agent/service/deregister" in line for line in asked)
    assert "consul_unavailable" not in auth.log()
    assert token not in consul.log()
    assert token not in auth.log()
    assert setting["VOTEWAVE_CONSUL_TOKEN_FROM"] not in auth.log()


async def test_a_token_for_another_name_registers_nothing_and_the_service_runs_and_says_so(
    consul: Consul, instance: Start, token_of: TokenOf, calls: Calls
) -> None:
    setting = await token_of("polls")
    auth = instance("auth", **setting)
    await auth.start()

    async def said() -> list[Any]:
        return [line for line in auth.says() if line["event"] == "consul_unavailable"]

    [line] = await eventually(said, 10)
    assert "service:write" in line["error"]
    assert await consul.instances("auth") == {}
    assert await auth.is_ready()
    with pytest.raises(PeerError, match="no instance of auth"):
        await ask(calls, 0.5)


async def test_under_nomad_and_by_default_the_process_registers_nothing(
    consul: Consul, instance: Start, token_of: TokenOf
) -> None:
    token = await token_of("auth")
    silent = [instance("auth", VOTEWAVE_CONSUL_REGISTRATION=mode, **token) for mode in ("off", "nomad")]
    await asyncio.gather(*(one.start() for one in silent))
    await asyncio.sleep(1)
    assert await consul.get("/v1/agent/services") == {}


async def test_a_vote_is_cast_through_services_that_know_each_other_from_consul_alone(
    consul: Consul, instance: Start, token_of: TokenOf, votewave: Any
) -> None:
    services = {name: instance(name, **await token_of(name)) for name in ("auth", "polls", "votebooth")}
    await asyncio.gather(*(service.start() for service in services.values()))
    for name in services:
        await consul.passing(name, 1)
    at = {name: service.url for name, service in services.items()}
    async with httpx.AsyncClient(timeout=10) as client:
        made = await client.post(
            f"{at['auth']}/v1/auth/accounts",
            json={"email": f"ada-{time.time_ns()}@example.org", "password": "correct horse battery"},
        )
        assert made.status_code == 201, made.text
        owner = made.json()["access_token"]
        poll = await client.post(
            f"{at['polls']}/v1/polls",
            headers={"authorization": f"Bearer {owner}"},
            json={
                "title": "Lunch?",
                "method": {"type": "single"},
                "publish": True,
                "options": [{"label": "Noodles"}, {"label": "Falafel"}],
                "rules": {"eligibility": "anyone", "results": "always"},
            },
        )
        assert poll.status_code == 201, poll.text
        ballot = f"{at['votebooth']}/v1/votebooth/polls/{poll.json()['id']}/ballot"
        voters = [await _guest(client, at["auth"]) for _ in range(4)]
        assert (await _vote(client, ballot, voters[0])).status_code == 201
        consul.kill()  # voting doesn't need it
        assert [(await _vote(client, ballot, voter)).status_code for voter in voters] == [200, 201, 201, 201]


async def _guest(client: httpx.AsyncClient, auth: str) -> str:
    made = await client.post(f"{auth}/v1/auth/guests", json={})
    assert made.status_code == 201, made.text
    return str(made.json()["access_token"])


async def _vote(client: httpx.AsyncClient, ballot: str, token: str) -> httpx.Response:
    return await client.put(ballot, headers={"authorization": f"Bearer {token}"}, json={"picks": [1]})


async def test_calls_go_to_a_canary_only_where_there_is_nothing_else(consul: Consul, tmp_path: Path) -> None:
    path = tmp_path / "reader.token"
    path.write_text(await consul.token("reader", LEAST % "reader"))
    agent = Agent(
        CoreSettings(consul_url=consul.url, consul_token_from=f"file://{path}"), FileSecrets(tmp_path / "none.json")
    )

    async def known(*tags: str) -> list[str]:
        """Register an instance for each tag; return those that calls go to."""
        for port, tag in enumerate(tags, 1):
            body = {"ID": f"x-{port}", "Name": "x", "Address": "127.0.0.1", "Port": port, "Tags": [tag]}
            async with httpx.AsyncClient(base_url=consul.url, headers={"x-consul-token": consul.management}) as client:
                (await client.put("/v1/agent/service/register", json=body)).raise_for_status()
        entries = len(tags)

        async def all_there() -> bool:
            return len(await consul.get("/v1/health/service/x")) == entries

        await eventually(all_there, 20)
        return (await agent.healthy("x", 0))[1]

    try:
        assert await known("canary") == ["http://127.0.0.1:1"]
        assert await known("canary", "stable") == ["http://127.0.0.1:2"]
        assert await known("stable", "stable") == ["http://127.0.0.1:1", "http://127.0.0.1:2"], "it was promoted"
    finally:
        await agent.close()
