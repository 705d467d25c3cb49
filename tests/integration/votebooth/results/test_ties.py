"""Ties can't be chosen: not by the last voter, not by casting again, not by who reads the tables."""

import hashlib
from typing import Any
from uuid import UUID

import httpx
import pytest
from tests.conftest import VoteWave, eventually

from ..booth_world import a_guest, a_poll, a_user, cast, close, shown
from ..voting import guest, guests, poll, recount, secret

LABELS = ("Ada", "Bo")
ROUNDS = 6


def order(seed: str) -> list[str]:
    """Return the options by the published rule; the first wins ties."""
    return sorted(LABELS, key=lambda label: hashlib.sha256(f"{seed}\0{label}".encode()).digest())


def seed_of(poll_id: str, receipts: list[str], salt: str = "") -> str:
    """Return the seed as anybody can compute it from the list of receipts, and from the salt once it is told."""
    digest = hashlib.sha256(b"".join(map(bytes.fromhex, sorted(receipts)))).digest()
    return hashlib.sha256(UUID(poll_id).bytes + digest + bytes.fromhex(salt)).hexdigest()


async def salt_of(client: httpx.AsyncClient, poll_id: str) -> dict[str, Any]:
    answer = await client.get(f"/v1/votebooth/polls/{poll_id}/salt")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_the_salt_is_committed_to_before_the_first_vote_and_told_after_the_last(
    client: httpx.AsyncClient,
) -> None:
    owner = await a_user(client)
    before = await a_poll(client, owner, opens_at="2100-01-01T00:00:00Z")
    assert len((await salt_of(client, before))["commitment"]) == 64
    # Also where nobody may see the result yet.
    voted = await a_poll(client, owner, "single", LABELS, rules={"results": "after_close"})
    told = await salt_of(client, voted)
    assert told["salt"] is None
    for option in (1, 2):
        await cast(client, voted, await a_guest(client), {"picks": [option]})
    assert await salt_of(client, voted) == told
    await close(client, voted, owner)
    final = await shown(client, voted)
    tie_break = final["tie_break"]
    assert await salt_of(client, voted) == {"commitment": told["commitment"], "salt": tie_break["salt"]}
    assert tie_break["commitment"] == told["commitment"]
    assert hashlib.sha256(bytes.fromhex(tie_break["salt"])).hexdigest() == told["commitment"]
    page = (await client.get(f"/v1/votebooth/polls/{voted}/receipts")).json()
    assert tie_break["seed"] == seed_of(voted, [item["receipt"] for item in page["items"]], tie_break["salt"])
    assert [winner["label"] for winner in final["winners"]] == order(tie_break["seed"])[:1]
    assert (await client.get("/v1/votebooth/polls/01890000-0000-7000-8000-000000000000/salt")).status_code == 404


async def test_the_last_voter_of_an_anonymous_poll_cant_choose_who_wins_a_tie(client: httpx.AsyncClient) -> None:
    owner = await a_user(client)
    won = 0
    for _ in range(ROUNDS):
        voted = await a_poll(client, owner, "single", LABELS, rules={"anonymous": True})
        await cast(client, voted, await a_guest(client), {"picks": [1]})
        page = (await client.get(f"/v1/votebooth/polls/{voted}/receipts")).json()
        listed = [item["receipt"] for item in page["items"]]
        # The last voter tries secrets until the tie would fall to Bo, by all that is public.
        while True:
            own = secret()
            mine = hashlib.sha256(UUID(voted).bytes + own.encode()).hexdigest()
            if order(seed_of(voted, [*listed, mine]))[0] == "Bo":
                break
        await cast(client, voted, await a_guest(client), {"picks": [2], "secret": own})
        await close(client, voted, owner)
        final = await shown(client, voted)
        assert final["tie_break"]["seed"] != seed_of(voted, [*listed, mine])
        won += [winner["id"] for winner in final["winners"]] == [2]
    assert won < ROUNDS  # by chance once in 64 runs


async def test_a_voters_receipt_stays_through_a_withdrawal(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await poll(client)
    voter, other = await guests(client, 2)
    await voted.put(other, {"picks": [2]})
    given = set()
    for option in (1, 2, 3, 1):
        given.add((await voted.put(voter, {"picks": [option]})).json()["receipt"])
        assert (await voted.withdraw(voter)).status_code == 204
    given.add((await voted.put(voter, {"picks": [1]})).json()["receipt"])
    assert len(given) == 1
    assert len(await voted.receipts()) == 2
    assert await recount(votewave, voted.id) == (2, [])


async def test_two_guests_of_a_network_have_receipts_of_their_own(client: httpx.AsyncClient) -> None:
    voted = await poll(client, rules={"strength": "network"})
    one, two = await guest(client), await guest(client)
    first = (await voted.put(one, {"picks": [1]})).json()["receipt"]
    assert (await voted.withdraw(one)).status_code == 204
    second = (await voted.put(two, {"picks": [1]})).json()["receipt"]
    assert first != second


async def test_who_reads_the_tables_finds_no_salt_before_the_end(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    owner = await a_user(client)
    voted = await a_poll(client, owner)
    await cast(client, voted, await a_guest(client), {"picks": [1]})
    commitment = (await salt_of(client, voted))["commitment"]
    (row,) = await votewave.sql("SELECT * FROM votebooth.counters WHERE poll_id = $1", UUID(voted))
    assert row["salt"] is None
    for value in (row["salt_nonce"].bytes, row["salt_nonce"].hex.encode()):
        assert hashlib.sha256(value).hexdigest() != commitment
    await close(client, voted, owner)
    salt = (await salt_of(client, voted))["salt"]
    (row,) = await votewave.sql("SELECT * FROM votebooth.counters WHERE poll_id = $1", UUID(voted))
    assert row["salt"].hex() == salt


async def test_a_poll_that_was_over_before_there_were_salts_keeps_its_seed(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    owner = await a_user(client)
    voted = await a_poll(client, owner, "single", LABELS)
    for option in (1, 2):
        await cast(client, voted, await a_guest(client), {"picks": [option]})
    page = (await client.get(f"/v1/votebooth/polls/{voted}/receipts")).json()
    # As the release before left it: over, nobody has read its result yet, and there is no nonce.
    await client.post(f"/v1/polls/{voted}/close", headers=owner)
    await votewave.sql("UPDATE votebooth.counters SET salt_nonce = NULL WHERE poll_id = $1", UUID(voted))
    final = await shown(client, voted)
    assert final["tie_break"]["seed"] == seed_of(voted, [item["receipt"] for item in page["items"]])
    assert await salt_of(client, voted) == {"commitment": None, "salt": None}
    # With a note it is another version of the poll, and the same result.
    noted = await client.post(f"/v1/polls/{voted}/notes", json={"text": "Thank you."}, headers=owner)
    assert noted.status_code == 201, noted.text

    async def newer() -> bool:
        return bool((await shown(client, voted))["version"] > final["version"])

    await eventually(newer)
    again = await shown(client, voted)
    assert (again["tie_break"], again["winners"]) == (final["tie_break"], final["winners"])


async def test_a_poll_that_is_open_when_salts_come_gets_one(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await a_poll(client, await a_user(client))
    await salt_of(client, voted)
    await votewave.sql("UPDATE votebooth.counters SET salt_nonce = NULL WHERE poll_id = $1", UUID(voted))
    told = await salt_of(client, voted)
    assert told["commitment"]
    assert await salt_of(client, voted) == told


async def test_a_salt_that_was_shown_is_not_used_again_where_a_poll_goes_on(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await a_poll(client, await a_user(client))
    before = await salt_of(client, voted)
    where = "WHERE poll_id = $1"
    # The news that the end was put off is late: here the poll is over for a moment.
    await votewave.sql(f"UPDATE votebooth.counters SET ends_at = now() {where}", UUID(voted))
    shown_early = await salt_of(client, voted)
    assert shown_early["salt"]
    assert shown_early["commitment"] == before["commitment"]
    await votewave.sql(f"UPDATE votebooth.counters SET ends_at = NULL {where}", UUID(voted))
    told = await salt_of(client, voted)
    assert told["salt"] is None
    assert told["commitment"] != before["commitment"]


async def test_a_salt_that_was_shown_is_replaced_when_the_news_comes_whoever_reads_then(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    owner = await a_user(client)
    voted = await a_poll(client, owner)
    where = "WHERE poll_id = $1"
    await salt_of(client, voted)
    # Here the poll is over for a moment, since the news of its end is late.
    await votewave.sql(f"UPDATE votebooth.counters SET ends_at = now() {where}", UUID(voted))
    assert (await salt_of(client, voted))["salt"]
    (before,) = await votewave.sql(f"SELECT * FROM votebooth.counters {where}", UUID(voted))
    edited = await client.patch(f"/v1/polls/{voted}", json={"title": "Once more?"}, headers=owner)
    assert edited.status_code == 200, edited.text

    async def newer() -> Any:
        (row,) = await votewave.sql(f"SELECT * FROM votebooth.counters {where}", UUID(voted))
        return row if row["version"] > before["version"] else None

    row = await eventually(newer)
    assert row["ends_at"] is None
    assert (row["salt"], row["receipts_digest"]) == (None, None)
    assert row["salt_nonce"] != before["salt_nonce"]


async def test_the_final_seed_survives_a_change_of_the_secret_key(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    """What is kept decides, not what could be derived again."""
    owner = await a_user(client)
    voted = await a_poll(client, owner)
    await close(client, voted, owner)
    final = await shown(client, voted)
    await votewave.sql(
        "UPDATE votebooth.counters SET salt_nonce = gen_random_uuid(), version = version WHERE poll_id = $1",
        UUID(voted),
    )
    noted = await client.post(f"/v1/polls/{voted}/notes", json={"text": "Thank you."}, headers=owner)
    assert noted.status_code == 201, noted.text

    async def newer() -> bool:
        return bool((await shown(client, voted))["version"] > final["version"])

    await eventually(newer)
    assert (await shown(client, voted))["tie_break"] == final["tie_break"]


@pytest.mark.parametrize("anonymous", [False, True])
async def test_a_recount_sees_that_receipts_are_others_than_decided_a_tie(
    client: httpx.AsyncClient, votewave: VoteWave, anonymous: bool
) -> None:
    owner = await a_user(client)
    voted = await a_poll(client, owner, "single", LABELS, rules={"anonymous": anonymous})
    for option in (1, 2):
        await cast(client, voted, await a_guest(client), {"picks": [option]})
    await close(client, voted, owner)
    await shown(client, voted)
    assert await recount(votewave, voted) == (2, [])
    table, column = ("anonymous_ballots", "ballot_id") if anonymous else ("ballots", "receipt")
    other = f"UPDATE votebooth.{table} SET {column} = sha256({column}) WHERE poll_id = $1"
    await votewave.sql(other, UUID(voted))
    ballots, differences = await recount(votewave, voted)
    assert (ballots, differences) == (2, ["the receipts aren't those that the seed of ties was made of"])
    await votewave.sql("UPDATE votebooth.counters SET receipts_digest = NULL WHERE poll_id = $1", UUID(voted))
