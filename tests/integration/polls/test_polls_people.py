"""Who owns a poll, and what a card in a list tells: people instead of ids, with a bounded number of statements."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from services.core.kit import Kit, Shared
from services.polls.schemas import CARD_OPTIONS
from services.polls.service import Polls
from services.polls.settings import PollsSettings
from tests.conftest import VoteWave, eventually
from tests.integration.inside import settings_beside, statements_of

from .conftest import Person, sign_up


@asynccontextmanager
async def polls_of(votewave: VoteWave) -> AsyncIterator[Polls]:
    """The use cases of Polls, on a running VoteWave's servers."""
    polls = Polls(Kit("polls", PollsSettings(), Shared(settings_beside(votewave))))
    try:
        yield polls
    finally:
        await polls.kit.db.close()
        await polls.kit.shared.close()


async def named(person: Person, **profile: str) -> dict[str, Any]:
    """Change somebody's profile; return the person as others see it."""
    answer = await person.http.patch("/v1/profiles/me", json=profile, headers=person.headers)
    assert answer.status_code == 200, answer.text
    said = answer.json()
    return {
        "id": person.account,
        "handle": said["handle"],
        "display_name": said["display_name"],
        "avatar": None,
        "deleted": False,
    }


async def test_a_poll_that_is_made_at_once_after_signing_up_names_its_owner(client: httpx.AsyncClient) -> None:
    person = await sign_up(client)
    poll = await person.create(publish=True)
    mine = (await client.get("/v1/profiles/me", headers=person.headers)).json()
    assert poll["owner"] == {
        "id": person.account,
        "handle": mine["handle"],
        "display_name": "",
        "avatar": None,
        "deleted": False,
    }


async def test_owner_and_actor_are_called_what_their_profile_says_also_where_the_poll_is_remembered(
    owner: Person, anybody: Person
) -> None:
    poll = await owner.create(publish=True)
    before = await anybody.read(poll)
    ada = await named(owner, handle=f"ada{uuid4().hex[:8]}", display_name='Ada ","id": x')

    async def renamed() -> bool:
        return bool((await anybody.read(poll)).json()["owner"] == ada)

    assert await eventually(renamed)
    again = await anybody.read(poll, if_none_match=before.headers["etag"])
    assert again.status_code == 200
    assert again.headers["etag"] != before.headers["etag"]
    assert again.json() == {**before.json(), "owner": ada}
    assert (await anybody.read(poll, if_none_match=again.headers["etag"])).status_code == 304
    [card] = (await anybody.call("GET", f"?owner={owner.account}")).json()["items"]
    assert card["owner"] == ada
    [entry] = (await owner.call("GET", f"/{poll['id']}/log")).json()["items"]
    assert entry["actor"] == ada


async def test_a_new_name_of_the_owner_is_no_conflict_for_an_edit(owner: Person) -> None:
    poll = await owner.create(publish=True)
    tag = (await owner.read(poll)).headers["etag"]
    ada = await named(owner, display_name="Ada")

    async def renamed() -> bool:
        return bool((await owner.read(poll)).json()["owner"] == ada)

    assert await eventually(renamed)
    assert (await owner.edit(poll, {"if_match": tag}, title="Supper?")).status_code == 200
    assert (await owner.edit(poll, {"if_match": tag}, title="Tea?")).status_code == 412


async def test_people_whose_events_are_gone_are_asked_for_once(owner: Person, votewave: VoteWave) -> None:
    ada = await named(owner, display_name="Ada")
    poll = await owner.create(publish=True)
    await votewave.sql("DELETE FROM polls.person WHERE id = $1", owner.account)
    assert (await owner.read(poll)).json()["owner"] == ada
    [row] = await votewave.sql("SELECT version FROM polls.person WHERE id = $1", owner.account)
    assert row["version"] == 2


async def test_a_deleted_account_is_shown_as_such(owner: Person, votewave: VoteWave) -> None:
    poll = await owner.create(publish=True)
    gone = {"account": owner.account, "version": 100, "handle": "x", "display_name": "x", "deleted": True}
    await votewave.sql(
        "INSERT INTO profiles.outbox (event_id, kind, payload, trace) VALUES ($1, $2, $3, '')",
        uuid4(),
        "profiles.profile.changed",
        json.dumps(gone).encode(),
    )

    async def deleted() -> bool:
        return bool((await owner.read(poll)).json()["owner"]["deleted"])

    assert await eventually(deleted)
    assert (await owner.read(poll)).json()["owner"] == {
        "id": owner.account,
        "handle": None,
        "display_name": "",
        "avatar": None,
        "deleted": True,
    }


async def test_a_card_has_the_first_options_rules_link_and_times(owner: Person, anybody: Person) -> None:
    options = [{"label": f"Option {number}", "description": "x" * 50} for number in range(1, 41)]
    poll = await owner.create(publish=True, options=options, rules={"eligibility": "anyone", "minimum": 3})
    few = await owner.create(publish=True)
    cards = {card["id"]: card for card in (await anybody.call("GET", f"?owner={owner.account}")).json()["items"]}
    for made in (poll, few):
        card = cards[made["id"]]
        first = [{"id": each["id"], "label": each["label"]} for each in made["options"][:CARD_OPTIONS]]
        assert card == {
            **{name: made[name] for name in card if name in made},
            "options": first,
            "option_count": len(made["options"]),
        }
        for name in ("status", "owner", "version", "code", "link", "title", "method", "rules", "opens_at", "closes_at"):
            assert card[name] == made[name]
    assert (await owner.edit(few, title="Supper?")).status_code == 200
    again = (await anybody.call("GET", f"?owner={owner.account}")).json()["items"]
    assert {card["title"] for card in again} == {poll["title"], "Supper?"}


@pytest.mark.parametrize("kept", [False, True], ids=["new", "kept"])
async def test_a_list_costs_a_fixed_number_of_statements(
    client: httpx.AsyncClient, votewave: VoteWave, kept: bool
) -> None:
    """The page, its options unless they are at hand, its people."""
    for _ in range(6):
        await (await sign_up(client)).create(publish=True)
    async with polls_of(votewave) as polls:

        async def page(limit: int) -> tuple[int, int]:
            with statements_of(polls.kit.db.engine) as statements:
                found = await polls.list(None, mine=False, owner=None, status=None, cursor=None, limit=limit)
            assert all(card.owner.handle for card in found.items)
            return len({card.owner.id for card in found.items}), len(statements)

        if kept:
            await page(6)
        assert await page(1) == (1, 2 if kept else 3)
        owners, statements = await page(6)
        assert owners == 6
        assert statements == (2 if kept else 3)


async def test_the_options_of_long_polls_are_read_once_a_version(owner: Person, votewave: VoteWave) -> None:
    poll = await owner.create(publish=True, options=[{"label": f"O{number}"} for number in range(500)])
    async with polls_of(votewave) as polls:

        async def read() -> tuple[int, str]:
            with statements_of(polls.kit.db.engine) as statements:
                found = await polls.list(
                    None, mine=False, owner=UUID(owner.account), status=None, cursor=None, limit=20
                )
            [card] = [card for card in found.items if str(card.id) == poll["id"]]
            assert (card.option_count, len(card.options)) == (500, CARD_OPTIONS)
            return sum("jsonb_path_query_array" in each for each in statements), card.title

        assert await read() == (1, "Lunch?")
        assert await read() == (0, "Lunch?")
        await owner.edit(poll, title="Supper?")
        assert await read() == (1, "Supper?")
