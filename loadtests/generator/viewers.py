"""Viewers: live results over a WebSocket, opened with a ticket."""

import contextlib
import ssl
import time
from typing import Any

import gevent
import msgspec
import websocket
from locust import task
from locust.exception import StopUser

from loadtests.gate.plan import CANARY_HEADER
from loadtests.generator.api_user import ApiUser
from loadtests.generator.world import PollState

_SILENCE_SECONDS = 25.0
"""The server sends a message at least every fifteen seconds."""

_LOOK_SECONDS = 0.25
_AGAIN_SECONDS = 0.5
_AGAIN = ("lifetime", "token-expired", "stopping")
_CLOSED = (websocket.WebSocketException, OSError)
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, KeyError, TypeError)
"""Exceptions raised by a malformed message."""


class Ticket(msgspec.Struct, frozen=True):
    """What is read from the answer to a ticket request."""

    ticket: str


class Viewer(ApiUser):
    """Keeps a copy of a poll's sums as the API guide describes, and measures its staleness.

    A delta must follow the state that the viewer has. Staleness is sampled four times a second: the age of the oldest
    acknowledged ballot that the copy doesn't contain yet.
    """

    def on_start(self) -> None:
        """Choose a poll; start to sample staleness."""
        polls = self.world.polls
        self._poll: PollState = polls[self.world.dice.randrange(len(polls))]
        self._ballots = 0
        self._position: tuple[str, int] | None = None
        self._socket: Any = None
        self._known = False
        self._sampler = gevent.spawn(self._sample)

    def on_stop(self) -> None:
        """Close the connection."""
        self._sampler.kill(block=False)
        self._leave()

    @task
    def watch(self) -> None:
        """Hold one connection for as long as it lasts."""
        if self.world.pace.is_over:
            raise StopUser
        if not self._connect():
            gevent.sleep(_AGAIN_SECONDS)
            return
        try:
            self._follow()
        except _CLOSED as exc:
            if not self.world.pace.is_over:
                self._fail(f"live results: {type(exc).__name__}")
        except _UNREADABLE as exc:
            self._fail(f"live results: a message that can't be read ({type(exc).__name__})")
            gevent.sleep(_AGAIN_SECONDS)
        finally:
            self._leave()
        self.world.outcome.watched.reconnects += not self.world.pace.is_over

    def _connect(self) -> bool:
        path = "/v1/votebooth/live"
        token = self.world.identity().access
        got = self.call(
            "POST",
            f"{path}/tickets",
            "ticket for live results",
            wanted=(201,),
            token=token,
            body=b"{}",
            gives=Ticket,
        )
        if not got.ok or got.body is None:
            return False
        plan = self.world.plan
        url = f"ws{plan.url.removeprefix('http')}{path}?ticket={got.body.ticket}"
        self.world.requests["live results"] += 1
        begun = time.perf_counter()
        canary = self.world.asks_canary(path, "live results")
        headers = {**plan.headers, **({CANARY_HEADER: plan.canary} if canary else {})}
        try:
            self._socket = websocket.create_connection(
                url,
                timeout=_SILENCE_SECONDS,
                header=[f"{name}: {value}" for name, value in headers.items()],
                sslopt={"context": ssl.create_default_context()} if url.startswith("wss:") else {},
            )
            self._socket.send(msgspec.json.encode(self._wanted()).decode())
        except _CLOSED as exc:
            self._fail(f"live results: {type(exc).__name__}")
            if canary is not None:
                self.world.answered("live results", None, begun, canary=canary, ok=False)
            return False
        if canary is not None:
            by = self._socket.getheaders().get(CANARY_HEADER.lower(), "")
            self.world.answered("live results", by, begun, canary=canary, ok=True)
        return True

    def _wanted(self) -> dict[str, Any]:
        """Return what asks for the poll's stream, from where the copy stands."""
        wanted: dict[str, Any] = {"type": "follow", "stream": f"poll:{self._poll.id}"}
        if self._position is not None:
            wanted["epoch"], wanted["seq"] = self._position
        return wanted

    def _follow(self) -> None:
        """Read messages until the connection ends or the time is up."""
        watched = self.world.outcome.watched
        while not self.world.pace.is_over:
            kind, data = self._socket.recv_data()
            if kind == websocket.ABNF.OPCODE_CLOSE:
                self._fail(f"live results: closed with {int.from_bytes(data[:2], 'big')}")
                return
            message = msgspec.json.decode(data)
            watched.messages += 1
            match message["type"]:
                case "snapshot":
                    self._ballots = message["state"]["ballots"]
                    self._known = True
                    self._position = (message["epoch"], message["seq"])
                case "delta":
                    if self._position != (message["epoch"], message["prev"]):
                        watched.gaps += 1
                    self._position = (message["epoch"], message["seq"])
                    for event in message["events"]:
                        self._ballots = event.get("ballots", self._ballots)
                case "end":
                    if message["reason"] not in _AGAIN:
                        self._fail(f"live results: ended, {message['reason']}")
                    return
                case _:
                    pass

    def _sample(self) -> None:
        staleness = self.world.outcome.watched.staleness_ms
        self.world.pace.wait_for_start()
        while not self.world.pace.is_over:
            gevent.sleep(_LOOK_SECONDS)
            if self._known:
                due = self._poll.acknowledged_at
                behind = time.perf_counter() - due[self._ballots] if self._ballots < len(due) else 0.0
                staleness.append(behind * 1000)

    def _leave(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(*_CLOSED):
                self._socket.close(timeout=1)
            self._socket = None

    def _fail(self, why: str) -> None:
        self.world.failures[why] += 1
