"""The change that a batch makes to one poll's counters."""

from asyncpg import Connection, Record

from services.votebooth.casting import statements as sql
from services.votebooth.poll.choices import Choice
from services.votebooth.poll.rules import PollRules


class Delta:
    """Gathers what changes in one poll; the poll's counter row is locked meanwhile.

    Attributes:
        rules: The poll's.
        changed: Whether any ballot has changed.
        patterns: Canonical choice and change of count, by pattern.
    """

    __slots__ = ("_abstentions", "_ballots", "_sums", "changed", "patterns", "rules")

    def __init__(self, rules: PollRules, row: Record) -> None:
        self.rules = rules
        self.changed = False
        self.patterns: dict[bytes, tuple[bytes, int]] = {}
        self._ballots: int = row["ballots"]
        self._abstentions: int = row["abstentions"]
        self._sums: list[int] = row["sums"]

    @property
    def ballots(self) -> int:
        """Ballots counted, with those gathered so far."""
        return self._ballots

    def move(self, old: Choice | None, new: Choice | None) -> None:
        """Count `new` instead of `old`; None stands for no ballot."""
        self.changed = True
        if old is not None:
            self._add(old, -1)
        if new is not None:
            self._add(new, 1)

    def _add(self, choice: Choice, sign: int) -> None:
        self._ballots += sign
        self._abstentions += sign * choice.abstains
        sums = self._sums
        for option, amount in choice.marks:
            if option > len(sums):
                sums.extend([0] * (option - len(sums)))
            sums[option - 1] += sign * amount
        if choice.pattern is not None:
            count = self.patterns.get(choice.pattern, (b"", 0))[1]
            self.patterns[choice.pattern] = choice.encoded, count + sign

    def row(self) -> tuple[object, ...]:
        """Return the arguments of `statements.COUNT`."""
        return self.rules.poll_id, self._ballots, self._abstentions, self._sums


async def store(connection: Connection, deltas: list[Delta]) -> None:
    """Write counters, and the patterns of polls that aren't anonymous (those have their own way)."""
    rows = [delta.row() for delta in deltas if delta.changed]
    if len(rows) == 1:
        await connection.execute(sql.COUNT, *rows[0])
    elif rows:
        await connection.executemany(sql.COUNT, rows)
    patterns = [
        (delta.rules.poll_id, pattern, choice, change)
        for delta in deltas
        if not delta.rules.anonymous
        for pattern, (choice, change) in sorted(delta.patterns.items())
        if change
    ]
    if not patterns:
        return
    polls, ids, choices, changes = zip(*patterns, strict=True)
    await connection.execute(sql.COUNT_PATTERNS, polls, ids, choices, changes)
    if min(changes) < 0:
        await connection.execute(sql.DROP_PATTERNS, polls, ids)
