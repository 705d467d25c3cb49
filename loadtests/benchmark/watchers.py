"""`python -m loadtests.benchmark.watchers`: many viewers of one poll over WebSockets, in a process of their own.

The WebSockets are picows, which is compiled: viewers in plain Python would cost more than the server that they watch.
"""

import asyncio
import json
import struct
import sys
import time
from array import array
from typing import Any

import msgspec
import picows
import uvloop

AT_ONCE = 100
"""Connections that are opened together."""

_OPEN_SECONDS = 60.0


class Watchers:
    """Viewers, and when each of them saw how many ballots.

    Attributes:
        seen: Viewer, time by the monotonic clock, ballots; three numbers for each message.
        opened: How many have seen a snapshot.
    """

    def __init__(self) -> None:
        self.seen = array("d")
        self.opened = 0
        self.lost = 0
        self.wanted = 0
        self.all_open = asyncio.Event()
        self._all: list[Any] = []

    async def open(self, url: str, stream: str, count: int) -> None:
        """Open so many connections, each of which follows the stream from an address of its own."""
        self.wanted = count
        for start in range(0, count, AT_ONCE):
            batch = range(start, min(start + AT_ONCE, count))
            self._all += await asyncio.gather(*(self._one(url, stream, number) for number in batch))

    async def _one(self, url: str, stream: str, number: int) -> Any:
        watchers = self

        class Viewer(picows.WSListener):  # type: ignore[misc]  # compiled, and typed as Any
            """One viewer."""

            ballots = -1

            def on_ws_connected(self, transport: Any) -> None:
                """Follow the stream."""
                transport.send(picows.WSMsgType.TEXT, json.dumps({"type": "follow", "stream": stream}).encode())

            def on_ws_frame(self, transport: Any, frame: Any) -> None:
                """Note what has been seen."""
                if frame.msg_type == picows.WSMsgType.CLOSE:
                    transport.disconnect()
                    return
                if frame.msg_type == picows.WSMsgType.PING:
                    transport.send_pong(frame.get_payload_as_bytes())
                    return
                now, message = time.monotonic(), msgspec.json.decode(frame.get_payload_as_memoryview())
                if message["type"] == "snapshot":
                    watchers.opened += self.ballots < 0
                    if watchers.opened == watchers.wanted:
                        watchers.all_open.set()
                    self.ballots = message["state"]["ballots"]
                elif message["type"] == "delta":
                    for event in message["events"]:
                        self.ballots = event.get("ballots", self.ballots)
                else:
                    return
                watchers.seen.extend((number, now, self.ballots))

            def on_ws_disconnected(self, transport: Any) -> None:
                """Note that it is gone."""
                watchers.lost += 1

        headers = {"x-forwarded-for": f"198.19.{number // 250}.{number % 250}"}
        transport, _ = await picows.ws_connect(Viewer, url, extra_headers=headers)
        return transport

    def close(self) -> None:
        """Hang up."""
        lost = self.lost
        for transport in self._all:
            transport.disconnect()
        self.lost = lost


async def main(url: str, stream: str, count: int, seconds: float) -> None:
    """Open, say so, watch, and write what was seen: how many were lost, the processor time, then the numbers."""
    watchers = Watchers()
    await watchers.open(url, stream, count)
    async with asyncio.timeout(_OPEN_SECONDS):
        await watchers.all_open.wait()
    sys.stderr.write("open\n")
    sys.stderr.flush()
    await asyncio.sleep(seconds)
    seen, lost = watchers.seen, watchers.lost
    watchers.close()
    sys.stdout.buffer.write(struct.pack("=dd", lost, time.process_time()) + seen.tobytes())


if __name__ == "__main__":
    where, what, how_many, how_long = sys.argv[1:5]
    uvloop.run(main(where, what, int(how_many), float(how_long)))
