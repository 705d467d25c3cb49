"""Whoever keeps the newest version of each pair has what Follows has, in whatever order and however often it hears."""

import random
from typing import Any

import httpx
from tests.conftest import VoteWave

from .conftest import Person, sign_up, told

Pairs = dict[tuple[str, str], Any]


def kept(events: list[dict[str, Any]], *, pair: tuple[str, str], value: str) -> Pairs:
    """Return what a consumer ends with that does as docs/api/follows.md says."""
    known: dict[tuple[str, str], tuple[int, Any]] = {}
    for event in events:
        key = (event[pair[0]], event[pair[1]])
        if key not in known or known[key][0] < event["version"]:
            known[key] = (event["version"], event[value])
    return {key: said for key, (_, said) in known.items()}


async def test_late_and_doubled_events_do_nothing_to_a_consumer(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    people = [await sign_up(client) for _ in range(3)]
    await people[0].make(private=True)
    dice = random.Random(11)
    for _ in range(40):
        one, other = dice.sample(people, 2)
        method, path = dice.choice(
            [
                ("PUT", f"/people/{other.account}"),
                ("PUT", f"/people/{other.account}"),
                ("DELETE", f"/people/{other.account}"),
                ("PUT", f"/requests/{other.account}"),
                ("PUT", f"/blocks/{other.account}"),
                ("DELETE", f"/blocks/{other.account}"),
                ("DELETE", f"/blocks/{other.account}"),
                ("PUT", f"/mutes/{other.account}"),
                ("DELETE", f"/mutes/{other.account}"),
            ]
        )
        await one.call(method, path)
    follows = await told(votewave, "follows.follow.changed", people)
    blocks = await told(votewave, "follows.block.changed", people)
    mutes = await told(votewave, "follows.mute.changed", people)
    assert min(len(follows), len(blocks), len(mutes)) >= 3
    for _ in range(20):
        for events in (follows, blocks, mutes):
            events.extend(dice.sample(events, 2))
            dice.shuffle(events)
        states = kept(follows, pair=("follower", "followee"), value="state")
        assert {key: state for key, state in states.items() if state != "ended"} == await stored(
            votewave, people, "SELECT follower, followee, state FROM follows.follow"
        )
        for events, table, value in ((blocks, "block", "blocked"), (mutes, "mute", "muted")):
            marks = kept(events, pair=("account", "other"), value=value)
            assert {key: True for key, on in marks.items() if on} == await stored(
                votewave,
                people,
                f"SELECT account, other, true FROM follows.{table}",
            )


async def stored(votewave: VoteWave, people: list[Person], query: str) -> Pairs:
    accounts = {person.account for person in people}
    rows = await votewave.sql(query)
    return {(str(row[0]), str(row[1])): row[2] for row in rows if str(row[0]) in accounts}
