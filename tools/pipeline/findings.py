"""Which findings of the registry's scan are known, and until when they may be (findings.toml)."""

import tomllib
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from tools.pipeline.common import PipelineError

LIST = Path(__file__).with_name("findings.toml")
MOST_DAYS = 90
"""How far ahead an entry may expire: longer than that nobody knows."""


@dataclass(frozen=True)
class Finding:
    """Something that a scan found.

    Attributes:
        id: Such as CVE-2026-12345.
        package: Where.
        severity: As the registry says, such as HIGH.
    """

    id: str
    package: str
    severity: str

    def __str__(self) -> str:
        return f"{self.id} ({self.severity.lower()}, {self.package})"


@dataclass(frozen=True)
class Allowed:
    """An entry of the list.

    Attributes:
        id: The finding's.
        package: The package in which it is allowed, and in no other.
        reason: Why it can't hurt.
        expires: The last day on which that is believed.
    """

    id: str
    package: str
    reason: str
    expires: date


def read(path: Path = LIST, today: date | None = None) -> list[Allowed]:
    """Read the list.

    Raises:
        PipelineError: An entry has expired, says too little, or is to hold for too long.
    """
    today = today or datetime.now(UTC).date()
    try:
        entries = tomllib.loads(path.read_text())["allowed"]
    except (tomllib.TOMLDecodeError, KeyError) as exc:
        raise PipelineError(f"{path.name}: {exc}") from exc
    return [_entry(entry, today, path.name) for entry in entries]


def _entry(given: dict[str, Any], today: date, where: str) -> Allowed:
    who = f"{where}: {given.get('id', 'an entry without an id')}"
    names = {field.name for field in fields(Allowed)}
    if set(given) != names:
        raise PipelineError(f"{who} needs {', '.join(sorted(names))}, and nothing else.")
    if type(given["expires"]) is not date or not all(
        isinstance(given[it], str) and given[it].strip() for it in names - {"expires"}
    ):
        raise PipelineError(f"{who}: id, package and reason are text, expires is a day such as 2026-12-31.")
    if given["expires"] < today:
        raise PipelineError(f"{who} was allowed until {given['expires']}: look at it again, then renew or remove it.")
    if given["expires"] > today + timedelta(days=MOST_DAYS):
        raise PipelineError(f"{who} is allowed for longer than {MOST_DAYS} days.")
    return Allowed(**given)


def unknown(found: list[Finding], allowed: list[Allowed]) -> list[Finding]:
    """Return the findings that nobody has allowed."""
    known = {(it.id, it.package) for it in allowed}
    return [it for it in found if (it.id, it.package) not in known]
