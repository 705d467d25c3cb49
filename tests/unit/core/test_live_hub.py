"""What a process does once a second for its live connections."""

import asyncio
from collections.abc import Collection, Mapping
from types import SimpleNamespace
from typing import Any, ClassVar
from uuid import UUID

from services.core.live.hub import Hub
from services.core.live.messages import Follow, Position
from services.core.live.source import Look, Silent, Viewer
from services.core.problems import not_found


class Slow(Silent):
    """Streams by id, of which nothing is known before `answers` is set; another name is none of theirs."""

    kind: ClassVar[str] = "slow"
    state: ClassVar[Any] = int
    events: ClassVar[tuple[Any, ...]] = ()

    def __init__(self) -> None:
        self.answers = asyncio.Event()
        self.looked = 0

    async def look(self, key: str, viewers: Collection[Viewer], oldest: int | None) -> Look:
        self.looked += 1
        await self.answers.wait()
        raise not_found("stream")

    async def heads(self, keys: Collection[str]) -> Mapping[str, Position]:
        return {key: Position("a", UUID(key).int) for key in keys}


class Outlet:
    is_socket = False
    handle: int | None = None
    waiting = 0

    def __init__(self) -> None:
        self.sent: list[bytes] = []

    def write(self, message: Any) -> None:
        self.sent.append(message.data)

    def close(self, code: int, reason: str) -> None: ...

    def abort(self) -> None: ...


class Trial(Hub):
    async def _read_timeline(self) -> int:
        return 1


async def test_a_name_that_means_nothing_doesnt_end_the_look_at_all_others() -> None:
    """Anybody may ask to follow `room:x`, and until that is refused others' streams are looked after as before."""
    verifier = SimpleNamespace(has_ended=lambda _: False)
    broadcast = SimpleNamespace(listen=lambda *_: lambda: None)
    settings = SimpleNamespace(live_seconds=60.0, live_connections=10, live_per_account=10, live_per_address=10)
    shared = SimpleNamespace(verifier=verifier, broadcast=broadcast)
    kit: Any = SimpleNamespace(name="trial", settings=settings, shared=shared)
    source = Slow()
    hub = Trial(kit, [source])
    outlet = Outlet()
    connection = hub.join(None, "198.18.0.1", outlet)
    hub.follow(connection, Follow(stream="slow:x"), "198.18.0.1")
    while not source.looked:
        await asyncio.sleep(0)
    await hub._wake_changed()
    source.answers.set()
    for _ in range(100):
        await asyncio.sleep(0.01)
        if outlet.sent:
            break
    assert b"not-found" in outlet.sent[-1]
    hub.leave(connection)
