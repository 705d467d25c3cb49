"""`votewave up --demo`: sample polls, made and voted in through the API as any client would.

Real elections come from the clone's folder `elections`: an owner issues ballot tokens and each ballot is cast with
one. A poll that was left half-filled is deleted and made again.
"""

import asyncio
import gzip
import html
import random
import secrets
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TextIO
from uuid import uuid4

import msgspec

from services.votebooth.tally.formats import Election, read

ELECTIONS = Path(__file__).parents[1] / "elections"
"""Where real ballots are, in a clone: see its README for the sources."""

EMAIL = "demo@votewave.example"
_CONCURRENT = 32
_TOKENS_AT_A_TIME = 10_000
_METADATA = ("voterID", "voteTime", "pollID")

Json = dict[str, Any]


class _State(msgspec.Struct):
    """What the demo has made so far: the owner's password, polls by key, those that are whole."""

    password: str
    polls: dict[str, str] = {}
    whole: list[str] = []


class _Api:
    """A client of this VoteWave."""

    def __init__(self, session: Any, url: str) -> None:
        self._session = session
        self._url = url
        self.token = ""

    async def call(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """Send a request; waits out a 429 or 503.

        Raises:
            RuntimeError: Any other refusal.
        """
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        for _ in range(30):
            async with self._session.request(method, self._url + path, json=body, headers=headers) as answer:
                if answer.status in {429, 503}:
                    await asyncio.sleep(float(answer.headers.get("retry-after", "1")))
                    continue
                content = await answer.read()
                if answer.status >= 400:
                    raise RuntimeError(f"{method} {path}: {answer.status} {content[:300].decode()}")
                return msgspec.json.decode(content) if content else None
        raise RuntimeError(f"{method} {path} was throttled too often")

    async def become(self, path: str, body: object = None) -> None:
        """Take the identity that Auth answers with."""
        self.token = (await self.call("POST", path, body))["access_token"]


async def fill(url: str, data_dir: Path, out: TextIO) -> None:
    """Make what is missing of the demo, and say how it goes; a failure is said and ends only the demo.

    Args:
        url: Where VoteWave serves.
        data_dir: Its folder; `demo.json` in it says what is there already.
        out: Where progress is written.
    """
    try:
        await _fill(url, data_dir, out)
    except Exception as exc:  # noqa: BLE001  (VoteWave goes on without samples; the reason is shown)
        out.write(f"Demo: stopped: {_first(exc)!r}. Run `votewave up --demo` again to go on.\n")
    out.flush()


def _first(exc: BaseException) -> BaseException:
    """Return one of those that a group holds: when a server ends, all that wait for it say the same."""
    while isinstance(exc, BaseExceptionGroup):
        exc = exc.exceptions[0]
    return exc


async def _fill(url: str, data_dir: Path, out: TextIO) -> None:
    import aiohttp  # noqa: PLC0415  (only a demo needs it here)

    path = data_dir / "demo.json"
    fresh = not path.exists()
    state = _State(secrets.token_urlsafe(12)) if fresh else msgspec.json.decode(path.read_bytes(), type=_State)

    def keep() -> None:
        path.touch(mode=0o600)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(state)))

    def begun(key: str, poll: str) -> None:
        state.polls[key] = poll
        keep()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=_CONCURRENT)) as session:
        owner = _Api(session, url)
        if fresh:
            await owner.become("/v1/auth/accounts", {"email": EMAIL, "password": state.password})
            keep()
        else:
            await owner.become("/v1/auth/sessions", {"email": EMAIL, "password": state.password})
        for key, make in _polls(session, url).items():
            if key in state.whole:
                continue
            if key in state.polls:
                await owner.call("DELETE", f"/v1/polls/{state.polls[key]}")
            poll = await make(owner, partial(begun, key), out)
            begun(key, poll)
            state.whole.append(key)
            keep()
    out.write(f"Demo: ready. Sign in as {EMAIL} with the password in {path}\n")


Begun = Callable[[str], None]
Maker = Callable[[_Api, Begun, TextIO], Awaitable[str]]


def _polls(session: Any, url: str) -> dict[str, Maker]:
    makers: dict[str, Maker] = {
        "lunch": _sample(
            session, url, _LUNCH, lambda dice: {"picks": sorted(dice.sample([1, 2, 3, 4], dice.randint(1, 3)))}
        ),
        "logo": _sample(session, url, _LOGO, lambda dice: {"ranking": dice.sample([1, 2, 3], dice.randint(1, 3))}),
        "four-days": _sample(session, url, _FOUR_DAYS, lambda dice: {"picks": [dice.choices([1, 2, 3], [6, 3, 1])[0]]}),
    }
    for name, poll, options in _ELECTIONS:
        makers[name] = _election(session, url, name, poll, options)
    return makers


def ballots_of(folder: Path, name: str) -> bytes | None:
    """Return a file of ballots, which may be compressed (`NAME.gz`); None if it isn't there."""
    if (folder / name).exists():
        return (folder / name).read_bytes()
    packed = folder / f"{name}.gz"
    return gzip.decompress(packed.read_bytes()) if packed.exists() else None


def _sample(session: Any, url: str, poll: Json, choose: Callable[[random.Random], Json]) -> Maker:
    """Make a poll that anybody may vote in, with some guests' votes."""

    async def make(owner: _Api, begun: Begun, out: TextIO) -> str:
        made = await owner.call("POST", "/v1/polls", {**poll, "publish": True}, **{"idempotency-key": str(uuid4())})
        begun(made["id"])
        dice = random.Random(poll["title"])  # noqa: S311  (samples, not secrets)
        for _ in range(25):
            guest = _Api(session, url)
            await guest.become("/v1/auth/guests")
            await guest.call("PUT", f"/v1/votebooth/polls/{made['id']}/ballot", choose(dice))
        out.write(f"Demo: {poll['title']} {url}/v1/polls/{made['id']}\n")
        out.flush()
        return str(made["id"])

    return make


def _election(session: Any, url: str, name: str, poll: Json, options: Json) -> Maker:
    """Make a poll of a real election: a ballot token for each ballot, cast in an order that says nothing."""

    async def make(owner: _Api, begun: Begun, out: TextIO) -> str:
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
        caster = _Api(session, url)
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
