"""The protocol's messages: JSON objects with a `type`, the same over WebSocket and SSE.

What a stream's states and events look like is for its source to say.
"""

from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta, Struct

SIGNAL_BYTES = 500
StreamName = Annotated[str, Meta(min_length=3, max_length=100, description="Such as `poll:` and the poll's id.")]
Credential = Annotated[str, Meta(min_length=1, max_length=200)]
Seq = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class Position(NamedTuple):
    """How far somebody has got in a stream.

    Attributes:
        epoch: Changes when the stream's sequence begins anew; positions of two epochs can't be compared.
        seq: Of the last change that they know of; 0 before the first.
    """

    epoch: str
    seq: int


class Snapshot(Struct, frozen=True, kw_only=True, tag_field="type", tag="snapshot"):
    """Everything as it stands; takes the place of what the client has."""

    stream: str
    epoch: str
    seq: int
    state: Any


class Delta(Struct, frozen=True, kw_only=True, tag_field="type", tag="delta"):
    """What changed between `prev`, which the client has, and `seq`, in this order."""

    stream: str
    epoch: str
    seq: int
    prev: int
    events: list[Any]


class Current(Struct, frozen=True, kw_only=True, tag_field="type", tag="current"):
    """Nothing was missed: what the client has is how it stands."""

    stream: str
    epoch: str
    seq: int


class Signal(Struct, frozen=True, kw_only=True, tag_field="type", tag="signal"):
    """Something that holds for seconds and is kept nowhere, such as that somebody is typing."""

    stream: str
    signal: Any


class Refused(Struct, frozen=True, kw_only=True, tag_field="type", tag="refused"):
    """The stream can't be followed, or no longer; `problem` is a problem document."""

    stream: str
    problem: Any


class Ping(Struct, frozen=True, tag_field="type", tag="ping"):
    """Nothing happened for a while; the connection is there."""


class End(Struct, frozen=True, kw_only=True, tag_field="type", tag="end"):
    """The connection's last message: `token-expired`, `lifetime`, `stopping`, `too-slow`.

    Attributes:
        reason: Why.
        retry_ms: How long to wait before connecting again, in milliseconds; differs from client to client, so that not
            all come back at once.
    """

    reason: str
    retry_ms: int


FROM_SERVER = (Snapshot, Delta, Current, Signal, Refused, Ping, End)


class Follow(Struct, frozen=True, kw_only=True, tag_field="type", tag="follow", forbid_unknown_fields=True):
    """Follow a stream, from what the client has if it names that.

    Attributes:
        stream: Which.
        epoch: Of what the client has.
        seq: Of what the client has.
        token: What the stream asks for beside an account, such as a voting token.
    """

    stream: StreamName
    epoch: Annotated[str, Meta(max_length=100)] | None = None
    seq: Seq | None = None
    token: Credential | None = None


class Leave(Struct, frozen=True, kw_only=True, tag_field="type", tag="leave", forbid_unknown_fields=True):
    """Follow a stream no longer."""

    stream: StreamName


class Say(Struct, frozen=True, kw_only=True, tag_field="type", tag="signal", forbid_unknown_fields=True):
    """Tell the others who follow a stream something that holds for seconds, such as `typing`."""

    stream: StreamName
    kind: Annotated[str, Meta(min_length=1, max_length=40)]


FROM_CLIENT = (Follow, Leave, Say)
read = msgspec.json.Decoder(Follow | Leave | Say).decode

encode = msgspec.json.Encoder().encode
PING = encode(Ping())


def mark(position: Position) -> str:
    """Return what a client of SSE gives back to go on from here: the event's id."""
    return f"{position.epoch}/{position.seq}"


def marked(mark: str | None) -> Position | None:
    """Return the position that a mark stands for; None if it says nothing."""
    epoch, slash, seq = (mark or "").rpartition("/")
    if not slash or len(epoch) > 100 or not (seq.isascii() and seq.isdigit() and len(seq) < 19):
        return None
    return Position(epoch, int(seq))
