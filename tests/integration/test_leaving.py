"""A deleted account leaves no trace in any service, and its ballots stay counted."""

import asyncio
import email.parser
import email.policy
import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from PIL import Image
from redis.asyncio import Redis
from services import registry
from services.auth.service import Auth
from services.auth.settings import AuthSettings
from services.core.events import relay
from services.core.kit import Kit, Shared
from services.core.service import NoSettings
from services.feed.service import Feed
from tests.conftest import VoteWave, eventually
from tests.integration.auth.conftest import PASSWORD, a_guest, bearer, opened
from tests.integration.expressions.conftest import Author, author
from tests.integration.inside import settings_beside
from tests.integration.votebooth.booth_world import a_poll, cast, shown, sums

AUDIT = {
    ("auth", "audit_log"),
    ("polls", "audit"),
    ("votebooth", "audit_log"),
    ("comments", "audit_log"),
    ("comments", "moderation_log"),
    ("expressions", "moderation_log"),
    ("messaging", "moderation_log"),
}
PASSING = {"outbox", "inbox"}
"""Emptied by themselves after a week; looked at once they are."""

_DAYS_14 = 14 * 86_400


@asynccontextmanager
async def auth_beside(votewave: VoteWave) -> AsyncIterator[Auth]:
    """Give Auth's use cases, beside the running ones, without their jobs."""
    shared = Shared(settings_beside(votewave))
    kit = Kit("auth", AuthSettings(), shared)
    beside = Auth(kit)
    yield beside
    await beside.stop()
    await kit.db.close()
    await shared.close()


@pytest.fixture
async def auth(votewave: VoteWave) -> AsyncIterator[Auth]:
    """Auth's use cases, beside the shared VoteWave."""
    async with auth_beside(votewave) as beside:
        yield beside


async def traces(votewave: VoteWave, words: list[str]) -> set[str]:
    """Return where words stand: in rows of tables, in Redis, in files."""
    found = set()
    connection = await asyncpg.connect(votewave.admin_dsn)
    try:
        tables = await connection.fetch(
            "SELECT table_schema, table_name FROM information_schema.tables"
            " WHERE table_type = 'BASE TABLE' AND table_schema = ANY($1)",
            list(registry.NAMES),
        )
        assert len(tables) > 40
        # Bytes are shown in hexadecimal: JSON in an outbox, or an id as a key.
        spellings = [each for word in words for each in (word, word.replace("-", ""), word.encode().hex())]
        for schema, table in tables:
            row = await connection.fetchrow(
                f'SELECT FROM "{schema}"."{table}" AS t WHERE lower(t::text) LIKE ANY($1) LIMIT 1',
                [f"%{spelling.lower()}%" for spelling in spellings],
            )
            if row is not None:
                found.add(f"{schema}.{table}")
    finally:
        await connection.close()
    return found | await _in_redis(votewave, words) | _in_files(votewave.data_dir / "files", words)


async def _in_redis(votewave: VoteWave, words: list[str]) -> set[str]:
    redis = Redis.from_url(votewave.redis_url)
    found = set()
    try:
        async for key in redis.scan_iter(count=1_000):
            # Limits and tickets pass by themselves, long before the grace does.
            if 0 < await redis.ttl(key) < _DAYS_14:
                continue
            kind = (await redis.type(key)).decode()
            if kind == "none":  # it has passed since
                continue
            content: Any = key.decode()
            if kind == "stream":
                content = [content, await redis.xrange(key)]
            elif kind == "string":
                content = [content, await redis.get(key)]
            elif kind == "zset":
                content = [content, await redis.zrange(key, 0, -1)]
            elif kind == "hash":
                content = [content, await redis.hgetall(key)]
            else:
                raise AssertionError(f"a key of another kind: {kind}")
            if any(word in str(content) for word in words):
                found.add(f"redis {key.decode()}")
    finally:
        await redis.aclose()
    return found


def _in_files(folder: Path, words: list[str]) -> set[str]:
    found = set()
    for path in folder.rglob("*") if folder.exists() else ():
        content = str(path).encode() + (path.read_bytes() if path.is_file() else b"")
        found |= {f"file {path.name}" for word in words if word.encode() in content}
    return found


async def leave(client: httpx.AsyncClient, headers: dict[str, str], password: str | None = PASSWORD) -> None:
    answer = await client.post("/v1/auth/me/deletion", json={"password": password}, headers=headers)
    assert answer.status_code == 202, answer.text


async def let_pass(votewave: VoteWave, auth: Auth, account: str) -> None:
    """Have the time of an account's next step come, by the clock in its row, and take the step."""
    moved = await votewave.sql("UPDATE auth.departure SET due_at = now() WHERE account = $1 RETURNING 1", UUID(account))
    assert moved
    await auth.delete_due()


async def erased(votewave: VoteWave, words: list[str], besides: set[str]) -> None:
    """Wait until words stand nowhere but in audit logs and where they may be."""
    audits = {f"{schema}.{table}" for schema, table in AUDIT}

    async def gone() -> bool:
        return not {place for place in await traces(votewave, words) if _stays(place)} - audits - besides

    try:
        await eventually(gone, 240)
    except AssertionError:
        places = {place for place in await traces(votewave, words) if _stays(place)} - audits - besides
        raise AssertionError(f"still in {sorted(places)}") from None


def _stays(place: str) -> bool:
    return place.partition(".")[2] not in PASSING and not place.startswith("redis votewave:events:")


async def forget_events(votewave: VoteWave, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a week pass for outboxes and streams."""
    monkeypatch.setattr(relay, "KEEP", timedelta(0))
    shared = Shared(settings_beside(votewave))
    for name in registry.NAMES:
        kit: Kit[AuthSettings] = Kit(name, AuthSettings(), shared)
        waiting = f"SELECT FROM {name}.outbox WHERE published_at IS NULL"

        async def sent(waiting: str = waiting) -> bool:
            return not await votewave.sql(waiting)

        await eventually(sent)
        await relay.Relay(name, kit.db, shared.redis)._sweep()
        await kit.db.close()
    await shared.close()


async def forget_words(votewave: VoteWave) -> None:
    """Do what Feed's job does each minute: forget words that nothing has any more."""
    shared = Shared(settings_beside(votewave))
    feed = Feed(Kit("feed", NoSettings(), shared))
    await feed.sweep()
    await feed.kit.db.close()
    await shared.close()


async def live(client: httpx.AsyncClient, person: Author, other: Author, handle: str) -> list[str]:
    """Leave traces in every service; return the polls that have a ballot of the person's."""
    edit = {"handle": handle, "display_name": f"Name {handle}", "bio": f"About {handle}"}
    assert (await client.patch("/v1/profiles/me", json=edit, headers=person.headers)).status_code == 200
    picture = io.BytesIO()
    Image.new("RGB", (80, 80)).save(picture, "PNG")
    begin = {"content_type": "image/png"}
    begun = (await client.post("/v1/profiles/me/images", json=begin, headers=person.headers)).json()
    upload = begun["upload"]
    assert (await client.put(upload["url"], content=picture.getvalue(), headers=upload["headers"])).is_success
    shown = await client.put("/v1/profiles/me/avatar", json={"image": begun["id"]}, headers=person.headers)
    assert shown.is_success, shown.text
    mine = await a_poll(client, person.headers, title="Soup or bread?")
    ranked = await a_poll(client, other.headers, "irv")
    hidden = await a_poll(client, other.headers, rules={"anonymous": True})
    await a_poll(client, person.headers, opens_at="2099-01-01T00:00:00Z")
    draft = await client.post(
        "/v1/polls/",
        json={
            "title": f"Draft of {handle}",
            "method": {"type": "single"},
            "publish": False,
            "options": [{"label": "A"}, {"label": "B"}],
        },
        headers=person.headers | {"idempotency-key": "mine"},
    )
    assert draft.status_code == 201, draft.text
    await cast(client, mine, person.headers, {"picks": [1]})
    await cast(client, mine, other.headers, {"picks": [2]})
    await cast(client, ranked, person.headers, {"ranking": [1, 2, 3]})
    await cast(client, hidden, person.headers, {"picks": [1]})
    for one, two in ((person, other), (other, person)):
        assert (await one.follow(two)).status_code in {200, 201, 204}
    third, fourth = await author(client), await author(client)
    assert (await person.block(third)).is_success
    assert (await fourth.block(person)).is_success
    assert (await person.call("PUT", f"/mutes/{other.account}")).is_success
    assert (await other.call("PUT", f"/mutes/{person.account}")).is_success
    assert (await person.call("PUT", f"/tags/{handle}")).is_success

    async def known() -> bool:
        said = await other.waves("POST", json={"text": f"Look, @{handle}!"})
        return any(part["type"] == "mention" for part in said.json()["parts"])

    await eventually(known)
    theirs = await other.say(f"Dear @{handle}, hello")
    assert (await other.waves("PATCH", f"/{theirs['id']}", json={"text": "Dear all, hello"})).is_success
    wave = await person.say(f"I am {handle}", images=[{"image": await a_wave_s_image(client, person)}])
    assert (await person.waves("PUT", f"/{theirs['id']}/like")).is_success
    assert (await person.waves("PUT", f"/{theirs['id']}/ripple")).is_success
    assert (await other.waves("PUT", f"/{wave['id']}/clap")).is_success
    assert (await other.waves("PUT", f"/{wave['id']}/ripple")).is_success
    for sender, receiver in ((person, other), (other, person)):
        message = {"client_id": str(uuid4()), "text": "Hello.", "reply_to": None}
        path = f"/v1/messaging/people/{receiver.account}/messages"
        sent = await client.post(path, json=message, headers=sender.headers)
        assert sent.status_code in {200, 201}, sent.text
    ask = {"content_type": "text/plain", "name": f"{handle}.txt"}
    begun = (await client.post("/v1/messaging/attachments", json=ask, headers=person.headers)).json()
    upload = begun["upload"]
    sent = await client.request(upload["method"], upload["url"], headers=upload["headers"], content=handle.encode())
    assert sent.is_success, sent.text
    at = f"/v1/messaging/attachments/{begun['id']}"
    assert (await client.put(at, headers=person.headers)).is_success
    carries = {"client_id": str(uuid4()), "text": "", "attachments": [{"attachment": begun["id"]}]}
    sent = await client.post(f"/v1/messaging/people/{other.account}/messages", json=carries, headers=person.headers)
    assert sent.status_code == 201, sent.text
    group = {"title": "Us", "members": [other.account]}
    made = await client.post("/v1/messaging/groups", json=group, headers=person.headers)
    assert made.status_code == 201, made.text
    await meet(client, person, other, handle)
    thread = f"/v1/comments/threads/{mine}/comments"

    async def commented() -> Any:
        return (await client.post(thread, json={"text": f"By {handle}"}, headers=person.headers)).json().get("comment")

    comment = await eventually(commented)
    answered = await client.post(thread, json={"text": "An answer", "parent": comment["id"]}, headers=other.headers)
    assert answered.status_code == 201, answered.text
    answer = answered.json()["comment"]["id"]
    assert (await client.put(f"/v1/comments/{answer}/support", headers=person.headers)).is_success
    reported = await client.put(
        f"/v1/comments/{answer}/report", json={"reason": "spam", "note": handle}, headers=person.headers
    )
    assert reported.is_success, reported.text
    reported = await person.waves("PUT", f"/{theirs['id']}/report", json={"reason": "spam", "note": handle})
    assert reported.is_success, reported.text
    assert (await other.waves("PUT", f"/{wave['id']}/report", json={"reason": "other"})).is_success
    return [mine, ranked, hidden]


async def a_wave_s_image(client: httpx.AsyncClient, person: Author) -> str:
    """Upload an image for a Wave and have it made; return its id."""
    picture = io.BytesIO()
    Image.new("RGB", (90, 60)).save(picture, "PNG")
    begun = (
        await client.post("/v1/expressions/images", json={"content_type": "image/png"}, headers=person.headers)
    ).json()
    upload = begun["upload"]
    assert (await client.put(upload["url"], content=picture.getvalue(), headers=upload["headers"])).is_success
    made = await client.put(f"/v1/expressions/images/{begun['id']}", headers=person.headers)
    assert made.is_success, made.text
    return str(begun["id"])


async def meet(client: httpx.AsyncClient, person: Author, other: Author, handle: str) -> None:
    """Leave traces in a room of the person's own, and as audience and co-host in another's."""

    async def act(who: Author, method: str, path: str, body: object) -> httpx.Response:
        answer = await client.request(method, f"/v1/votebooth/rooms{path}", json=body, headers=who.headers)
        assert answer.is_success, answer.text
        return answer

    await act(person, "POST", "", {"title": f"Room of {handle}"})
    code = (await act(other, "POST", "", {"title": "All hands"})).json()["code"]
    question = f"/{code}/questions/{uuid4()}"
    await act(person, "PUT", f"/{code}/me", {"name": handle})
    await act(person, "PUT", question, {"text": "Why?"})
    await act(person, "PUT", f"{question}/vote", {})
    await act(other, "PUT", f"/{code}/hosts/{person.account}", {})
    await act(person, "PUT", f"/{code}/timer", {"seconds": 60})


async def test_a_deleted_account_leaves_no_trace_and_its_ballots_stay_counted(
    votewave: VoteWave, client: httpx.AsyncClient, auth: Auth, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = f"{uuid4().hex}@example.org"
    tokens = await opened(client, email=address)
    person, other = Author(client, tokens), await author(client)
    handle = f"leaves{uuid4().hex[:10]}"
    polls = await live(client, person, other, handle)
    archive = await an_archive(client, person.headers)
    assert archive["auth/account.json"][0]["email"] == address
    assert {row["poll_id"] for row in archive["votebooth/ballots.json"]} == set(polls[:2])
    assert [row["text"] for row in archive["expressions/waves.json"] if row["text"]] == [f"I am {handle}"]
    assert [row["tag"] for row in archive["follows/tags.json"]] == [handle]
    avatar = (await client.get("/v1/profiles/me", headers=person.headers)).json()["avatar"]
    assert (await client.get(avatar)).is_success
    for service in ("profiles", "expressions"):
        [row] = archive[f"{service}/images.json"]
        assert row["state"] == "used"
        size = {"profiles": (512, 512), "expressions": (90, 60)}[service]
        assert Image.open(io.BytesIO(archive[f"{service}/{row['file']}"])).size == size
    [row] = archive["messaging/attachments.json"]
    assert (row["name"], row["file"]) == (f"{handle}.txt", f"attachments/{row['id']}.txt")
    assert archive[f"messaging/{row['file']}"] == handle.encode()
    counted = [await eventually(lambda poll=poll: shown(client, poll)) for poll in polls]

    words = [person.account, handle, address]
    before = await traces(votewave, words)
    services = {place.partition(".")[0] for place in before}
    assert services >= set(registry.NAMES)
    assert any(place.startswith("file ") for place in before), "what was sent as a file; archives are packed"
    await leave(client, person.headers)

    async def ended() -> bool:
        return (await client.get("/v1/auth/me", headers=person.headers)).status_code == 401

    await eventually(ended)
    await let_pass(votewave, auth, person.account)
    marks = {f"{name}.person" for name in registry.NAMES} | {"auth.departure", "profiles.profile", "feed.name"}
    await erased(votewave, words, marks | {"feed.spelling"})
    await forget_words(votewave)
    await erased(votewave, [handle, address], set())
    await let_pass(votewave, auth, person.account)
    await erased(votewave, words, set())
    await forget_events(votewave, monkeypatch)
    assert await traces(votewave, words) <= {f"{schema}.{table}" for schema, table in AUDIT}
    assert await traces(votewave, [handle, address]) <= {"polls.audit"}

    for poll, was in zip(polls, counted, strict=True):
        now = await shown(client, poll)
        assert (sums(now), now["ballots"]) == (sums(was), was["ballots"])
    mine = (await client.get(f"/v1/polls/{polls[0]}")).json()
    assert (mine["status"], mine["owner"]["deleted"], mine["owner"]["handle"]) == ("closed", True, None)
    assert await other.counts() == {"mutes": 0} or "following" not in await other.counts()
    assert (await client.get(f"/v1/profiles/{handle}")).status_code == 404
    assert (await client.get(avatar)).status_code == 404
    assert await opened(client, email=address)  # the address is free


async def an_archive(client: httpx.AsyncClient, headers: dict[str, str]) -> dict[str, Any]:
    """Have an archive prepared; return its files."""
    asked = await client.post("/v1/auth/me/archive", headers=headers)
    assert asked.status_code == 202, asked.text

    async def ready() -> Any:
        view = (await client.get("/v1/auth/me/archive", headers=headers)).json()
        return view if view["state"] == "ready" else None

    view = await eventually(ready, 30)
    again = await client.post("/v1/auth/me/archive", headers=headers)
    assert again.status_code == 429
    packed = await client.get(view["url"])
    assert packed.status_code == 200
    with zipfile.ZipFile(io.BytesIO(packed.content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    listed = json.loads(files.pop("manifest.json"))["files"]
    assert [(each["path"], each["bytes"], each["sha256"]) for each in listed] == [
        (name, len(data), hashlib.sha256(data).hexdigest()) for name, data in files.items()
    ]
    return {name: json.loads(data) if name.endswith(".json") else data for name, data in files.items()}


async def test_signing_in_keeps_an_account_and_nothing_else_does(
    votewave: VoteWave, client: httpx.AsyncClient, auth: Auth
) -> None:
    person = await opened(client)
    headers = bearer(person)
    for password, status in ((None, 403), ("another boat and lamp", 403)):
        answer = await client.post("/v1/auth/me/deletion", json={"password": password}, headers=headers)
        assert answer.status_code == status, answer.text
    await leave(client, headers)
    refreshed = await client.post("/v1/auth/sessions/refresh", json={"refresh_token": person["refresh_token"]})
    assert refreshed.status_code == 401
    body = {"email": person["account"]["email"], "password": PASSWORD}
    assert (await client.post("/v1/auth/sessions", json=body)).status_code == 201
    assert not await votewave.sql("SELECT FROM auth.departure WHERE account = $1", UUID(person["account"]["id"]))
    await auth.delete_due()
    assert (await client.post("/v1/auth/sessions", json=body)).status_code == 201
    subjects = [mail["subject"] for mail in await mails_to(votewave, body["email"], 3)]
    assert subjects.count("Your VoteWave account will be deleted") == 1
    assert subjects.count("Your VoteWave account stays") == 1
    assert subjects.count("Confirm your e-mail address") == 1


async def mails_to(votewave: VoteWave, address: str, number: int) -> list[Any]:
    """Wait for so many mails to an address; return them."""
    parser = email.parser.BytesParser(policy=email.policy.default)

    async def found() -> Any:
        mails = [parser.parsebytes(path.read_bytes()) for path in (votewave.data_dir / "mail").rglob("*.eml")]
        mine = [mail for mail in mails if mail["to"] == address]
        return mine if len(mine) >= number else None

    return list(await eventually(found))


async def test_a_sign_in_at_the_moment_of_the_deletion_keeps_the_account_or_is_ended(
    votewave: VoteWave, client: httpx.AsyncClient
) -> None:
    """Whatever comes first, nobody is signed in to an account that is to be deleted."""
    for _ in range(4):
        person = await opened(client)
        body = {"email": person["account"]["email"], "password": PASSWORD}
        await asyncio.gather(
            leave(client, bearer(person)), *(client.post("/v1/auth/sessions", json=body) for _ in range(3))
        )
        [row] = await votewave.sql(
            "SELECT (SELECT count(*) FROM auth.departure WHERE account = $1) AS leaving, (SELECT count(*)"
            " FROM auth.session WHERE account_id = $1 AND ended_at IS NULL) AS live",
            UUID(person["account"]["id"]),
        )
        assert not (row["leaving"] and row["live"])


async def test_a_guest_leaves_without_a_password(votewave: VoteWave, client: httpx.AsyncClient, auth: Auth) -> None:
    owner, guest = await author(client), await a_guest(client)
    poll = await a_poll(client, owner.headers)
    await cast(client, poll, bearer(guest), {"picks": [3]})
    account = guest["account"]["id"]
    await leave(client, bearer(guest), None)
    await let_pass(votewave, auth, account)
    await erased(votewave, [account], {"auth.departure"})
    await let_pass(votewave, auth, account)
    await erased(votewave, [account], set())
    assert sums(await shown(client, poll)) == [0, 0, 1]
