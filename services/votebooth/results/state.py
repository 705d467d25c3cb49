"""Where a poll stands at one moment, and what of it may be shown."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from sqlalchemy import RowMapping

from services.votebooth.poll.definition import PollChanged
from services.votebooth.results.counting import Published
from services.votebooth.results.visibility import VisibilityRules


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks at a poll's results.

    Attributes:
        account: Who it is; None without a token.
        voter_key: What the viewer's ballot in this poll would be kept under, and what says that it is theirs
            where that isn't enough (`Keyring.caster`); None if there can't be one.
    """

    account: UUID | None = None
    voter_key: bytes | None = None


@dataclass(frozen=True, slots=True)
class State:
    """Where a poll stands at one moment.

    Attributes:
        poll: Its definition.
        status: `scheduled`, `live` or `final`, by the database's clock.
        changes_in: How long until the status changes by itself; None if it doesn't.
        ballots: Ballots that count at this moment. For `may_see` alone, never for showing.
        published: The counts that may be shown to who may see any; None if nothing is released.
        head: Sequence number and version of the counters at this moment. Never for showing.
        salt_nonce: What the poll's salt is made of; None if it was over before there were salts.
    """

    poll: PollChanged
    status: Literal["scheduled", "live", "final"]
    changes_in: timedelta | None
    ballots: int
    published: Published | None
    head: tuple[int, int]
    salt_nonce: UUID | None

    @property
    def is_over(self) -> bool:
        """Whether the poll is over, and its ballots can't change any more."""
        return self.status == "final"

    @property
    def in_steps(self) -> bool:
        """Whether what is shown stands still between releases."""
        return self.poll.minimum > 1 and not self.is_over

    @property
    def rules(self) -> VisibilityRules:
        """What the definition says about seeing results."""
        return VisibilityRules(self.poll.results, self.poll.minimum, self.poll.owner)


def state_of(poll: PollChanged, row: RowMapping) -> State:
    """Return the state that a row of `repository.state` tells of."""
    changes_at: datetime | None = None
    if row["over"]:
        status: Literal["scheduled", "live", "final"] = "final"
    elif row["opened"]:
        status, changes_at = "live", row["ends_at"]
    else:
        status, changes_at = "scheduled", row["opens_at"]
    return State(
        poll=poll,
        status=status,
        changes_in=None if changes_at is None else changes_at - row["now"],
        ballots=row["ballots"],
        published=_published(poll, row, is_over=status == "final"),
        head=(row["seq"], row["version"]),
        salt_nonce=row["salt_nonce"],
    )


def _published(poll: PollChanged, row: RowMapping, *, is_over: bool) -> Published | None:
    """Return what may be shown of a poll's counts to who may see any."""
    if poll.minimum <= 1:
        return counts_of(row)
    if row["ballots"] < poll.minimum:
        return None
    if is_over:
        return counts_of(row)
    if row["released_seq"] is None:
        return None
    return Published(
        row["released_seq"], row["released_ballots"], row["released_abstentions"], tuple(row["released_sums"])
    )


def counts_of(row: RowMapping) -> Published:
    """Return the counts of a row of `counters` or `releases`."""
    return Published(row["seq"], row["ballots"], row["abstentions"], tuple(row["sums"]))
