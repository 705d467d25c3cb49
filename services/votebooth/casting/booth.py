"""The booth: ballots wait here for the next transaction, and are answered when it is committed.

While one transaction is under way the others gather, and all of them are in the next: the more voters, the
more ballots a commit carries. Somebody who votes alone waits for no timer.
"""

import asyncio
from uuid import UUID

import asyncpg
import structlog
from asyncpg import Connection

from services.core.data.database import is_passing
from services.core.kit import Kit
from services.core.problems import Problem, too_many, unavailable
from services.votebooth.casting import batch
from services.votebooth.casting import statements as sql
from services.votebooth.casting.batch import CommitUnknownError
from services.votebooth.casting.queue import Queue
from services.votebooth.casting.tickets import Outcome, Ticket
from services.votebooth.metrics import BATCH, VOTES, WAITING
from services.votebooth.poll.projection import Projection
from services.votebooth.poll.rules import PollRules
from services.votebooth.poll.voters import Claim, Keyring
from services.votebooth.settings import VoteBoothSettings

log = structlog.get_logger(__name__)

_TRIES = 3
_RETRY_SECONDS = 0.05
_COMMAND_SECONDS = 12.0
_FLOOD_SECONDS = 10.0
_FLOOD = 200
_BALLOT_BYTES = 256
"""So many bytes of a ballot count as one more: what a sender can have stored is bounded, whoever's tokens they use."""

_FIRST, _AGAIN = VOTES.labels("first"), VOTES.labels("again")


class Booth:
    """The queue of one process and the task that empties it."""

    def __init__(self, kit: Kit[VoteBoothSettings], projection: Projection, keyring: Keyring) -> None:
        self._kit = kit
        self._projection = projection
        self._keyring = keyring
        self._size = kit.settings.batch
        self._waiting = Queue(kit.settings.queue)
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._connection: Connection | None = None
        self._flood = _Flood()

    async def start(self) -> None:
        """Begin to write."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Take no more, write what waits, then stop."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task
        if self._connection is not None:
            await self._connection.close()

    def ticket(self, rules: PollRules, claim: Claim, raw: bytes | None, secret: str | None) -> Ticket:
        """Prepare a request to cast, change or (without a body) withdraw a ballot.

        Raises:
            Problem: Under these rules it can't be.
        """
        return Ticket(rules, self._keyring, claim, raw, secret, asyncio.get_running_loop().create_future())

    def count_refused(self, claim: Claim) -> None:
        """Count a request that rules refuse against who sent it: it, too, makes work.

        Raises:
            Problem: 429.
        """
        self._flood.count(claim)

    async def submit(self, ticket: Ticket) -> Outcome:
        """Return what has become of a request, when that is committed.

        Raises:
            Problem: It can't be, or not now.
        """
        if self._stopping:
            raise unavailable("This server is stopping. Try again.")
        size = 0 if ticket.choice is None else len(ticket.choice.encoded)
        self._flood.count(ticket.claim, 1 + size // _BALLOT_BYTES)
        if not self._waiting.put(ticket):
            VOTES.labels("queue_full").inc()
            raise unavailable("Too many ballots are waiting. Try again.")
        self._wake.set()
        return await ticket.future

    async def _run(self) -> None:
        while self._waiting or not self._stopping:
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
                continue
            tickets = self._waiting.take(self._size)
            WAITING.set(len(self._waiting))
            BATCH.observe(len(tickets))
            try:
                await self._write(tickets)
            except Exception as exc:  # noqa: BLE001  (the booth stays open, whatever happened)
                for ticket in tickets:
                    _fail(ticket, exc)

    async def _write(self, tickets: list[Ticket]) -> None:
        """Write tickets and answer them; a ballot that the database refuses fails alone."""
        try:
            answers, changed = await self._commit(tickets)
        except CommitUnknownError:
            _put_off(tickets, "commit_unknown", "Whether your ballot was stored isn't known.")
        except asyncpg.LockNotAvailableError:
            parts = _by_poll(tickets)
            if len(parts) == 1:
                _put_off(tickets, "poll_locked", "This poll is busy.")
            else:
                await self._write_each(parts)
        except Exception as exc:  # noqa: BLE001  (whatever it is, its ballots are answered)
            if is_passing(exc):
                _put_off(tickets, "database_away", "The database doesn't answer; your ballot wasn't stored.")
            elif len(tickets) == 1:
                _fail(tickets[0], exc)  # logged and answered like any unforeseen error
            else:
                half = len(tickets) // 2
                await self._write_each([tickets[:half], tickets[half:]])
        else:
            for poll_id in changed:
                self._kit.shared.broadcast.send(f"poll:{poll_id}")
            for ticket, answer in answers.items():
                _answer(ticket, answer)

    async def _write_each(self, parts: list[list[Ticket]]) -> None:
        for part in parts:
            await self._write(part)

    async def _commit(self, tickets: list[Ticket]) -> tuple[batch.Answers, list[UUID]]:
        """Write tickets in one transaction; once more if the database was away before the commit."""
        for attempt in range(1, _TRIES + 1):
            try:
                connection = await self._connected()
                return await batch.write(connection, tickets, self._projection, self._keyring)
            except CommitUnknownError:
                await self._drop()
                raise
            except Exception as exc:
                await self._drop()
                slow = isinstance(exc, (TimeoutError, asyncpg.QueryCanceledError))
                if attempt == _TRIES or slow or not is_passing(exc):
                    raise
            await asyncio.sleep(_RETRY_SECONDS * attempt)
        raise AssertionError

    async def _connected(self) -> Connection:
        """Return the connection that is the booth's own, opened if need be."""
        if self._connection is None or self._connection.is_closed():
            connection = await self._kit.db.connect(command_timeout=_COMMAND_SECONDS)
            await connection.execute(sql.SESSION)
            self._connection = connection
        return self._connection

    async def _drop(self) -> None:
        """Give up the connection if it is broken, or in a state that isn't known."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        if not connection.is_closed() and not connection.is_in_transaction():
            self._connection = connection
            return
        connection.terminate()


def _by_poll(tickets: list[Ticket]) -> list[list[Ticket]]:
    parts: dict[UUID, list[Ticket]] = {}
    for ticket in tickets:
        parts.setdefault(ticket.poll_id, []).append(ticket)
    return list(parts.values())


def _answer(ticket: Ticket, answer: Outcome | Problem) -> None:
    if isinstance(answer, Problem):
        _fail(ticket, answer)
    elif not ticket.future.done():  # else the client has gone
        (_FIRST if answer.first else _AGAIN).inc()
        ticket.future.set_result(answer)


def _put_off(tickets: list[Ticket], event: str, why: str) -> None:
    log.warning(event, tickets=len(tickets))
    for ticket in tickets:
        _fail(ticket, unavailable(f"{why} Send it again: it counts once in any case."))


def _fail(ticket: Ticket, exc: Exception) -> None:
    VOTES.labels("refused" if isinstance(exc, Problem) else "failed").inc()
    if not ticket.future.done():
        ticket.future.set_exception(exc)


class _Flood:
    """Keeps one sender from filling the queue, without asking anybody.

    What is counted is the account or guest who sends, whoever the voter is: an owner has thousands of voting tokens,
    and where a network is the voter, neighbours could keep it from changing its ballot.
    """

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}
        self._until = 0.0

    def count(self, claim: Claim, cost: int = 1) -> None:
        """Count a request.

        Raises:
            Problem: 429.
        """
        now = asyncio.get_running_loop().time()
        if now >= self._until:
            self._counts.clear()
            self._until = now + _FLOOD_SECONDS
        sender = claim.subject.id.int
        count = self._counts.get(sender, 0) + cost
        self._counts[sender] = count
        if count > _FLOOD:
            raise too_many("You are sending ballots too often. Wait a moment.", self._until - now)
