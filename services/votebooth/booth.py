"""The booth: ballots wait here for the next transaction, and are answered when it is committed.

While one transaction is under way the others gather, and all of them are in the next: the more voters, the
more ballots a commit carries. Somebody who votes alone waits for no timer.
"""

import asyncio
from uuid import UUID

import structlog
from asyncpg import Connection

from services.core.db import is_passing
from services.core.kit import Kit
from services.core.problems import Problem, too_many, unavailable
from services.votebooth import ballot_sql as sql
from services.votebooth import batch
from services.votebooth.batch import CommitUnknownError
from services.votebooth.metrics import BATCH, VOTES, WAITING
from services.votebooth.projection import Projection
from services.votebooth.rules import Rules
from services.votebooth.settings import VoteBoothSettings
from services.votebooth.tickets import Outcome, Ticket
from services.votebooth.voters import HASH_KEY, Claim, Keyring

log = structlog.get_logger(__name__)

_TRIES = 3
_RETRY_SECONDS = 0.05
_COMMAND_SECONDS = 12.0
_FLOOD_SECONDS = 10.0
_FLOOD = 200

_FIRST, _AGAIN = VOTES.labels("first"), VOTES.labels("again")


class Booth:
    """The queue of one process and the task that empties it."""

    def __init__(self, kit: Kit[VoteBoothSettings], projection: Projection) -> None:
        self._kit = kit
        self._projection = projection
        self._most = kit.settings.queue
        self._size = kit.settings.batch
        self._waiting: list[Ticket] = []
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._stopping = False
        self._connection: Connection | None = None
        self._keyring: Keyring | None = None
        self._flood = _Flood()

    async def start(self) -> None:
        """Begin to write."""
        self._keyring = Keyring(await self._kit.secret(HASH_KEY))
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Take no more, write what waits, then stop."""
        self._stopping = True
        self._wake.set()
        if self._task is not None:
            await self._task
        if self._connection is not None:
            await self._connection.close()

    @property
    def keyring(self) -> Keyring:
        """The keys that voters' keys are made with."""
        if self._keyring is None:
            raise unavailable("The booth isn't open yet. Try again.")
        return self._keyring

    def ticket(self, rules: Rules, claim: Claim, raw: bytes | None, secret: str | None) -> Ticket:
        """Prepare a request to cast, change or (without a body) withdraw a ballot.

        Raises:
            Problem: Under these rules it can't be.
        """
        return Ticket(rules, self.keyring, claim, raw, secret, asyncio.get_running_loop().create_future())

    async def submit(self, ticket: Ticket) -> Outcome:
        """Return what has become of a request, when that is committed.

        Raises:
            Problem: It can't be, or not now.
        """
        if self._stopping:
            raise unavailable("This server is stopping. Try again.")
        if len(self._waiting) >= self._most:
            VOTES.labels("queue_full").inc()
            raise unavailable("Too many ballots are waiting. Try again.")
        self._flood.count(ticket.key)
        self._waiting.append(ticket)
        self._wake.set()
        return await ticket.future

    async def _run(self) -> None:
        while self._waiting or not self._stopping:
            if not self._waiting:
                self._wake.clear()
                await self._wake.wait()
                continue
            tickets = self._waiting[: self._size]
            del self._waiting[: self._size]
            WAITING.set(len(self._waiting))
            BATCH.observe(len(tickets))
            try:
                await self._write(tickets)
            except Exception as exc:  # noqa: BLE001  (the booth stays open, whatever happened)
                log.error("booth_failed", error=type(exc).__name__)  # noqa: TRY400  (not its text)
                _answer(dict.fromkeys(tickets, unavailable("Your ballot couldn't be written. Try again.")))

    async def _write(self, tickets: list[Ticket]) -> None:
        """Write tickets and answer them; a ballot that the database refuses fails alone."""
        try:
            answers, changed = await self._commit(tickets)
        except CommitUnknownError:
            log.warning("commit_unknown", tickets=len(tickets))
            message = "Whether your ballot was stored isn't known. Send it again: it counts once in any case."
            _answer(dict.fromkeys(tickets, unavailable(message)))
            return
        except Exception as exc:  # noqa: BLE001  (whatever it is, its ballots are answered)
            if is_passing(exc):
                log.warning("booth_waits", error=type(exc).__name__)
                message = "Your ballot wasn't stored: the database doesn't answer. Try again."
                _answer(dict.fromkeys(tickets, unavailable(message)))
            elif len(tickets) == 1:
                _fail(tickets[0], exc)  # logged and answered like any unforeseen error
            else:
                half = len(tickets) // 2
                await self._write(tickets[:half])
                await self._write(tickets[half:])
            return
        for poll_id in changed:
            self._kit.shared.broadcast.send(f"poll:{poll_id}")
        _answer(answers)

    async def _commit(self, tickets: list[Ticket]) -> tuple[batch.Answers, list[UUID]]:
        """Write tickets in one transaction; once more if the database was away before the commit."""
        for attempt in range(1, _TRIES + 1):
            try:
                connection = await self._connected()
                return await batch.write(connection, tickets, self._projection, self.keyring)
            except CommitUnknownError:
                await self._drop()
                raise
            except Exception as exc:
                await self._drop()
                if attempt == _TRIES or not is_passing(exc):
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


def _answer(answers: dict[Ticket, Problem] | batch.Answers) -> None:
    for ticket, answer in answers.items():
        if ticket.future.done():  # the client has gone
            continue
        if isinstance(answer, Problem):
            VOTES.labels("refused").inc()
            ticket.future.set_exception(answer)
        else:
            (_FIRST if answer.first else _AGAIN).inc()
            ticket.future.set_result(answer)


def _fail(ticket: Ticket, exc: Exception) -> None:
    VOTES.labels("failed").inc()
    if not ticket.future.done():
        ticket.future.set_exception(exc)


class _Flood:
    """Keeps one voter from filling the queue with changes, without asking anybody."""

    def __init__(self) -> None:
        self._counts: dict[bytes, int] = {}
        self._until = 0.0

    def count(self, key: bytes) -> None:
        """Count one request of a voter.

        Raises:
            Problem: 429.
        """
        now = asyncio.get_running_loop().time()
        if now >= self._until:
            self._counts.clear()
            self._until = now + _FLOOD_SECONDS
        count = self._counts.get(key, 0) + 1
        self._counts[key] = count
        if count > _FLOOD:
            raise too_many("You change your ballot too often. Wait a little.", self._until - now)
