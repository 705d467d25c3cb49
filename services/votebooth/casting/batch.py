"""One transaction of the booth: many ballots, of any polls."""

from datetime import datetime
from uuid import UUID

from asyncpg import Connection, Record

from services.core.problems import Problem, closed, not_found
from services.votebooth.casting import anonymous, named
from services.votebooth.casting import statements as sql
from services.votebooth.casting.delta import Delta, store
from services.votebooth.casting.tickets import Outcome, QuestionChanging, Ticket
from services.votebooth.poll.audience import FOLLOWING, not_a_follower
from services.votebooth.poll.projection import Projection
from services.votebooth.poll.voters import Keyring

Answers = dict[Ticket, Outcome | Problem]


class CommitUnknownError(Exception):
    """The connection was lost while the transaction was being committed: it may be stored or not."""


async def write(
    connection: Connection, tickets: list[Ticket], projection: Projection, keyring: Keyring
) -> tuple[Answers, list[UUID]]:
    """Write tickets in one transaction, in their order.

    Returns:
        An answer to each ticket, and the polls in which something has changed.

    Raises:
        CommitUnknownError: See there.
        Exception: Whatever asyncpg raises; nothing is stored then.
    """
    await connection.execute("BEGIN")
    try:
        answers, deltas = await _apply(connection, tickets, projection, keyring)
        await store(connection, deltas)
    except BaseException:
        if not connection.is_closed():
            await connection.execute("ROLLBACK")
        raise
    try:
        await connection.execute("COMMIT")
    except Exception as exc:
        raise CommitUnknownError from exc
    return answers, [delta.rules.poll_id for delta in deltas if delta.changed]


async def _apply(
    connection: Connection, tickets: list[Ticket], projection: Projection, keyring: Keyring
) -> tuple[Answers, list[Delta]]:
    polls = list({ticket.poll_id for ticket in tickets})
    rows: dict[UUID, Record] = {row["poll_id"]: row for row in await connection.fetch(sql.LOCK, polls)}
    answers: Answers = {}
    await _renew(connection, tickets, rows, projection)
    for ticket in tickets:
        if problem := _refusal(ticket, rows.get(ticket.poll_id), projection, keyring):
            answers[ticket] = problem
    await _check_tokens(connection, [t for t in tickets if t not in answers and t.token_hash], answers)
    await _check_followers(connection, [t for t in tickets if t.rules.asks_follow and t not in answers], answers)
    deltas: dict[UUID, Delta] = {}
    plain: list[Ticket] = []
    apart: dict[UUID, list[Ticket]] = {}
    for ticket in tickets:
        if ticket in answers:
            continue
        if ticket.poll_id not in deltas:
            deltas[ticket.poll_id] = Delta(ticket.rules, rows[ticket.poll_id])
        if ticket.rules.anonymous:
            apart.setdefault(ticket.poll_id, []).append(ticket)
        else:
            plain.append(ticket)
    if plain:
        now: datetime = rows[plain[0].poll_id]["now"]
        answers.update(await named.write(connection, plain, deltas, keyring, now))
    for poll, queue in apart.items():
        answers.update(await anonymous.write(connection, queue, deltas[poll], keyring))
    return answers, list(deltas.values())


async def _renew(
    connection: Connection, tickets: list[Ticket], rows: dict[UUID, Record], projection: Projection
) -> None:
    """Bring the rules in memory to the version of the locked rows."""
    stale = {
        ticket.poll_id
        for ticket in tickets
        if ticket.poll_id in rows and ticket.rules.version != rows[ticket.poll_id]["version"]
    }
    if stale:
        for (definition,) in await connection.fetch(sql.DEFINITIONS, list(stale)):
            projection.remember(definition)


def _refusal(ticket: Ticket, row: Record | None, projection: Projection, keyring: Keyring) -> Problem | None:
    """Say why a ticket can't be counted now, by the clock and the rules of the locked row."""
    if row is None:
        projection.forget(ticket.poll_id)
        return not_found("poll")
    if row["awaited"] is not None and row["awaited"] > row["version"]:
        return QuestionChanging()
    try:
        if ticket.rules.version != row["version"]:
            rules = projection.known(ticket.poll_id)
            if rules is None or rules.version != row["version"]:
                return not_found("poll")
            ticket.prepare(rules, keyring)
    except Problem as problem:
        return problem
    return _by_clock(row["opens_at"], row["ends_at"], row["now"])


def _by_clock(opens_at: datetime, ends_at: datetime | None, now: datetime) -> Problem | None:
    if ends_at is not None and now >= ends_at:
        return closed(f"Voting ended at {_written(ends_at)}.")
    if now < opens_at:
        at, wait = _written(opens_at), (opens_at - now).total_seconds()
        return Problem(
            409,
            "not-open",
            "Voting hasn't begun",
            f"Voting opens at {at}.",
            retry_after=wait if wait < 3600 else None,
            extensions={"opens_at": at},
        )
    return None


def _written(time: datetime) -> str:
    return time.isoformat().replace("+00:00", "Z")


async def _check_tokens(connection: Connection, tickets: list[Ticket], answers: Answers) -> None:
    """Refuse voting tokens that weren't issued, or were replaced."""
    if not tickets:
        return
    hashes = [ticket.token_hash for ticket in tickets]
    found = await connection.fetch(sql.TOKENS, [ticket.poll_id for ticket in tickets], hashes)
    good = {(poll, token) for poll, token in found}
    for ticket in tickets:
        if (ticket.poll_id, ticket.token_hash) not in good:
            answers[ticket] = Problem(
                403,
                "bad-ballot-token",
                "This voting token isn't valid",
                "This voting token isn't one of this poll's, or a newer one replaced it.",
            )


async def _check_followers(connection: Connection, tickets: list[Ticket], answers: Answers) -> None:
    """Refuse those who don't follow the owner of a poll that asks for it, by now, under the locked rules."""
    if not tickets:
        return
    pairs = {ticket: (ticket.claim.subject.id, ticket.rules.definition.owner) for ticket in tickets}
    followers, followees = zip(*pairs.values(), strict=True)
    found = await connection.fetch(FOLLOWING, followers, followees)
    known = {(follower, followee) for follower, followee in found}
    for ticket, pair in pairs.items():
        if pair[0] != pair[1] and pair not in known:
            answers[ticket] = not_a_follower(ticket.rules.definition)
