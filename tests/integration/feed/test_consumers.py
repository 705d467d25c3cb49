"""Whatever befalls a consumer, what it keeps is the same: killed in mid-batch, told twice, told in another order."""

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from services.core.events.handler import Handler
from services.core.events.outbox import Event
from services.core.ids import new_id
from services.feed import events as feed_events
from services.feed.plugin import SERVICE as FEED
from services.feed.service import Feed
from services.follows import events as follows_events
from services.follows.plugin import SERVICE as FOLLOWS
from tests.conftest import VoteWave
from tests.integration.follows.conftest import follows_of

AT = datetime(2026, 3, 1, tzinfo=UTC)
PASSING = ("changed_at", "heard_at")

Telling = Callable[[UUID, UUID, int], Event]


def poll(one: UUID, other: UUID, version: int) -> Event:
    title, tags = f"Version {version}", [f"t{other.hex}{version}"]
    told = {"title": title, "hashtags": tags, "eligibility": "anyone", "published_at": AT, "archived_at": None}
    return feed_events.PollChanged(poll=one, owner=other, version=version, deleted=False, **told)  # type: ignore[arg-type]


def wave(one: UUID, other: UUID, version: int) -> Event:
    told = {"text": f"{version}", "hashtags": [f"t{other.hex}{version}"], "ripple_of": None, "visibility": "public"}
    return feed_events.WaveChanged(wave=one, author=other, version=version, created_at=AT, deleted=False, **told)  # type: ignore[arg-type]


def ripple(one: UUID, other: UUID, version: int) -> Event:
    """Share the Wave `other` on; in the second version it is shared on no longer."""
    told = {"author": other, "text": "", "ripple_of": other, "visibility": "public", "deleted": version > 1}
    return feed_events.WaveChanged(wave=one, version=version, created_at=AT, **told)  # type: ignore[arg-type]


TELLINGS: dict[tuple[str, type[Event]], Telling] = {
    ("feed", feed_events.PollChanged): poll,
    ("feed", feed_events.WaveChanged): wave,
    ("feed", feed_events.ProfileChanged): lambda one, _, version: feed_events.ProfileChanged(
        account=one, version=version, handle=one.hex, display_name=f"v{version}"
    ),
    ("feed", feed_events.FollowChanged): lambda one, other, version: feed_events.FollowChanged(
        follower=one, followee=other, version=version, state="accepted" if version == 1 else "ended"
    ),
    ("feed", feed_events.BlockChanged): lambda one, other, version: feed_events.BlockChanged(
        account=one, other=other, version=version, blocked=version == 1
    ),
    ("feed", feed_events.MuteChanged): lambda one, other, version: feed_events.MuteChanged(
        account=one, other=other, version=version, muted=version == 1
    ),
    ("feed", feed_events.TagChanged): lambda one, other, version: feed_events.TagChanged(
        account=one, tag=f"t{other.hex}", version=version, followed=version == 1
    ),
    ("follows", follows_events.ProfileChanged): lambda one, _, version: follows_events.ProfileChanged(
        account=one, version=version, handle=one.hex, display_name=f"v{version}"
    ),
}

# Erasing an account is done in transactions of its own; tests/integration/test_leaving.py has it.
HANDLERS = [
    (service.name, handler)
    for service in (FEED, FOLLOWS)
    for handler in service.handlers
    if handler.event.__name__ != "AccountDeleted"
]

CASES = [(name, handler, TELLINGS[name, handler.event]) for name, handler in HANDLERS]
CASES += [(name, handler, ripple) for name, handler in HANDLERS if handler.event is feed_events.WaveChanged]


def test_every_handler_is_tried() -> None:
    assert {(name, handler.event) for name, handler in HANDLERS} == TELLINGS.keys()


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
    votewave: VoteWave, feed: Feed, service: str, handler: Handler[Any, Any], telling: Telling
) -> None:
    async with follows_of(votewave) as follows:
        use_cases: Any = feed if service == "feed" else follows
        one, other = new_id(), new_id()
        await hear(use_cases, handler, telling(one, other, 1), telling(one, other, 2))
        expected = await kept(votewave, service, one, other)
        assert expected

        one, other = new_id(), new_id()
        first, second = telling(one, other, 1), telling(one, other, 2)
        await hear(use_cases, handler, second, killed=True)
        assert await kept(votewave, service, one, other) == []
        await hear(use_cases, handler, first, second, killed=True)
        await hear(use_cases, handler, second, first, second, first)
        assert await kept(votewave, service, one, other) == expected
