"""What followers of a stream are sent: the source is written here, the watch and the connections are the real ones."""

import asyncio
import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar

import pytest
from services.core.live.connection import LEFT_SECONDS, Connection, Subscription
from services.core.live.log import Asked, Change, LogsSource, Span, Standing
from services.core.live.messages import Position, marked
from services.core.live.outlet import WAITING_BYTES, Message, frame
from services.core.live.source import MOST_EVENTS, Viewer
from services.core.live.watch import Watch
from services.core.problems import Problem, forbidden, not_found

FAR = 4e9
SEES = {"host": Viewer(None, "host"), "guest": Viewer(None, "guest")}


class Book:
    """A log of words; those that begin with a dot are for the host alone."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self.epoch = "a"
        self.barred: set[str] = set()
        self.gone = False

    async def stands(self, asked: Sequence[Asked]) -> Sequence[Standing | Problem]:
        return [not_found("book") if self.gone else self._stand(each.viewers) for each in asked]

    def _stand(self, viewers: Collection[Viewer]) -> Standing:
        views: dict[Viewer, str | Problem] = {
            viewer: forbidden("Not you.") if viewer.address in self.barred else viewer.address for viewer in viewers
        }
        return Standing(Position(self.epoch, len(self.words)), views)

    async def changes(self, spans: Sequence[Span]) -> Sequence[Sequence[Change]]:
        assert all(span.upto - span.after <= MOST_EVENTS for span in spans)
        return [[Change(number + 1, self.words[number]) for number in range(span.after, span.upto)] for span in spans]

    async def snapshot(self, key: str, view: str) -> tuple[Position, list[str]]:
        words = [word for word in self.words if self.shown(view, word)]
        return Position(self.epoch, len(self.words)), words

    def shown(self, view: str, event: str) -> str | None:
        return event if view == "host" or not event.startswith(".") else None

    async def heads(self, keys: Collection[str]) -> Mapping[str, Position]:
        return {key: Position(self.epoch, len(self.words)) for key in keys}


class Books(LogsSource):
    kind: ClassVar[str] = "book"
    state: ClassVar[Any] = list[str]
    events: ClassVar[tuple[Any, ...]] = (str,)


class Outlet:
    """Keeps what is sent; takes nothing while `stuck`."""

    is_socket = False
    handle: int | None = None

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.waiting = 0
        self.closed: tuple[int, str] | None = None
        self.stuck = False

    def write(self, message: Message) -> None:
        self.sent.append(json.loads(message.data))
        if self.stuck:
            self.waiting += WAITING_BYTES + 1

    def close(self, code: int, reason: str) -> None:
        self.closed = (code, reason)

    def abort(self) -> None:
        self.closed = (0, "abort")


class Reader:
    """A client that keeps what it is sent, as the guide tells it to."""

    def __init__(self, watch: Watch, who: str, since: Position | None = None) -> None:
        self.outlet = Outlet()
        self.connection = Connection(None, self.outlet, FAR)
        self.subscription = Subscription(self.connection, SEES[who], since)
        self.connection.streams[watch.name] = self.subscription
        self.words: list[str] = []
        self.at = since
        watch.followers.add(self.subscription)

    def read(self) -> list[str]:
        """Apply what came; return the kinds of the messages."""
        came, self.outlet.sent = self.outlet.sent, []
        for message in came:
            if message["type"] == "snapshot":
                self.words = message["state"]
            elif message["type"] == "delta":
                assert self.at == (message["epoch"], message["prev"]), "a gap"
                self.words = self.words + message["events"]
            if "seq" in message:
                self.at = Position(message["epoch"], message["seq"])
        return [message["type"] for message in came]


class Desk:
    """A watch whose pushes the test makes itself."""

    def __init__(self) -> None:
        self.book = Book()
        self.timeline = 1
        self.dropped: list[Subscription] = []
        self.watch = Watch("book:1", Books(self.book, lambda _: False), lambda: 1, self._timeline, self._drop)

    async def _timeline(self) -> int:
        return self.timeline

    def _drop(self, watch: Watch, subscription: Subscription) -> None:
        self.dropped.append(subscription)
        watch.followers.discard(subscription)

    async def push(self) -> None:
        self.watch.wake()
        task = asyncio.create_task(self.watch.run())
        await asyncio.sleep(0.02)
        task.cancel()


@pytest.fixture
def desk() -> Desk:
    return Desk()


async def test_state_and_events_come_to_what_a_fresh_state_is_for_every_view(desk: Desk) -> None:
    readers = {who: Reader(desk.watch, who) for who in SEES}
    for word in ("one", ".two", "three", ".four"):
        desk.book.words.append(word)
        await desk.push()
    kinds = {who: reader.read() for who, reader in readers.items()}
    assert kinds == {"host": ["snapshot", "delta", "delta", "delta"], "guest": ["snapshot", "delta"]}
    for who, reader in readers.items():
        fresh = Reader(desk.watch, who)
        await desk.push()
        fresh.read()
        assert reader.words == fresh.words


async def test_who_comes_back_gets_what_was_missed_or_that_nothing_was(desk: Desk) -> None:
    desk.book.words = ["one", "two"]
    behind, current = Reader(desk.watch, "host", Position("1-a", 1)), Reader(desk.watch, "host", Position("1-a", 2))
    await desk.push()
    await desk.push()
    assert behind.read() == ["delta"]
    assert behind.words == ["two"]
    assert current.read() == ["current"], "once"


@pytest.mark.parametrize(
    "since", [Position("1-b", 1), Position("2-a", 1), Position("a", 1), Position("1-a", 9), Position("1-a", 0)]
)
async def test_what_does_not_lead_on_ends_in_a_snapshot(desk: Desk, since: Position) -> None:
    desk.book.words = [str(number) for number in range(MOST_EVENTS + 1)]
    if since == ("1-a", 9):
        desk.book.words = ["one"]
    reader = Reader(desk.watch, "host", since)
    await desk.push()
    assert reader.read() == ["snapshot"]
    assert reader.words == desk.book.words


async def test_a_restored_database_is_another_epoch(desk: Desk) -> None:
    desk.book.words = ["one", "two"]
    reader = Reader(desk.watch, "host")
    await desk.push()
    reader.read()
    desk.book.words, desk.timeline = ["one", "other"], 2
    await desk.push()
    assert reader.read() == ["snapshot"]
    assert reader.words == ["one", "other"]


async def test_a_slow_reader_holds_nothing_and_is_brought_up_to_date(desk: Desk) -> None:
    slow, quick = Reader(desk.watch, "host"), Reader(desk.watch, "host")
    slow.outlet.stuck = True
    for number in range(20):
        desk.book.words.append(str(number))
        await desk.push()
    assert slow.read() == ["snapshot"], "and nothing more, until that is taken"
    assert slow.subscription.is_late
    assert quick.read() == ["snapshot", *["delta"] * 19]
    slow.outlet.stuck, slow.outlet.waiting = False, 0
    await desk.push()
    assert slow.read() == ["delta"]
    assert slow.words == quick.words == desk.book.words


async def test_who_takes_nothing_for_long_is_gone(desk: Desk) -> None:
    reader = Reader(desk.watch, "host")
    assert not reader.connection.is_left(0)
    reader.outlet.waiting = 1
    assert not reader.connection.is_left(1)
    assert reader.connection.is_left(1 + LEFT_SECONDS)
    reader.outlet.waiting = 0
    assert not reader.connection.is_left(FAR)


async def test_who_may_no_longer_follow_is_told_and_dropped_and_the_others_go_on(desk: Desk) -> None:
    host, guest = Reader(desk.watch, "host"), Reader(desk.watch, "guest")
    await desk.push()
    desk.book.barred = {"guest"}
    desk.book.words.append("one")
    await desk.push()
    assert (host.read(), guest.read()) == (["snapshot", "delta"], ["snapshot", "refused"])
    assert desk.dropped == [guest.subscription]
    desk.book.gone = True
    await desk.push()
    assert host.read() == ["refused"]


async def test_another_view_begins_with_a_snapshot(desk: Desk) -> None:
    desk.book.words = ["one", ".two"]
    reader = Reader(desk.watch, "guest")
    await desk.push()
    reader.subscription.viewer = SEES["host"]  # as when somebody becomes a host
    await desk.push()
    assert reader.read() == ["snapshot", "snapshot"]
    assert reader.words == ["one", ".two"]


async def test_the_end_comes_once_and_nothing_after_it(desk: Desk) -> None:
    reader = Reader(desk.watch, "host")
    reader.connection.end("stopping")
    reader.connection.end("lifetime")
    await desk.push()
    [last] = reader.outlet.sent
    assert (last["type"], last["reason"]) == ("end", "stopping")
    assert 0 <= last["retry_ms"] <= 5_000
    assert reader.outlet.closed == (1012, "stopping")


@pytest.mark.parametrize("size", [0, 125, 126, 65_535, 65_536])
def test_a_frame_says_how_long_it_is(size: int) -> None:
    whole = frame(b"x" * size)
    head = whole[: len(whole) - size]
    assert head[0] == 0x81, "a whole text message"
    extended = {2: head[1], 4: int.from_bytes(head[2:4]), 10: int.from_bytes(head[2:10])}
    assert extended[len(head)] == size
    assert len(head) == (2 if size < 126 else 4 if size < 65_536 else 10), "the shortest form, says RFC 6455"


@pytest.mark.parametrize("mark", [None, "", "/", "a", "a/", "a/x", "a/-1", "a/١", "x" * 101 + "/1", "a/" + "9" * 19])
def test_a_mark_that_says_nothing_is_none(mark: str | None) -> None:
    assert marked(mark) is None


def test_a_mark_comes_back() -> None:
    assert marked("1-a/b/12") == ("1-a/b", 12)
