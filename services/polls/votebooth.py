"""What Polls asks of VoteBooth before the owner is told that a change holds.

The facts travel as events as well; a question only makes sure that they have arrived when the answer leaves, and that
nobody votes on a question which is being changed.
"""

from uuid import UUID

import msgspec

from services.core.peers.calls import Calls, PeerError, PeerMissing


class Known(msgspec.Struct, frozen=True):
    """The version of a poll that VoteBooth holds ballots against."""

    version: int


class Held(msgspec.Struct, frozen=True):
    """Whether ballots wait for a version; they don't where one was ever cast."""

    held: bool


async def hold_for(calls: Calls, poll_id: UUID, version: int, seconds: float) -> bool | None:
    """Have ballots wait for a poll's next version, if none was ever cast; a withdrawn one was.

    The caller holds the poll's row until that version is committed or given up. Whoever votes meanwhile has VoteBooth
    ask for the poll (`Reading.rules`), which waits for the row: so it learns what has become of the version, also if
    this process is killed.

    Args:
        calls: The process's client.
        poll_id: The poll.
        version: The version that will be committed.
        seconds: To wait at most.

    Returns:
        False if a ballot was cast before, None if nobody knows.
    """
    path = f"/internal/votebooth/polls/{poll_id}/hold?version={version}"
    try:
        return (await calls.get("votebooth", path, Held, seconds)).held
    except (PeerError, PeerMissing):
        return None


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
