"""Who may see, change and delete a poll."""

import json
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from tests.conftest import VoteWave

from .conftest import Person, a_poll, sign_in, told

ACTS = [
    ("PATCH", "", {"title": "Mine now"}),
    ("POST", "/publish", None),
    ("POST", "/close", None),
    ("POST", "/archive", None),
    ("POST", "/unarchive", None),
    ("DELETE", "", None),
    ("GET", "/log", None),
]


@pytest.mark.parametrize(("method", "path", "body"), ACTS)
async def test_nobody_but_the_owner_acts_on_a_poll(
    owner: Person, other: Person, guest: Person, anybody: Person, method: str, path: str, body: Any
) -> None:
    draft = await owner.create()
    public = await owner.create(publish=True)
    outcomes = {
        (who, kind): (await person.call(method, f"/{poll['id']}{path}", body)).status_code
        for who, person in (("other", other), ("guest", guest), ("anybody", anybody))
        for kind, poll in (("draft", draft), ("public", public))
    }
    # A guest owns no poll, so "guests can't" gives nothing away.
    assert outcomes == {
        ("other", "draft"): 404,
        ("other", "public"): 403,
        ("guest", "draft"): 403,
        ("guest", "public"): 403,
        ("anybody", "draft"): 401,
        ("anybody", "public"): 401,
    }
    assert (await owner.read(draft)).json() == draft
    assert (await owner.read(public)).json() == public


async def test_guests_and_nobody_cant_create_polls(guest: Person, anybody: Person) -> None:
    assert (await guest.call("POST", "", a_poll())).status_code == 403
    assert (await anybody.call("POST", "", a_poll())).status_code == 401


async def test_a_key_without_the_scope_reads_and_doesnt_write(owner: Person, client: httpx.AsyncClient) -> None:
    poll = await owner.create()
    made = await client.post("/v1/auth/keys", headers=owner.headers, json={"name": "votes", "scopes": ["votes:write"]})
    assert made.status_code == 201, made.text
    key = next(value for name, value in made.json().items() if name in {"api_key", "key"} and isinstance(value, str))
    token = (await client.post("/v1/auth/tokens", json={"api_key": key})).json()["access_token"]
    holder = Person(client, token)
    assert (await holder.call("POST", "", a_poll())).status_code == 403
    assert (await holder.edit(poll, title="x")).status_code == 403
    assert (await holder.read(poll)).status_code == 200


async def test_drafts_are_their_owners_alone(owner: Person, other: Person, anybody: Person) -> None:
    draft = await owner.create(title="Not ready")
    code = draft["code"]
    mine = await owner.read(draft)
    assert mine.json() == draft
    assert mine.headers["cache-control"] == "private, no-store"
    for person in (other, anybody):
        assert (await person.read(draft)).status_code == 404
        assert (await person.read(draft, If_None_Match=mine.headers["etag"])).status_code == 404
        assert (await person.call("GET", f"/by-code/{code}")).status_code == 404
        if person is other:
            assert (await person.act(draft, "duplicate")).status_code == 404
        listed = await person.call("GET", f"?owner={owner.account}")
        assert listed.json()["items"] == []
    assert (await other.call("GET", "?mine=true")).json()["items"] == []
    assert (await anybody.call("GET", "?mine=true")).status_code == 401
    assert [item["id"] for item in (await owner.call("GET", "?mine=true&status=draft")).json()["items"]] == [
        draft["id"]
    ]
    assert (await other.call("GET", "?status=draft")).json()["items"] == []


@pytest.mark.parametrize("eligibility", ["roll", "tokens"])
async def test_a_poll_for_the_invited_is_in_nobody_elses_list(owner: Person, anybody: Person, eligibility: str) -> None:
    invited = await owner.create(publish=True, rules={"eligibility": eligibility})
    public = await owner.create(publish=True)

    listed = (await anybody.call("GET", f"?owner={owner.account}")).json()["items"]
    own = (await owner.call("GET", "?mine=true")).json()["items"]

    assert [card["id"] for card in listed] == [public["id"]]
    assert [card["id"] for card in own] == [public["id"], invited["id"]]


async def test_a_deleted_draft_leaves_nothing(owner: Person, votewave: VoteWave) -> None:
    draft = await owner.create()
    assert (await owner.delete(draft)).status_code == 204
    assert (await owner.read(draft)).status_code == 404
    assert await votewave.sql("SELECT 1 FROM polls.poll WHERE id = $1", draft["id"]) == []
    assert await told(votewave, draft) == []


async def test_a_deleted_poll_is_gone_for_everybody_and_others_are_told(
    owner: Person, anybody: Person, votewave: VoteWave
) -> None:
    poll = await owner.create(publish=True)
    assert (await anybody.read(poll)).status_code == 200
    assert (await owner.delete(poll)).status_code == 204
    assert (await owner.delete(poll)).status_code == 404
    for person in (owner, anybody):
        assert (await person.read(poll)).status_code == 404
        assert (await person.read(poll, If_None_Match='"1-open"')).status_code == 404
        assert (await person.call("GET", f"/by-code/{poll['code']}")).status_code == 404
        assert (await person.call("GET", f"?owner={owner.account}")).json()["items"] == []
    assert [event["deleted"] for event in await told(votewave, poll)] == [False, True]


async def test_of_a_deleted_poll_no_texts_are_kept_but_its_title(owner: Person, votewave: VoteWave) -> None:
    """Whoever publishes and deletes again and again would else keep as much as they like, which no quota counts."""
    options = [
        {"label": f"Label {number}", "description": "x" * 1_000, "link": "https://a.example"} for number in range(5)
    ]
    poll = await owner.create(publish=True, title="A title", description="y" * 1_000, options=options)
    assert (await owner.delete(poll)).status_code == 204
    [row] = await votewave.sql("SELECT title, description, options::text FROM polls.poll WHERE id = $1", poll["id"])
    assert (row["title"], row["description"]) == ("A title", "")
    assert [option["id"] for option in json.loads(row["options"])] == [1, 2, 3, 4, 5]
    assert not any(text in row["options"] for text in ("Label", "xxx", "https"))
    [_, event] = await told(votewave, poll)
    assert [option["id"] for option in event["options"]] == [1, 2, 3, 4, 5]


async def test_a_moderator_may_delete_and_nothing_else_and_it_is_logged(
    owner: Person, other: Person, votewave: VoteWave
) -> None:
    poll = await owner.create(publish=True)
    draft = await owner.create()
    await votewave.sql("UPDATE auth.account SET role = 'moderator' WHERE id = $1", other.account)
    moderator = await sign_in(other)
    assert (await moderator.edit(poll, title="x")).status_code == 403
    assert (await moderator.act(poll, "close")).status_code == 403
    assert (await moderator.delete(draft)).status_code == 404
    assert (await moderator.delete(poll)).status_code == 204
    rows = await votewave.sql("SELECT actor, role, act FROM polls.audit WHERE poll = $1 ORDER BY position", poll["id"])
    assert [(str(row["actor"]), row["role"], row["act"]) for row in rows] == [
        (owner.account, "owner", "published"),
        (other.account, "moderator", "deleted"),
    ]


async def test_the_service_itself_cant_rewrite_its_log(owner: Person, votewave: VoteWave) -> None:
    poll = await owner.create(publish=True)
    connection = await asyncpg.connect(votewave.admin_dsn)
    try:
        await connection.execute("SET ROLE polls")
        for statement in ("UPDATE polls.audit SET act = 'x'", "DELETE FROM polls.audit", "TRUNCATE polls.audit"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()
    assert await owner.acts(poll) == ["published"]


async def test_anybody_signed_in_may_copy_a_public_poll_into_a_draft(owner: Person, other: Person) -> None:
    source = await owner.create(
        publish=True, method={"type": "score", "max_score": 10}, rules={"anonymous": True}, random_order=True
    )
    answer = await other.act(source, "duplicate")
    assert answer.status_code == 201
    copy = answer.json()
    assert copy["status"] == "draft"
    assert copy["owner"]["id"] == other.account
    assert copy["id"] != source["id"]
    assert copy["code"] != source["code"]
    assert (copy["opens_at"], copy["closes_at"], copy["published_at"]) == (None, None, None)
    for name in ("title", "method", "options", "random_order", "rules"):
        assert copy[name] == source[name]


async def test_what_doesnt_exist_looks_like_what_is_hidden(owner: Person, other: Person) -> None:
    draft = await owner.create()
    missing, hidden = await other.read(str(uuid4())), await other.read(draft)
    for answer in (missing, hidden):
        assert answer.headers["content-type"].startswith("application/problem+json")
    assert missing.json() | {"trace": ""} == hidden.json() | {"trace": ""}
