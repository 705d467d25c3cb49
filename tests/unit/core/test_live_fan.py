"""One frame to very many sockets, by a process of its own: the process and the sockets are real."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from services.core.live.connection import SMALL_BYTES, Connection, Subscription
from services.core.live.fan import MANY, Fan, FanError
from services.core.live.messages import Position
from services.core.live.outlet import Message
from services.core.live.source import Reading, Viewer
from services.core.live.watch import Watch

SECONDS = 20.0
FRAME = b"\x81\x05hello"


class Line:
    """A connection over TCP, as a WebSocket has one: our end as an outlet, and the client's."""

    is_socket = True

    def __init__(self, server: socket.socket) -> None:
        self.client = socket.create_connection(server.getsockname())
        self.ours, _ = server.accept()
        self.ours.setblocking(False)
        self.client.settimeout(SECONDS)
        self.is_open = True
        self.waiting = 0
        self.written: list[bytes] = []

    @property
    def handle(self) -> int | None:
        return self.ours.fileno() if self.is_open else None

    def write(self, message: Message) -> None:
        self.written.append(message.framed)

    def close(self, code: int = 0, reason: str = "") -> None:
        self.is_open = False
        self.ours.close()

    abort = close

    async def heard(self, size: int) -> bytes:
        """Return the next bytes that the client reads; fewer at the end."""

        def read() -> bytes:
            found = b""
            while len(found) < size and (more := self.client.recv(size - len(found))):
                found += more
            return found

        return await asyncio.to_thread(read)


@pytest.fixture
def dial() -> Iterator[Callable[[], Line]]:
    """Makes connections, which are closed in the end."""
    lines: list[Line] = []
    with socket.create_server(("127.0.0.1", 0), backlog=1_000) as server:

        def call() -> Line:
            lines.append(Line(server))
            return lines[-1]

        yield call
    for line in lines:
        line.ours.close()
        line.client.close()


@pytest.fixture
async def fan() -> AsyncIterator[Fan]:
    opened = Fan()
    yield opened
    await opened.close()


async def test_a_frame_reaches_all_again_and_again_and_whoever_comes_later(fan: Fan, dial: Callable[[], Line]) -> None:
    lines = {number: dial() for number in range(1, 251)}  # more than one packet takes
    assert await fan.send(FRAME, lines) == set()
    lines[251] = dial()
    assert await fan.send(FRAME, lines) == set()
    for number, line in lines.items():
        assert await line.heard(len(FRAME) * (2 if number < 251 else 1)) == FRAME * (2 if number < 251 else 1)


async def test_who_is_forgotten_or_closed_hears_the_end(fan: Fan, dial: Callable[[], Line]) -> None:
    lines = {number: dial() for number in range(1, 4)}
    await fan.send(FRAME, lines)
    lines[2].close()
    fan.forget(2)
    assert await lines[2].heard(len(FRAME) + 1) == FRAME, "and then nothing: its copy is closed, too"
    lines[3].is_open = False  # about to be closed, as far as anybody asks
    assert await fan.send(FRAME, lines) == {2}, "the third has a copy already"
    assert await lines[1].heard(2 * len(FRAME)) == FRAME * 2
    fresh = dial()
    fresh.is_open = False
    assert await fan.send(FRAME, {9: fresh}) == {9}, "what is closed isn't handed over: its number may be another's"


async def test_who_takes_nothing_is_left_out_whole_and_costs_the_others_nothing(
    fan: Fan, dial: Callable[[], Line]
) -> None:
    slow, quick = dial(), dial()
    frame = b"\x81\x7e" + (4_000).to_bytes(2) + b"x" * 4_000
    taken = 0
    for _ in range(5_000):
        late = await fan.send(frame, {1: slow, 2: quick})
        assert await quick.heard(len(frame)) == frame
        if late:
            assert late == {1}
            break
        taken += 1
    else:
        pytest.fail("the slow one was never left out")
    for _ in range(5):
        assert await fan.send(frame, {1: slow}) == {1}
    assert await slow.heard(taken * len(frame)) == frame * taken, "only whole frames"
    # And when it has caught up, it is written to again.
    for _ in range(100):
        if not await fan.send(frame, {1: slow}):
            break
        await asyncio.sleep(0.05)
    assert await slow.heard(len(frame)) == frame


async def test_a_process_that_dies_is_noticed_and_begun_anew(fan: Fan, dial: Callable[[], Line]) -> None:
    line = dial()
    await fan.send(FRAME, {1: line})
    assert fan._process is not None
    fan._process.kill()
    await fan._process.wait()
    try:
        await fan.send(FRAME, {1: line})
    except FanError:  # it wasn't known yet that it is gone
        assert not fan.is_able
        await fan.send(FRAME, {1: line})
    assert await line.heard(2 * len(FRAME)) == FRAME * 2


class Told:
    """A look at a stream that has one state and one position."""

    head = 1
    changes_in = None

    def view(self, viewer: Viewer) -> str:
        return "all"

    async def read(self, view: Any, since: Position | None) -> Any:
        position = Position("a", 1)
        return Reading(position) if since == position else Reading(position, "state")


class Source:
    kind = "word"
    state = str
    events = ()
    signals = ()

    async def look(self, key: str, viewers: Any, oldest: int | None) -> Told:
        return Told()


async def test_a_watch_of_very_many_has_them_written_to_there_and_knows_where_they_stand(
    fan: Fan, dial: Callable[[], Line]
) -> None:
    async def timeline() -> int:
        return 1

    watch = Watch("word:1", Source(), lambda: 1, timeline, lambda _, __: None, fan)  # type: ignore[arg-type]  # enough
    lines = [dial() for _ in range(MANY)]
    busy, gone = lines[0], lines[1]
    busy.waiting = 1
    for line in lines:
        follower = Subscription(Connection(None, line, 4e9), Viewer(None, "somebody"), None)
        watch.followers.add(follower)
    gone.is_open = False
    await watch._push(tuple(watch.followers))
    assert len(busy.written) == 1, "what waits here would be torn apart there"
    assert not any(line.written for line in lines[1:])
    expected = busy.written[0]
    assert await lines[2].heard(len(expected)) == expected
    by_line = {follower.connection.outlet: follower for follower in watch.followers}
    assert by_line[gone].is_late
    told = [each for line, each in by_line.items() if line is not gone]
    assert {each.position for each in told} == {Position("1-a", 1)}
    assert all(each.is_told and not each.is_late and not each.connection.shared for each in told)


async def test_a_large_message_waits_while_another_process_writes() -> None:
    class Outlet:
        is_socket = True
        handle = None
        waiting = 0

        def __init__(self) -> None:
            self.sent: list[Message] = []

        def write(self, message: Message) -> None:
            self.sent.append(message)

    outlet = Outlet()
    connection = Connection(None, outlet, 4e9)  # type: ignore[arg-type]  # enough
    connection.shared = 1
    assert connection.send(Message(b"x" * SMALL_BYTES))
    assert not connection.send(Message(b"x" * (SMALL_BYTES + 1)))
    connection.shared = 0
    assert connection.send(Message(b"x" * (SMALL_BYTES + 1)))
