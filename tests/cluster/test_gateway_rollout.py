"""The gateways of a cluster are replaced, one after the other, while people vote."""

import asyncio
import time
from collections import Counter

import aiohttp
from cluster_shared import SharedCluster
from tests.conftest import eventually
from tools.cluster.jobs import is_everywhere

JOB = "votewave-gateway"


async def test_a_rolling_deploy_of_the_gateway_under_votes(cluster: SharedCluster) -> None:
    before = {one["ID"] for one in await cluster.allocations(JOB)}
    assert len(before) == 2, "one on each machine of the class edge"
    reads: Counter[int] = Counter()
    done = asyncio.Event()

    async def read(new_connection: bool) -> None:
        """Read what is open, as a page does; some clients connect anew each time."""
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=new_connection)) as session:
            while not done.is_set():
                async with session.get(f"{cluster.gateway_url}/v1/polls") as answer:
                    await answer.read()
                    reads[answer.status] += 1
                await asyncio.sleep(0.05)

    async def both_are_replaced() -> bool:
        now = {one["ID"] for one in await cluster.allocations(JOB)}
        deployment = await cluster.nomad(f"/v1/job/{JOB}/deployment")
        assert deployment["Status"] in {"running", "successful"}, deployment["StatusDescription"]
        everywhere = await asyncio.to_thread(is_everywhere, cluster.cluster.jobs.api, JOB)
        return len(now) == 2 and not before & now and everywhere

    async with cluster.voting(rate=300, voters=600, share=0.5) as votes:
        readers = [asyncio.create_task(read(new)) for new in (True, False)]
        try:
            await asyncio.to_thread(cluster.cluster.jobs.run, "gateway", version=f"rollout-{time.time_ns()}")
            await eventually(both_are_replaced, 180)
            await asyncio.sleep(2)
        finally:
            done.set()
            await asyncio.gather(*readers)
    assert votes.failed() == []
    assert set(reads) == {200}, reads
    votes.assert_rate()
    assert votes.ballots == 600
