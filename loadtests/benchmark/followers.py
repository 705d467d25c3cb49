"""Clients that follow streams and come back whenever their connection is lost, as docs/api/live.md tells them to."""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

import aiohttp
import msgspec

from loadtests.benchmark.processes import Server

_LONGEST_WAIT_SECONDS = 30.0
_FAILURES = (aiohttp.ClientError, OSError, TimeoutError, msgspec.DecodeError)


class Follower:
    """One client.

    Args:
        http: What it connects with.
        servers: The instances; it goes to another one when its own is lost, as a gateway would send it there.
        service: Whose streams it follows.
        streams: Their names.
        headers: With its token and its address.
        take: Called with each state and event of a stream.
        exact: Whether what is missed always comes as changes, never as a new beginning.

    Attributes:
        at: Where each stream stands.
        lost: How often its connection was lost.
        wrong: What went wrong, if something did.
    """

    def __init__(
        self,
        http: aiohttp.ClientSession,
        servers: Sequence[Server],
        service: str,
        streams: Sequence[str],
        headers: Mapping[str, str],
        take: Callable[[Any], None],
        *,
        exact: bool,
    ) -> None:
        self.at: dict[str, tuple[str, int]] = {}
        self.lost = 0
        self.wrong = ""
        self.is_open = asyncio.Event()
        self._http = http
        self._servers = servers
        self._service = service
        self._streams = streams
        self._headers = dict(headers)
        self._take = take
        self._exact = exact
        self._heard = False
        self._dice = Random(id(self))  # noqa: S311  (no secret)
        self._task = asyncio.create_task(self._run())

    async def close(self) -> None:
        """Hang up for good."""
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _run(self) -> None:
        home = failures = 0
        while not self.wrong:
            self._heard = False
            with contextlib.suppress(*_FAILURES):
                await self._follow(self._servers[home % len(self._servers)].url)
            self.lost += self._heard
            failures = 0 if self._heard else failures + 1
            home += 1
            # Spread from the first time on: a thousand others have lost theirs in the same moment.
            await asyncio.sleep(self._dice.uniform(0, min(_LONGEST_WAIT_SECONDS, 2.0**failures)))

    async def _follow(self, url: str) -> None:
        live = f"{url}/v1/{self._service}/live"
        query = ""
        if "authorization" in self._headers:
            async with self._http.post(f"{live}/tickets", json={}, headers=self._headers) as answer:
                answer.raise_for_status()
                query = f"?ticket={(await answer.json())['ticket']}"
        async with self._http.ws_connect(f"{live.replace('http', 'ws', 1)}{query}", headers=self._headers) as socket:
            for stream in self._streams:
                epoch, seq = self.at.get(stream, (None, None))
                known = {} if epoch is None else {"epoch": epoch, "seq": seq}
                await socket.send_json({"type": "follow", "stream": stream, **known})
            async for frame in socket:
                if frame.type is not aiohttp.WSMsgType.TEXT:
                    return
                self._apply(msgspec.json.decode(frame.data))
                if self.wrong:
                    return

    def _apply(self, message: Any) -> None:
        kind, stream = message["type"], message.get("stream", "")
        self._heard = True
        if kind == "refused":
            self.wrong = f"{stream} is refused: {message['problem']}"
        elif kind == "snapshot":
            if self._exact and stream in self.at:
                self.wrong = f"{stream} began anew, at {message['seq']} after {self.at[stream][1]}"
            self._take(message["state"])
        elif kind == "delta":
            if self.at.get(stream) != (message["epoch"], message["prev"]):
                self.wrong = f"{stream} has a gap, from {self.at.get(stream)} to {message['prev']}"
            for event in message["events"]:
                self._take(event)
        if kind in {"snapshot", "delta"}:
            self.at[stream] = (message["epoch"], message["seq"])
            if len(self.at) == len(self._streams):
                self.is_open.set()
