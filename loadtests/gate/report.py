"""The gate's reports: a table, JSON and an HTML page."""

from collections.abc import Sequence
from html import escape
from typing import Any

from msgspec import Struct

from loadtests.gate.verdict import Judgement, Verdict


class Report(Struct, frozen=True, kw_only=True):
    """What a gate did and measured.

    Attributes:
        environment: Whose thresholds were used.
        url: The target.
        canary: The service whose canaries were tested; empty for none.
        suite: Its name.
        seconds: Duration.
        begun_at: Start, RFC 3339.
        seed: Of the random generator, to repeat the run.
        load: The suite as it was run.
        verdict: The result.
    """

    environment: str
    url: str
    canary: str
    suite: str
    seconds: int
    begun_at: str
    seed: int
    load: dict[str, Any]
    verdict: Verdict


def table(report: Report) -> list[str]:
    """Return the lines of a table of threshold, measured value and verdict, followed by the causes."""
    verdict = report.verdict
    rows = [("threshold", "asked", "seen", "verdict")]
    rows += [(row.name, row.threshold, row.seen, str(row.judgement)) for row in verdict.rows]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    target = report.url + (f", canaries of {report.canary}" if report.canary else "")
    lines = [f"{report.environment}/{report.suite}: {report.seconds} s against {target}"]
    for number, row in enumerate(rows):
        lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        if number == 0:
            lines.append("  ".join("-" * width for width in widths))
    lines += [f"  {detail}" for detail in verdict.details]
    return [*lines, f"{report.suite}: {conclusion(verdict)}"]


def conclusion(verdict: Verdict) -> str:
    """Return the verdict in a sentence that names the failed thresholds."""
    if verdict.judgement is Judgement.PASS:
        return "pass"
    if verdict.judgement is Judgement.TOO_SLOW:
        return "no verdict: load generator too slow, so its figures aren't the target's"
    if verdict.judgement is Judgement.TOO_FEW:
        return "no verdict: too few answers of canaries to tell good ones from bad"
    failed = [row.name for row in verdict.rows if row.judgement is Judgement.FAIL]
    return f"fail: {', '.join(failed)}"


def page(reports: Sequence[Report]) -> str:
    """Return a self-contained HTML page."""
    parts = ["".join(_section(report)) for report in reports]
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>VoteWave: load gate</title>\n'
        "<style>body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "table{border-collapse:collapse;width:100%}"
        "td,th{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc}"
        ".pass{color:#176c36}.fail{color:#a3131e;font-weight:600}.slow{color:#7a5a00;font-weight:600}"
        "dt{font-weight:600}dd{margin:0 0 .5rem 0;font-family:monospace;white-space:pre-wrap}</style>\n"
        f"<h1>Load gate</h1>\n{''.join(parts)}</html>\n"
    )


def _section(report: Report) -> list[str]:
    verdict = report.verdict
    out = [f"<h2>{escape(report.environment)}/{escape(report.suite)}: {escape(conclusion(verdict))}</h2>\n"]
    target = report.url + (f", canaries of {report.canary}" if report.canary else "")
    out.append(f"<p>{report.seconds} s against {escape(target)}, begun {escape(report.begun_at)}, seed {report.seed}. ")
    out.append(f'<a href="locust-{escape(report.suite)}.html">Locust\'s report</a></p>\n')
    out.append("<table><tr><th>threshold</th><th>asked</th><th>seen</th><th>verdict</th></tr>\n")
    kinds = {Judgement.PASS: "pass", Judgement.FAIL: "fail", Judgement.TOO_SLOW: "slow", Judgement.TOO_FEW: "slow"}
    for row in verdict.rows:
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in (row.name, row.threshold, row.seen))
        out.append(f'<tr>{cells}<td class="{kinds[row.judgement]}">{escape(str(row.judgement))}</td></tr>\n')
    out.append("</table>\n")
    if verdict.details:
        out.append(f"<ul>{''.join(f'<li>{escape(detail)}</li>' for detail in verdict.details)}</ul>\n")
    figures = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(str(value))}</dd>" for name, value in verdict.figures.items()
    )
    out.append(f"<h3>Figures</h3><dl>{figures}</dl>\n")
    return out
