"""Anonymous polls: the tables hold nothing that joins a person to a ballot, and secrets are the only key."""

import asyncio
import hashlib
import hmac
import json
import random
from typing import Any
from uuid import UUID

import httpx
import pytest
from services.votebooth.casting.seal import seal_ended
from services.votebooth.poll.voters import HASH_KEY
from tests.conftest import VoteWave, eventually

from ..voting import Poll, booth_kit, guest, guests, poll, recount, secret, subject_id

VOTERS = 60
MANY = 300
CROWD = 64

Rows = list[dict[str, Any]]


async def rows(votewave: VoteWave, table: str, poll_id: str) -> Rows:
    """Return a poll's rows as they lie in the table, with the system's own columns."""
    found = await votewave.sql(
        f"SELECT xmin::text::bigint AS xmin, * FROM votebooth.{table} WHERE poll_id = $1 ORDER BY ctid",
        poll_id,
    )
    return [dict(row) for row in found]


def ballot_id(voted: Poll, own: str) -> bytes:
    return hashlib.sha256(UUID(voted.id).bytes + own.encode()).digest()


def participation(votewave: VoteWave, voted: Poll, voter: dict[str, str]) -> bytes:
    """Return the key a voter takes part under, as only somebody with the secret key can."""
    key = json.loads((votewave.data_dir / "secrets.json").read_bytes())[f"votebooth/{HASH_KEY}"]
    said = UUID(voted.id).bytes + b"participation" + subject_id(voter)
    return hmac.digest(key.encode(), said, "sha256")[:16]


def correlation(first: list[int], second: list[int]) -> float:
    """Return the rank correlation of two permutations of the same numbers."""
    n = len(first)
    apart = sum((a - b) ** 2 for a, b in zip(first, second, strict=True))
    return 1 - 6 * apart / (n * (n * n - 1))


async def vote_alone(votewave: VoteWave, voted: Poll, count: int) -> list[tuple[bytes, bytes]]:
    """Let voters vote one after the other; return who (the key) cast what (the id), in the order of voting."""
    dice = random.Random(count)
    truth = []
    for voter in await guests(voted.client, count):
        own = secret()
        ranking = dice.sample([1, 2, 3, 4], 2)
        answer = await voted.put(voter, {"ranking": ranking, "secret": own})
        assert answer.status_code == 201, answer.text
        truth.append((participation(votewave, voted, voter), ballot_id(voted, own)))
    return truth


async def test_lone_voters_of_a_small_poll_share_one_transaction_and_no_order(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await poll(client, method="irv", options=4, rules={"anonymous": True})
    truth = await vote_alone(votewave, voted, VOTERS)
    people = await rows(votewave, "participations", voted.id)
    ballots = await rows(votewave, "anonymous_ballots", voted.id)
    patterns = await rows(votewave, "patterns", voted.id)
    assert {row["voter_key"] for row in people} == {who for who, _ in truth}
    assert {row["ballot_id"] for row in ballots} == {what for _, what in truth}
    for table in (people, ballots, patterns):
        assert len({row["xmin"] for row in table}) == 1
    time_of_who = {who: place for place, (who, _) in enumerate(truth)}
    time_of_what = {what: place for place, (_, what) in enumerate(truth)}
    order_of_people = [time_of_who[row["voter_key"]] for row in people]
    order_of_ballots = [time_of_what[row["ballot_id"]] for row in ballots]
    # Chance alone goes beyond 0.5 once in twenty thousand times.
    assert abs(correlation(order_of_people, list(range(VOTERS)))) < 0.5
    assert abs(correlation(order_of_ballots, list(range(VOTERS)))) < 0.5
    assert abs(correlation(order_of_people, order_of_ballots)) < 0.5
    assert await recount(votewave, voted.id) == (VOTERS, [])


async def test_in_a_large_poll_transactions_join_a_voter_to_a_ballot_no_better_than_a_crowd(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await poll(client, method="irv", options=4, rules={"anonymous": True})
    truth = dict(await vote_alone(votewave, voted, MANY))
    people = await rows(votewave, "participations", voted.id)
    ballots = await rows(votewave, "anonymous_ballots", voted.id)
    patterns = await rows(votewave, "patterns", voted.id)
    by_xmin: dict[int, list[bytes]] = {}
    for row in ballots:
        by_xmin.setdefault(row["xmin"], []).append(row["ballot_id"])
    # The last transaction is known whole, and it is a crowd in both tables.
    last = max(row["xmin"] for row in people)
    assert len(by_xmin[last]) >= CROWD // 2
    assert sum(row["xmin"] == last for row in people) >= CROWD // 2
    # Patterns tell no more: each was last written together with ballots.
    assert {row["xmin"] for row in patterns} <= set(by_xmin)
    # Guessing among the ballots of the same transaction is as good as guessing in the crowd.
    expected = sum(
        truth[row["voter_key"]] in by_xmin[row["xmin"]] and 1 / len(by_xmin[row["xmin"]])
        for row in people
        if row["xmin"] in by_xmin
    )
    assert expected < MANY / 20
    # Who guesses by place instead: the nth person in one table and the nth ballot in the other.
    hits = sum(
        truth[person["voter_key"]] == ballot["ballot_id"] for person, ballot in zip(people, ballots, strict=True)
    )
    assert hits < 10


def chosen(voted: Poll, *, low: bool) -> str:
    """Return a secret whose ballot has its id in the lower or the upper half."""
    while True:
        own = secret()
        if (ballot_id(voted, own)[0] < 0x80) == low:
            return own


async def test_whoever_chooses_many_secrets_doesnt_thin_out_the_others(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await poll(client, rules={"anonymous": True})

    async def vote(voter: dict[str, str], *, low: bool) -> None:
        answer = await voted.put(voter, {"picks": [1], "secret": chosen(voted, low=low)})
        assert answer.status_code == 201, answer.text

    honest = await guests(client, 10)
    many = await guests(client, MANY)
    for place in range(0, MANY, 10):
        await asyncio.gather(*(vote(voter, low=False) for voter in many[place : place + 10]))
    for voter in honest:
        await vote(voter, low=True)
        ballots = await rows(votewave, "anonymous_ballots", voted.id)
        last = max(row["xmin"] for row in ballots)
        assert sum(row["xmin"] == last for row in ballots) >= CROWD // 2


async def test_ballots_of_an_earlier_release_are_changed_withdrawn_and_sealed(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await poll(client, method="irv", rules={"anonymous": True})
    voters, own = await guests(client, 80), [secret() for _ in range(80)]
    for voter, each in zip(voters, own, strict=True):
        assert (await voted.put(voter, {"ranking": [1, 2], "secret": each})).status_code == 201
    await votewave.sql("UPDATE votebooth.anonymous_ballots SET place = NULL WHERE poll_id = $1", voted.id)
    assert (await voted.put(voters[0], {"ranking": [2], "secret": own[0]})).status_code == 200
    assert (await voted.withdraw(voters[1], secret=own[1])).status_code == 204
    assert (await voted.put(voters[1], {"ranking": [3], "secret": own[1]})).status_code == 201
    assert (await voted.mine(voters[0], secret=own[0])).json()["ballot"] == {"ranking": [[2]]}
    assert await recount(votewave, voted.id) == (80, [])


async def test_the_two_tables_have_no_column_in_common_but_the_poll(votewave: VoteWave) -> None:
    found = await votewave.sql(
        "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'votebooth'"
        " AND table_name IN ('participations', 'anonymous_ballots')"
    )
    columns = {(row["table_name"], row["column_name"]) for row in found}
    assert columns == {
        ("participations", "poll_id"),
        ("participations", "voter_key"),
        ("participations", "caster"),
        ("anonymous_ballots", "poll_id"),
        ("anonymous_ballots", "ballot_id"),
        ("anonymous_ballots", "choice"),
        ("anonymous_ballots", "place"),
    }
    assert not any("time" in row["data_type"] for row in found)
    assert (await votewave.sql("SHOW track_commit_timestamp"))[0][0] == "off"


async def test_a_voter_has_another_key_in_each_poll(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    polls = [await poll(client, rules={"anonymous": True}) for _ in range(2)]
    voter, own = await guest(client), secret()
    for voted in polls:
        assert (await voted.put(voter, {"picks": [1], "secret": own})).status_code == 201
    people = [row for voted in polls for row in await rows(votewave, "participations", voted.id)]
    ballots = [row for voted in polls for row in await rows(votewave, "anonymous_ballots", voted.id)]
    assert len({row["voter_key"] for row in people} | {subject_id(voter)}) == 3
    assert len({row["ballot_id"] for row in ballots}) == 2


async def test_only_the_secret_shows_changes_and_withdraws_a_ballot(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await poll(client, rules={"anonymous": True})
    voter, other = await guest(client), await guest(client)
    cast = await voted.put(voter, {"picks": [1]})
    own = cast.json()["secret"]
    assert cast.json().keys() == {"receipt", "status", "secret"}
    for refused in (
        await voted.put(voter, {"picks": [2]}),
        await voted.put(voter, {"picks": [2], "secret": secret()}),
        await voted.withdraw(voter),
        await voted.withdraw(voter, secret=secret()),
        await voted.mine(voter, secret=secret()),
    ):
        assert (refused.status_code, refused.json()["type"].rsplit("/")[-1]) == (409, "secret-needed")
    blind = await voted.mine(voter)
    assert blind.json() == {"status": "counted", "receipt": None, "ballot": None, "revision": None, "cast_at": None}
    shown = await voted.mine(voter, secret=own)
    assert shown.json()["ballot"] == {"picks": [1]}
    assert shown.json()["receipt"] == cast.json()["receipt"] == ballot_id(voted, own).hex()
    assert (await voted.mine(other, secret=own)).status_code == 404
    taken = await voted.put(other, {"picks": [3], "secret": own})
    assert (taken.status_code, taken.json()["type"].rsplit("/")[-1]) == (409, "secret-taken")
    changed = await voted.put(voter, {"picks": [2]}, secret=own)
    assert (changed.status_code, changed.json()) == (200, {"receipt": cast.json()["receipt"], "status": "counted"})
    assert (await voted.withdraw(voter, secret=own)).status_code == 204
    assert (await voted.mine(voter)).status_code == 404
    assert (await voted.put(voter, {"picks": [2]})).status_code == 201
    assert await recount(votewave, voted.id) == (1, [])


@pytest.mark.parametrize("bad", ["short", "x" * 129, "has spaces in it, and more", "ünïcödé-ünïcödé-ünïcödé"])
async def test_a_secret_that_could_be_guessed_is_refused(client: httpx.AsyncClient, bad: str) -> None:
    voted = await poll(client, rules={"anonymous": True})
    voter = await guest(client)
    assert (await voted.put(voter, {"picks": [1], "secret": bad})).status_code == 400
    if bad.isascii():
        assert (await voted.put(voter, {"picks": [1]}, secret=bad)).status_code == 400
        assert (await voted.mine(voter, secret=bad)).status_code == 400
    differ = await voted.put(voter, {"picks": [1], "secret": secret()}, secret=secret())
    assert differ.status_code == 400
    assert (await voted.mine(voter)).status_code == 404


async def test_logs_and_tables_hold_neither_secret_nor_who_cast_what(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await poll(client, rules={"anonymous": True})
    voter, own = await guest(client), secret()
    receipt = (await voted.put(voter, {"picks": [1], "secret": own})).json()["receipt"]
    log = votewave.log()
    who = UUID(bytes=subject_id(voter))
    assert not any(word in log for word in (own, receipt, voted.id, str(who), who.hex))
    outbox = await votewave.sql("SELECT payload FROM votebooth.outbox")
    assert not any(receipt.encode() in row["payload"] for row in outbox)


async def test_sealing_writes_all_rows_anew_and_the_tables_apart(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await poll(client, method="irv", options=4, rules={"anonymous": True})
    await vote_alone(votewave, voted, 20)
    before = {table: await rows(votewave, table, voted.id) for table in ("participations", "anonymous_ballots")}
    await votewave.sql("UPDATE votebooth.counters SET ends_at = now() WHERE poll_id = $1", voted.id)
    kit = booth_kit(votewave)
    try:
        await seal_ended(kit)
    finally:
        await kit.db.close()
        await kit.shared.close()
    after = {table: await rows(votewave, table, voted.id) for table in before}
    for table, name in (("participations", "voter_key"), ("anonymous_ballots", "ballot_id")):
        assert {row[name] for row in after[table]} == {row[name] for row in before[table]}
        assert not {row["xmin"] for row in after[table]} & {row["xmin"] for row in before[table]}
    transactions = {table: {row["xmin"] for row in found} for table, found in after.items()}
    assert not transactions["participations"] & transactions["anonymous_ballots"]
    assert (await votewave.sql("SELECT sealed_at FROM votebooth.counters WHERE poll_id = $1", voted.id))[0][0]
    assert await recount(votewave, voted.id) == (20, [])


@pytest.mark.parametrize("ends_elsewhere", [False, True])
async def test_a_poll_is_sealed_again_only_if_it_ended_at_another_moment(
    client: httpx.AsyncClient, votewave: VoteWave, ends_elsewhere: bool
) -> None:
    voted = await poll(client, rules={"anonymous": True})
    await voted.put(await guest(client), {"picks": [1]})
    await voted.close()
    kept = "SELECT version, sealed_at, receipts_digest FROM votebooth.counters WHERE poll_id = $1"

    async def sealed() -> Any:
        (row,) = await votewave.sql(kept, voted.id)
        return row if row["sealed_at"] else None

    kit = booth_kit(votewave)
    try:
        await seal_ended(kit)
    finally:
        await kit.db.close()
        await kit.shared.close()
    await client.get(f"{voted.path}/results")  # keeps what its seed is made of
    before = await eventually(sealed)
    assert before["receipts_digest"]
    if ends_elsewhere:  # as if the news of the last end had been late
        await votewave.sql(
            "UPDATE votebooth.counters SET ends_at = ends_at - interval '1 s' WHERE poll_id = $1", voted.id
        )
    noted = await client.post(f"/v1/polls/{voted.id}/notes", json={"text": "It was good."}, headers=voted.owner)
    assert noted.status_code == 201, noted.text

    async def newer() -> Any:
        (row,) = await votewave.sql(kept, voted.id)
        return row if row["version"] > before["version"] else None

    after = await eventually(newer)
    same = (after["sealed_at"], after["receipts_digest"]) == (before["sealed_at"], before["receipts_digest"])
    assert same != ends_elsewhere
