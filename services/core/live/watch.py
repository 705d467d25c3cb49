"""The watch of one stream: reads it when it changes, and sends what leads on to everybody here who follows it."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Hashable, Sequence

import structlog

from services.core.live.connection import Subscription
from services.core.live.fan import MANY, MOST_FRAME_BYTES, Fan, FanError
from services.core.live.messages import Current, Delta, Position, Signal, Snapshot, encode
from services.core.live.outlet import Message
from services.core.live.source import Look, Reading, Source
from services.core.problems import Problem

log = structlog.get_logger(__name__)

PUSH_SECONDS = 0.1
"""At most ten pushes a second a stream."""

_MESSAGES_A_SECOND = 5_000
"""What all connections of a process are sent at most. With more than 500, streams are pushed less often: sending takes
turns with counting ballots, and somebody with very many connections would otherwise slow other people's votes."""

_TURN_MESSAGES = 100
"""After so many messages the loop does something else first."""

_RETRY_SECONDS = 0.5
_LATE_SECONDS = 0.005
"""Timers may fire early by the clocks' difference; a little late costs nothing."""

_LONGEST_TIMER = 3600.0


def pause_for(connections: int) -> float:
    """Return the seconds between two pushes of a stream, given how many connections the process has."""
    return max(PUSH_SECONDS, connections / _MESSAGES_A_SECOND)


class Watch:
    """Watches one stream for the clients of this process.

    Args:
        name: The stream's.
        source: What it is made of.
        connections: How many there are in this process, to all streams.
        timeline: Of the database; its epochs change with it.
        drop: Called with a subscription that was refused.
        fan: Writes what very many are sent; None for doing it here.
    """

    def __init__(
        self,
        name: str,
        source: Source,
        connections: Callable[[], int],
        timeline: Callable[[], Awaitable[int]],
        drop: "Callable[[Watch, Subscription], None]",
        fan: Fan | None = None,
    ) -> None:
        self.name = name
        self.source = source
        self.key = name.partition(":")[2]
        self.followers: set[Subscription] = set()
        self.is_seen = False
        self.seen: Hashable = None
        self.task: asyncio.Task[None] | None = None
        self._connections = connections
        self._timeline = timeline
        self._drop = drop
        self._fan = fan
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Look at the stream as soon as the last look is long enough ago."""
        self._wake.set()

    def hear(self, _: str, signal: bytes) -> None:
        """Take what another process, or this one, says of the stream: a signal to pass on, or that it changed."""
        if signal:
            self.pass_on(signal)
        else:
            self.wake()

    def pass_on(self, signal: bytes) -> None:
        """Send a signal to everybody who has heard how the stream stands."""
        message = Message(signal)
        for follower in self.followers:
            if follower.is_told:
                follower.connection.send(message)

    async def run(self) -> None:
        """Push for as long as somebody follows."""
        while self.followers:
            self._wake.clear()
            pause, timer, begun = pause_for(self._connections()), _LONGEST_TIMER, time.monotonic()
            followers = tuple(self.followers)
            try:
                timer = await self._push(followers)
                # From one push to the next; if pushing takes long, the processor is short, and votes come first.
                pause = max(pause / 2, pause - (time.monotonic() - begun))
            except Problem as exc:
                if exc.status == 404:
                    self._refuse(followers, exc)
                    if not self.followers:
                        return
                pause = self._again()  # also for those who came after the look began: by now it may be there
            except Exception as exc:  # noqa: BLE001  (whatever it was, the next look may work; clients keep what they have)
                log.warning("watch_failed", error=type(exc).__name__)
                pause = self._again()
            await asyncio.sleep(pause)
            try:
                async with asyncio.timeout(timer):
                    await self._wake.wait()
            except TimeoutError:
                pass

    def _again(self) -> float:
        self._wake.set()
        return _RETRY_SECONDS

    async def _push(self, followers: Sequence[Subscription]) -> float:
        """Read the stream and send them what is new; return the seconds until it changes by itself."""
        timeline = f"{await self._timeline()}-"
        # Thousands mostly stand at one position, which is one object: what is found of it holds for all.
        within = {position: _within(timeline, position) for position in {each.position for each in followers}}
        oldest = min((position.seq for position in within.values() if position is not None), default=None)
        look = await self.source.look(self.key, [each.viewer for each in followers], oldest)
        self.is_seen, self.seen = True, look.head
        groups: defaultdict[tuple[Hashable, Position | None], list[Subscription]] = defaultdict(list)
        for follower in followers:
            try:
                view = look.view(follower.viewer)
            except Problem as exc:
                self._refuse([follower], exc)
                continue
            # Another view's changes lead nowhere from here.
            since = None if follower.is_told and view != follower.view else within[follower.position]
            follower.view = view
            groups[view, since].append(follower)
        for (view, since), members in groups.items():
            await self._send(await look.read(view, since), since, members, timeline)
        return _wait(look)

    async def _send(self, reading: Reading, since: Position | None, members: list[Subscription], timeline: str) -> None:
        """Send what was read to those who stand where it begins."""
        position = Position(timeline + reading.position.epoch, reading.position.seq)
        data: Current | Delta | Snapshot
        if reading.state is None and since is not None and not reading.events:
            members = [each for each in members if not each.is_told]
            data = Current(stream=self.name, epoch=position.epoch, seq=position.seq)
        elif reading.state is None and since is not None:
            data = Delta(
                stream=self.name,
                epoch=position.epoch,
                seq=position.seq,
                prev=since.seq,
                events=list(reading.events),
            )
        else:
            data = Snapshot(stream=self.name, epoch=position.epoch, seq=position.seq, state=reading.state)
        message = Message(encode(data), position)
        if len(members) >= MANY and self._fan is not None and self._fan.is_able:
            members = await self._fan_out(self._fan, message, members)
        for number, member in enumerate(members, 1):
            if member in self.followers:
                member.send(message)
            if not number % _TURN_MESSAGES:
                await asyncio.sleep(0)

    async def _fan_out(self, fan: Fan, message: Message, members: list[Subscription]) -> list[Subscription]:
        """Have another process send what it can send; return those to whom it can't."""
        if len(message.framed) > MOST_FRAME_BYTES:
            return members
        here: list[Subscription] = []
        there: list[Subscription] = []
        for member in members:
            (there if member.connection.is_idle and member in self.followers else here).append(member)
        for member in there:
            member.connection.shared += 1
        try:
            late = await fan.send(message.framed, {each.connection.number: each.connection.outlet for each in there})
        except FanError:
            for member in there:  # some have it, some don't: all begin anew
                member.position, member.is_late = None, True
        else:
            now = time.time()
            for member in there:
                member.sent(message, is_late=member.connection.number in late)
                member.connection.said_at = now
        finally:
            for member in there:
                member.connection.shared -= 1
        return here

    def _refuse(self, followers: Sequence[Subscription], problem: Problem) -> None:
        for follower in followers:
            if follower in self.followers:  # who left meanwhile, or has asked anew, isn't meant
                follower.connection.refuse(self.name, problem)
                self._drop(self, follower)


def signal(stream: str, content: object) -> bytes:
    """Return the message of a signal."""
    return encode(Signal(stream=stream, signal=content))


def _within(timeline: str, position: Position | None) -> Position | None:
    """Return a position as its source knows it; None if it is of another time line of the database."""
    if position is None or not position.epoch.startswith(timeline):
        return None
    return Position(position.epoch.removeprefix(timeline), position.seq)


def _wait(look: Look) -> float:
    if look.changes_in is None:
        return _LONGEST_TIMER
    return min(max(look.changes_in, 0) + _LATE_SECONDS, _LONGEST_TIMER)
