"""The verdict: every threshold with the measured value."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import msgspec
from msgspec import Struct

from loadtests.gate.checks import Findings
from loadtests.gate.compare import compare
from loadtests.gate.config import Canary, Suite
from loadtests.gate.plan import Answered, Outcome, Vote

_GOOD = frozenset({200, 201})
_LAST_ANSWERS_SECONDS = 1.0
"""Answers that arrive up to this long after the end still count as in time."""


class Judgement(StrEnum):
    """The outcome of a row or of the whole gate."""

    PASS = "pass"
    FAIL = "fail"
    TOO_SLOW = "load generator too slow"
    """No verdict: the figures would measure the generator."""
    TOO_FEW = "too few answers"
    """No verdict: too few to be significant."""


_WORST_FIRST = (Judgement.FAIL, Judgement.TOO_SLOW, Judgement.TOO_FEW, Judgement.PASS)


class Row(Struct, frozen=True):
    """A threshold.

    Attributes:
        name: Its name in `gates.toml`.
        threshold: The required value, as text.
        seen: The measured value, as text.
        judgement: Whether it holds.
        timing: Whether a slow generator would distort it.
    """

    name: str
    threshold: str
    seen: str
    judgement: Judgement
    timing: bool = False


class Verdict(Struct, frozen=True):
    """The result of a suite.

    Attributes:
        judgement: Of all rows together.
        rows: One for each threshold.
        figures: All measurements, by name.
        details: Causes of failed rows, as text.
    """

    judgement: Judgement
    rows: list[Row]
    figures: dict[str, Any]
    details: list[str]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of the values doesn't exceed (nearest rank); 0 for none."""
    if not values:
        return 0.0
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, max(0, int(share * len(ranked) + 0.999999) - 1))]


def judge(
    suite: Suite, outcomes: Sequence[Outcome], findings: Findings, canary: str = "", asked: Canary | None = None
) -> Verdict:
    """Compare what was measured with a suite's thresholds.

    Args:
        suite: The load.
        outcomes: The generators' measurements.
        findings: Results of the checks after the load.
        canary: The service whose canaries were tested; empty for none.
        asked: How they are compared with stable instances.
    """
    merged = Merged(suite, outcomes)
    rows = [*_figures(suite, merged), *_promises(suite, findings)]
    if canary:
        rows += _canaries(canary, asked or Canary(), merged)
    generator = _generator(suite, merged)
    if generator.judgement is not Judgement.PASS:
        rows = [_inconclusive(row) if row.timing and row.judgement is Judgement.FAIL else row for row in rows]
    rows.append(generator)
    found = {row.judgement for row in rows}
    judgement = next(each for each in _WORST_FIRST if each in found)
    details = [*findings.lost, *findings.miscounted]
    details += [f"{count:,} × {why}{merged.trace(why)}" for why, count in merged.failures.items()]
    details += [f"the generator: {fault}" for fault in merged.faults]
    return Verdict(judgement, rows, merged.figures(), details)


class Side:
    """The tested service's answers by canaries, or by stable instances."""

    def __init__(self, answers: Sequence[Answered]) -> None:
        self.ms = [each.ms for each in answers]
        self.failures = sum(not each.ok for each in answers)
        self.ratio = self.failures / max(1, len(answers))


class Merged:
    """The outcomes of all generators, merged."""

    def __init__(self, suite: Suite, outcomes: Sequence[Outcome]) -> None:
        self.suite = suite
        self.votes: list[Vote] = [vote for each in outcomes for vote in each.votes]
        self.ms = [vote.ms for vote in self.votes]
        self.accepted = sum(vote.status in _GOOD for vote in self.votes)
        self.unsent = sum(each.unsent for each in outcomes)
        self.reads_ms = [ms for each in outcomes for ms in each.reads_ms]
        self.hosts_ms = [ms for each in outcomes for ms in each.hosts_ms]
        self.sign_ins_ms = [ms for each in outcomes for ms in each.sign_ins_ms]
        self.late_ms = [ms for each in outcomes for ms in each.late_ms]
        self.queued = sum(each.queued for each in outcomes)
        self.busy = max((each.cpu_seconds / each.wall_seconds for each in outcomes if each.wall_seconds), default=0.0)
        self.staleness_ms = [ms for each in outcomes for ms in each.watched.staleness_ms]
        self.messages = sum(each.watched.messages for each in outcomes)
        self.gaps = sum(each.watched.gaps for each in outcomes)
        self.faults = [fault for each in outcomes for fault in each.faults]
        self.requests = _sum(each.requests for each in outcomes)
        self.failures = _sum(each.failures for each in outcomes)
        self.unfinished = sum(each.unfinished for each in outcomes)
        self.tested = [answer for each in outcomes for answer in each.tested]
        self.canaries = Side([answer for answer in self.tested if answer.canary])
        self.stables = Side([answer for answer in self.tested if not answer.canary])
        self.misrouted = sum(each.misrouted for each in outcomes)
        self._traces = {why: trace for each in outcomes for why, trace in each.traces.items()}

    @property
    def rate(self) -> float:
        """Votes accepted in time per second of the load, whatever late answers take."""
        end = self.suite.seconds + _LAST_ANSWERS_SECONDS
        in_time = sum(vote.status in _GOOD and vote.due + vote.ms / 1000 <= end for vote in self.votes)
        return in_time / self.suite.seconds

    @property
    def unanswered(self) -> int:
        """Requests without an answer at the end."""
        return self.unsent + self.unfinished

    @property
    def error_ratio(self) -> float:
        """Share of requests that failed or had no answer at the end."""
        return (sum(self.failures.values()) + self.unanswered) / max(1, self.asked)

    @property
    def asked(self) -> int:
        """All requests that were due, sent or not."""
        return sum(self.requests.values()) + self.unanswered

    @property
    def drift(self) -> float:
        """p95 of the last third of the run divided by that of the first."""
        third = self.suite.seconds / 3
        first = [vote.ms for vote in self.votes if vote.due < third]
        last = [vote.ms for vote in self.votes if vote.due >= 2 * third]
        return percentile(last, 0.95) / max(0.001, percentile(first, 0.95))

    def trace(self, why: str) -> str:
        """Return a failure's trace id, to find it in the logs."""
        return f" (trace {self._traces[why]})" if why in self._traces else ""

    def figures(self) -> dict[str, Any]:
        """Return what was measured, by name."""
        service = [vote.service_ms for vote in self.votes]
        return {
            "votes_due": len(self.votes) + self.unsent,
            "votes_accepted": self.accepted,
            "votes_per_second": round(self.rate, 1),
            "votes_ms": _spread(self.ms),
            "votes_from_sending_ms": _spread(service),
            "reads_ms": _spread(self.reads_ms),
            "hosts_ms": _spread(self.hosts_ms),
            "sign_ins_ms": _spread(self.sign_ins_ms),
            "staleness_ms": _spread(self.staleness_ms),
            "live_messages": self.messages,
            "requests": self.requests,
            "failures": self.failures,
            "canaries_ms": _spread(self.canaries.ms),
            "canaries_answers": len(self.canaries.ms),
            "canaries_failures": self.canaries.failures,
            "stables_ms": _spread(self.stables.ms),
            "stables_answers": len(self.stables.ms),
            "stables_failures": self.stables.failures,
            "generator_late_ms": _spread(self.late_ms),
            "generator_busy": round(self.busy, 3),
            "queued": self.queued,
        }


def _sum(counts: Any) -> dict[str, int]:
    total: dict[str, int] = {}
    for each in counts:
        for name, count in each.items():
            total[name] = total.get(name, 0) + count
    return total


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {
        "p50": round(percentile(values, 0.5), 2),
        "p95": round(percentile(values, 0.95), 2),
        "p99": round(percentile(values, 0.99), 2),
        "max": round(max(values, default=0.0), 2),
    }


def _inconclusive(row: Row) -> Row:
    """Turn a failed latency or rate into 'load generator too slow': the generator may be the cause."""
    return Row(row.name, row.threshold, row.seen, Judgement.TOO_SLOW, timing=True)


def _judged(holds: object) -> Judgement:
    return Judgement.PASS if holds else Judgement.FAIL


def _figures(suite: Suite, merged: Merged) -> list[Row]:
    asked = suite.thresholds
    rows = [
        Row(
            "accepted_votes_per_second",
            f"≥ {asked.accepted_votes_per_second:,.0f}",
            f"{merged.rate:,.1f}",
            _judged(merged.rate >= asked.accepted_votes_per_second),
            timing=True,
        )
    ]
    limits = [
        ("p50_ms", asked.p50_ms, merged.ms, 0.5),
        ("p95_ms", asked.p95_ms, merged.ms, 0.95),
        ("p99_ms", asked.p99_ms, merged.ms, 0.99),
        ("reads_p95_ms", asked.reads_p95_ms, merged.reads_ms, 0.95),
        ("staleness_p95_ms", asked.staleness_p95_ms, merged.staleness_ms, 0.95),
    ]
    rows += [_time(name, limit, values, share) for name, limit, values, share in limits if limit is not None]
    if asked.drift is not None:
        seen = f"{merged.drift:.2f}×"
        rows.append(Row("drift", f"≤ {asked.drift:g}×", seen, _judged(merged.drift <= asked.drift), timing=True))
    answered_badly = sum(merged.failures.values())
    seen = f"{merged.error_ratio:.4%} ({answered_badly:,} failed"
    seen += f", {merged.unanswered:,} without an answer at the end)" if merged.unanswered else ")"
    rows.append(
        Row(
            "error_ratio",
            f"≤ {asked.error_ratio:.4%}",
            seen,
            _judged(merged.error_ratio <= asked.error_ratio),
            # Missing answers may be the generator's fault; error responses aren't.
            timing=answered_badly <= asked.error_ratio * merged.asked,
        )
    )
    if asked.live_gaps is not None:
        seen = f"{merged.gaps:,} in {merged.messages:,} messages"
        holds = merged.messages and merged.gaps <= asked.live_gaps
        rows.append(Row("live_gaps", f"≤ {asked.live_gaps:,}", seen, _judged(holds)))
    return rows


def _time(name: str, limit: float, values: Sequence[float], share: float) -> Row:
    """Judge a percentile. Without measurements it fails, even if the generator was slow."""
    if not values:
        return Row(name, f"≤ {limit:,.4g} ms", "nothing", Judgement.FAIL)
    seen = percentile(values, share)
    return Row(name, f"≤ {limit:,.4g} ms", f"{seen:,.1f} ms", _judged(seen <= limit), timing=True)


def _promises(suite: Suite, findings: Findings) -> list[Row]:
    rows = []
    if suite.thresholds.stored_equals_acknowledged:
        unsure = f", {findings.unsure:,} without an answer" if findings.unsure else ""
        seen = f"{findings.stored:,} of {findings.acknowledged:,}{unsure}; {findings.read_back:,} read back"
        holds = not findings.lost and findings.acknowledged
        rows.append(Row("stored_equals_acknowledged", "equal", seen, _judged(holds)))
    if suite.thresholds.tally_equals_recount:
        seen = f"{findings.recounted} polls recounted"
        if findings.miscounted:
            seen += f", {len(findings.miscounted)} differences"
        holds = not findings.miscounted and findings.recounted
        rows.append(Row("tally_equals_recount", "equal", seen, _judged(holds)))
    return rows


def _canaries(service: str, asked: Canary, merged: Merged) -> list[Row]:
    """Judge the canaries by stable instances that were asked the same at the same time."""
    canaries, stables = merged.canaries, merged.stables
    answers = len(canaries.ms)
    enough = Judgement.PASS if min(answers, len(stables.ms)) >= asked.answers else Judgement.TOO_FEW
    rows = [
        Row(
            "canaries_answer",
            f"who is asked of {service}",
            f"{answers:,} of canaries, {len(stables.ms):,} of others, {merged.misrouted:,} of whom wasn't asked",
            _judged(not merged.misrouted),
        ),
        Row("canary_answers", f"≥ {asked.answers:,}, of others too", f"{answers:,}, {len(stables.ms):,}", enough),
    ]
    if not answers:
        return rows
    # Where stable instances fail as well, the version isn't the cause.
    holds = canaries.ratio <= asked.error_ratio or canaries.ratio <= 2 * stables.ratio
    seen = f"{canaries.ratio:.4%} ({canaries.failures:,} failed), of others {stables.ratio:.4%}"
    rows.append(Row("canary_error_ratio", f"≤ {asked.error_ratio:.4%}, or others likewise", seen, _judged(holds)))
    found = compare(merged.tested, asked.slower_ms)
    limits: list[Row] = [
        Row(
            "canary_slower_ms",
            f"≤ {asked.slower_ms:g} ms, but for a chance of {asked.chance:.2%}",
            f"{found.slower_ms:+,.1f} ms, chance {found.chance:.3%}",
            _judged(found.chance >= asked.chance),
        )
    ]
    for name, limit, share in (("canary_p50_ms", asked.p50_ms, 0.5), ("canary_p95_ms", asked.p95_ms, 0.95)):
        if limit is not None:
            limits.append(_time(name, limit, canaries.ms, share))
    if enough is not Judgement.PASS:  # a few answers may be slow by chance, but errors always count
        limits = [msgspec.structs.replace(row, judgement=enough) for row in limits]
    return rows + limits


def _generator(suite: Suite, merged: Merged) -> Row:
    asked = suite.generator
    late = percentile(merged.late_ms, 0.99)
    good = late <= asked.late_p99_ms and merged.busy <= asked.busy and not merged.faults
    seen = f"{late:,.1f} ms late, {merged.busy:.0%} busy"
    if merged.faults:
        seen += f", {len(merged.faults)} faults"
    return Row(
        "load generator",
        f"≤ {asked.late_p99_ms:,.4g} ms late (p99), ≤ {asked.busy:.0%} busy",
        seen,
        Judgement.PASS if good else Judgement.TOO_SLOW,
    )
