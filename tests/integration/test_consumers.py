"""Whatever befalls a consumer, what it keeps is the same: killed in mid-batch, told twice, told in another order."""

import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from services.comments.plugin import SERVICE as COMMENTS
from services.core.events.handler import Handler
from services.core.events.outbox import Event
from services.core.ids import new_id
from services.core.kit import Kit, Shared
from services.core.service import Service
from services.expressions.plugin import SERVICE as EXPRESSIONS
from services.feed.plugin import SERVICE as FEED
from services.follows.plugin import SERVICE as FOLLOWS
from services.profiles.plugin import SERVICE as PROFILES
from tests.conftest import VoteWave
from tests.integration.inside import settings_beside

SERVICES: dict[str, Service[Any]] = {it.name: it for it in (COMMENTS, EXPRESSIONS, FEED, FOLLOWS, PROFILES)}
AT = datetime(2026, 3, 1, tzinfo=UTC)
# When it was heard, what is drawn by lot, and whether a job has come by.
PASSING = ("changed_at", "created_at", "handle", "handle_key", "heard_at", "left", "updated_at")

# What is told of two things in two versions, by the event's name; each service takes the fields that it knows.
Telling = Callable[[UUID, UUID, int], dict[str, Any]]
TELLINGS: dict[str, Telling] = {
    "AccountLimited": lambda one, _, version: {"account": one, "version": version, "limited": version == 1},
    "AccountOpened": lambda one, _, __: {"account": one, "kind": "user"},
    "AccountUpgraded": lambda one, _, __: {"account": one},
    "BlockChanged": lambda one, other, version: {
        "account": one, "other": other, "version": version, "blocked": version == 1,
    },
    "FilterChanged": lambda one, _, version: {
        "filter": one, "words": one.hex if version == 1 else "", "key": one.hex if version == 1 else "",
        "removed": version > 1,
    },
    "FollowChanged": lambda one, other, version: {
        "follower": one, "followee": other, "version": version, "state": "accepted" if version == 1 else "ended",
    },
    "MuteChanged": lambda one, other, version: {
        "account": one, "other": other, "version": version, "muted": version == 1,
    },
    "PollChanged": lambda one, other, version: {
        "poll": one, "owner": other, "version": version, "title": f"Version {version}", "listing": "public",
        "hashtags": [f"t{other.hex}{version}"], "eligibility": "anyone", "published_at": AT, "archived_at": None,
        "deleted": False,
    },
    "ProfileChanged": lambda one, _, version: {
        "account": one, "version": version, "handle": one.hex, "display_name": f"v{version}",
    },
    "TagChanged": lambda one, other, version: {
        "account": one, "tag": f"t{other.hex}", "version": version, "followed": version == 1,
    },
    "WaveChanged": lambda one, other, version: {
        "wave": one, "author": other, "version": version, "text": f"{version}", "hashtags": [f"t{other.hex}{version}"],
        "ripple_of": None, "visibility": "public", "created_at": AT, "deleted": False,
    },
}  # fmt: skip


def ripple(one: UUID, other: UUID, version: int) -> dict[str, Any]:
    """Share the Wave `other` on; in the second version it is shared on no longer."""
    shared = {"author": other, "text": "", "ripple_of": other, "deleted": version > 1}
    return TELLINGS["WaveChanged"](one, other, version) | shared


# Erasing an account is done in transactions of its own; tests/integration/test_leaving.py has it.
HANDLERS = [
    (name, handler)
    for name, service in SERVICES.items()
    for handler in service.handlers
    if handler.event.__name__ != "AccountDeleted"
]
CASES = [(name, handler, TELLINGS[handler.event.__name__]) for name, handler in HANDLERS]
CASES += [(name, handler, ripple) for name, handler in HANDLERS if handler.event.__name__ == "WaveChanged"]


@asynccontextmanager
async def running(votewave: VoteWave, name: str) -> AsyncIterator[Any]:
    """The use cases of a service, on a running VoteWave's servers."""
    service = SERVICES[name]
    use_cases = service.use_cases(Kit(name, service.settings(), Shared(settings_beside(votewave))))
    try:
        yield use_cases
    finally:
        await use_cases.kit.db.close()
        await use_cases.kit.shared.close()


class KilledError(Exception):
    """Stands for a consumer that is killed."""


async def hear(use_cases: Any, handler: Handler[Any, Any], *events: Event, killed: bool = False) -> None:
    """Handle a batch as a consumer does; one that is killed has handled all of it, and not committed the last."""
    with contextlib.suppress(KilledError):
        for event in events:
            async with use_cases.kit.db.transaction() as session:
                await handler.handle(use_cases, session, event)
                if killed and event is events[-1]:
                    raise KilledError


def name_of(it: Any) -> str:
    """Return what a parameter is called."""
    return it.event.KIND if isinstance(it, Handler) else getattr(it, "__name__", str(it))


async def kept(votewave: VoteWave, service: str, one: UUID, other: UUID) -> list[str]:
    """Return all rows of a service that name either, in words of their own."""
    tables = await votewave.sql(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = $1"
        " AND table_name NOT IN ('outbox', 'inbox', 'parked')",
        service,
    )
    found: list[str] = []
    for table in tables:
        rows = await votewave.sql(f'SELECT to_jsonb(t)::text AS row FROM "{service}"."{table["table_name"]}" AS t')
        for text in (row["row"] for row in rows):
            row = text.replace(str(one), "ONE").replace(one.hex, "ONE").replace(str(other), "OTHER")
            row = row.replace(other.hex, "OTHER")
            if row != text:
                fields = {name: value for name, value in json.loads(row).items() if name not in PASSING}
                fields.pop("ordinal", None)  # its end is the thing's own
                found.append(f"{table['table_name']} {json.dumps(fields, sort_keys=True)}")
    return sorted(found)


@pytest.mark.parametrize(("service", "handler", "telling"), CASES, ids=name_of)
async def test_disturbed_it_keeps_what_it_would_keep_undisturbed(
    votewave: VoteWave, service: str, handler: Handler[Any, Any], telling: Telling
) -> None:
    def told(one: UUID, other: UUID) -> tuple[Event, Event]:
        first, second = (telling(one, other, version) for version in (1, 2))
        return handler.event(**_known(handler, first)), handler.event(**_known(handler, second))

    async with running(votewave, service) as use_cases:
        one, other = new_id(), new_id()
        await hear(use_cases, handler, *told(one, other))
        expected = await kept(votewave, service, one, other)
        assert expected

        one, other = new_id(), new_id()
        first, second = told(one, other)
        await hear(use_cases, handler, second, killed=True)
        assert await kept(votewave, service, one, other) == []
        await hear(use_cases, handler, first, second, killed=True)
        await hear(use_cases, handler, second, first, second, first)
        assert await kept(votewave, service, one, other) == expected


def _known(handler: Handler[Any, Any], told: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in told.items() if name in handler.event.__struct_fields__}
