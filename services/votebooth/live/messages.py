"""Messages of live results: JSON objects with a `type`, the same over WebSocket and SSE.

    {"type":"snapshot","seq":12,…}              everything, on joining and whenever a client missed something
    {"type":"delta","seq":13,"prev":12,"changes":{"ballots":7,"sums":{"3":4}}}     new values, not differences
    {"type":"state","status":"final"}            the poll opened or closed
    {"type":"hidden","reason":"after_close",…}   the results may not be seen; comes instead of a snapshot
    {"type":"ping"}                              nothing happened for a while
    {"type":"end","reason":"token-expired"}      the last one; connect again

A client that has the state `prev` applies a delta; one that hasn't asks for a snapshot by reconnecting
(which doesn't happen unless it lost a message itself: the server sends a snapshot when it skipped one).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct

from services.votebooth.poll.definition import PollChanged
from services.votebooth.results import schemas
from services.votebooth.results.counting import Published, sums_by_option
from services.votebooth.results.hidden import hidden_details
from services.votebooth.results.shown import sums
from services.votebooth.results.state import State
from services.votebooth.results.visibility import Reason

Key = tuple[int, int, str]
"""What a client has seen: version of the definition, sequence number, status."""


class Snapshot(schemas.Sums, frozen=True, kw_only=True, tag_field="type", tag="snapshot"):
    """The sums of a poll at one moment, as they stand in its result. The full one is at `GET …/results`."""


class Changes(Struct, frozen=True, omit_defaults=True):
    """New values of what changed; `sums` by option id."""

    ballots: int | None = None
    abstentions: int | None = None
    quorum_reached: bool | None = None
    sums: dict[str, int] = {}


class Delta(Struct, frozen=True, kw_only=True, tag_field="type", tag="delta"):
    """What changed between two sequence numbers."""

    seq: int
    prev: int
    changes: Changes


class Standing(Struct, frozen=True, kw_only=True, tag_field="type", tag="state"):
    """The poll's status changed, by the clock or by its owner."""

    status: schemas.Status
    closes_at: datetime | None


class HiddenResults(Struct, frozen=True, kw_only=True, tag_field="type", tag="hidden"):
    """The results may not be seen; `shown_at` says when they will, where that is known."""

    reason: str
    detail: str
    shown_at: datetime | None


class End(Struct, frozen=True, kw_only=True, tag_field="type", tag="end"):
    """The connection ends: `token-expired`, `lifetime`, `stopping`, `gone`."""

    reason: str


class Ping(Struct, frozen=True, tag_field="type", tag="ping"):
    """Nothing happened; the connection is there."""


encode = msgspec.json.Encoder().encode

PING = encode(Ping())


@dataclass(frozen=True, slots=True)
class Frame:
    """A poll's shown counts at one moment, encoded once for all clients.

    Attributes:
        key: What a client has seen that got this.
        snapshot: All of it.
        prev: The key of the frame before, from which `delta` leads here; None if only a snapshot does.
        delta: The changes since then.
    """

    key: Key
    published: Published
    snapshot: bytes
    prev: Key | None
    delta: bytes


def frame(state: State, published: Published, before: Frame | None) -> Frame:
    """Return the frame of a poll that was just read.

    Args:
        state: The poll.
        published: What is released of it.
        before: The watcher's last frame.
    """
    poll = state.poll
    key = (poll.version, published.seq, state.status)
    if before is not None and before.key == key:
        return before
    snapshot = Snapshot(**msgspec.structs.asdict(sums(poll, published, state.status)))
    follows = before is not None and (before.key[0], before.key[2]) == (poll.version, state.status)
    delta = b""
    if before is not None and follows:
        changes = _changes(poll, before.published, published)
        delta = encode(Delta(seq=published.seq, prev=before.published.seq, changes=changes))
    return Frame(key, published, encode(snapshot), before.key if before and follows else None, delta)


def _changes(poll: PollChanged, before: Published, now: Published) -> Changes:
    old, new = sums_by_option(poll, before), sums_by_option(poll, now)
    reached = [counts.ballots >= poll.quorum for counts in (before, now)] if poll.quorum is not None else []
    changed: Mapping[str, Any] = {
        name: getattr(now, name) for name in ("ballots", "abstentions") if getattr(now, name) != getattr(before, name)
    }
    return Changes(
        **changed,
        quorum_reached=reached[1] if reached and reached[0] != reached[1] else None,
        sums={str(option): new[option] for option in new if new[option] != old[option]},
    )


def standing(state: State) -> bytes:
    """Return the message of a poll's status."""
    return encode(Standing(status=state.status, closes_at=state.poll.ends_at))


def hidden(poll: PollChanged, reason: Reason) -> bytes:
    """Return the message that stands for results that may not be seen."""
    detail, shown_at = hidden_details(poll, reason)
    return encode(HiddenResults(reason=str(reason), detail=detail, shown_at=shown_at))


def mark(key: Key) -> str:
    """Return what a client gives back to go on from here: SSE's event id, `since` of a WebSocket."""
    return f"{key[0]}.{key[1]}.{key[2]}"


def key_of(mark: str | None) -> Key | None:
    """Return what a client has seen, from the mark that it gives back; None if that says nothing."""
    parts = (mark or "").split(".")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts[:2]):
        return None
    return int(parts[0]), int(parts[1]), parts[2]
