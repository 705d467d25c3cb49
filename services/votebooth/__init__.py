"""VoteBooth: ballots, tallies, rooms and live results.

Owns: counted ballots, their counters, receipts, voting tokens and rolls, the audit log.
Publishes: nothing yet; other processes hear `poll:ID` on the broadcast when a poll's ballots or rules change.
Consumes: `polls.poll.changed`, kept as the projection `polls`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.core.service import Service
    from services.votebooth.service import VoteBooth


def __getattr__(name: str) -> "Service[VoteBooth]":
    # Imported when asked for: `services.votebooth.tally` is used without a server, and then this package is
    # imported on the way to it.
    if name == "SERVICE":
        from services.votebooth.plugin import SERVICE  # noqa: PLC0415

        return SERVICE
    raise AttributeError(name)
