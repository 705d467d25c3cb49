"""Whenever all of VoteWave is killed while it erases an account, the erasure is completed after the next start."""

from collections.abc import Collection
from uuid import uuid4

import httpx
import pytest
from services import registry
from tests.conftest import VoteWave, eventually
from tests.integration.auth.conftest import opened
from tests.integration.expressions.conftest import Author, author
from tests.integration.test_leaving import (
    AUDIT,
    auth_beside,
    erased,
    forget_events,
    forget_words,
    leave,
    let_pass,
    live,
    traces,
)
from tests.integration.votebooth.booth_world import shown, sums

OTHERS = set(registry.NAMES) - {registry.SIGNER}
EARLY = {
    "profiles": "profile",
    "polls": "poll",
    "votebooth": "ballots",
    "follows": "follow",
    "expressions": "wave",
    "comments": "comment",
    "feed": "entry",
    "notifications": "notification",
    "messaging": "member",
}
"""In each service, a table that erasing comes to first; nothing else is done by then."""
LATE = {
    "profiles": "image",  # its files are gone
    "polls": "follow",
    "votebooth": "follow",
    "follows": "tag",
    "expressions": "limited",
    "comments": "following",
    "feed": "hidden",
    "notifications": "mailbox",
    "messaging": "account",
}
"""In each service, a table that erasing comes to when most is done, and where there are several steps, committed."""
LAST = dict.fromkeys(OTHERS, "person") | {"profiles": "profile"}
"""Where erasing comes to for the second time: that somebody was deleted is forgotten, too."""

# Whoever writes to a table that is named in `places` waits there, before the first row, until it isn't. That is seen by
# a lock, which goes with the writer. All of it outlives a restart.
_STALL = (
    "CREATE SCHEMA stall",
    "CREATE TABLE stall.places (name text PRIMARY KEY)",
    """CREATE FUNCTION stall.wait() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
    BEGIN
        WHILE EXISTS (SELECT FROM stall.places WHERE name = TG_TABLE_SCHEMA || '.' || TG_TABLE_NAME) LOOP
            PERFORM pg_advisory_xact_lock_shared(776, TG_RELID::int);
            PERFORM pg_sleep(0.05);
        END LOOP;
        RETURN NULL;
    END $$""",
)
_STALLED = (
    "SELECT n.nspname || '.' || c.relname AS name FROM pg_locks l JOIN pg_class c ON c.oid = l.objid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE l.locktype = 'advisory' AND l.classid = 776 AND l.granted"
)


async def prepare(votewave: VoteWave) -> None:
    """Make it possible to have erasing wait at some tables."""
    for statement in _STALL:
        await votewave.sql(statement)
    for points in (EARLY, LATE, LAST):
        for name in named(points):
            await votewave.sql(
                f"CREATE OR REPLACE TRIGGER stall BEFORE INSERT OR UPDATE OR DELETE ON {name}"
                " FOR EACH STATEMENT EXECUTE FUNCTION stall.wait()"
            )


def named(points: dict[str, str]) -> list[str]:
    """Return tables by their full names."""
    assert points.keys() == OTHERS
    return sorted(f"{service}.{table}" for service, table in points.items())


async def wait_at(votewave: VoteWave, points: Collection[str]) -> None:
    """Have whoever writes to these tables wait, and nobody else."""
    await votewave.sql(
        "WITH gone AS (DELETE FROM stall.places WHERE name <> ALL($1))"
        " INSERT INTO stall.places SELECT unnest($1::text[]) ON CONFLICT DO NOTHING",
        list(points),
    )


async def all_wait(votewave: VoteWave, points: list[str]) -> None:
    """Wait until every service has come to its table."""

    async def missing() -> list[str]:
        there = {row["name"] for row in await votewave.sql(_STALLED)}
        return [name for name in points if name not in there]

    async def none() -> bool:
        return not await missing()

    try:
        await eventually(none, 120)
    except AssertionError:
        raise AssertionError(f"nobody has come to {await missing()}") from None


async def test_killed_at_any_point_of_it_an_account_is_erased_in_the_end(
    own_votewave: VoteWave, monkeypatch: pytest.MonkeyPatch
) -> None:
    votewave = own_votewave
    votewave.start()
    await prepare(votewave)
    address = f"{uuid4().hex}@example.org"
    handle = f"leaves{uuid4().hex[:10]}"
    async with httpx.AsyncClient(base_url=votewave.url, timeout=20) as client:
        person, other = Author(client, await opened(client, email=address)), await author(client)
        polls = await live(client, person, other, handle)
        counted = [await eventually(lambda poll=poll: shown(client, poll), 20) for poll in polls]
        await leave(client, person.headers)
    words = [person.account, handle, address]

    early, late, last = named(EARLY), named(LATE), named(LAST)
    await wait_at(votewave, early)
    async with auth_beside(votewave) as auth:
        await let_pass(votewave, auth, person.account)
    await all_wait(votewave, early)
    assert {place.partition(".")[0] for place in await traces(votewave, words)} >= OTHERS
    votewave.kill()

    votewave.start()
    await all_wait(votewave, early)
    await wait_at(votewave, late)
    await all_wait(votewave, late)
    votewave.kill()

    votewave.start()
    await wait_at(votewave, [])
    marks = {f"{name}.person" for name in registry.NAMES} | {"auth.departure", "profiles.profile", "feed.name"}
    await erased(votewave, words, marks | {"feed.spelling"})
    await forget_words(votewave)
    await erased(votewave, [handle, address], set())

    await wait_at(votewave, last)
    async with auth_beside(votewave) as auth:
        await let_pass(votewave, auth, person.account)
    await all_wait(votewave, last)
    votewave.kill()

    votewave.start()
    await wait_at(votewave, [])
    await erased(votewave, words, set())
    await forget_events(votewave, monkeypatch)
    assert await traces(votewave, words) <= {f"{schema}.{table}" for schema, table in AUDIT}
    assert not await votewave.sql("SELECT FROM auth.departure")
    async with httpx.AsyncClient(base_url=votewave.url, timeout=20) as client:
        for poll, was in zip(polls, counted, strict=True):
            now = await shown(client, poll)
            assert (sums(now), now["ballots"]) == (sums(was), was["ballots"])
