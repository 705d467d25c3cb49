"""The hub: a process's live connections and the watchers that feed them."""

import asyncio
import time
from collections.abc import Callable
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.problems import Problem, unauthenticated, unavailable
from services.core.shares import Place, Shares
from services.core.tasks import end
from services.votebooth.live import messages
from services.votebooth.live.client import Client, View
from services.votebooth.live.messages import Frame
from services.votebooth.metrics import LIVE_CLIENTS
from services.votebooth.results.service import Results
from services.votebooth.results.state import State, Viewer
from services.votebooth.results.visibility import Reason, Visible, may_see, needs_vote
from services.votebooth.settings import VoteBoothSettings

log = structlog.get_logger(__name__)

PUSH_SECONDS = 0.1
"""At most ten pushes a second a poll."""

_MESSAGES_A_SECOND = 4_000
"""What all connections of a process are sent at most. With more than 400, polls are pushed less often: sending takes
turns with counting ballots, and somebody with very many connections would otherwise slow other people's votes."""

_LOOK_SECONDS = 1.0
_RETRY_SECONDS = 0.5
_LATE_SECONDS = 0.005
"""Timers may fire early by the clocks' difference; a little late costs nothing."""

_LONGEST_TIMER = 3600.0

_FAILURES = (SQLAlchemyError, OSError, TimeoutError)


def pause_for(connections: int) -> float:
    """Return the seconds between two pushes of a poll, given how many connections the process has."""
    return max(PUSH_SECONDS, connections / _MESSAGES_A_SECOND)


class Watch:
    """Watches one poll for the clients of this process.

    Args:
        poll_id: The poll.
        results: Where it is read.
        connections: How many there are in this process, to all polls.
    """

    def __init__(self, poll_id: UUID, results: Results, connections: Callable[[], int]) -> None:
        self.poll_id = poll_id
        self.clients: dict[Client, Place] = {}
        self.seen: tuple[int, int] | None = None
        self._results = results
        self._connections = connections
        self._frame: Frame | None = None
        self._wake = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    def wake(self, *_: object) -> None:
        """Look at the poll as soon as the last look is long enough ago."""
        self._wake.set()

    async def run(self) -> None:
        """Push for as long as there are clients."""
        while self.clients:
            self._wake.clear()
            pause, timer = pause_for(self._connections()), _LONGEST_TIMER
            try:
                timer = await self._push()
            except Problem as exc:
                if exc.status == 404:
                    self._end_all("gone")
                    return
                pause = _RETRY_SECONDS
                self._wake.set()
            except Exception as exc:  # noqa: BLE001  (whatever it was, the next look may work; clients keep what they have)
                log.warning("watch_failed", error=type(exc).__name__)
                pause = _RETRY_SECONDS
                self._wake.set()
            await asyncio.sleep(pause)
            try:
                async with asyncio.timeout(timer):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def _push(self) -> float:
        """Read the poll and give each client what it may see; return the seconds until it changes by itself."""
        state = await self._results.state(self.poll_id)
        self.seen = state.head
        voted: set[bytes] = set()
        if needs_vote(state.rules, is_over=state.is_over):
            keys = {client.viewer.voter_key for client in self.clients if client.viewer.voter_key}
            voted = await self._results.voted(state.poll, keys) if keys else voted
        if state.published is not None:
            self._frame = messages.frame(state, state.published, self._frame)
        views: dict[Reason | None, View] = {}
        for client in tuple(self.clients):
            client.offer(self._view(state, client.viewer, voted, views))
        if state.changes_in is None:
            return _LONGEST_TIMER
        return min(max(state.changes_in.total_seconds(), 0) + _LATE_SECONDS, _LONGEST_TIMER)

    def _view(self, state: State, viewer: Viewer, voted: set[bytes], views: dict[Reason | None, View]) -> View:
        """Return what one client may see now; equal views are made once."""
        verdict = may_see(
            state.rules,
            viewer.account,
            has_voted=viewer.voter_key in voted,
            is_over=state.is_over,
            ballots=state.ballots,
        )
        reason = None if isinstance(verdict, Visible) else verdict.reason
        if reason is None and state.published is None:
            reason = Reason.MINIMUM
        if reason not in views:
            content = self._frame if reason is None else messages.hidden(state.poll, reason)
            if content is None:
                raise AssertionError("what may be seen was read")
            views[reason] = View(state.status, messages.standing(state), content)
        return views[reason]

    def _end_all(self, reason: str) -> None:
        for client in tuple(self.clients):
            client.end(reason)


class Hub:
    """All live connections of this process.

    Args:
        kit: VoteBooth's.
        results: Where polls are read.
    """

    def __init__(self, kit: Kit[VoteBoothSettings], results: Results) -> None:
        self._kit = kit
        self._results = results
        self._watches: dict[UUID, tuple[Watch, Callable[[], None]]] = {}
        settings = kit.settings
        self._shares = Shares(
            "live connections",
            places=settings.live_connections,
            account=settings.live_per_account,
            address=settings.live_per_address,
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._stopping = False

    async def start(self) -> None:
        """Begin to look after connections."""
        self._tasks = [asyncio.create_task(self._look()), asyncio.create_task(self._await_stop())]

    async def stop(self) -> None:
        """End every connection."""
        self._end_all()
        for watch, _ in tuple(self._watches.values()):
            if watch.task is not None:
                self._tasks.append(watch.task)
        await end(*self._tasks)

    def check(self, subject: Subject | None) -> None:
        """Refuse who has a ticket from a session that was ended meanwhile.

        Raises:
            Problem: 401.
        """
        if subject is not None and self._kit.shared.verifier.has_ended(subject):
            raise unauthenticated("This session has ended. Sign in again.")

    def join(
        self, poll_id: UUID, viewer: Viewer, subject: Subject | None, since: str | None, *, address: str
    ) -> Client:
        """Add a connection to a poll; the caller reads its messages and calls `leave` in the end.

        Args:
            poll_id: The poll, which exists.
            viewer: Who looks.
            subject: The token's content; the connection doesn't outlast it. None without one.
            since: The mark of the last message the client has from an earlier connection.
            address: The site that it comes from.

        Raises:
            Problem: 429 if the account or the address has as many as it may, 503 if this process has, or is going
                away.
        """
        if self._stopping:
            raise unavailable("This server is stopping. Try again.", 5)
        place = self._shares.take(None if subject is None else subject.id, address)
        ends_at = time.time() + self._kit.settings.live_seconds
        client = Client(viewer, subject, ends_at, messages.key_of(since))
        watch = self._watch(poll_id)
        watch.clients[client] = place
        LIVE_CLIENTS.inc()
        watch.wake()
        return client

    def leave(self, poll_id: UUID, client: Client) -> None:
        """Take a connection away, and the watcher with the last one."""
        entry = self._watches.get(poll_id)
        if entry is None or client not in entry[0].clients:
            return
        watch, stop_listening = entry
        watch.clients.pop(client).release()
        LIVE_CLIENTS.dec()
        if not watch.clients:
            del self._watches[poll_id]
            stop_listening()
            if watch.task is not None:
                watch.task.cancel()

    def _watch(self, poll_id: UUID) -> Watch:
        entry = self._watches.get(poll_id)
        if entry is None:
            watch = Watch(poll_id, self._results, lambda: self._shares.taken)
            stop_listening = self._kit.shared.broadcast.listen(f"poll:{poll_id}", watch.wake)
            self._watches[poll_id] = entry = (watch, stop_listening)
            watch.task = asyncio.create_task(watch.run())
        return entry[0]

    async def _look(self) -> None:
        """Once a second: wake watchers whose poll has changed unheard, end connections whose time is up."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            now = time.time()
            has_ended = self._kit.shared.verifier.has_ended
            for watch, _ in tuple(self._watches.values()):
                for client in tuple(watch.clients):
                    if client.is_left(now):
                        self.leave(watch.poll_id, client)
                    elif client.subject is not None and has_ended(client.subject):
                        client.end("token-expired")
                    elif client.ends_at <= now:
                        client.end("lifetime")
            try:
                await self._wake_changed()
            except _FAILURES as exc:
                log.warning("look_failed", error=type(exc).__name__)

    async def _wake_changed(self) -> None:
        if not self._watches:
            return
        heads = await self._results.heads(list(self._watches))
        for poll_id, head in heads.items():
            entry = self._watches.get(poll_id)
            if entry is not None and entry[0].seen != head:
                entry[0].wake()

    async def _await_stop(self) -> None:
        """End connections when the process is told to stop: an open one would keep the server from ending."""
        await self._kit.shared.stopping.wait()
        self._end_all()

    def _end_all(self) -> None:
        self._stopping = True
        for watch, _ in tuple(self._watches.values()):
            for client in tuple(watch.clients):
                client.end("stopping")
