"""Ballots: one a voter, whatever happens at the same time; what is refused changes nothing."""

import asyncio
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import httpx
import pytest
from tests.conftest import VoteWave, eventually

from ..voting import Instance, Poll, guest, guests, poll, recount, secret, user

RACERS = 64


async def race(calls: list[Callable[[], Any]]) -> list[httpx.Response]:
    return list(await asyncio.gather(*(call() for call in calls)))


def codes(answers: list[httpx.Response]) -> dict[int, int]:
    found: dict[int, int] = {}
    for answer in answers:
        found[answer.status_code] = found.get(answer.status_code, 0) + 1
    return found


async def assert_counted(votewave: VoteWave, voted: Poll, ballots: int) -> None:
    assert await recount(votewave, voted.id) == (ballots, [])
    assert len(await voted.receipts()) == ballots


@pytest.mark.parametrize("who", ["user", "guest"])
async def test_racing_requests_of_one_voter_leave_one_ballot(
    client: httpx.AsyncClient, votewave: VoteWave, who: str
) -> None:
    rules = {"eligibility": "signed_in"} if who == "user" else {}
    voted = await poll(client, rules=rules)
    voter = await user(client) if who == "user" else await guest(client)
    answers = await race([lambda n=n: voted.put(voter, {"picks": [n % 3 + 1]}) for n in range(RACERS)])
    assert codes(answers) == {201: 1, 200: RACERS - 1}
    assert len({answer.json()["receipt"] for answer in answers}) == 1
    await assert_counted(votewave, voted, 1)
    last = max(answers, key=lambda answer: answer.json()["revision"])
    mine = (await voted.mine(voter)).json()
    assert (mine["receipt"], mine["revision"]) == (last.json()["receipt"], last.json()["revision"])


async def test_racing_requests_with_one_token_leave_one_ballot(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await poll(client, rules={"eligibility": "tokens"})
    made = await client.post(f"{voted.path}/tokens", headers=voted.owner, json={"count": 1})
    token = made.json()["tokens"][0]
    voters = await guests(client, 8)
    answers = await race(
        [lambda n=n: voted.put(voters[n % 8], {"picks": [n % 3 + 1]}, token=token) for n in range(RACERS)]
    )
    assert codes(answers) == {201: 1, 200: RACERS - 1}
    await assert_counted(votewave, voted, 1)


async def test_racing_guests_of_one_network_leave_one_ballot(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await poll(client, rules={"strength": "network"})
    voters = await guests(client, RACERS)
    answers = await race([lambda voter=voter: voted.put(voter, {"picks": [1]}) for voter in voters])
    assert codes(answers) == {201: 1, 409: RACERS - 1}
    await assert_counted(votewave, voted, 1)


async def test_racing_anonymous_requests_without_a_secret_leave_one_ballot(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await poll(client, rules={"anonymous": True})
    voter = await guest(client)
    answers = await race([lambda: voted.put(voter, {"picks": [1]}) for _ in range(RACERS)])
    assert codes(answers) == {201: 1, 409: RACERS - 1}
    await assert_counted(votewave, voted, 1)


async def test_racing_anonymous_requests_with_an_own_secret_are_one_request(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await poll(client, method="irv", rules={"anonymous": True})
    voter, own = await guest(client), secret()
    answers = await race([lambda: voted.put(voter, {"ranking": [2, 1], "secret": own}) for _ in range(RACERS)])
    assert codes(answers) == {201: 1, 200: RACERS - 1}
    assert len({answer.json()["receipt"] for answer in answers}) == 1
    await assert_counted(votewave, voted, 1)


async def test_voters_race_through_two_processes(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await poll(client, method="star")
    voters = await guests(client, 16)
    other = Instance(votewave)
    await other.start()
    try:
        async with httpx.AsyncClient(base_url=other.url, timeout=20) as second:
            there = Poll(second, voted.owner, {"id": voted.id})
            answers = await race(
                [
                    lambda n=n, voter=voter, at=at: at.put(voter, {"scores": {"1": n, "2": 5 - n}})
                    for n in range(3)
                    for voter in voters
                    for at in (voted, there)
                ]
            )
    finally:
        assert other.stop() == 0
    assert codes(answers) == {201: 16, 200: 80}
    await assert_counted(votewave, voted, 16)


@pytest.mark.parametrize("anonymous", [False, True])
@pytest.mark.parametrize("method", ["single", "stv"])
async def test_changes_and_withdrawals_at_once_leave_the_counters_right(
    client: httpx.AsyncClient, votewave: VoteWave, method: str, anonymous: bool
) -> None:
    voted = await poll(client, method=method, rules={"anonymous": anonymous, "abstain": True})
    voters = await guests(client, 6)
    secrets = [secret() for _ in voters]
    dice = random.Random(7)

    def call(n: int) -> Callable[[], Any]:
        place = n % len(voters)
        own = {"secret": secrets[place]} if anonymous else {}
        if dice.random() < 0.3:
            return lambda: voted.withdraw(voters[place], **own)
        if dice.random() < 0.2:
            return lambda: voted.put(voters[place], {"abstain": True, **own})
        first, second = dice.sample([1, 2, 3], 2)
        body = {"picks": [first]} if method == "single" else {"ranking": [first, second]}
        return lambda: voted.put(voters[place], {**body, **own})

    answers = await race([call(n) for n in range(120)])
    assert set(codes(answers)) <= {200, 201, 204, 404}, codes(answers)
    counted = [voter for voter in voters if (await voted.mine(voter)).status_code == 200]
    await assert_counted(votewave, voted, len(counted))


async def test_a_repeated_request_changes_nothing_and_says_the_same(client: httpx.AsyncClient) -> None:
    voted = await poll(client, method="multiple", max_picks=3)
    voter = await guest(client)
    first = await voted.put(voter, {"picks": [3, 1]})
    again = await voted.put(voter, {"picks": [1, 3]})
    with_nulls = await voted.put(voter, {"picks": [1, 3], "scores": None, "abstain": None, "secret": None})
    assert (first.status_code, again.status_code, with_nulls.status_code) == (201, 200, 200)
    assert first.json() == again.json() == with_nulls.json() == {**first.json(), "status": "counted", "revision": 1}
    mine = (await voted.mine(voter)).json()
    assert mine["ballot"] == {"picks": [1, 3]}
    assert mine["receipt"] == first.json()["receipt"]


async def test_a_ballot_keeps_its_receipt_when_changed_and_when_cast_again(client: httpx.AsyncClient) -> None:
    voted = await poll(client)
    voter = await guest(client)
    first = (await voted.put(voter, {"picks": [1]})).json()
    changed = (await voted.put(voter, {"picks": [2]})).json()
    assert (changed["receipt"], changed["revision"]) == (first["receipt"], 2)
    assert (await voted.withdraw(voter)).status_code == 204
    assert (await voted.withdraw(voter)).status_code == 404
    assert (await voted.mine(voter)).status_code == 404
    again = await voted.put(voter, {"picks": [2]})
    assert again.status_code == 201
    assert again.json()["receipt"] == first["receipt"]  # or a tie could be rolled again


async def test_a_poll_may_forbid_change_and_withdrawal(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await poll(client, rules={"change": False, "withdraw": False})
    voter = await guest(client)
    assert (await voted.put(voter, {"picks": [1]})).status_code == 201
    assert (await voted.put(voter, {"picks": [1]})).status_code == 200
    changed, withdrawn = await voted.put(voter, {"picks": [2]}), await voted.withdraw(voter)
    assert (changed.status_code, changed.json()["type"].rsplit("/")[-1]) == (409, "change-not-allowed")
    assert (withdrawn.status_code, withdrawn.json()["type"].rsplit("/")[-1]) == (409, "withdraw-not-allowed")
    assert (await voted.mine(voter)).json()["ballot"] == {"picks": [1]}


async def test_who_may_not_vote_is_told_why(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await poll(client, rules={"eligibility": "signed_in"})
    assert (await voted.put({}, {"picks": [1]})).status_code == 401
    assert (await voted.put({"Authorization": "Basic abc"}, {"picks": [1]})).status_code == 401
    refused = await voted.put(await guest(client), {"picks": [1]})
    assert refused.status_code == 403
    assert "account" in refused.json()["detail"]
    unknown = Poll(client, {}, {"id": "01890000-0000-7000-8000-000000000000"})
    for _ in range(2):  # asked, then remembered for a moment
        assert (await unknown.put(await guest(client), {"picks": [1]})).status_code == 404
    await assert_counted(votewave, voted, 0)


BAD = [
    (b"", 400),
    (b"{", 400),
    (b"[]", 400),
    (b"null", 400),
    (b'{"picks":[1],"picks":[2]}', 400),
    (b'{"picks":[NaN]}', 400),
    (b'{"picks":["\\ud800"]}', 400),
    (b'{"picks":[1.5]}', 400),
    (b'{"picks":[true]}', 400),
    (b'{"picks":["1"]}', 400),
    (b'{"picks":null}', 422),
    (b'{"picks":[1],"extra":1}', 400),
    (b'\xff\xfe{"picks":[1]}', 400),
    (b"[" * 5000 + b"]" * 5000, 400),
    (b'{"picks":[1' + b" " * 200_000 + b"]}", 413),
    (b"{}", 422),
    (b'{"picks":[]}', 422),
    (b'{"picks":[4]}', 422),
    (b'{"picks":[0]}', 422),
    (b'{"picks":[-1]}', 422),
    (b'{"picks":[123456789012345678901234567890]}', 422),
    (b'{"picks":[1,2]}', 422),
    (b'{"picks":[1,1]}', 422),
    (b'{"picks":[1],"abstain":true}', 422),
    (b'{"abstain":true}', 422),
    (b'{"scores":{"1":5}}', 422),
    (b'{"picks":[1],"secret":"abcdefghijklmnopqrstuvwx"}', 422),
]


async def test_bad_ballots_are_refused_and_nothing_is_stored(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await poll(client)
    voter = await guest(client)
    for body, status in BAD:
        answer = await voted.put(voter, body)
        assert answer.status_code == status, (body[:60], answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        if status == 422:
            assert answer.json()["errors"][0]["field"]
    form = await client.put(f"{voted.path}/ballot", headers=voter, data={"picks": "1"})
    assert form.status_code == 415
    await assert_counted(votewave, voted, 0)


async def test_voting_begins_and_ends_by_the_database_clock(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    opens = datetime.now(UTC) + timedelta(hours=1)
    voted = await poll(client, opens_at=opens.isoformat())
    voter = await guest(client)
    early = await voted.put(voter, {"picks": [1]})
    assert (early.status_code, early.json()["type"].rsplit("/")[-1]) == (409, "not-open")
    assert abs(datetime.fromisoformat(early.json()["opens_at"]) - opens) < timedelta(seconds=1)
    await votewave.sql("UPDATE votebooth.counters SET opens_at = now() WHERE poll_id = $1", voted.id)
    assert (await voted.put(voter, {"picks": [1]})).status_code == 201
    await votewave.sql("UPDATE votebooth.counters SET ends_at = now() WHERE poll_id = $1", voted.id)
    assert (await voted.put(voter, {"picks": [1]})).status_code == 410
    assert (await voted.withdraw(voter)).status_code == 410
    await assert_counted(votewave, voted, 1)


async def test_votes_around_the_close_are_counted_before_it_or_not_at_all(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voters = await guests(client, 24)
    ends = datetime.now(UTC) + timedelta(seconds=1.5)
    voted = await poll(client, closes_at=ends.isoformat())
    answers: dict[int, list[int]] = {n: [] for n in range(len(voters))}

    async def keep_voting(n: int) -> None:
        for turn in range(400):
            answer = await voted.put(voters[n], {"picks": [turn % 3 + 1]})
            answers[n].append(answer.status_code)
            if answer.status_code == 410:
                return
            await asyncio.sleep(0.01)

    await asyncio.gather(*(keep_voting(n) for n in range(len(voters))))
    rows = await votewave.sql("SELECT cast_at, revision FROM votebooth.ballots WHERE poll_id = $1", voted.id)
    assert len(rows) == sum(found[0] == 201 for found in answers.values())
    assert sum(row["revision"] for row in rows) == sum(sum(code < 300 for code in found) for found in answers.values())
    closes = (await votewave.sql("SELECT ends_at FROM votebooth.counters WHERE poll_id = $1", voted.id))[0][0]
    assert all(row["cast_at"] < closes for row in rows)
    assert all(found[-1] == 410 for found in answers.values())
    await assert_counted(votewave, voted, len(rows))


async def test_a_ballot_that_the_database_refuses_fails_alone(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await poll(client)
    voters = await guests(client, 30)
    await votewave.sql(
        f"""
        CREATE FUNCTION votebooth.poison() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF NEW.choice = '{{"picks":[3]}}'::bytea AND NEW.poll_id = '{voted.id}' THEN
                RAISE EXCEPTION 'poison' USING ERRCODE = 'check_violation';
            END IF;
            RETURN NEW;
        END $$
        """
    )
    await votewave.sql(
        "CREATE TRIGGER poison BEFORE INSERT ON votebooth.ballots FOR EACH ROW EXECUTE FUNCTION votebooth.poison()"
    )
    try:
        picks = [3 if n in {7, 19} else 1 for n in range(len(voters))]
        answers = await race([lambda n=n: voted.put(voters[n], {"picks": [picks[n]]}) for n in range(len(voters))])
    finally:
        await votewave.sql("DROP FUNCTION votebooth.poison() CASCADE")
    assert [answer.status_code for answer in answers] == [500 if pick == 3 else 201 for pick in picks]
    assert "poison" not in answers[7].text
    await assert_counted(votewave, voted, 28)


async def test_a_full_queue_answers_503_and_the_others_are_counted(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await poll(client)
    voters = await guests(client, 12)
    booth = Instance(votewave, VOTEWAVE_VOTEBOOTH_QUEUE="3", VOTEWAVE_VOTEBOOTH_BATCH="2")
    await booth.start()
    holder = await asyncpg.connect(votewave.admin_dsn)
    try:
        async with httpx.AsyncClient(base_url=booth.url, timeout=20) as there:
            at = Poll(there, voted.owner, {"id": voted.id})
            assert (await at.put(voters[0], {"picks": [1]})).status_code == 201
            hold = holder.transaction()
            await hold.start()
            await holder.execute("SELECT 1 FROM votebooth.counters WHERE poll_id = $1 FOR UPDATE", voted.id)
            waiting = [asyncio.create_task(at.put(voter, {"picks": [1]})) for voter in voters[1:]]
            await asyncio.sleep(1.5)
            refused = [task.result() for task in waiting if task.done()]
            assert refused
            assert codes(refused) == {503: len(refused)}
            assert all(int(answer.headers["retry-after"]) >= 1 for answer in refused)
            assert len(waiting) - len(refused) >= 3
            await hold.rollback()
            answers = await asyncio.gather(*waiting)
    finally:
        await holder.close()
        booth.stop()
    counted = 1 + codes(list(answers)).get(201, 0)
    assert codes(list(answers)) == {503: len(refused), 201: counted - 1}
    await assert_counted(votewave, voted, counted)


async def test_a_client_that_goes_away_doesnt_harm_the_batch(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await poll(client)
    voters = await guests(client, 10)
    holder = await asyncpg.connect(votewave.admin_dsn)
    assert (await voted.put(voters[0], {"picks": [1]})).status_code == 201
    try:
        async with holder.transaction():
            await holder.execute("SELECT 1 FROM votebooth.counters WHERE poll_id = $1 FOR UPDATE", voted.id)
            waiting = [asyncio.create_task(voted.put(voter, {"picks": [2]})) for voter in voters[1:]]
            await asyncio.sleep(0.3)
            for task in waiting[::2]:
                task.cancel()
            await asyncio.sleep(0.2)
    finally:
        await holder.close()
    stayed = await asyncio.gather(*waiting[1::2])
    assert codes(list(stayed)) == {201: 4}
    ballots, differences = await recount(votewave, voted.id)
    assert differences == []
    assert 5 <= ballots <= 10


async def test_a_recount_names_what_differs(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await poll(client, method="irv")
    await voted.put(await guest(client), {"ranking": [1, 2]})
    await votewave.sql("UPDATE votebooth.counters SET ballots = 5, sums = '{1,4}' WHERE poll_id = $1", voted.id)
    await votewave.sql("UPDATE votebooth.patterns SET count = 3 WHERE poll_id = $1", voted.id)
    ballots, differences = await recount(votewave, voted.id)
    assert ballots == 1
    assert differences == [
        "ballots: the counters say 5, the ballots 1",
        "option 2: the counters say 4, the ballots 0",
        "1 patterns differ",
    ]


async def test_rules_that_change_while_a_ballot_waits_hold_for_it(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await poll(client)
    first, second, third = await guests(client, 3)
    assert (await voted.put(first, {"picks": [3]})).status_code == 201
    holder = await asyncpg.connect(votewave.admin_dsn)
    try:
        async with holder.transaction():
            where = "WHERE poll_id = $1"
            await holder.execute(f"SELECT 1 FROM votebooth.counters {where} FOR UPDATE", voted.id)
            waiting = [
                asyncio.create_task(voted.put(second, {"picks": [3]})),
                asyncio.create_task(voted.put(third, {"picks": [1]})),
                asyncio.create_task(voted.withdraw(first)),
            ]
            await asyncio.sleep(0.3)
            # As the projection does it: the rules lose their last option and the right to withdraw.
            definition = json.loads(await holder.fetchval(f"SELECT definition FROM votebooth.polls {where}", voted.id))
            definition |= {"version": 99, "options": definition["options"][:2], "withdraw": False}
            await holder.execute(
                f"UPDATE votebooth.polls SET version = 99, definition = $2 {where}",
                voted.id,
                json.dumps(definition).encode(),
            )
            await holder.execute(f"UPDATE votebooth.counters SET version = 99 {where}", voted.id)
    finally:
        await holder.close()
    refused, counted, kept = await asyncio.gather(*waiting)
    assert (refused.status_code, counted.status_code, kept.status_code) == (422, 201, 409)
    await assert_counted(votewave, voted, 2)


async def test_a_poll_that_is_deleted_takes_no_more_ballots(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await poll(client)
    first, second = await guests(client, 2)
    assert (await voted.put(first, {"picks": [1]})).status_code == 201
    await votewave.sql("UPDATE votebooth.counters SET version = 99 WHERE poll_id = $1", voted.id)
    stored = await votewave.sql("SELECT definition FROM votebooth.polls WHERE poll_id = $1", voted.id)
    definition = json.dumps(json.loads(stored[0][0]) | {"version": 99, "deleted": True}).encode()
    await votewave.sql(
        "UPDATE votebooth.polls SET version = 99, deleted = true, definition = $2 WHERE poll_id = $1",
        voted.id,
        definition,
    )
    assert (await voted.put(second, {"picks": [1]})).status_code == 404
    assert (await voted.put(first, {"picks": [2]})).status_code == 404


async def test_a_vote_that_is_faster_than_the_polls_event_is_counted(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await poll(client)
    voter = await guest(client)
    await eventually(lambda: votewave.sql("SELECT 1 FROM votebooth.counters WHERE poll_id = $1", voted.id))
    for table in ("polls", "counters"):  # as if the event were still under way
        await votewave.sql(f"DELETE FROM votebooth.{table} WHERE poll_id = $1", voted.id)
    assert (await voted.put(voter, {"picks": [1]})).status_code == 201
    await assert_counted(votewave, voted, 1)


async def scheduled_and_changed_unheard(client: httpx.AsyncClient, votewave: VoteWave, change: str) -> Poll:
    """Return a poll that has just opened, whose rules were changed before in Polls; the event never came."""
    opens = datetime.now(UTC) + timedelta(seconds=3)
    voted = await poll(client, opens_at=opens.isoformat())
    assert (await voted.put(await guest(client), {"picks": [1]})).status_code == 409  # the booth knows it
    changed = f"UPDATE polls.poll SET {change}, version = version + 1 WHERE id = $1"
    await votewave.sql(changed, voted.id)
    await asyncio.sleep((opens - datetime.now(UTC)).total_seconds() + 0.1)
    return voted


async def test_rules_changed_before_the_opening_hold_though_their_event_is_late(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await scheduled_and_changed_unheard(client, votewave, "anonymous = true")
    voters = await guests(client, 8)
    answers = await race([lambda voter=voter: voted.put(voter, {"picks": [1]}) for voter in voters])
    assert codes(answers) == {201: 8}
    assert {len(answer.json()["receipt"]) for answer in answers} == {64}
    assert not await votewave.sql("SELECT 1 FROM votebooth.ballots WHERE poll_id = $1", voted.id)
    await assert_counted(votewave, voted, 8)


async def test_results_hidden_before_the_opening_are_hidden_though_the_event_is_late(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await scheduled_and_changed_unheard(client, votewave, "results = 'owner'")
    assert (await client.get(f"{voted.path}/results")).status_code == 403


async def test_a_poll_deleted_before_the_opening_takes_no_ballot_though_the_event_is_late(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await scheduled_and_changed_unheard(client, votewave, "deleted_at = now()")
    assert (await voted.put(await guest(client), {"picks": [1]})).status_code == 404


async def test_voting_goes_on_while_redis_is_away(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await poll(client)
    voters = await guests(client, 5)
    booth = Instance(votewave, VOTEWAVE_REDIS_URL="redis://127.0.0.1:1/0")
    await booth.start()
    try:
        async with httpx.AsyncClient(base_url=booth.url, timeout=20) as there:
            at = Poll(there, voted.owner, {"id": voted.id})
            answers = await race([lambda voter=voter: at.put(voter, {"picks": [1]}) for voter in voters])
            assert codes(answers) == {201: 5}
            assert (await at.withdraw(voters[0])).status_code == 204
    finally:
        assert booth.stop() == 0
    await assert_counted(votewave, voted, 4)


async def test_a_poll_that_is_locked_for_long_doesnt_hold_up_another(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    locked, other = await poll(client), await poll(client)
    voters = await guests(client, 4)
    for voted in (locked, other):
        assert (await voted.put(voters[0], {"picks": [1]})).status_code == 201
    holder = await asyncpg.connect(votewave.admin_dsn)
    try:
        async with holder.transaction():
            await holder.execute("SELECT 1 FROM votebooth.counters WHERE poll_id = $1 FOR UPDATE", locked.id)
            answers = await race(
                [
                    lambda: locked.put(voters[1], {"picks": [1]}),
                    lambda: other.put(voters[2], {"picks": [1]}),
                    lambda: other.put(voters[3], {"picks": [1]}),
                ]
            )
    finally:
        await holder.close()
    assert [answer.status_code for answer in answers] == [503, 201, 201]
    await assert_counted(votewave, locked, 1)
    await assert_counted(votewave, other, 3)
