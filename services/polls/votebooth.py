"""Asking VoteBooth to take over a poll's times before the owner is told that they hold.

The fact travels as an event as well; the question only makes sure that it has arrived when the answer leaves.
"""

from uuid import UUID

import msgspec

from services.core.peers.calls import Calls, PeerError, PeerMissing


class Known(msgspec.Struct, frozen=True):
    """The version of a poll that VoteBooth holds ballots against."""

    version: int


async def holds(calls: Calls, poll_id: UUID, version: int, seconds: float) -> bool:
    """Say whether VoteBooth takes ballots under this version of a poll or a newer one.

    Args:
        calls: The process's client.
        poll_id: The poll, whose change is committed.
        version: The least version.
        seconds: To wait at most; then nobody knows, and the answer is False.
    """
    path = f"/internal/votebooth/polls/{poll_id}/version?least={version}"
    try:
        known = await calls.get("votebooth", path, Known, seconds)
    except (PeerError, PeerMissing):
        return False
    return known.version >= version
