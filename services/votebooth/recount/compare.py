"""The recount: do a poll's counters say what its stored ballots say?

Ballots of a large poll with many options take more memory than a process has that takes votes, and adding them up
takes long. So they are read some at a time, added up in the process apart, and their patterns compared in the database.
"""

from collections.abc import AsyncGenerator
from uuid import UUID

import msgspec
from msgspec import Struct
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.kit import Kit
from services.core.problems import not_found
from services.votebooth.audit.repository import AuditRepository
from services.votebooth.recount import repository
from services.votebooth.recount.adding import Given, Sums, add_up
from services.votebooth.settings import VoteBoothSettings

_ANY_NUMBER = 2**31 - 1
_MARKS = 100_000
"""Ballots times options that are read at a time: about a megabyte."""

_FEW_BYTES = 20_000
"""Of choices that are added up here, in some milliseconds: below, another process isn't worth its start."""

_WHO = "recount"


class Recount(Struct, frozen=True):
    """What a recount of the stored ballots found.

    Attributes:
        differences: Where the counters say something else, in words; empty if all is well.
    """

    poll: UUID
    ballots: int
    differences: list[str]


async def recount(kit: Kit[VoteBoothSettings], poll_id: UUID) -> Recount:
    """Count a poll's stored ballots and compare with its counters, both as of one moment.

    Raises:
        Problem: 404, 503 if it takes too long.
    """
    found = await recount_if_there(kit, poll_id)
    if found is None:
        raise not_found("poll")
    return found


async def recount_if_there(kit: Kit[VoteBoothSettings], poll_id: UUID) -> Recount | None:
    """Do as `recount` does; return None if there is no such poll.

    Raises:
        Problem: 503 if it takes too long.
    """
    async with kit.db.reading() as session:
        stored = await repository.stored(session, poll_id)
        if stored is None:
            return None
        found, _ = await _compare(kit, session, stored)
    if stored.kept_digest is not None and stored.kept_digest != stored.receipts_digest:
        # Not what a repair could mend: these ballots aren't those that were there at the end.
        found.differences.append("the receipts aren't those that the seed of ties was made of")
    return found


async def recount_all(kit: Kit[VoteBoothSettings]) -> AsyncGenerator[Recount, None]:
    """Recount every poll that has ballots, one after the other; one that is deleted meanwhile is left out."""
    last = UUID(int=0)
    while True:
        async with kit.db.reading() as session:
            found = await repository.next_poll(session, last, _ANY_NUMBER)
        if found is None:
            return
        last = found
        outcome = await recount_if_there(kit, found)
        if outcome is not None:
            yield outcome


async def repair(kit: Kit[VoteBoothSettings], poll_id: UUID) -> Recount:
    """Write a poll's counters anew from its stored ballots if they differ, and put that on record.

    Nobody can vote in the poll meanwhile.

    Returns:
        What a recount found before.

    Raises:
        Problem: 404, 503 if it takes too long.
    """
    async with kit.db.transaction() as session:
        stored = await repository.locked(session, poll_id)
        if stored is None:
            raise not_found("poll")
        found, sums = await _compare(kit, session, stored)
        if found.differences:
            await repository.write(session, stored, sums)
            details = {"differences": len(found.differences)}
            await AuditRepository(session).record("recount.repaired", None, details, poll_id=poll_id)
    return found


async def _compare(
    kit: Kit[VoteBoothSettings], session: AsyncSession, stored: repository.Stored
) -> tuple[Recount, Sums]:
    """Return where counters differ from ballots, and what these add up to."""
    sums = Sums()
    some = max(1, _MARKS // len(stored.poll.options))
    async for choices in repository.choices(session, stored, some):
        sums.add(await _add_up(kit, Given(stored.definition, choices)))
    wrong_patterns = await repository.wrong_patterns(session, stored)
    return Recount(stored.poll.poll, sums.ballots, _differences(stored, sums, wrong_patterns)), sums


async def _add_up(kit: Kit[VoteBoothSettings], given: Given) -> Sums:
    size = sum(len(choice) for choice, _ in given.choices)
    encoded = msgspec.msgpack.encode(given)
    if size <= _FEW_BYTES:
        answer = add_up(encoded)
    else:
        answer = await kit.shared.apart.do(add_up, encoded, account=_WHO, address=_WHO)
    return msgspec.msgpack.decode(answer, type=Sums)


def _differences(stored: repository.Stored, counted: Sums, wrong_patterns: int) -> list[str]:
    found = [
        f"{what}: the counters say {said}, the ballots {is_}"
        for what, said, is_ in (
            ("ballots", stored.ballots, counted.ballots),
            ("abstentions", stored.abstentions, counted.abstentions),
        )
        if said != is_
    ]
    if stored.poll.anonymous and stored.participants != counted.ballots:
        found.append(f"{stored.participants} voters took part, and there are {counted.ballots} ballots")
    for option in sorted({*counted.by_option, *range(1, len(stored.sums) + 1)}):
        said = stored.sums[option - 1] if option <= len(stored.sums) else 0
        if said != counted.by_option.get(option, 0):
            found.append(f"option {option}: the counters say {said}, the ballots {counted.by_option.get(option, 0)}")
    if wrong_patterns:
        found.append(f"{wrong_patterns} patterns differ")
    return found
