"""Minimum-k: whatever path somebody takes, the numbers they see are those of the same step, however many ballots."""

from typing import Any

import httpx
import pytest

from ..booth_world import (
    Headers,
    a_guest,
    a_poll,
    a_user,
    cast,
    close,
    events,
    heard,
    results,
    said,
    socket,
    sums,
)

MINIMUM = 3
STEPS = {0: None, 1: None, 2: None, 3: 3, 4: 3, 5: 3, 6: 6, 7: 6, 8: 6, 9: 9}
"""How many ballots are shown of how many there are, while they only grow."""

BALLOT: dict[str, dict[str, Any]] = {
    "single": {"picks": [1]},
    "score": {"scores": {"1": 1}},
    "points": {"points": {"1": 100}},
    "star": {"scores": {"1": 1}},
    "irv": {"ranking": [1, 2]},
    "schulze": {"ranking": [1, 2]},
}


class Walk:
    """One poll with a minimum, and every path to its numbers."""

    def __init__(self, client: httpx.AsyncClient, owner: Headers, poll: str, ballot: dict[str, Any]) -> None:
        self.client = client
        self.owner = owner
        self.poll = poll
        self.worth = next(iter(ballot.get("points", {"": 1}).values()))

    async def get(self, path: str, who: Headers | None = None) -> httpx.Response:
        return await self.client.get(f"/v1/votebooth/polls/{self.poll}/{path}", headers=who or {})

    async def numbers(self) -> dict[str, int | None]:
        """Return how many ballots each path tells of; None where it tells of none."""
        told: dict[str, int | None] = {}
        for name, who in (("anybody", None), ("owner", self.owner)):
            answer = await results(self.client, self.poll, who)
            told[f"results, {name}"] = self._counted(answer.json()) if self._shows(answer) else None
            for page in ("receipts?limit=100", "receipts?limit=2"):
                told[f"{page}, {name}"] = await self._listed(page, who)
            for form in ("csv", "json"):
                answer = await self.get(f"export?format={form}", who)
                told[f"{form}, {name}"] = self._exported(answer, form)
            told[f"card, {name}"] = await self._card(who)
            async with socket(self.client, self.poll, who) as connection:
                message = await heard(connection)
                told[f"socket, {name}"] = self._counted(message) if message["type"] == "snapshot" else None
                assert message["type"] in {"snapshot", "hidden"}
            async with events(self.client, self.poll, who) as stream:
                message = await said(stream)
                told[f"events, {name}"] = self._counted(message) if message["type"] == "snapshot" else None
                assert message["type"] in {"snapshot", "hidden"}
        return told

    async def _card(self, who: Headers | None) -> int | None:
        """Return the ballots of the card in a list, which sees results if the results do."""
        answer = await self.client.post("/v1/votebooth/polls/batch", json={"polls": [self.poll]}, headers=who or {})
        [card] = answer.json()["items"]
        counts = card["counts"]
        assert card["results"]["may"] == (counts is not None)
        if counts is None:
            assert card["results"]["why_not"] == "minimum"
            return None
        ballots: int = counts["ballots"]
        assert [option["sum"] for option in counts["options"]] == [ballots * self.worth, 0, 0]
        assert (counts["abstentions"], counts["quorum"]) == (0, {"needed": 5, "reached": ballots >= 5})
        return ballots

    @staticmethod
    def _shows(answer: httpx.Response) -> bool:
        if answer.status_code == 403:
            assert answer.json()["reason"] == "minimum"
            assert "etag" not in answer.headers
        return answer.status_code == 200

    def _counted(self, told: dict[str, Any]) -> int:
        """Return the ballots of a result or snapshot, all of whose numbers agree."""
        ballots: int = told["ballots"]
        assert (told["abstentions"], sums(told)) == (0, [ballots * self.worth, 0, 0])
        assert told["quorum"] == {"needed": 5, "reached": ballots >= 5}
        if "rounds" in told:
            assert told["outcome"] == ("quorum_missed" if ballots < 5 else "decided")
            assert str(told["rounds"][0]["tallies"][0]["votes"]) in {str(ballots * self.worth), "2", "1"}
            if told["pairwise"]:
                assert told["pairwise"]["1"]["2"] == ballots
        return ballots

    async def _listed(self, page: str, who: Headers | None) -> int | None:
        found, cursor = 0, ""
        while cursor is not None:
            answer = await self.get(page + (f"&cursor={cursor}" if cursor else ""), who)
            if not self._shows(answer):
                assert (answer.status_code, found) == (403, 0)
                return None
            found += len(answer.json()["items"])
            cursor = answer.json()["next"]
        return found

    @staticmethod
    def _exported(answer: httpx.Response, form: str) -> int | None:
        if answer.status_code != 200:  # hidden, or not yet to be had
            assert answer.status_code in {403, 409}
            return None
        if form == "json":
            document = answer.json()
            ballots = sum(each["count"] for each in document["ballots"])
            assert document["result"]["ballots"] == ballots
            return int(ballots)
        return sum(int(line.rpartition(",")[2]) for line in answer.text.splitlines() if ",marks," in line)


async def a_walk(client: httpx.AsyncClient, method: str, *, anonymous: bool) -> Walk:
    owner = await a_user(client)
    rules = {"minimum": MINIMUM, "anonymous": anonymous, "quorum": 5}
    return Walk(client, owner, await a_poll(client, owner, method, rules=rules), BALLOT[method])


def agree(told: dict[str, int | None], shown: int | None, *, over: bool) -> None:
    for path, number in told.items():
        if path.startswith(("csv", "json")) and not over:
            assert number is None, path
        else:
            assert number == shown, (path, told)


@pytest.mark.parametrize(
    ("method", "anonymous"), [("single", True), ("points", False), ("irv", True), ("schulze", False)]
)
async def test_all_paths_move_in_the_same_steps(client: httpx.AsyncClient, method: str, anonymous: bool) -> None:
    walk = await a_walk(client, method, anonymous=anonymous)
    for ballots, shown in STEPS.items():
        if ballots:
            await cast(client, walk.poll, await a_guest(client), BALLOT[method])
        agree(await walk.numbers(), shown, over=False)
    await cast(client, walk.poll, await a_guest(client), BALLOT[method])
    await close(client, walk.poll, walk.owner)
    agree(await walk.numbers(), max(STEPS) + 1, over=True)


@pytest.mark.parametrize("ballots", [0, MINIMUM - 1, MINIMUM, MINIMUM + 1])
async def test_when_it_is_over_all_is_shown_or_nothing(client: httpx.AsyncClient, ballots: int) -> None:
    walk = await a_walk(client, "score", anonymous=ballots % 2 == 0)
    for _ in range(ballots):
        await cast(client, walk.poll, await a_guest(client), BALLOT["score"])
    await close(client, walk.poll, walk.owner)
    agree(await walk.numbers(), ballots if ballots >= MINIMUM else None, over=True)


async def test_withdrawals_show_in_steps_too_and_below_the_minimum_nothing_does(client: httpx.AsyncClient) -> None:
    walk = await a_walk(client, "star", anonymous=False)
    voters = [await a_guest(client) for _ in range(7)]
    for voter in voters:
        await cast(client, walk.poll, voter, BALLOT["star"])
        await results(client, walk.poll)
    seen = []
    for voter in voters[:5]:
        answer = await client.delete(f"/v1/votebooth/polls/{walk.poll}/ballot", headers=voter)
        assert answer.status_code in {200, 204}, answer.text
        told = await walk.numbers()
        shown = {number for path, number in told.items() if not path.startswith(("csv", "json"))}
        assert len(shown) == 1, told
        seen += shown
    assert seen == [6, 6, 6, 3, None]
