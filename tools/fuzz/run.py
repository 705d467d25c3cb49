"""One run of Schemathesis over the whole document, which ends after a number of requests."""

import json
import urllib.request
from collections.abc import Callable, Sequence
from typing import Any

import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from tools.fuzz.identity import Identity
from tools.fuzz.report import Report

PHASES = ("examples", "coverage", "fuzzing", "stateful")
_BAD_CURSOR = "/problems/bad-cursor"
"""Refused with 400, though no schema can say which cursors a list has given out."""
_SHOWN = 1_000
_FOREVER_SECONDS = 1_000_000
_ENDING = {("DELETE", "/v1/auth/sessions"), ("DELETE", "/v1/auth/sessions/{session_id}")}
"""What ends the sender's own session."""

GOOD = ["2xx", "3xx", "401", "403", "404", "409", "410", "412", "413", "422", "429"]
"""What a request that fits its schema may be answered with. A rule between fields, or between a request and what is
stored, can't be said in a schema: that is 409 and 422; nor can a body's bytes be, 413. What is
400, the schema has to say."""

BAD = ["400", "401", "403", "404", "405", "406", "409", "410", "412", "413", "415", "422", "429"]
"""What one that doesn't fit its schema may be answered with: any refusal that comes first."""


def fetch_document(url: str) -> dict[str, Any]:
    """Return the document as it is served, without `default` answers: each status has to be named by its route."""
    with urllib.request.urlopen(f"{url}/openapi.json", timeout=30) as answer:  # noqa: S310  (this machine's)
        document: dict[str, Any] = json.load(answer)
    for item in document["paths"].values():
        for operation in item.values():
            operation["responses"].pop("default", None)
    return document


def run(
    url: str,
    document: dict[str, Any],
    identity: Identity,
    report: Report,
    *,
    requests: int,
    phases: Sequence[str] = PHASES,
    examples: int = 20,
    tell: Callable[[str], None] = lambda _: None,
) -> None:
    """Send requests as one identity.

    Args:
        url: Where to.
        document: Of the API.
        identity: Who sends them.
        report: Takes what is found.
        requests: How many are enough.
        phases: Parts of Schemathesis: `examples` and `coverage` once, the others until there are enough.
        examples: Requests of one operation in one turn.
        tell: Takes the current phase from time to time.
    """
    config = SchemathesisConfig.from_dict(
        {
            "seed": report.seed,
            "base-url": url,
            "continue-on-failure": True,
            "request-timeout": 30,
            "max-stream-events": 1,  # streams of events go on for minutes
            "max-time": _FOREVER_SECONDS,
            "generation": {"max-examples": examples, "no-shrink": True, "database": "none"},
            "checks": {
                "positive_data_acceptance": {"expected-statuses": GOOD},
                "negative_data_rejection": {"expected-statuses": BAD},
            },
            "phases": {name: {"enabled": name in phases} for name in PHASES},
        }
    )
    schema = schemathesis.openapi.from_dict(document, config=config)
    if identity.kind != "anonymous":
        schema.auth(refresh_interval=None)(_authenticator(identity))
    stream = from_schema(schema).execute()
    done, number = 0, identity.number
    for event in stream:
        if isinstance(event, events.ScenarioFinished):
            done += _note(event, identity, report, document, same=identity.number == number)
            number = identity.number
            tell(event.phase.value)
        elif isinstance(event, events.NonFatalError):
            report.add("error", event.label, type(event.value).__name__, str(event.value), sent_by=identity.kind)
        elif isinstance(event, events.FatalError):
            raise event.exception
        if done >= requests:
            stream.stop()


def _authenticator(identity: Identity) -> type:
    class Authenticator:
        """Gives each request the identity's token of the moment."""

        def get(self, _case: Any, _context: Any) -> str:
            return identity.token()

        def set(self, case: Any, data: str, _context: Any) -> None:
            case.headers = case.headers or {}
            case.headers["Authorization"] = f"Bearer {data}"

    return Authenticator


def _other_type(document: dict[str, Any], operation: str, status: int, content: bytes) -> str:
    """Return the type of a problem that its operation doesn't name for the status; empty if it does."""
    method, _, path = operation.partition(" ")
    answers = document["paths"].get(path, {}).get(method.lower(), {}).get("responses", {})
    try:
        kind = str(json.loads(content).get("type"))
    except (ValueError, AttributeError):
        return ""
    return "" if kind in answers.get(str(status), {}).get("x-problem-types", [kind]) else kind


def _note(
    event: events.ScenarioFinished, identity: Identity, report: Report, document: dict[str, Any], *, same: bool
) -> int:
    """Count a scenario's requests and keep what its checks found; return how many there were.

    `same` says whether one account has sent them all.
    """
    recorder = event.recorder
    for case_id, interaction in recorder.interactions.items():
        operation = recorder.cases[case_id].value.operation.label if case_id in recorder.cases else "?"
        report.requests += 1
        report.by_identity[identity.kind] += 1
        report.by_phase[event.phase.value] += 1
        report.by_operation[operation] += 1
        status = interaction.response.status_code if interaction.response else 0
        report.by_status[str(status) if status else "no answer"] += 1
        if interaction.response is not None:
            kind = f"{operation} {status}"
            report.slowest[kind] = max(report.slowest.get(kind, 0.0), interaction.response.elapsed)
            identity.seen(status, interaction.response.content)
            if status >= 400 and (other := _other_type(document, operation, status, interaction.response.content)):
                report.add(
                    "problem_types", operation, f"Problem that {status} doesn't name", other, sent_by=identity.kind
                )
            if status < 300 and tuple(operation.split(" ", 1)) in _ENDING:
                identity.ended()
    for case_id, checks in recorder.checks.items():
        operation = recorder.cases[case_id].value.operation.label
        found = recorder.interactions.get(case_id)
        answer = found.response if found else None
        said = f"{answer.status_code} {answer.content[:_SHOWN].decode(errors='replace')}" if answer else ""
        for check in checks:
            if check.name == "positive_data_acceptance" and _BAD_CURSOR in said:
                continue
            if check.name == "ensure_resource_availability" and not same:
                continue
            if check.status == Status.FAILURE and check.failure_info is not None:
                failure, shown_by = check.failure_info.failure, check.failure_info.code_sample
                report.add(
                    check.name,
                    operation,
                    failure.title,
                    failure.message,
                    sent_by=identity.kind,
                    shown_by=shown_by,
                    answer=said,
                )
    return len(recorder.interactions)
