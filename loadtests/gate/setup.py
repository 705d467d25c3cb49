"""The setup: an owner, polls with voting tokens and signed-in guests, all created through the public API.

The polls' owner creates voting tokens, ten thousand a request, as an organiser would. So thousands of voters are ready
within a second, whatever Auth's sign-in limits.
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
from services.registry import WEB

from loadtests.gate.api import Api
from loadtests.gate.ballots import Ballot, elections
from loadtests.gate.config import Canary, Suite
from loadtests.gate.errors import TargetError
from loadtests.gate.friends import account_of, befriend, friend_of
from loadtests.gate.pages import READ
from loadtests.gate.plan import CANARY_HEADER, Identity, Plan, PollPlan, ReadPath

T = TypeVar("T")

EMAIL, PASSWORD = "VOTEWAVE_LOAD_EMAIL", "VOTEWAVE_LOAD_PASSWORD"
"""The account that owns the polls. Without these variables each gate signs up a new one."""

TITLE_PREFIX = "Load test"
"""The titles of all polls created by a gate begin with this."""

_TOKENS_AT_A_TIME = 10_000
_AT_ONCE = 16
_LEFT_OVER = timedelta(hours=3)
_FIRST_VOTE_SECONDS = 20.0
_MOST_GUESTS = 900
"""Auth allows a thousand new guests from one address in a minute."""

_VOTES_A_GUEST = 4
"""Votes a second of one guest; the gateway allows a subject 60 ballots in ten seconds."""

_PARAMETER = "[^/]+"
"""The pattern for a parameter, such as a poll's id, in a path of the gateway's routes."""

ROUTES = Path(__file__).parents[2] / "nomad" / "gateway" / "routes.map"
STREAMS = ROUTES.with_name("streams.lst")


class Poll(Struct, frozen=True):
    """A poll of the setup.

    Attributes:
        id: Its id.
        name: For messages.
        method: How it is counted.
        seats: How many are elected.
        tokens: Voting tokens; empty in the poll for guests.
        ballots: Bodies of ballots.
    """

    id: str
    name: str
    method: str
    seats: int
    tokens: list[str]
    ballots: list[bytes]


class Setup:
    """What a gate creates before the load and deletes after it.

    Args:
        api: The target.
        suite: The load.
        seed: Of the random generator.
        folder: Folder of real ballots.
        say: Called with a line about each step.
        canary: The service whose canaries are tested; empty for none.
        asked: How they are compared with stable instances.
    """

    def __init__(
        self,
        api: Api,
        suite: Suite,
        seed: int,
        folder: Path,
        say: Callable[[str], None],
        canary: str = "",
        asked: Canary | None = None,
    ) -> None:
        self._api = api
        self._canary = canary
        self._asked = asked or Canary()
        self._suite = suite
        self._seed = seed
        self._folder = folder
        self._say = say
        self._account: dict[str, str] = {}
        self.owner = Identity("", "", 0.0)
        self.polls: list[list[Poll]] = []
        """By generator: the polls with tokens, then the one for guests, if any."""
        self._title_prefix = f"{TITLE_PREFIX} {uuid4().hex[:8]}"
        self._guests: list[Identity] = []
        self._hosts: list[Identity] = []
        self._friends: list[Identity] = []
        self._friend_account = ""
        self._read_paths: list[ReadPath] = []
        self._canary_paths: list[ReadPath] = []

    async def build(self) -> None:
        """Create everything.

        Raises:
            TargetError: The target can't be reached, or refuses.
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
        if suite.friends_per_minute:
            await self._find_friend(shares)
        for polls in self.polls:
            await self.together([partial(self._first_vote, poll) for poll in polls])
        self._read_paths = [await self._read_path(path) for path in read_paths()]
        if self._canary:
            self._canary_paths = [await self._read_path(path) for path in read_paths(self._canary)]

    async def _read_path(self, path: str) -> ReadPath:
        """Request a path from the stable version; besides 200 and 204, only its status is accepted from canaries.

        Canaries get one request, too, since a new instance fetches Auth's keys with its first request.
        """
        status = await self._api.status(path, who=self.owner, by_canary=False)
        if status >= 500 or status == 429:
            raise TargetError(f"{self._api.url} answers GET {path} with {status}")
        await self._api.status(path, who=self.owner)
        return ReadPath(path, tuple(sorted({200, 204, status})))

    async def guests(self, count: int) -> list[Identity]:
        """Sign in guests."""
        return await self.together([partial(self._api.identity, "/v1/auth/guests")] * count)

    def plans(self, html: Path) -> list[Plan]:
        """Return each generator's plan; the first one writes Locust's report."""
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
                friend=self._friends[share] if self._friends else Identity("", "", 0.0),
                friend_account=self._friend_account,
                canary=self._canary,
                read_paths=self._read_paths,
                canary_paths=self._canary_paths,
                probes_per_second=self._asked.probes_per_second if self._canary_paths else 0.0,
                canary_share=self._asked.share,
                title_prefix=self._title_prefix,
                html=str(html) if share == 0 else "",
                shows_progress=share == 0,
            )
            for share, polls in enumerate(self.polls)
        ]

    @property
    def _headers(self) -> dict[str, str]:
        # The generator decides for each request whether a canary is asked.
        return {name: value for name, value in self._api.headers.items() if name != CANARY_HEADER}

    async def take_down(self) -> None:
        """Delete all polls of this gate and its hosts; report what remains. Voters' sessions expire by themselves."""
        if not self.owner.access:
            return
        try:
            await self.refresh_owner()
            for poll in await self._mine():
                if poll["title"].startswith(self._title_prefix):
                    await self._delete(poll["id"])
        except TargetError as exc:
            self._say(f"polls whose titles begin with “{self._title_prefix}” stay behind: {exc}")

    async def _delete(self, poll: str) -> None:
        await self._api.send("DELETE", f"/v1/polls/{poll}", who=self.owner, wanted=(200, 202, 204, 404))

    async def refresh_owner(self) -> None:
        """Sign the owner in again if the token expires soon."""
        if self._account and self.owner.until - time.time() < 300:
            self.owner = await self._session()

    @staticmethod
    async def together(calls: Iterable[Callable[[], Awaitable[T]]], at_once: int = _AT_ONCE) -> list[T]:
        """Make calls concurrently, at most `at_once`; return their results in order.

        Raises:
            TargetError: One failed; the others are cancelled.
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
        self.owner = await self._signed_in(self._account)
        if email:
            await self._sweep()

    async def _session(self) -> Identity:
        return await self._api.identity("/v1/auth/sessions", self._account)

    async def _find_friend(self, shares: int) -> None:
        """Sign in whom hosts get in touch with, once for each generator, since each exchanges tokens for new ones."""
        account = friend_of(self._account)
        first = await self._signed_in(account)
        more = [await self._api.identity("/v1/auth/sessions", account) for _ in range(shares - 1)]
        self._friends, self._friend_account = [first, *more], await account_of(self._api, first)
        await befriend(self._api, self.owner, first)

    async def _signed_in(self, account: dict[str, str]) -> Identity:
        """Sign in an account; sign it up if there is none, as where each gate has a new one."""
        if os.environ.get(EMAIL):
            with contextlib.suppress(TargetError):
                return await self._api.identity("/v1/auth/sessions", account)
        return await self._api.identity("/v1/auth/accounts", account)

    async def _sweep(self) -> None:
        """Delete polls that killed gates have left behind."""
        for poll in await self._mine():
            age = datetime.now(UTC) - datetime.fromisoformat(poll["created_at"])
            if poll["title"].startswith(TITLE_PREFIX) and age > _LEFT_OVER:
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
        definition: dict[str, Any] = {
            "title": f"{self._title_prefix}: {ballot.name}",
            "rules": rules,
            **ballot.definition,
        }
        made = await self._publish(definition)
        tokens: list[str] = []
        while len(tokens) < voters + 1:  # one more for the first vote
            count = min(_TOKENS_AT_A_TIME, voters + 1 - len(tokens))
            path = f"/v1/votebooth/polls/{made}/tokens"
            tokens += (await self._api.call("POST", path, who=self.owner, body={"count": count}))["tokens"]
        dice = random.Random(self._seed)  # noqa: S311  (a load, not a secret)
        start = dice.randrange(len(ballot.ballots))
        ballots = (ballot.ballots[start:] + ballot.ballots[:start])[:voters]
        method = definition["method"]
        return Poll(made, ballot.name, str(method["type"]), int(method.get("seats", 1)), tokens, ballots)

    async def _guest_poll(self) -> Poll:
        definition = {
            "title": f"{self._title_prefix}: guests",
            "method": {"type": "single"},
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
        """Wait until the poll accepts ballots: cast one and withdraw it."""
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


def read_paths(service: str = "") -> list[str]:
    """Return paths that can be read without parameters.

    Args:
        service: Only this service's; empty for all. If all its paths have parameters, such as a poll's id, they are
            filled with ids that don't exist: answering those is load, too.
    """
    if service == WEB:
        return list(READ)
    try:
        lines = ROUTES.read_text("utf-8").splitlines()
        streams = {line for line in STREAMS.read_text("utf-8").splitlines() if line.startswith("^")}
    except OSError:
        return []
    found = [line.split()[0].removeprefix(r"^GET\|") for line in lines if line.startswith(r"^GET\|/v1/")]
    paths = [path.removesuffix("$").replace(r"\.", ".") for path in found if f"^{path}" not in streams]
    paths = [path for path in paths if f"{path}/".startswith(f"/v1/{service}/")] if service else paths
    without = [path for path in paths if _PARAMETER not in path]
    if without or not service:
        return without
    return [path.replace(_PARAMETER, str(uuid4())) for path in paths]


@contextlib.asynccontextmanager
async def prepared(setup: Setup) -> Any:
    """Build a setup, and always take it down at the end."""
    try:
        await setup.build()
        yield setup
    finally:
        await asyncio.shield(setup.take_down())
