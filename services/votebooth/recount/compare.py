"""The recount: do a poll's counters say what its stored ballots say?"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from uuid import UUID

import msgspec
from msgspec import Struct

from services.core.kit import Kit
from services.core.problems import Problem, not_found
from services.votebooth.audit.repository import AuditRepository
from services.votebooth.poll.choices import Choice, pattern_id
from services.votebooth.poll.definition import PollChanged
from services.votebooth.poll.rules import PollRules
from services.votebooth.recount import repository
from services.votebooth.settings import VoteBoothSettings

_ANY_NUMBER = 2**31 - 1


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
        Problem: 404.
    """
    async with kit.db.reading() as session:
        stored = await repository.stored(session, poll_id)
    if stored is None:
        raise not_found("poll")
    # Aside of the event loop: a poll may have a hundred thousand different ballots, and others are voting.
    return await asyncio.to_thread(_compare, poll_id, stored)


async def recount_all(kit: Kit[VoteBoothSettings]) -> AsyncGenerator[Recount, None]:
    """Recount every poll that has ballots, one after the other; one that is deleted meanwhile is left out."""
    last = UUID(int=0)
    while True:
        async with kit.db.reading() as session:
            found = await repository.next_poll(session, last, _ANY_NUMBER)
        if found is None:
            return
        last = found
        with contextlib.suppress(Problem):
            yield await recount(kit, found)


async def repair(kit: Kit[VoteBoothSettings], poll_id: UUID) -> Recount:
    """Write a poll's counters anew from its stored ballots if they differ, and put that on record.

    Nobody can vote in the poll meanwhile.

    Returns:
        What a recount found before.

    Raises:
        Problem: 404.
    """
    async with kit.db.transaction() as session:
        stored = await repository.locked(session, poll_id)
        if stored is None:
            raise not_found("poll")
        rules, counted = await asyncio.to_thread(_counted, stored)
        found = Recount(poll_id, counted.ballots, _differences(rules, stored, counted))
        if found.differences:
            options = max(counted.sums, default=0)
            sums = [counted.sums.get(option, 0) for option in range(1, options + 1)]
            patterns = sorted((pattern_id(choice), choice, count) for choice, count in counted.patterns.items())
            await repository.write(session, poll_id, counted.ballots, counted.abstentions, sums, patterns)
            details = {"differences": len(found.differences)}
            await AuditRepository(session).record("recount.repaired", None, details, poll_id=poll_id)
    return found


def _compare(poll_id: UUID, stored: repository.Stored) -> Recount:
    rules, counted = _counted(stored)
    found = _differences(rules, stored, counted)
    if stored.kept_digest is not None and stored.kept_digest != stored.receipts_digest:
        # Not what a repair could mend: these ballots aren't those that were there at the end.
        found.append("the receipts aren't those that the seed of ties was made of")
    return Recount(poll_id, counted.ballots, found)


def _counted(stored: repository.Stored) -> "tuple[PollRules, _Counted]":
    rules = PollRules(msgspec.json.decode(stored.definition, type=PollChanged))
    return rules, _count([(rules.choices.stored(choice), count) for choice, count in stored.choices])


class _Counted:
    def __init__(self) -> None:
        self.ballots = 0
        self.abstentions = 0
        self.sums: dict[int, int] = {}
        self.patterns: dict[bytes, int] = {}


def _count(choices: list[tuple[Choice, int]]) -> _Counted:
    counted = _Counted()
    for choice, count in choices:
        counted.ballots += count
        if choice.abstains:
            counted.abstentions += count
        for option, amount in choice.marks:
            counted.sums[option] = counted.sums.get(option, 0) + amount * count
        if choice.pattern is not None:
            counted.patterns[choice.encoded] = counted.patterns.get(choice.encoded, 0) + count
    return counted


def _differences(rules: PollRules, stored: repository.Stored, counted: _Counted) -> list[str]:
    found = [
        f"{what}: the counters say {said}, the ballots {is_}"
        for what, said, is_ in (
            ("ballots", stored.ballots, counted.ballots),
            ("abstentions", stored.abstentions, counted.abstentions),
        )
        if said != is_
    ]
    if rules.anonymous and stored.participants != counted.ballots:
        found.append(f"{stored.participants} voters took part, and there are {counted.ballots} ballots")
    for option in sorted({*counted.sums, *range(1, len(stored.sums) + 1)}):
        said = stored.sums[option - 1] if option <= len(stored.sums) else 0
        if said != counted.sums.get(option, 0):
            found.append(f"option {option}: the counters say {said}, the ballots {counted.sums.get(option, 0)}")
    patterns = dict(stored.patterns)
    wrong = sum(patterns.get(choice) != count for choice, count in counted.patterns.items())
    wrong += len(patterns.keys() - counted.patterns.keys())
    if wrong:
        found.append(f"{wrong} patterns differ")
    return found
