"""Sample polls with votes, and real elections from the clone's folder `elections`.

Of an election, an owner issues ballot tokens and each ballot is cast with one. A poll that was left half-filled is
deleted and made again.
"""

import asyncio
import gzip
import html
import random
from collections.abc import Awaitable, Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO
from uuid import uuid4

from services.demo.api import Api, Json
from services.votebooth.tally.formats import Election, read

ELECTIONS = Path(__file__).parents[2] / "elections"
"""Where real ballots are, in a clone: see its README for the sources."""

_CONCURRENT = 32
_TOKENS_AT_A_TIME = 10_000
_METADATA = ("voterID", "voteTime", "pollID")

Begun = Callable[[str], None]
Maker = Callable[[Api, Begun, TextIO], Awaitable[str]]


def makers(session: Any, url: str, *, elections: bool = True) -> dict[str, Maker]:
    """Return what makes each poll, by its key; `elections` are those whose ballots are real."""
    found: dict[str, Maker] = {
        "lunch": _sample(
            session, url, _LUNCH, lambda dice: {"picks": sorted(dice.sample([1, 2, 3, 4], dice.randint(1, 3)))}
        ),
        "logo": _sample(session, url, _LOGO, lambda dice: {"ranking": dice.sample([1, 2, 3], dice.randint(1, 3))}),
        "four-days": _sample(session, url, _FOUR_DAYS, lambda dice: {"picks": [dice.choices([1, 2, 3], [6, 3, 1])[0]]}),
    }
    for name, poll, options in _ELECTIONS if elections else ():
        found[name] = _election(session, url, name, poll, options)
    return found


def ballots_of(folder: Path, name: str) -> bytes | None:
    """Return a file of ballots, which may be compressed (`NAME.gz`); None if it isn't there."""
    if (folder / name).exists():
        return (folder / name).read_bytes()
    packed = folder / f"{name}.gz"
    return gzip.decompress(packed.read_bytes()) if packed.exists() else None


def _sample(session: Any, url: str, poll: Json, choose: Callable[[random.Random], Json]) -> Maker:
    """Make a poll that anybody may vote in, with some guests' votes."""

    async def make(owner: Api, begun: Begun, out: TextIO) -> str:
        made = await owner.call("POST", "/v1/polls", {**poll, "publish": True}, **{"idempotency-key": str(uuid4())})
        begun(made["id"])
        dice = random.Random(poll["title"])  # noqa: S311  (samples, not secrets)
        for _ in range(25):
            guest = Api(session, url)
            await guest.become("/v1/auth/guests")
            await guest.call("PUT", f"/v1/votebooth/polls/{made['id']}/ballot", choose(dice))
        out.write(f"Demo: {poll['title']} {url}/p/{made['code']}\n")
        out.flush()
        return str(made["id"])

    return make


def _election(session: Any, url: str, name: str, poll: Json, options: Json) -> Maker:
    """Make a poll of a real election: a ballot token for each ballot, cast in an order that says nothing."""

    async def make(owner: Api, begun: Begun, out: TextIO) -> str:
        data = ballots_of(ELECTIONS, name)
        if data is None:
            raise RuntimeError(f"{ELECTIONS / name} is missing: run this in a clone")
        election = await asyncio.to_thread(read, data, filename=name, **options)
        ballots = list(bodies(election))
        random.Random(name).shuffle(ballots)  # noqa: S311  (samples, not secrets)
        labels = [{"label": html.unescape(name)[:200]} for name in election.names.values()]
        rules = {"eligibility": "tokens", "results": "always"}
        method = poll["method"]
        if election.seats and method["type"] == "stv":
            method = {"seats": election.seats, **method}
        more = {"options": labels, "rules": {**rules, "abstain": True}, "publish": True}
        body = {**poll, **more, "method": method}
        made = await owner.call("POST", "/v1/polls", body, **{"idempotency-key": str(uuid4())})
        begun(made["id"])
        path = f"/v1/votebooth/polls/{made['id']}"
        caster = Api(session, url)
        await caster.become("/v1/auth/guests")
        done = 0
        for part in _parts(ballots, _TOKENS_AT_A_TIME):
            issued = await owner.call("POST", f"{path}/tokens", {"count": len(part)})
            pairs = iter(list(zip(issued["tokens"], part, strict=True)))

            async def cast(pairs: Iterator[tuple[str, Json]] = pairs) -> None:
                for token, ballot in pairs:
                    await caster.call("PUT", f"{path}/ballot", ballot, **{"ballot-token": token})

            async with asyncio.TaskGroup() as group:
                for _ in range(_CONCURRENT):
                    group.create_task(cast())
            done += len(part)
            out.write(f"Demo: {made['title']}: {done:,} of {len(ballots):,} ballots\n")
            out.flush()
        await owner.call("POST", f"/v1/polls/{made['id']}/close")
        return str(made["id"])

    return make


def bodies(election: Election) -> Iterator[Json]:
    """Give each ballot of a file as the API takes it."""
    for ranking, count in (election.rankings or {}).items():
        ranks: list[list[int]] = []
        for rank in ranking:
            if len(rank) == 1 and list(rank) not in ranks:
                ranks.append(list(rank))
        for _ in range(count):
            yield {"ranking": ranks} if ranks else {"abstain": True}
    ids = list(election.names)
    for scores, count in (election.scores or {}).items():
        given: Json = {"scores": {str(option): score for option, score in zip(ids, scores, strict=True)}}
        body = given if any(scores) else {"abstain": True}
        for _ in range(count):
            yield body


def _parts(items: list[Json], size: int) -> Iterable[list[Json]]:
    return (items[start : start + size] for start in range(0, len(items), size))


_OPEN = {"eligibility": "anyone", "strength": "guest"}

_LUNCH: Json = {
    "title": "Where shall we have lunch on Friday?",
    "method": {"type": "approval"},
    "options": [{"label": name} for name in ("Trattoria", "Noodle bar", "Falafel stand", "Bring our own")],
    "rules": {**_OPEN, "results": "always"},
}
_LOGO: Json = {
    "title": "Which logo do you like best?",
    "description": "Instant-runoff: rank as many as you like.",
    "method": {"type": "irv"},
    "options": [{"label": name} for name in ("The wave", "The ballot", "The tide")],
    "rules": {**_OPEN, "results": "after_vote"},
}
_FOUR_DAYS: Json = {
    "title": "Shall we try a four-day week?",
    "description": "Anonymous: nobody can join your ballot to you. Keep the secret in the answer to change it.",
    "method": {"type": "single"},
    "options": [{"label": name} for name in ("Yes", "Only in summer", "No")],
    "rules": {**_OPEN, "results": "always", "anonymous": True, "minimum": 5},
}
_ELECTIONS: tuple[tuple[str, Json, Json], ...] = (
    (
        "wa_governor_2020_straw_poll_star.csv",
        {"title": "Washington governor 2020: a STAR straw poll", "method": {"type": "star"}},
        {"ignore": _METADATA, "top": 5},
    ),
    (
        "eurovision_2023_scores.csv",
        {"title": "Eurovision 2023: a STAR poll among friends", "method": {"type": "star"}},
        {"ignore": _METADATA, "top": 5},
    ),
    ("eilean_siar_2012_ward3.csv", {"title": "Na h-Eileanan Siar 2012, ward 3", "method": {"type": "stv"}}, {}),
    (
        "portland_2024_district1.csv",
        {"title": "Portland city council 2024, district 1", "method": {"type": "stv", "seats": 3}},
        {},
    ),
)
