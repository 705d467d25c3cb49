"""Receipts: a public list of codes that prove inclusion and say nothing else."""

import httpx
import pytest
from services.core.data.pagination import encode_cursor
from tests.conftest import VoteWave

from ..booth_world import close, shown
from ..voting import guest, guests, poll, recount


async def test_every_counted_ballot_is_in_the_list_and_no_other(client: httpx.AsyncClient) -> None:
    voted = await poll(client)
    voters = await guests(client, 12)
    given = [(await voted.put(voter, {"picks": [n % 3 + 1]})).json()["receipt"] for n, voter in enumerate(voters)]
    assert await voted.receipts() == sorted(given)
    await voted.withdraw(voters[0])
    assert await voted.receipts() == sorted(given[1:])
    assert (await client.get(f"{voted.path}/receipts/{given[0]}")).status_code == 404
    found = await client.get(f"{voted.path}/receipts/{given[1]}")
    assert found.json() == {"receipt": given[1], "status": "counted"}
    assert (await client.get(f"{voted.path}/receipts/{given[1].upper()}")).status_code == 200


async def test_the_list_is_paged_without_repeats_or_gaps(client: httpx.AsyncClient) -> None:
    voted = await poll(client)
    for voter in await guests(client, 7):
        await voted.put(voter, {"picks": [1]})
    pages, cursor = [], None
    while True:
        query = {"limit": "3", **({"cursor": cursor} if cursor else {})}
        page = (await client.get(f"{voted.path}/receipts", params=query)).json()
        pages.append([item["receipt"] for item in page["items"]])
        cursor = page["next"]
        if cursor is None:
            break
    assert [len(page) for page in pages] == [3, 3, 1]
    assert [code for page in pages for code in page] == await voted.receipts()


async def test_a_receipt_tells_neither_choice_nor_order_nor_voter(client: httpx.AsyncClient) -> None:
    voted = await poll(client)
    voters = await guests(client, 40)
    given = [(await voted.put(voter, {"picks": [1]})).json()["receipt"] for voter in voters]
    assert len(set(given)) == 40
    assert given != sorted(given)
    again = await poll(client)
    assert (await again.put(voters[0], {"picks": [1]})).json()["receipt"] not in given


async def test_a_code_that_is_none_is_refused(client: httpx.AsyncClient) -> None:
    voted = await poll(client)
    assert (await client.get(f"{voted.path}/receipts/nonsense")).status_code == 400
    assert (await client.get(f"{voted.path}/receipts/abcd")).status_code == 404
    assert (await client.get(f"{voted.path}/receipts?cursor=nonsense")).status_code == 400
    of_the_roll = encode_cursor("abcd", "roll")
    assert (await client.get(f"{voted.path}/receipts?cursor={of_the_roll}")).status_code == 400
    missing = "/v1/votebooth/polls/01890000-0000-7000-8000-000000000000/receipts"
    assert (await client.get(missing)).status_code == 404
    assert (await client.get(f"{voted.path}/receipts?limit=1001")).status_code == 400


@pytest.mark.parametrize("anonymous", [False, True])
async def test_under_a_minimum_the_list_moves_in_the_steps_of_the_counts(
    client: httpx.AsyncClient, votewave: VoteWave, anonymous: bool
) -> None:
    voted = await poll(client, rules={"minimum": 5, "anonymous": anonymous})
    lengths, given = [], []
    for voter in await guests(client, 11):
        given.append((await voted.put(voter, {"picks": [1]})).json()["receipt"])
        answer = await client.get(f"{voted.path}/receipts")
        lengths.append(len(answer.json()["items"]) if answer.status_code == 200 else answer.status_code)
        # Voters find their own at once; nobody else knows its code yet.
        assert (await client.get(f"{voted.path}/receipts/{given[-1]}")).status_code == 200
    assert lengths == [403] * 4 + [5] * 5 + [10] * 2
    assert await voted.receipts() == sorted(given[:10])
    assert (await shown(client, voted.id))["ballots"] == 10
    await close(client, voted.id, voted.owner)
    assert await voted.receipts() == sorted(given)
    # Which step a ballot came with isn't kept.
    for table in ("releases", "listed_receipts"):
        assert await votewave.sql(f"SELECT 1 FROM votebooth.{table} WHERE poll_id = $1::text::uuid", voted.id) == []


async def test_under_a_minimum_a_withdrawal_shows_no_sooner_than_in_the_counts(client: httpx.AsyncClient) -> None:
    voted = await poll(client, rules={"minimum": 5})
    voters = await guests(client, 12)

    async def vote(some: list[dict[str, str]]) -> list[str]:
        return [(await voted.put(voter, {"picks": [1]})).json()["receipt"] for voter in some]

    given = await vote(voters[:7])
    await voted.receipts()
    await vote(voters[7:10])
    listed = await voted.receipts()
    assert len(listed) == (await shown(client, voted.id))["ballots"] == 7
    await voted.withdraw(voters[0])
    assert await voted.receipts() == listed
    assert (await client.get(f"{voted.path}/receipts/{given[0]}")).status_code == 200
    await vote([*voters[10:], await guest(client)])
    after = await voted.receipts()
    assert (await shown(client, voted.id))["ballots"] == len(after) == 12
    assert given[0] not in after
    assert (await client.get(f"{voted.path}/receipts/{given[0]}")).status_code == 404


async def test_the_list_is_for_those_who_may_see_the_result(client: httpx.AsyncClient) -> None:
    for rule, seen in (
        ("always", (200, 200, 200)),
        ("after_vote", (403, 200, 403)),
        ("after_close", (403, 403, 403)),
        ("owner", (403, 403, 200)),
    ):
        voted = await poll(client, rules={"results": rule})
        (voter,) = await guests(client, 1)
        receipt = (await voted.put(voter, {"picks": [1]})).json()["receipt"]
        for who, status in zip(({}, voter, voted.owner), seen, strict=True):
            answer = await client.get(f"{voted.path}/receipts", headers=who)
            assert answer.status_code == status, (rule, who)
            assert answer.headers["cache-control"].startswith("private")
            assert (receipt in answer.text) == (status == 200)
        assert (await client.get(f"{voted.path}/receipts/{receipt}")).status_code == 200
        await close(client, voted.id, voted.owner)
        assert (await client.get(f"{voted.path}/receipts")).status_code == (403 if rule == "owner" else 200)


@pytest.mark.parametrize("anonymous", [False, True])
async def test_of_a_large_poll_with_a_minimum_counts_are_shown_at_once_and_the_list_at_the_end(
    client: httpx.AsyncClient, votewave: VoteWave, anonymous: bool
) -> None:
    """To list them means to read all ballots at each step."""
    voted = await poll(client, rules={"minimum": 5, "anonymous": anonymous})
    (voter,) = await guests(client, 1)
    assert (await voted.put(voter, {"picks": [1]})).status_code == 201
    table, key = ("anonymous_ballots", "ballot_id") if anonymous else ("ballots", "voter_key, receipt")

    async def grow(first: int, last: int) -> None:
        code = f"substr(sha256((n || '{voted.id}')::bytea), 1, 16)"
        await votewave.sql(
            f"INSERT INTO votebooth.{table} (poll_id, {key}, choice) SELECT '{voted.id}', {code}, "
            f"{'' if anonymous else code + ','} '{{\"picks\":[1]}}' FROM generate_series({first}, {last}) n"
        )
        if anonymous:
            await votewave.sql(
                "INSERT INTO votebooth.participations (poll_id, voter_key) "
                f"SELECT '{voted.id}', {code} FROM generate_series({first}, {last}) n"
            )
        await votewave.sql(
            "UPDATE votebooth.counters SET ballots = $2, seq = seq + 1, sums = ARRAY[$2::bigint] "
            "WHERE poll_id = $1::text::uuid",
            voted.id,
            last,
        )

    await grow(2, 10_000)
    assert (await shown(client, voted.id))["ballots"] == 10_000
    assert len(await voted.receipts()) == 10_000
    await grow(10_001, 10_200)
    assert (await shown(client, voted.id))["ballots"] == 10_200
    answer = await client.get(f"{voted.path}/receipts")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "poll-open")
    listed = await votewave.sql("SELECT 1 FROM votebooth.listed_receipts WHERE poll_id = $1::text::uuid", voted.id)
    assert len(listed) == 10_000
    await close(client, voted.id, voted.owner)
    assert len(await voted.receipts()) == 10_200
    assert await recount(votewave, voted.id) == (10_200, [])
