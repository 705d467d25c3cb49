"""The stage: an owner, polls with voting tokens and signed-in guests, all made through the public API.

Voting tokens are made by the polls' owner, ten thousand a request, as an organiser would. So thousands of voters are
there within a second, whatever Auth allows an address in sign-ins.
"""

import asyncio
import contextlib
import math
import os
import random
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from msgspec import Struct

from loadtests.gate.api import Api
from loadtests.gate.ballots import Ballot, elections
from loadtests.gate.config import Suite
from loadtests.gate.errors import TargetError
from loadtests.gate.plan import Identity, Look, Plan, PollPlan

T = TypeVar("T")

EMAIL, PASSWORD = "VOTEWAVE_LOAD_EMAIL", "VOTEWAVE_LOAD_PASSWORD"
"""The account that owns the polls. Without them each gate signs up an account of its own."""

MARK = "Load test"
"""What the titles of all polls begin with that a gate makes."""

_TOKENS_AT_A_TIME = 10_000
_AT_ONCE = 16
_LEFT_OVER = timedelta(hours=3)
_FIRST_VOTE_SECONDS = 20.0
_MOST_GUESTS = 900
"""Auth lets a thousand in from one address in a minute."""

_VOTES_A_GUEST = 4
"""A second; the gateway allows a subject 60 ballots in ten seconds."""

_GAP = "[^/]+"
"""In a path of the gateway's routes, what stands for a poll's id and the like."""

ROUTES = Path(__file__).parents[2] / "nomad" / "gateway" / "routes.map"


class Poll(Struct, frozen=True):
    """A poll of the stage.

    Attributes:
        id: Its id.
        name: What it is for.
        method: How it is counted.
        seats: How many are elected.
        tokens: Voting tokens; none in the one that guests vote in.
        ballots: Bodies of ballots.
    """

    id: str
    name: str
    method: str
    seats: int
    tokens: list[str]
    ballots: list[bytes]


class Stage:
    """What a gate makes before the load, and takes away after it.

    Args:
        api: The target.
        suite: The load.
        seed: Of every chance.
        folder: Where files of real ballots are.
        say: Gets a line about each step.
        canary: The service whose canaries are asked; empty for none.
    """

    def __init__(
        self, api: Api, suite: Suite, seed: int, folder: Path, say: Callable[[str], None], canary: str = ""
    ) -> None:
        self._api = api
        self._canary = canary
        self._suite = suite
        self._seed = seed
        self._folder = folder
        self._say = say
        self._account: dict[str, str] = {}
        self.owner = Identity("", "", 0.0)
        self.polls: list[list[Poll]] = []
        """By generator: those with tokens, then the one for guests if there is one."""
        self._mark = f"{MARK} {uuid4().hex[:8]}"
        self._guests: list[Identity] = []
        self._hosts: list[Identity] = []
        self._looks: list[Look] = []
        self._canary_looks: list[Look] = []

    async def build(self) -> None:
        """Make everything.

        Raises:
            TargetError: It can't be reached, or refuses.
        """
        await self._sign_in()
        suite, shares = self._suite, self._suite.generator.processes
        made = await asyncio.to_thread(elections, self._folder, self._seed)
        real = "; ".join(f"{len(each.ballots):,} {'real' if each.is_real else 'made-up'} ballots" for each in made)
        votes = math.ceil(suite.votes_per_second * suite.seconds)
        voters = math.ceil(votes / shares / len(made)) + 1
        self._say(f"making {shares * len(made)} polls ({real}), {shares * len(made) * voters:,} voting tokens")
        for _ in range(shares):
            polls = [await self._poll(each, voters) for each in made]
            if suite.guests_per_second:
                polls.append(await self._guest_poll())
            self.polls.append(polls)
        count = max(suite.identities, shares, min(_MOST_GUESTS, math.ceil(suite.peak / _VOTES_A_GUEST)))
        self._say(f"signing in {count} guests")
        self._guests = await self.guests(count)
        self._hosts = [await self._session() for _ in range(shares)]
        for polls in self.polls:
            await self.together([partial(self._first_vote, poll) for poll in polls])
        self._looks = [await self._look(path) for path in looks()]
        if self._canary:
            self._canary_looks = [await self._look(path) for path in looks(self._canary)]

    async def _look(self, path: str) -> Look:
        """See what the version that users have answers there: of a new one, too, nothing else is good but 200 and 204.

        Canaries are asked once, too, for an instance that has just started fetches Auth's keys with its first request.
        """
        status = await self._api.status(path, who=self.owner, by_canary=False)
        if status >= 500 or status == 429:
            raise TargetError(f"{self._api.url} answers GET {path} with {status}")
        await self._api.status(path, who=self.owner)
        return Look(path, tuple(sorted({200, 204, status})))

    async def guests(self, count: int) -> list[Identity]:
        """Sign in guests."""
        return await self.together([partial(self._api.identity, "/v1/auth/guests")] * count)

    def plans(self, html: Path) -> list[Plan]:
        """Return what each generator does; the first one writes Locust's report."""
        shares = len(self.polls)
        return [
            Plan(
                url=self._api.url,
                headers=self._headers,
                suite=self._suite,
                seed=self._seed,
                share=share,
                shares=shares,
                polls=[PollPlan(poll.id, poll.name, poll.tokens, poll.ballots) for poll in polls if poll.tokens],
                guest_poll=next((poll.id for poll in polls if not poll.tokens), ""),
                identities=self._guests[share::shares],
                host=self._hosts[share],
                canary=self._canary,
                looks=self._looks,
                canary_looks=self._canary_looks,
                mark=self._mark,
                html=str(html) if share == 0 else "",
                tell=share == 0,
            )
            for share, polls in enumerate(self.polls)
        ]

    @property
    def _headers(self) -> dict[str, str]:
        return dict(self._api.headers)

    async def take_down(self) -> None:
        """Delete all polls of this gate, hosts' too; what stays is said. Voters' sessions end by themselves."""
        if not self.owner.access:
            return
        try:
            await self.refresh_owner()
            for poll in await self._mine():
                if poll["title"].startswith(self._mark):
                    await self._delete(poll["id"])
        except TargetError as exc:
            self._say(f"polls whose titles begin with “{self._mark}” stay behind: {exc}")

    async def _delete(self, poll: str) -> None:
        await self._api.send("DELETE", f"/v1/polls/{poll}", who=self.owner, wanted=(200, 202, 204, 404))

    async def refresh_owner(self) -> None:
        """Sign the owner in again if the token may be too old."""
        if self._account and self.owner.until - time.time() < 300:
            self.owner = await self._session()

    @staticmethod
    async def together(calls: Iterable[Callable[[], Awaitable[T]]], at_once: int = _AT_ONCE) -> list[T]:
        """Make calls, some at a time; return what they return, in order.

        Raises:
            TargetError: One fails; the others are given up.
        """
        gate = asyncio.Semaphore(at_once)

        async def one(call: Callable[[], Awaitable[T]]) -> T:
            async with gate:
                return await call()

        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(call)) for call in calls]
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        return [task.result() for task in tasks]

    async def _sign_in(self) -> None:
        email, password = os.environ.get(EMAIL, ""), os.environ.get(PASSWORD, "")
        if bool(email) != bool(password):
            raise TargetError(f"{EMAIL} and {PASSWORD} go together; one of them is missing")
        self._account = {
            "email": email or f"load-{uuid4().hex}@votewave.example",
            "password": password or secrets.token_urlsafe(24),
        }
        if not email:
            self.owner = await self._api.identity("/v1/auth/accounts", self._account)
            return
        try:
            self.owner = await self._session()
        except TargetError:
            self.owner = await self._api.identity("/v1/auth/accounts", self._account)
        await self._sweep()

    async def _session(self) -> Identity:
        return await self._api.identity("/v1/auth/sessions", self._account)

    async def _sweep(self) -> None:
        """Delete what gates have left behind that were killed."""
        for poll in await self._mine():
            age = datetime.now(UTC) - datetime.fromisoformat(poll["created_at"])
            if poll["title"].startswith(MARK) and age > _LEFT_OVER:
                self._say(f"deleting a poll that an earlier gate has left: {poll['id']}")
                await self._delete(poll["id"])

    async def _mine(self) -> list[Any]:
        """Return the owner's polls."""
        polls: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            more = f"&cursor={cursor}" if cursor else ""
            page = await self._api.call("GET", f"/v1/polls?mine=true&limit=100{more}", who=self.owner)
            polls += page["items"]
            cursor = page["next"]
        return polls

    async def _poll(self, ballot: Ballot, voters: int) -> Poll:
        rules = {"eligibility": "tokens", "results": "always"}
        definition: dict[str, Any] = {"title": f"{self._mark}: {ballot.name}", "rules": rules, **ballot.definition}
        made = await self._publish(definition)
        tokens: list[str] = []
        while len(tokens) < voters + 1:  # one is for the first vote
            count = min(_TOKENS_AT_A_TIME, voters + 1 - len(tokens))
            path = f"/v1/votebooth/polls/{made}/tokens"
            tokens += (await self._api.call("POST", path, who=self.owner, body={"count": count}))["tokens"]
        dice = random.Random(self._seed)  # noqa: S311  (a load, not a secret)
        start = dice.randrange(len(ballot.ballots))
        ballots = (ballot.ballots[start:] + ballot.ballots[:start])[:voters]
        seats = int(definition.get("seats", 1))
        return Poll(made, ballot.name, str(definition["method"]), seats, tokens, ballots)

    async def _guest_poll(self) -> Poll:
        definition = {
            "title": f"{self._mark}: guests",
            "method": "single",
            "options": [{"label": label} for label in ("This", "That", "Neither")],
            "rules": {"eligibility": "anyone", "strength": "guest", "results": "always"},
        }
        return Poll(await self._publish(definition), "guests", "single", 1, [], [b'{"picks": [1]}'])

    async def _publish(self, definition: dict[str, Any]) -> str:
        key = {"Idempotency-Key": str(uuid4())}
        made = await self._api.call(
            "POST", "/v1/polls", who=self.owner, body={**definition, "publish": True}, headers=key
        )
        return str(made["id"])

    async def _first_vote(self, poll: Poll) -> None:
        """Wait until the poll takes ballots: cast one and withdraw it."""
        path = f"/v1/votebooth/polls/{poll.id}/ballot"
        token = {"Ballot-Token": poll.tokens[-1]} if poll.tokens else {}
        more = {**token, "Content-Type": "application/json"}
        deadline = time.monotonic() + _FIRST_VOTE_SECONDS
        while True:
            try:
                await self._api.send("PUT", path, who=self._guests[0], data=poll.ballots[0], headers=more)
                break
            except TargetError:
                if time.monotonic() > deadline:
                    raise
                await asyncio.sleep(0.2)
        await self._api.send("DELETE", path, who=self._guests[0], headers=token)
        if poll.tokens:
            poll.tokens.pop()


def looks(service: str = "") -> list[str]:
    """Return paths that can be read without knowing anything.

    Args:
        service: Only this one's; empty for all. If each of its paths has gaps, such as a poll's id, they are filled
            with something that isn't there: to find that out is work, too.
    """
    try:
        lines = ROUTES.read_text("utf-8").splitlines()
    except OSError:
        return []
    found = [line.split()[0] for line in lines if line.startswith(r"^GET\|/v1/")]
    paths = [path.removeprefix(r"^GET\|").removesuffix("$") for path in found]
    paths = [path for path in paths if f"{path}/".startswith(f"/v1/{service}/")] if service else paths
    whole = [path for path in paths if _GAP not in path]
    if whole or not service:
        return whole
    return [path.replace(_GAP, str(uuid4())) for path in paths]


@contextlib.asynccontextmanager
async def standing(stage: Stage) -> Any:
    """Build a stage, and take it down whatever happens."""
    try:
        await stage.build()
        yield stage
    finally:
        await asyncio.shield(stage.take_down())
