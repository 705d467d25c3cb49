"""Polls as ballots are held against them, the ballots, and what is counted of them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, Index, LargeBinary, Text, column, func, text
from sqlalchemy.orm import Mapped, mapped_column

from services.core.data.models import Timestamp
from services.votebooth.models.base import Base


class Poll(Base):
    """A poll as Polls last published it: VoteBooth's projection of `polls.poll.changed`.

    Attributes:
        version: Polls' own, growing; an older event changes nothing.
        definition: The event's JSON (`projection.PollChanged`); the columns beside it are copies.
        anonymous: Never changes after opening, so that a poll's ballots are all in one table.
        minimum: Minimum-k: with fewer ballots nothing is released.
        roll_reminded: The end of which the roll was reminded last; not of the projection.
    """

    __tablename__ = "polls"

    poll_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    owner_id: Mapped[UUID] = mapped_column(index=True)
    definition: Mapped[bytes] = mapped_column(LargeBinary)
    method: Mapped[str] = mapped_column(Text)
    opens_at: Mapped[datetime]
    closes_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    archived_at: Mapped[datetime | None]
    deleted: Mapped[bool]
    anonymous: Mapped[bool]
    results: Mapped[str] = mapped_column(Text)
    minimum: Mapped[int]
    eligibility: Mapped[str] = mapped_column(Text)
    strength: Mapped[str] = mapped_column(Text)
    roll_reminded: Mapped[datetime | None]
    __table_args__ = (Index("ix_polls_roll_closes", "closes_at", postgresql_where=column("eligibility") == "roll"),)


class Counter(Base):
    """The one row of a poll that every change of its ballots locks, and that results are read from.

    Who votes, changes the projection, or voids a token locks this row first and reads the database's
    clock after that. So once a reader has locked it (`FOR SHARE`) after the poll's end, no later commit
    can add a ballot: what he reads then is final.

    Attributes:
        version: Copy of `Poll.version`; with the two times beside it, so that the row that is locked is
            the row that is read (a joined table would be read as of before the wait for the lock).
        awaited: A version of the poll with another question, which ballots wait for while `version` is less.
        awaited_by: Tells one attempt to bring that version from the next.
        opens_at: Copy of the poll's.
        ends_at: The poll's `closed_at`, else `closes_at`, else null.
        seq: Grows by one with each committed batch of changes.
        ballots: Ballots counted, abstentions included.
        abstentions: Of these, ballots that express no preference; they are in no sum.
        sums: By option; the element of option 1 is the first. Picks (single, multiple, approval), points
            (points, score, star) or first preferences (irv, stv, schulze, ranked_robin; an option that
            shares the first rank counts whole). It may be shorter than the poll has options: the rest is 0.
        sealed_at: When an anonymous poll's tables were written anew after its end.
        receipts_digest: SHA-256 of its receipts, one after the other in their order, after its end.
        salt_nonce: What its salt is made of, with the secret key (`Keyring.salt`); null in polls that were over
            before there were salts.
        salt: The salt, kept before it is shown, after its end.
    """

    __tablename__ = "counters"

    poll_id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(BigInteger)
    opens_at: Mapped[datetime]
    ends_at: Mapped[datetime | None]
    awaited: Mapped[int | None] = mapped_column(BigInteger)
    awaited_by: Mapped[UUID | None]
    seq: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    ballots: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    abstentions: Mapped[int] = mapped_column(BigInteger, server_default=text("0"))
    sums: Mapped[list[int]] = mapped_column(ARRAY(BigInteger), server_default=text("'{}'::bigint[]"))
    sealed_at: Mapped[datetime | None]
    receipts_digest: Mapped[bytes | None] = mapped_column(LargeBinary)
    salt_nonce: Mapped[UUID | None] = mapped_column(server_default=text("gen_random_uuid()"))
    salt: Mapped[bytes | None] = mapped_column(LargeBinary)


class Pattern(Base):
    """How many ballots of a poll are equal, for methods that sums don't decide.

    Kept for star, irv, stv, schulze and ranked_robin. Abstentions have no pattern. A count is never 0.

    Attributes:
        pattern_id: The first 16 bytes of the choice's SHA-256.
        choice: Canonical JSON (`poll/choices.py`).
    """

    __tablename__ = "patterns"

    poll_id: Mapped[UUID] = mapped_column(primary_key=True)
    pattern_id: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    choice: Mapped[bytes] = mapped_column(LargeBinary)
    count: Mapped[int] = mapped_column(BigInteger)


class Release(Base):
    """What is shown of an open poll that has a minimum: its counts as they were at the last release.

    With a minimum of k the counts move in steps of at least k ballots. If each ballot showed at once, the
    difference between two looks would be one person's choice (`results/releases.py`).

    Attributes:
        seq, ballots, abstentions, sums: The counter's at that moment.
        patterns: The patterns at that moment, JSON: `[[choice, count], …]`; null where sums decide.
    """

    __tablename__ = "releases"

    poll_id: Mapped[UUID] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    ballots: Mapped[int] = mapped_column(BigInteger)
    abstentions: Mapped[int] = mapped_column(BigInteger)
    sums: Mapped[list[int]] = mapped_column(ARRAY(BigInteger))
    patterns: Mapped[bytes | None] = mapped_column(LargeBinary)
    released_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.clock_timestamp())


class ListedReceipt(Base):
    """A receipt of a ballot that was counted at the poll's last release: the list moves with the counts."""

    __tablename__ = "listed_receipts"

    poll_id: Mapped[UUID] = mapped_column(primary_key=True)
    receipt: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)


class Ballot(Base):
    """A counted ballot of a poll that isn't anonymous. The key holds "one ballot a voter".

    Attributes:
        voter_key: 16 bytes that stand for the voter (`poll/voters.py`).
        choice: Canonical JSON (`poll/choices.py`).
        receipt: 16 bytes (`Keyring.receipt`), always the same for one voter; random in rows of earlier releases.
        cast_at: When it was cast or last changed.
        revision: 1 when cast, one more with each change.
        caster: In polls that go by network, whose of the network's guests it is (`Keyring.caster`); else null.
    """

    __tablename__ = "ballots"

    poll_id: Mapped[UUID] = mapped_column(primary_key=True)
    voter_key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    choice: Mapped[bytes] = mapped_column(LargeBinary)
    receipt: Mapped[bytes] = mapped_column(LargeBinary)
    cast_at: Mapped[datetime] = mapped_column(Timestamp, server_default=func.clock_timestamp())
    revision: Mapped[int] = mapped_column(server_default=text("1"))
    caster: Mapped[bytes | None] = mapped_column(LargeBinary)
    __table_args__ = (Index("uq_ballots_poll_id_receipt", "poll_id", "receipt", unique=True),)


class Participation(Base):
    """Somebody has a counted ballot in an anonymous poll; which one isn't known here.

    Attributes:
        voter_key: A keyed hash of poll and voter, so that it can't be compared between polls.
        caster: As `Ballot.caster`; another keyed hash.
    """

    __tablename__ = "participations"

    poll_id: Mapped[UUID] = mapped_column(primary_key=True)
    voter_key: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    caster: Mapped[bytes | None] = mapped_column(LargeBinary)


class AnonymousBallot(Base):
    """A counted ballot of an anonymous poll; whose isn't known here.

    Attributes:
        ballot_id: Hash of poll and voter's secret (`voters.ballot_id`); also the public receipt.
        choice: Canonical JSON (`poll/choices.py`).
        place: Among which others it is written anew: a keyed hash of its id (`Keyring.place`). Null in rows of
            earlier releases, which stand where their id is.
    """

    __tablename__ = "anonymous_ballots"

    poll_id: Mapped[UUID] = mapped_column(primary_key=True)
    ballot_id: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    choice: Mapped[bytes] = mapped_column(LargeBinary)
    place: Mapped[bytes | None] = mapped_column(LargeBinary)
    __table_args__ = (
        Index("ix_anonymous_ballots_place", "poll_id", func.coalesce(column("place"), column("ballot_id"))),
    )


class Draft(Base):
    """A draft that has voting tokens or a roll already (`roll/preparing.py`). The row goes when it is published."""

    __tablename__ = "drafts"

    poll_id: Mapped[UUID] = mapped_column(primary_key=True)
    owner_id: Mapped[UUID] = mapped_column(index=True)
