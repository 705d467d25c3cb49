"""What breaks under steady votes: they go on or are refused with 503, none is lost, and all heals by itself."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Callable

import pytest
import redis.asyncio
from cluster_shared import SharedCluster, Votes
from tests.conftest import eventually

RATE = 60.0
HEAL_SECONDS = 120.0
HANG_SECONDS = 15.0
Report = Callable[..., None]


@pytest.fixture(autouse=True)
async def whole(cluster: SharedCluster) -> AsyncIterator[None]:
    """Each test finds the cluster whole, and leaves it so."""
    await eventually(cluster.is_whole, HEAL_SECONDS)
    yield
    await eventually(cluster.is_whole, HEAL_SECONDS)


@pytest.fixture
def report(measured: Callable[[str], None], request: pytest.FixtureRequest) -> Report:
    """Have it printed what became of votes, also when tests pass."""

    def tell(votes: Votes, moment: float, whole: float | None = None, back: float | None = None) -> None:
        recovered = votes.recovered_after(moment)
        parts = [f"{dict(votes.statuses)}", f"last ballot that wasn't acknowledged: {recovered:.1f} s after"]
        if back is not None:
            parts.append(f"95 % of those sent meanwhile took {_p95(votes, moment, back) * 1000:.0f} ms at most")
        if whole is not None:
            parts.append(f"whole again {whole - moment:.1f} s after")
        measured(f"{request.node.name}: {'; '.join(parts)}")

    return tell


def _p95(votes: Votes, since: float, until: float) -> float:
    """Return within how many seconds 95 % of the ballots sent in a time were answered."""
    return statistics.quantiles([one.took for one in votes.sent if since <= one.at < until], n=20)[-1]


def expect_served(votes: Votes) -> None:
    """Each ballot was acknowledged or refused as promised."""
    assert votes.not_served() == []
    assert votes.refused_without_retry_after == 0


async def whole_again(cluster: SharedCluster) -> float:
    """Wait until every instance is back; return when that was."""
    await eventually(cluster.is_whole, HEAL_SECONDS)
    return time.monotonic()


async def test_a_killed_instance_is_replaced(cluster: SharedCluster, report: Report) -> None:
    async with cluster.voting(RATE) as votes:
        await asyncio.sleep(2)
        victim = (await cluster.allocations("votewave-votebooth"))[0]["ID"]
        moment = time.monotonic()
        await cluster.run("alloc", "signal", "-s", "SIGKILL", victim, "service")
        await asyncio.sleep(3)
        whole = await whole_again(cluster)
        await votes.settled()
    report(votes, moment, whole)
    expect_served(votes)
    assert votes.recovered_after(moment) < 10


async def test_a_drained_machine_loses_no_ballot(cluster: SharedCluster, report: Report) -> None:
    nodes = [node for node in await cluster.nomad("/v1/nodes") if node["NodeClass"] == "app"]
    drained = nodes[0]["ID"]
    try:
        async with cluster.voting(RATE) as votes:
            await asyncio.sleep(2)
            moment = time.monotonic()
            await cluster.run("node", "drain", "-enable", "-yes", "-deadline", "2m", drained)

            async def empty() -> bool:
                found = await cluster.nomad(f"/v1/node/{drained}/allocations")
                return not [one for one in found if one["ClientStatus"] == "running"]

            await eventually(empty, HEAL_SECONDS)
            whole = await whole_again(cluster)
            await votes.settled()
    finally:
        await cluster.run("node", "drain", "-disable", "-yes", drained)
        await cluster.run("node", "eligibility", "-enable", drained)
    report(votes, moment, whole)
    assert votes.failed() == []


async def test_consul_may_hang_and_then_be_away_for_a_minute(cluster: SharedCluster, report: Report) -> None:
    """All of its agents, servers included."""
    local = cluster.cluster
    async with cluster.voting(RATE) as votes:
        await asyncio.sleep(2)
        moment = time.monotonic()
        try:
            for agent in local.place.agents:
                local.processes.pause(f"consul-{agent.name}")
            await asyncio.sleep(HANG_SECONDS)
            for agent in local.place.agents:
                local.processes.kill(f"consul-{agent.name}")
            await asyncio.sleep(60)
        finally:
            for agent in local.place.agents:
                local.processes.kill(f"consul-{agent.name}")
                local.agents.start("consul", agent)
        back = time.monotonic()
        whole = await whole_again(cluster)
        # Consul takes everybody for healthy as before, then nobody, then those whom it has asked, 12 s after at most.
        await asyncio.sleep(15)
        await votes.settled()
    report(votes, moment, moment + whole - back, back)
    assert votes.failed() == [], "\n".join(local.log("balancer", 30))


async def test_nomads_leader_may_die(cluster: SharedCluster, report: Report) -> None:
    place, parts = cluster.cluster.place, cluster.cluster.processes
    address = await cluster.nomad("/v1/status/leader")
    [leader] = [one for one in place.agents if place.address("nomad_rpc", one) == address]
    try:
        async with cluster.voting(RATE) as votes:
            await asyncio.sleep(2)
            moment = time.monotonic()
            parts.kill(f"nomad-{leader.name}")

            async def another_leads() -> bool:
                try:
                    return await cluster.nomad("/v1/status/leader") not in {"", address}
                except Exception:  # noqa: BLE001  (nobody leads yet)
                    return False

            await eventually(another_leads, 60)
            # It doesn't only lead: what dies now is started again.
            victim = (await cluster.allocations("votewave-votebooth"))[0]["ID"]
            await cluster.run("alloc", "stop", "-detach", victim)

            async def replaced() -> bool:
                return victim not in {one["ID"] for one in await cluster.allocations("votewave-votebooth")}

            await eventually(replaced, HEAL_SECONDS)
            whole = await whole_again(cluster)
            await votes.settled()
    finally:
        cluster.cluster.agents.start("nomad", leader)
    report(votes, moment, whole)
    expect_served(votes)

    async def three_again() -> bool:
        peers = await cluster.nomad("/v1/status/peers")
        return len(peers) == 3

    await eventually(three_again, 60)


async def test_postgres_may_be_restarted(cluster: SharedCluster, report: Report) -> None:
    stores = cluster.cluster.stores
    async with cluster.voting(RATE) as votes:
        await asyncio.sleep(2)
        moment = time.monotonic()
        await asyncio.to_thread(stores.stop_postgres)
        await asyncio.sleep(3)
        await asyncio.to_thread(stores.start_postgres, cluster.cluster.secrets.master_password)
        back = time.monotonic()
        whole = await whole_again(cluster)
        await votes.settled()
    report(votes, moment, whole)
    expect_served(votes)
    assert votes.recovered_after(back) < 15


async def test_redis_may_forget_everything(cluster: SharedCluster, report: Report) -> None:
    async with cluster.voting(RATE) as votes:
        await asyncio.sleep(2)
        moment = time.monotonic()
        async with redis.asyncio.Redis.from_url(cluster.said["redis_url"]) as client:
            await client.flushall()
        await asyncio.sleep(5)
        whole = await whole_again(cluster)
        await votes.settled()
    report(votes, moment, whole)
    expect_served(votes)


async def test_redis_may_be_away(cluster: SharedCluster, report: Report) -> None:
    stores = cluster.cluster.stores
    async with cluster.voting(RATE) as votes:
        await asyncio.sleep(2)
        moment = time.monotonic()
        await asyncio.to_thread(stores.stop_valkey)
        await asyncio.sleep(5)
        await asyncio.to_thread(stores.start_valkey, cluster.cluster.secrets.value("redis/auth"))
        await asyncio.sleep(3)
        whole = await whole_again(cluster)
        await votes.settled()
    report(votes, moment, whole)
    expect_served(votes)


async def test_redis_may_hang(cluster: SharedCluster, report: Report) -> None:
    """It takes connections and says nothing: nobody waits for it, and nobody is taken out for it."""
    parts = cluster.cluster.processes
    async with cluster.voting(RATE) as votes:
        await asyncio.sleep(2)
        moment = time.monotonic()
        parts.pause("valkey")
        try:
            await asyncio.sleep(HANG_SECONDS)
            assert await cluster.is_whole()
        finally:
            parts.resume("valkey")
        back = time.monotonic()
        await votes.settled()
    report(votes, moment, back=back)
    assert votes.failed() == []
    assert _p95(votes, moment, back) < 1, "less than any time-out of Redis's client"


async def test_a_password_is_rotated_under_votes(cluster: SharedCluster, report: Report) -> None:
    local = cluster.cluster
    before = local.secrets.value("votebooth/database")
    first, second = [one["ID"] for one in await cluster.allocations("votewave-votebooth")]

    async def is_replaced(gone: str) -> None:
        async def done() -> bool:
            running = [one["ID"] for one in await cluster.allocations("votewave-votebooth")]
            return gone not in running and await cluster.is_whole()

        await eventually(done, HEAL_SECONDS)

    async with cluster.voting(RATE) as votes:
        await asyncio.sleep(2)
        moment = time.monotonic()
        await asyncio.to_thread(local.new_password, "votebooth")
        # One that starts now reads a password that isn't in force yet.
        await cluster.run("alloc", "stop", "-detach", first)
        await is_replaced(first)
        logs = [local.jobs.log(one["ID"], "service") for one in await cluster.allocations("votewave-votebooth")]
        assert any("database_password_refused" in log for log in logs), "this is what was to be tried"
        await asyncio.to_thread(local.jobs.migrate, cluster.built)
        # The other one's connections are open; one that starts now has the new password.
        await cluster.run("alloc", "stop", "-detach", second)
        await is_replaced(second)
        await votes.settled()
    report(votes, moment)
    assert votes.failed() == []
    assert local.secrets.value("votebooth/database") != before
    with pytest.raises(Exception, match="password authentication failed"):
        await cluster.connect("votebooth", before)
    await (await cluster.connect("votebooth", local.secrets.value("votebooth/database"))).close()
