"""Whether a migration only expands, so that the release before it keeps working until the last instance is replaced.

Statements are judged as they are about to run, which no way of writing a migration gets around, and before any that
takes something away has begun; the transaction then ends without effect. A block of code, which can't be judged,
counts as taking away. What functions and rows mean to running code is left to who reviews the migration.
"""

import re
from typing import Any

_NAME = r'(?:"[^"]+"|[\w$]+)(?:\.(?:"[^"]+"|[\w$]+))?'
_IF = r"(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_TEXT = re.compile(r"'(?:[^']|'')*'")
_CREATES = re.compile(rf"^CREATE\s+(?:UNLOGGED\s+)?TABLE\s+{_IF}({_NAME})", re.IGNORECASE)
_ALTERS = re.compile(rf"^ALTER\s+TABLE\s+{_IF}(?:ONLY\s+)?({_NAME})\s+(.*)$", re.IGNORECASE | re.DOTALL)
_INDEXES = re.compile(rf"^CREATE\s+UNIQUE\s+INDEX\s+.*?\sON\s+(?:ONLY\s+)?({_NAME})", re.IGNORECASE | re.DOTALL)
_DELETES = re.compile(rf"^(?:DELETE\s+FROM|TRUNCATE(?:\s+TABLE)?)\s+(?:ONLY\s+)?({_NAME})", re.IGNORECASE)
_OWN = "alembic_version"

# Of whole statements: what they take away from code that runs.
_STATEMENTS = (
    (re.compile(r"^DROP\s+(?!INDEX\b)", re.IGNORECASE), "drops something"),
    (re.compile(r"^DROP\s+INDEX\b", re.IGNORECASE), "drops an index, which an ON CONFLICT may need"),
    (re.compile(r"^ALTER\s+(?!TABLE\b).*\b(RENAME|DROP)\b", re.IGNORECASE | re.DOTALL), "renames or drops something"),
    (re.compile(r"^DO\b", re.IGNORECASE), "runs a block of code, which can't be judged"),
)
# Of a table's alterations, each by itself.
_ACTIONS = (
    (re.compile(r"^RENAME\b", re.IGNORECASE), "renames"),
    (re.compile(r"^DROP\s+CONSTRAINT\b", re.IGNORECASE), "drops a constraint, which an ON CONFLICT may need"),
    (re.compile(r"^DROP\b", re.IGNORECASE), "drops a column"),
    (re.compile(rf"^ALTER\s+(?:COLUMN\s+)?{_NAME}\s+(?:SET\s+DATA\s+)?TYPE\b", re.IGNORECASE), "changes a type"),
    (re.compile(rf"^ALTER\s+(?:COLUMN\s+)?{_NAME}\s+SET\s+NOT\s+NULL", re.IGNORECASE), "no longer takes NULL"),
    (re.compile(rf"^ALTER\s+(?:COLUMN\s+)?{_NAME}\s+DROP\s+(DEFAULT|IDENTITY)", re.IGNORECASE), "drops a default"),
    (re.compile(r"^ADD\s+(CONSTRAINT|UNIQUE|CHECK|PRIMARY|FOREIGN|EXCLUDE)\b", re.IGNORECASE), "adds a constraint"),
    (re.compile(r"^(SET\s+SCHEMA|DETACH|NO\s+INHERIT|INHERIT)\b", re.IGNORECASE), "moves the table"),
)
_ADDS = re.compile(r"^ADD\s+(?:COLUMN\s+)?", re.IGNORECASE)
_DEMANDS = re.compile(r"\bNOT\s+NULL\b|\bPRIMARY\s+KEY\b", re.IGNORECASE)
_SUPPLIES = re.compile(r"\bDEFAULT\b|\bGENERATED\b|\b(?:SMALL|BIG)?SERIAL\b", re.IGNORECASE)
_LIMITS = re.compile(r"\bUNIQUE\b|\bCHECK\b", re.IGNORECASE)


class ContractError(Exception):
    """A migration takes away what running code may use; the message says what, and what to do instead."""


class Expanding:
    """Refuses statements that take something away; SQLAlchemy's `before_cursor_execute` calls it.

    Args:
        service: Whose migrations these are.
    """

    def __init__(self, service: str) -> None:
        self._service = service
        self._made: set[str] = set()

    def __call__(self, _connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        """Judge a statement.

        Raises:
            ContractError: It takes something away.
        """
        for part in _parts(statement):
            if why := self.objection(part):
                raise ContractError(
                    f"{self._service}: a migration {why}, and instances of the release before still run: "
                    f"{' '.join(part.split())[:200]}\nNothing of it was run. Expand first, and take away in a later "
                    "release, when no code uses it any more; or say why it may go now: --allow-contract REASON"
                )

    def objection(self, statement: str) -> str | None:
        """Return what a statement takes away, None if nothing; tables that it makes are remembered."""
        if made := _CREATES.match(statement):
            self._made.add(_bare(made[1]))
            return None
        for pattern, why in _STATEMENTS:
            if pattern.search(statement):
                return why
        for pattern, why in ((_INDEXES, "makes values unique"), (_DELETES, "deletes rows")):
            found = pattern.match(statement)
            if found and _bare(found[1]) not in self._made | {_OWN}:
                return why
        altered = _ALTERS.match(statement)
        if altered is None or _bare(altered[1]) in self._made:
            return None  # nobody uses a table that is made just now
        return next(filter(None, map(_judge, _split(altered[2]))), None)


def _judge(action: str) -> str | None:
    """Return what one alteration of a table takes away."""
    for pattern, why in _ACTIONS:
        if pattern.match(action):
            return why
    if _ADDS.match(action):
        if _DEMANDS.search(action) and not _SUPPLIES.search(action):
            return "adds a column that must be given a value"
        if _LIMITS.search(action):
            return "adds a column with a constraint"
    return None


def _parts(statement: str) -> list[str]:
    """Return a text's statements, without comments and without what stands in quotes."""
    bare = _TEXT.sub("''", _COMMENT.sub(" ", statement))
    return [part.strip() for part in bare.split(";") if part.strip()]


def _split(actions: str) -> list[str]:
    """Return what stands between the outer commas."""
    found, depth, begin = [], 0, 0
    for place, character in enumerate(actions):
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            found.append(actions[begin:place].strip())
            begin = place + 1
    return [*found, actions[begin:].strip()]


def _bare(name: str) -> str:
    return name.rpartition(".")[2].strip('"').lower()
