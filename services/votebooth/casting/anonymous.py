"""Anonymous ballots: who took part and what was cast, in two tables with nothing to join on.

Both rows must be committed together, so they bear the same transaction id, and a table keeps its rows in the
order of their arrival; a lone voter's rows would point at each other. Therefore each batch writes, beside the
rows that change, their neighbours anew: all rows whose key begins with the same bits. Keys are hashes with a
secret key, hence uniformly distributed, whatever secrets clients choose, and nothing tells the new row from its
neighbours. The bits are chosen so that at least `CROWD` rows or all of the poll's are written, in the order of
their keys, in each of the two tables, and the patterns that these ballots count in are written likewise.
docs/voting.md says how far this goes.
"""

from collections.abc import Iterable, Mapping, Set
from uuid import UUID

from asyncpg import Connection

from services.core.problems import Problem, conflict, not_found
from services.votebooth.casting import statements as sql
from services.votebooth.casting.delta import Delta
from services.votebooth.casting.tickets import Outcome, Ticket, network_voted
from services.votebooth.poll.choices import Choice
from services.votebooth.poll.rules import PollRules
from services.votebooth.poll.voters import SECRET_HEADER, Keyring

CROWD = 64
"""Rows that are written anew with each batch, at least, as far as the poll has them."""

_BITS = 64
_END = b"\xff" * 33  # after every key

Answers = dict[Ticket, Outcome | Problem]

Ranges = tuple[list[bytes], list[bytes]]
"""Lower bounds and, excluded, upper bounds of ranges of keys that don't overlap."""


async def write(connection: Connection, tickets: list[Ticket], delta: Delta, keyring: Keyring) -> Answers:
    """Apply one poll's tickets in their order; its counter row is locked."""
    poll = delta.rules.poll_id
    keys = list({ticket.key for ticket in tickets})
    ids = list({ticket.ballot_id for ticket in tickets if ticket.ballot_id is not None})
    stored = await connection.fetch(sql.ANONYMOUS, poll, ids)
    places: dict[bytes, bytes | None] = {id_: keyring.place(delta.rules.poll, id_) for id_ in ids}
    places.update({id_: place for id_, _, place in stored})
    state = _State(
        delta.rules,
        {key: caster for key, caster in await connection.fetch(sql.PARTICIPANTS, poll, keys)},  # noqa: C416  (rows)
        {id_: delta.rules.choices.stored(choice) for id_, choice, _ in stored},
    )
    crowd = delta.ballots
    answers = {ticket: state.apply(ticket) for ticket in tickets}
    joined, left = state.moved()
    ballots = {id_: (state.had.get(id_), state.ballots.get(id_)) for id_ in ids}
    ballots = {id_: (old, new) for id_, (old, new) in ballots.items() if old is not new}
    for old, new in ballots.values():
        delta.move(old, new)
    if joined or left:
        await _move_participants(connection, poll, ranges([*joined, *left], crowd), joined, left)
    if ballots:
        within = ranges([places[id_] or id_ for id_ in ballots], crowd)
        written = await _move_ballots(connection, delta.rules, within, ballots, places)
        if delta.rules.patterns:
            await _move_patterns(connection, delta, written)
    return answers


class _State:
    """A poll's participants and ballots, as far as a batch's tickets concern them."""

    def __init__(self, rules: PollRules, participants: dict[bytes, bytes | None], ballots: dict[bytes, Choice]) -> None:
        self._rules = rules
        self._were = dict(participants)
        self.had = dict(ballots)
        self.participants = participants
        self.ballots = ballots

    def moved(self) -> tuple[dict[bytes, bytes | None], set[bytes]]:
        """Return who joined, with their casters, and who left; a network whose guest has changed did both."""
        now, were = self.participants.items(), self._were.items()
        return dict(now - were), {key for key, _ in were - now}

    def apply(self, ticket: Ticket) -> Outcome | Problem:
        voted = ticket.key in self.participants
        if voted and self.participants[ticket.key] != ticket.caster:
            return not_found("ballot") if ticket.choice is None else network_voted()
        found = None if ticket.ballot_id is None else self.ballots.get(ticket.ballot_id)
        if ticket.choice is None:
            return self._withdraw(ticket, found) if voted else not_found("ballot")
        assert ticket.ballot_id is not None  # noqa: S101  (`Ticket.prepare` made a secret where none came)
        if not voted:
            if found is not None:
                return conflict("secret-taken", "Another ballot has this secret. Choose a random one.")
            self.participants[ticket.key] = ticket.caster
            self.ballots[ticket.ballot_id] = ticket.choice
            return Outcome(True, ticket.ballot_id, secret=ticket.made_secret)
        if found is None:
            return _locked()
        if found.encoded != ticket.choice.encoded:
            if not self._rules.change:
                return conflict("change-not-allowed", "You have voted, and in this poll a ballot can't be changed.")
            self.ballots[ticket.ballot_id] = ticket.choice
        return Outcome(False, ticket.ballot_id)

    def _withdraw(self, ticket: Ticket, found: Choice | None) -> Outcome | Problem:
        if found is None or ticket.ballot_id is None:
            return _locked()
        del self.participants[ticket.key]
        del self.ballots[ticket.ballot_id]
        return Outcome(False, ticket.ballot_id)


def _locked() -> Problem:
    return conflict(
        "secret-needed",
        "You have a counted ballot in this anonymous poll, and nobody knows which one it is. To change or "
        f"withdraw it, send the secret that you got or chose when you cast it, as '{SECRET_HEADER}: …'.",
    )


def ranges(keys: Iterable[bytes], rows: int, crowd: int = CROWD) -> Ranges:
    """Return the ranges of keys that hold these keys' neighbours.

    Args:
        keys: Uniformly distributed hashes.
        rows: How many rows the poll has.
        crowd: How many of them the ranges hold together, at least, on average; or all that there are.
    """
    heads = [int.from_bytes(key[:8]) for key in keys]
    bits = min(max((rows * len(heads) // crowd).bit_length() - 1, 0), _BITS)
    width = 1 << (_BITS - bits)
    found = [_range(start, width) for start in sorted({head // width * width for head in heads})]
    return [low for low, _ in found], [high for _, high in found]


async def _move_participants(
    connection: Connection, poll: UUID, within: Ranges, joined: Mapping[bytes, bytes | None], left: Set[bytes]
) -> None:
    """Write the participants of some ranges anew, with those who joined and without those who left."""
    await connection.execute(sql.MOVE_PARTICIPANTS, poll, *within, list(joined), list(joined.values()), list(left))


async def _move_ballots(
    connection: Connection,
    rules: PollRules,
    within: Ranges,
    changes: Mapping[bytes, tuple[Choice | None, Choice | None]],
    places: Mapping[bytes, bytes | None],
) -> list[Choice]:
    """Write the ballots of some ranges anew, changes applied; return the distinct choices among them."""
    put = {id_: new.encoded for id_, (_, new) in changes.items() if new is not None}
    put_places = [places[id_] for id_ in put]
    found = await connection.fetch(
        sql.MOVE_ANONYMOUS, rules.poll_id, *within, list(put), list(put.values()), put_places, list(changes)
    )
    return [rules.choices.stored(choice) for (choice,) in found]


async def _move_patterns(connection: Connection, delta: Delta, written: list[Choice]) -> None:
    """Write anew the patterns that changed, and those of every ballot that was written."""
    ids = {choice.pattern for choice in written if choice.pattern is not None} | delta.patterns.keys()
    changes = [(id_, choice, change) for id_, (choice, change) in delta.patterns.items() if change]
    columns = [list(column) for column in zip(*changes, strict=True)] if changes else [[], [], []]
    await connection.execute(sql.MOVE_PATTERNS, delta.rules.poll_id, list(ids), *columns)


def portions(rows: int, size: int) -> list[tuple[bytes, bytes]]:
    """Return ranges of keys that hold all of a poll's rows, `size` each or fewer, about."""
    bits = (rows // size).bit_length()
    return [_range(place << (_BITS - bits), 1 << (_BITS - bits)) for place in range(1 << bits)]


def _range(start: int, width: int) -> tuple[bytes, bytes]:
    end = start + width
    return start.to_bytes(8), end.to_bytes(8) if end < 1 << _BITS else _END


async def rewrite_participants(connection: Connection, delta: Delta, low: bytes, high: bytes) -> None:
    """Write the participants of a range anew."""
    await _move_participants(connection, delta.rules.poll_id, ([low], [high]), {}, frozenset())


async def rewrite_ballots(connection: Connection, delta: Delta, low: bytes, high: bytes) -> None:
    """Write the ballots of a range anew, and their patterns."""
    written = await _move_ballots(connection, delta.rules, ([low], [high]), {}, {})
    if delta.rules.patterns:
        await _move_patterns(connection, delta, written)
