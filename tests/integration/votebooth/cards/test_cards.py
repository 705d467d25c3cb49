"""Many polls at a glance: what a card shows and tells is what the poll's own routes would, and costs little."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from services.core.identity.subject import Kind, Role, Subject
from services.votebooth.cards.schemas import CARD_OPTIONS, CardsWanted
from services.votebooth.service import VoteBooth
from tests.conftest import VoteWave, eventually
from tests.integration.inside import statements_of

from .. import booth_world
from ..booth_world import Headers, a_guest, a_user, cast, cast_many, close, results
from ..voting import booth_kit

ANYBODY: Headers = {}


async def a_poll(client: httpx.AsyncClient, owner: Headers, *kind: Any, **more: Any) -> str:
    """Publish a poll and see to it that VoteBooth knows of it: a batch asks nobody."""
    poll = await booth_world.a_poll(client, owner, *kind, **more)
    await results(client, poll)
    return poll


async def batch(
    client: httpx.AsyncClient, polls: list[str], who: Headers = ANYBODY, tokens: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    """Return polls at a glance."""
    body = {"polls": polls, **({"tokens": tokens} if tokens else {})}
    answer = await client.post("/v1/votebooth/polls/batch", json=body, headers=who)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "private, no-store"
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def glance(client: httpx.AsyncClient, poll: str, who: Headers = ANYBODY, token: str = "") -> dict[str, Any]:
    [card] = await batch(client, [poll], who, {poll: token} if token else None)
    assert card["poll"] == poll
    return card


async def vote(client: httpx.AsyncClient, poll: str, who: Headers = ANYBODY, token: str = "") -> tuple[Any, Any]:
    """Return why somebody may not vote, and whether they have."""
    said = (await glance(client, poll, who, token))["vote"]
    assert said["may"] == (said["why_not"] is None)
    return said["why_not"], said["has_voted"]


async def a_token(client: httpx.AsyncClient, poll: str, owner: Headers) -> str:
    answer = await client.post(f"/v1/votebooth/polls/{poll}/tokens", json={"count": 1}, headers=owner)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["tokens"][0])


@pytest.mark.parametrize("rule", ["always", "after_vote", "after_close", "owner"])
@pytest.mark.parametrize("minimum", [0, 2, 4])
@pytest.mark.parametrize("over", [False, True], ids=["open", "over"])
async def test_counts_are_shown_to_whom_the_results_are(
    client: httpx.AsyncClient, rule: str, minimum: int, over: bool
) -> None:
    if rule == "owner" and minimum:
        pytest.skip("refused")
    owner, voter, guest = await a_user(client), await a_guest(client), await a_guest(client)
    poll = await a_poll(client, owner, rules={"results": rule, "minimum": minimum})
    await cast(client, poll, voter, {"picks": [2]})
    await cast_many(client, poll, [{"picks": [2]}, {"picks": [1]}])
    if over:
        await close(client, poll, owner)
    for who in (owner, voter, guest, ANYBODY):
        answer = await results(client, poll, who)
        card = await glance(client, poll, who)
        if answer.status_code == 403:
            assert card["results"] == {
                "may": False,
                "why_not": answer.json()["reason"],
                "shown_at": answer.json()["shown_at"],
            }
            assert card["counts"] is None
            continue
        shown = answer.json()
        assert card["results"] == {"may": True, "why_not": None, "shown_at": None}
        assert (card["status"], card["version"]) == (shown["status"], shown["version"])
        assert card["counts"] == {
            "seq": shown["seq"],
            "ballots": 3,
            "abstentions": 0,
            "quorum": None,
            "counted": "picks",
            "options": [{"id": 1, "sum": 1}, {"id": 2, "sum": 2}, {"id": 3, "sum": 0}],
            "leaders": [2],
        }


async def test_under_a_minimum_a_card_moves_in_steps_as_all_numbers_do(client: httpx.AsyncClient) -> None:
    poll = await a_poll(client, await a_user(client), rules={"minimum": 3})
    await cast_many(client, poll, [{"picks": [1]}] * 2)
    assert (await glance(client, poll))["results"]["why_not"] == "minimum"
    await cast_many(client, poll, [{"picks": [1]}])

    async def released() -> Any:
        return (await glance(client, poll))["counts"]

    assert (await eventually(released))["ballots"] == 3
    await cast_many(client, poll, [{"picks": [2]}] * 2)
    for _ in range(3):
        assert (await glance(client, poll))["counts"]["ballots"] == 3
        await asyncio.sleep(0.05)
    await cast_many(client, poll, [{"picks": [2]}])

    async def stepped() -> bool:
        return bool((await glance(client, poll))["counts"]["ballots"] == 6)

    assert await eventually(stepped)


async def test_a_voter_is_told_that_they_have_voted_by_account_and_as_a_guest(client: httpx.AsyncClient) -> None:
    owner = await a_user(client)
    named = await a_poll(client, owner)
    secret = await a_poll(client, owner, rules={"anonymous": True})
    final = await a_poll(client, owner, rules={"change": False})
    for who in (owner, await a_guest(client)):
        for poll, why_not in ((named, None), (secret, None), (final, "voted")):
            assert await vote(client, poll, who) == (None, False)
            await cast(client, poll, who, {"picks": [1]})
            assert await vote(client, poll, who) == (why_not, True)
    assert await vote(client, secret, await a_guest(client)) == (None, False)
    assert await vote(client, named) == ("sign_in", False)


async def test_the_holder_of_a_voting_token_is_known_by_it(client: httpx.AsyncClient) -> None:
    owner, guest = await a_user(client), await a_guest(client)
    for anonymous in (False, True):
        rules = {"eligibility": "tokens", "anonymous": anonymous, "results": "after_vote"}
        poll = await a_poll(client, owner, rules=rules)
        token, unused = await a_token(client, poll, owner), await a_token(client, poll, owner)
        assert await vote(client, poll, guest) == ("token_needed", None)
        assert await vote(client, poll, guest, "x" * 22) == ("token_unknown", False)
        assert await vote(client, poll, guest, token) == (None, False)
        await cast(client, poll, {**guest, "ballot-token": token}, {"picks": [1]})
        assert await vote(client, poll, guest, token) == (None, True)
        assert await vote(client, poll, guest, unused) == (None, False)
        assert await vote(client, poll, guest) == ("token_needed", None)
        assert (await glance(client, poll, guest, token))["results"]["may"]
        assert (await glance(client, poll, guest, unused))["results"]["why_not"] == "after_vote"
        other = await a_poll(client, owner, rules=rules)
        assert await vote(client, other, guest, token) == ("token_unknown", False)


async def test_each_reason_why_somebody_may_not_vote_has_a_code(client: httpx.AsyncClient) -> None:
    owner, guest = await a_user(client), await a_guest(client)
    later = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    scheduled = await a_poll(client, owner, opens_at=later)
    accounts = await a_poll(client, owner, rules={"eligibility": "signed_in"})
    over = await a_poll(client, owner)
    await close(client, over, owner)
    network = await a_poll(client, owner, rules={"strength": "network"})
    await cast(client, network, guest, {"picks": [1]})
    key = await client.post("/v1/auth/keys", json={"name": "k", "scopes": ["polls:write"]}, headers=owner)
    program = await client.post("/v1/auth/tokens", json={"api_key": key.json()["api_key"]})
    bearer = {"authorization": f"Bearer {program.json()['access_token']}"}
    assert await vote(client, scheduled, owner) == ("not_open", False)
    assert await vote(client, over, owner) == ("over", False)
    assert await vote(client, accounts, guest) == ("account_needed", False)
    assert await vote(client, accounts) == ("sign_in", False)
    assert await vote(client, accounts, bearer) == ("scope_missing", False)
    assert await vote(client, network, guest) == (None, True)
    assert await vote(client, network, await a_guest(client)) == ("network_voted", False)


async def test_what_isnt_there_is_left_out_as_is_what_isnt_published(client: httpx.AsyncClient) -> None:
    owner = await a_user(client)
    polls = [await a_poll(client, owner) for _ in range(3)]
    draft, gone = await a_poll(client, owner, publish=False), await a_poll(client, owner)
    assert (await client.delete(f"/v1/polls/{gone}", headers=owner)).status_code == 204
    asked = [polls[2], draft, str(uuid4()), polls[0], gone, polls[2], polls[1]]
    for who in (owner, ANYBODY):
        assert [card["poll"] for card in await batch(client, asked, who)] == [polls[2], polls[0], polls[1]]


async def test_a_card_has_the_sums_of_the_first_options_and_the_leader_of_all(client: httpx.AsyncClient) -> None:
    poll = await a_poll(client, await a_user(client), options=tuple(f"O{number}" for number in range(40)))
    await cast_many(client, poll, [{"picks": [33]}, {"picks": [33]}, {"picks": [2]}])
    counts = (await glance(client, poll))["counts"]
    assert counts["options"] == [{"id": number, "sum": int(number == 2)} for number in range(1, CARD_OPTIONS + 1)]
    assert counts["leaders"] == [33]
    level = await a_poll(client, await a_user(client))
    await cast_many(client, level, [{"picks": [1]}, {"picks": [3]}])
    assert (await glance(client, level))["counts"]["leaders"] == [1, 3]
    empty = await a_poll(client, await a_user(client))
    assert (await glance(client, empty))["counts"]["leaders"] == []


async def test_who_won_a_ranked_poll_is_told_once_it_has_been_counted_and_not_counted_for_it(
    client: httpx.AsyncClient,
) -> None:
    owner = await a_user(client)
    poll = await a_poll(client, owner, "irv")
    await cast_many(client, poll, [{"ranking": [1, 2]}, {"ranking": [2, 1]}, {"ranking": [2, 3]}])
    assert (await glance(client, poll))["counts"]["leaders"] is None
    assert (await results(client, poll)).status_code == 200
    assert (await glance(client, poll))["counts"]["leaders"] == [2]
    await close(client, poll, owner)
    assert (await glance(client, poll))["counts"]["leaders"] is None


async def test_more_than_a_hundred_are_refused_and_each_weighs_as_much_as_a_request(
    client: httpx.AsyncClient,
) -> None:
    user = await a_user(client)
    path = "/v1/votebooth/polls/batch"
    for number in (0, 101):
        body = {"polls": [str(uuid4()) for _ in range(number)]}
        assert (await client.post(path, json=body, headers=user)).status_code in {400, 422}
    body = {"polls": [str(uuid4()) for _ in range(100)]}
    statuses = [(await client.post(path, json=body, headers=user)).status_code for _ in range(75)]
    assert set(statuses) == {200, 429}
    assert statuses.index(429) >= 55


@asynccontextmanager
async def a_booth(votewave: VoteWave) -> AsyncIterator[VoteBooth]:
    """The use cases of VoteBooth, on a running VoteWave's servers; nothing of it has been read before."""
    booth = VoteBooth(booth_kit(votewave))
    booth.keyring.open(await booth.kit.secret("hash-key"))
    try:
        yield booth
    finally:
        await booth.cards.stop()
        await booth.kit.db.close()
        await booth.kit.shared.close()


async def test_a_batch_costs_as_many_statements_as_one_poll_and_reads_no_pattern(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    owner = await a_user(client)
    polls: list[str] = []
    for _ in range(4):
        kinds = (
            await a_poll(client, owner),
            await a_poll(client, owner, rules={"anonymous": True}),
            await a_poll(client, owner, "irv"),
            await a_poll(client, owner, rules={"eligibility": "tokens"}),
        )
        await cast_many(client, kinds[0], [{"picks": [1]}])
        await cast_many(client, kinds[2], [{"ranking": [1]}])
        over = await a_poll(client, owner)
        await close(client, over, owner)
        polls += [*kinds, over]
    account = UUID((await client.get("/v1/auth/me", headers=owner)).json()["id"])
    subject = Subject(account, Kind.USER, Role.USER, uuid4(), frozenset({"*"}), 2**40)

    async def statements(some: list[str]) -> list[int]:
        async with a_booth(votewave) as booth:
            found = []
            for _ in range(2):
                tokens = {UUID(poll): "x" * 22 for poll in some}
                with statements_of(booth.kit.db.engine) as noted:
                    cards = await booth.cards.read(CardsWanted(list(map(UUID, some)), tokens), subject, lambda: "::1")
                assert len(cards) == len(some)
                assert not any("patterns" in each or "choice" in each for each in noted)
                found.append(len(noted))
            return found

    few, many = await statements(polls[:5]), await statements(polls)
    assert few == many
    assert many[0] <= 10
    assert many[1] <= 3
