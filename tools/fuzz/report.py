"""What a run has found: each kind once, with how often it came and one request that shows it."""

import re
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

_VARIABLE = re.compile(r"0x[0-9a-f]+|[0-9a-f]{8}-[0-9a-f-]{27}|\d+|'[^']*'|\"[^\"]*\"|`[^`]*`")
_DETAIL = re.compile(r'"trace":"[^"]*"')
_SHOWN = 1500


@dataclass
class Finding:
    """One kind of difference between the API and its description.

    Attributes:
        check: What was looked at, as Schemathesis names it.
        operation: Method and path.
        title: What is wrong.
        message: The same of the first request.
        shown_by: A command that sends it again.
        answer: What the first was answered with.
        sent_by: Who sent it first.
        times: How often it came.
    """

    check: str
    operation: str
    title: str
    message: str
    shown_by: str
    answer: str
    sent_by: str
    times: int = 0


@dataclass
class Report:
    """A run's numbers and findings.

    Attributes:
        seed: Of all that was made by chance.
        requests: How many were answered.
        by_identity: How many by whom.
        by_phase: How many in which part of Schemathesis.
        by_status: How many had which status.
        by_operation: How many went where.
        slowest: The longest that anything took, in seconds, by operation and status.
        findings: By check, operation and kind.
    """

    seed: int
    requests: int = 0
    by_identity: Counter[str] = field(default_factory=Counter)
    by_phase: Counter[str] = field(default_factory=Counter)
    by_status: Counter[str] = field(default_factory=Counter)
    by_operation: Counter[str] = field(default_factory=Counter)
    slowest: dict[str, float] = field(default_factory=dict)
    findings: dict[tuple[str, str, str], Finding] = field(default_factory=dict)

    def add(
        self,
        check: str,
        operation: str,
        title: str,
        message: str,
        *,
        sent_by: str,
        shown_by: str = "",
        answer: str = "",
    ) -> None:
        """Note a finding: of a kind that was there before, only that it came again."""
        said = f"{title} {message.partition('Hint:')[0]} {_DETAIL.sub('', answer)}"
        key = (check, operation, _VARIABLE.sub("…", said)[:400])
        found = self.findings.setdefault(
            key, Finding(check, operation, title, message[:_SHOWN], shown_by[:_SHOWN], answer[:_SHOWN], sent_by)
        )
        found.times += 1

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        kinds = sorted(self.findings.values(), key=lambda each: (each.operation, each.check))
        return {
            "seed": self.seed,
            "requests": self.requests,
            "by_identity": dict(self.by_identity),
            "by_phase": dict(self.by_phase),
            "by_status": dict(sorted(self.by_status.items())),
            "by_operation": dict(sorted(self.by_operation.items())),
            "slowest": dict(sorted(self.slowest.items(), key=lambda each: -each[1])[:10]),
            "findings": [asdict(each) for each in kinds],
        }

    def text(self) -> str:
        """Return it for people."""
        lines = [
            f"{each.operation}: {each.title} ({each.check}, {each.times} times, first by {each.sent_by})\n"
            f"    {_indented(each.message)}\n    {_indented(each.shown_by)}\n    {_indented(each.answer)}"
            for each in sorted(self.findings.values(), key=lambda each: (each.operation, each.check))
        ]
        statuses = ", ".join(f"{count:,} × {status}" for status, count in sorted(self.by_status.items()))
        lines.append(f"{self.requests:,} requests with seed {self.seed}: {statuses}")
        lines.append(f"{len(self.findings)} kinds of finding." if self.findings else "Nothing was found.")
        return "\n".join(lines)


def _indented(text: str) -> str:
    return "\n    ".join(line for line in text.strip().splitlines() if line.strip())
