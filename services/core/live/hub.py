"""The hub: a process's live connections of one service, and the watches that feed them."""

import asyncio
import random
import time
from collections.abc import Callable, Hashable, Iterable
from typing import Any

import structlog
from sqlalchemy import text

from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.live.connection import Connection, Subscription
from services.core.live.fan import Fan
from services.core.live.messages import PING, Follow, Leave, Position, Say
from services.core.live.outlet import Message, Outlet
from services.core.live.settings import LiveSettings
from services.core.live.source import Source, Viewer
from services.core.live.watch import Watch, signal
from services.core.observe.metrics import LIVE_CONNECTIONS, LIVE_ENDED
from services.core.problems import not_found, too_many, unauthenticated, unavailable
from services.core.shares import Place, Shares
from services.core.tasks import end

log = structlog.get_logger(__name__)

MOST_STREAMS = 100
"""That one connection follows."""

_LOOK_SECONDS = 1.0
_TURNS = 5
"""What takes half a minute to show is looked for at a fifth of the connections at a time."""
_HEARTBEAT_SECONDS = 15.0
_TIMELINE = text("SELECT timeline_id FROM pg_control_checkpoint()")


class Hub:
    """All live connections of this process to one service.

    Args:
        kit: The service's.
        sources: What its streams are made of.
    """

    def __init__(self, kit: Kit[Any], sources: Iterable[Source]) -> None:
        self._kit = kit
        self.sources = {source.kind: source for source in sources}
        self._watches: dict[str, tuple[Watch, Callable[[], None]]] = {}
        self._connections: dict[Connection, Place] = {}
        settings: LiveSettings = kit.settings
        self._seconds = settings.live_seconds
        self._shares = Shares(
            "live connections",
            places=settings.live_connections,
            account=settings.live_per_account,
            address=settings.live_per_address,
        )
        self._tasks: list[asyncio.Task[None]] = []
        self._fan = Fan()
        self._stopping = False
        self._timeline = 0
        self._turn = 0
        self._gauge = LIVE_CONNECTIONS.labels(kit.name)

    async def start(self) -> None:
        """Begin to look after connections."""
        self._tasks = [asyncio.create_task(self._look()), asyncio.create_task(self._await_stop())]

    async def stop(self) -> None:
        """End every connection."""
        self._end_all()
        await end(*self._tasks, *(watch.task for watch, _ in self._watches.values()))
        await self._fan.close()

    def changed(self, stream: str) -> None:
        """Say that a stream has changed, once the transaction that changed it is over. Never waits, never raises."""
        self._kit.shared.broadcast.send(stream)

    def following(self, kind: str) -> list[tuple[str, Viewer, Hashable]]:
        """Return who follows streams of a kind at this process now: of each the stream's key, they, and their view."""
        return [
            (watch.key, follower.viewer, follower.view)
            for watch, _ in self._watches.values()
            if watch.source.kind == kind
            for follower in watch.followers
            if follower.is_told and follower.connection.ended is None
        ]

    def signal(self, stream: str, content: object, *, about: str = "") -> None:
        """Send those who follow a stream something that holds for seconds and is kept nowhere.

        Args:
            stream: Its name.
            content: What is sent.
            about: Of what a newer signal makes this one needless.
        """
        self._kit.shared.broadcast.send(stream, signal(stream, content), about=about)

    async def check(self, stream: str, viewer: Viewer) -> None:
        """Refuse who may not follow a stream.

        Raises:
            Problem: Of the source; 401 if the session was ended meanwhile, 404 if there is no such stream.
        """
        self.check_session(viewer.subject)
        source, key = self._find(stream)
        (await source.look(key, [viewer], None)).view(viewer)

    def check_session(self, subject: Subject | None) -> None:
        """Refuse who has a ticket from a session that was ended meanwhile.

        Raises:
            Problem: 401.
        """
        if subject is not None and self._kit.shared.verifier.has_ended(subject):
            raise unauthenticated("This session has ended. Sign in again.")

    def join(self, subject: Subject | None, site: str, outlet: Outlet) -> Connection:
        """Add a connection; `leave` takes it away.

        Args:
            subject: The token's content; the connection doesn't outlast it. None without one.
            site: Where it comes from (`site_of`).
            outlet: Where its messages go.

        Raises:
            Problem: 429 if the account or the address has as many as it may, 503 if this process has, or is going
                away.
        """
        if self._stopping:
            raise unavailable("This server is stopping. Try again.", 5)
        place = self._shares.take(None if subject is None else subject.id, site)
        # Not all at once: who came together comes back apart.
        lifetime = self._seconds * random.uniform(0.9, 1.0)  # noqa: S311  (no secret)
        connection = Connection(subject, outlet, time.time() + lifetime)
        self._connections[connection] = place
        self._gauge.inc()
        return connection

    def leave(self, connection: Connection) -> None:
        """Take a connection away, and the watches that nobody else needs."""
        place = self._connections.pop(connection, None)
        if place is None:
            return
        place.release()
        self._fan.forget(connection.number)
        self._gauge.dec()
        LIVE_ENDED.labels(self._kit.name, connection.ended or "left").inc()
        for stream in tuple(connection.streams):
            self._forget(connection, stream)

    def follow(self, connection: Connection, wanted: Follow, address: str) -> None:
        """Let a connection follow a stream, from where its client stands.

        Args:
            connection: Which.
            wanted: What its client asks for.
            address: The client's.

        Raises:
            Problem: 404 if there is no such kind of stream, 429 if it follows too many.
        """
        source, _ = self._find(wanted.stream)
        self._forget(connection, wanted.stream)
        if len(connection.streams) >= MOST_STREAMS:
            raise too_many(f"One connection follows {MOST_STREAMS} streams at most. Leave some.", 1)
        viewer = Viewer(connection.subject, address, wanted.token)
        position = None if wanted.epoch is None or wanted.seq is None else Position(wanted.epoch, wanted.seq)
        subscription = Subscription(connection, viewer, position)
        connection.streams[wanted.stream] = subscription
        watch = self._watch(wanted.stream, source)
        watch.followers.add(subscription)
        watch.wake()

    async def take(self, connection: Connection, word: Follow | Leave | Say, address: str) -> None:
        """Do what a client asks for.

        Args:
            connection: Whose.
            word: What it said.
            address: The client's.

        Raises:
            Problem: It may not do that.
        """
        if isinstance(word, Follow):
            self.follow(connection, word, address)
        elif isinstance(word, Leave):
            self._forget(connection, word.stream)
        else:
            await self._say(connection, word)

    async def _say(self, connection: Connection, word: Say) -> None:
        subscription = connection.streams.get(word.stream)
        if subscription is None:
            raise not_found("stream that you follow")
        if not subscription.is_told:
            return  # it came on the heels of `follow`; to refuse it would look like a refusal of the stream
        source, key = self._find(word.stream)
        content = await source.hear(key, subscription.viewer, word.kind)
        if content is not None:
            subject = connection.subject
            self.signal(word.stream, content, about="" if subject is None else f"{subject.id}:{word.kind}")

    def _find(self, stream: str) -> tuple[Source, str]:
        kind, _, key = stream.partition(":")
        if (source := self.sources.get(kind)) is None:
            raise not_found("stream")
        return source, key

    def _watch(self, stream: str, source: Source) -> Watch:
        entry = self._watches.get(stream)
        if entry is None:
            watch = Watch(stream, source, lambda: self._shares.taken, self._known_timeline, self._drop, self._fan)
            stop_listening = self._kit.shared.broadcast.listen(stream, watch.hear)
            self._watches[stream] = entry = (watch, stop_listening)
            watch.task = asyncio.create_task(watch.run())
        return entry[0]

    def _forget(self, connection: Connection, stream: str) -> None:
        subscription = connection.streams.get(stream)
        if subscription is not None:
            self._drop(self._watches[stream][0], subscription)

    def _drop(self, watch: Watch, subscription: Subscription) -> None:
        watch.followers.discard(subscription)
        streams = subscription.connection.streams
        if streams.get(watch.name) is subscription:
            del streams[watch.name]
        if not watch.followers and self._watches.get(watch.name, (None,))[0] is watch:
            _, stop_listening = self._watches.pop(watch.name)
            stop_listening()
            if watch.task is not None and watch.task is not asyncio.current_task():
                watch.task.cancel()

    async def _look(self) -> None:
        """Once a second: wake watches whose stream has changed unheard, end connections whose time is up."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            self._look_after_connections()
            try:
                await self._wake_changed()
            except Exception as exc:  # noqa: BLE001  (whatever it was, connections are looked after, and the next look may work)
                log.warning("look_failed", service=self._kit.name, error=type(exc).__name__)

    def _look_after_connections(self) -> None:
        now = time.time()
        self._turn = (self._turn + 1) % _TURNS
        has_ended = self._kit.shared.verifier.has_ended
        ping = Message(PING)
        for connection in tuple(self._connections):
            if connection.number % _TURNS == self._turn and connection.is_left(now):
                connection.abort()
            elif connection.subject is not None and (
                connection.subject.expires <= now or has_ended(connection.subject)
            ):
                connection.end("token-expired")
            elif connection.ends_at <= now:
                connection.end("lifetime")
            elif connection.said_at + _HEARTBEAT_SECONDS <= now:
                connection.send(ping)

    async def _wake_changed(self) -> None:
        """Wake the watches whose stream isn't as they saw it, or who couldn't send everybody what they saw."""
        if not self._watches:
            return
        timeline = await self._read_timeline()
        restored, self._timeline = self._timeline not in {0, timeline}, timeline
        for source in self.sources.values():
            # What hasn't been looked at yet may be no stream at all, by a name that the source can't read.
            ours = (watch for watch, _ in self._watches.values() if watch.source is source and watch.is_seen)
            watches = {watch.key: watch for watch in ours}
            if not watches:
                continue
            heads = await source.heads(list(watches))
            for key, watch in watches.items():
                head: Hashable = heads.get(key)
                if restored or head != watch.seen or any(each.is_late for each in watch.followers):
                    watch.wake()

    async def _known_timeline(self) -> int:
        """Return the time line as it was last read, and not at the start: services start without a database."""
        if not self._timeline:
            self._timeline = await self._read_timeline()
        return self._timeline

    async def _read_timeline(self) -> int:
        """Return the database's time line, which differs after it was restored to an earlier moment."""
        async with self._kit.db.reading() as session:
            return int((await session.execute(_TIMELINE)).scalar_one())

    async def _await_stop(self) -> None:
        """End connections when the process is told to stop: an open one would keep the server from ending."""
        await self._kit.shared.stopping.wait()
        self._end_all()

    def _end_all(self) -> None:
        self._stopping = True
        for connection in tuple(self._connections):
            connection.end("stopping")
