"""Ballots that know their voter: one row each, whose key holds "one ballot a voter"."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from asyncpg import Connection
from msgspec import Struct

from services.core.problems import Problem, conflict, not_found
from services.votebooth.casting import statements as sql
from services.votebooth.casting.delta import Delta
from services.votebooth.casting.tickets import Outcome, Ticket, network_voted
from services.votebooth.poll.choices import Choice
from services.votebooth.poll.voters import Keyring

Key = tuple[UUID, bytes]
Answers = dict[Ticket, Outcome | Problem]


class Row(Struct, frozen=True):
    """A counted ballot."""

    choice: Choice
    receipt: bytes
    revision: int
    caster: bytes | None


async def write(
    connection: Connection, tickets: list[Ticket], deltas: dict[UUID, Delta], keyring: Keyring, now: datetime
) -> Answers:
    """Apply tickets in their order; the polls' counter rows are locked.

    First casts, which nearly all are, take one statement. For the rest the voters' rows are read, the
    tickets are applied to them one after the other in memory, and what differs in the end is written.
    """
    answers: Answers = {}
    by_voter: dict[Key, list[Ticket]] = {}
    for ticket in tickets:
        by_voter.setdefault((ticket.poll_id, ticket.key), []).append(ticket)
    cast = await _cast(connection, by_voter, keyring, now)
    for key, row in cast.items():
        answers[by_voter[key].pop(0)] = Outcome(True, row.receipt, row.revision)
        deltas[key[0]].move(None, row.choice)
    rest = {key: queue for key, queue in by_voter.items() if queue}
    if rest:
        before = await _before(connection, [key for key in rest if key not in cast], deltas)
        before.update({key: cast[key] for key in rest if key in cast})
        after = {key: _apply(before.get(key), queue, keyring, answers) for key, queue in rest.items()}
        await _store(connection, before, after, deltas, now)
    return answers


async def _cast(
    connection: Connection, by_voter: dict[Key, list[Ticket]], keyring: Keyring, now: datetime
) -> dict[Key, Row]:
    """Insert the first ticket of each voter who has no ballot; return those inserted."""
    rows = {
        key: _new(queue[0], queue[0].choice, keyring) for key, queue in by_voter.items() if queue[0].choice is not None
    }
    if not rows:
        return {}
    inserted = await connection.fetch(
        sql.CAST,
        [poll for poll, _ in rows],
        [voter for _, voter in rows],
        [row.choice.encoded for row in rows.values()],
        [row.receipt for row in rows.values()],
        [row.caster for row in rows.values()],
        now,
    )
    if len(inserted) == len(rows):
        return rows
    return {(poll, voter): rows[poll, voter] for poll, voter in inserted}


def _new(ticket: Ticket, choice: Choice, keyring: Keyring) -> Row:
    """Return the row of a ballot that is cast. Withdrawn and cast again it has its receipt again."""
    receipt = keyring.receipt(ticket.poll_id.bytes, ticket.key, ticket.caster)
    return Row(choice, receipt, 1, ticket.caster)


async def _before(connection: Connection, keys: list[Key], deltas: dict[UUID, Delta]) -> dict[Key, Row]:
    if not keys:
        return {}
    found = await connection.fetch(sql.CAST_BEFORE, *_columns(keys))
    return {
        (poll, voter): Row(deltas[poll].rules.choices.stored(choice), receipt, revision, caster)
        for poll, voter, choice, receipt, revision, caster in found
    }


def _apply(row: Row | None, queue: list[Ticket], keyring: Keyring, answers: Answers) -> Row | None:
    """Apply one voter's tickets in order; return the row that is left."""
    for ticket in queue:
        choice = ticket.choice
        if row is not None and row.caster != ticket.caster:
            answers[ticket] = not_found("ballot") if choice is None else network_voted()
        elif choice is None:
            answers[ticket] = Outcome(False, row.receipt, row.revision) if row else not_found("ballot")
            row = None
        elif row is None:
            row = _new(ticket, choice, keyring)
            answers[ticket] = Outcome(True, row.receipt, 1)
        elif row.choice.encoded == choice.encoded:
            answers[ticket] = Outcome(False, row.receipt, row.revision)
        elif not ticket.rules.change:
            answers[ticket] = conflict(
                "change-not-allowed", "You have voted, and in this poll a ballot can't be changed."
            )
        else:
            row = Row(choice, row.receipt, row.revision + 1, row.caster)
            answers[ticket] = Outcome(False, row.receipt, row.revision)
    return row


async def _store(
    connection: Connection,
    before: dict[Key, Row],
    after: dict[Key, Row | None],
    deltas: dict[UUID, Delta],
    now: datetime,
) -> None:
    changed: dict[Key, Row] = {}
    gone: list[Key] = []
    for key, row in after.items():
        old = before.get(key)
        if row is not None and row is not old:
            changed[key] = row
        elif row is None and old is not None:
            gone.append(key)
        if row is not old:
            deltas[key[0]].move(old.choice if old else None, row.choice if row else None)
    if changed:
        rows = changed.values()
        await connection.execute(
            sql.RECAST,
            *_columns(changed),
            [row.choice.encoded for row in rows],
            [row.receipt for row in rows],
            [row.revision for row in rows],
            [row.caster for row in rows],
            now,
        )
    if gone:
        await connection.execute(sql.WITHDRAW, *_columns(gone))


def _columns(keys: Iterable[Key]) -> tuple[list[UUID], list[bytes]]:
    pairs = list(keys)
    return [poll for poll, _ in pairs], [voter for _, voter in pairs]
