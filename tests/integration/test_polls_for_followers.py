"""Polls for followers: nobody else knows of them, on any path. Polls for all in which followers alone vote."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from services.core.kit import Kit, Shared
from services.votebooth.events import FollowChanged
from services.votebooth.plugin import SERVICE
from services.votebooth.service import VoteBooth
from services.votebooth.settings import VoteBoothSettings
from tests.conftest import VoteWave, eventually
from tests.integration.follows.conftest import Person, sign_up
from tests.integration.inside import settings_beside
from tests.integration.votebooth.booth_world import a_ticket, an_administrator, follow, heard, live_url
from websockets.asyncio.client import connect

NO_CODE = "ZZZZZZZZ"
BOOTH = "/v1/votebooth/polls"
BALLOT = {"picks": [1]}
Headers = dict[str, str]


async def publish(owner: Person, **rules: Any) -> dict[str, Any]:
    """Publish a poll, for followers unless it is said otherwise; return it."""
    body = {
        "title": f"Among us {uuid4().hex}",
        "method": {"type": "single"},
        "options": [{"label": "Yes"}, {"label": "No"}],
        "rules": {"listing": "followers", **rules},
        "publish": True,
    }
    made = await owner.http.post("/v1/polls", json=body, headers=owner.headers)
    assert made.status_code == 201, made.text
    return dict(made.json())


async def vote(who: Person, poll: str, body: dict[str, Any] | None = None) -> httpx.Response:
    return await who.http.put(f"{BOOTH}/{poll}/ballot", json=body or BALLOT, headers=who.headers)


async def read(http: httpx.AsyncClient, path: str, headers: Headers) -> int:
    return (await http.get(path, headers=headers)).status_code


def reads_of(poll: str) -> list[str]:
    """Where each service that keeps who follows whom shows a poll."""
    return [f"/v1/polls/{poll}", f"{BOOTH}/{poll}/results", f"/v1/comments/threads/{poll}"]


async def until(http: httpx.AsyncClient, poll: str, headers: Headers, status: int) -> None:
    """Wait until every service answers so to somebody who looks at a poll."""

    async def same() -> bool:
        return [await read(http, path, headers) for path in reads_of(poll)] == [status] * 3

    await eventually(same)


async def follower_of(owner: Person, poll: str) -> Person:
    """Return somebody new who follows the owner of a poll for followers, once all services know."""
    person = await sign_up(owner.http)
    assert (await person.follow(owner)).is_success
    await until(owner.http, poll, person.headers, 200)
    return person


@pytest.fixture
async def owner(client: httpx.AsyncClient) -> Person:
    return await sign_up(client)


def requests_about(poll: str, code: str, comment: str, receipt: str) -> list[tuple[str, str, Any]]:
    """Every request that names a poll, a comment on it or a receipt of it, those that change something at the end."""
    thread, booth = f"/v1/comments/threads/{poll}", f"{BOOTH}/{poll}"
    return [
        ("GET", f"/v1/polls/{poll}", None),
        ("GET", f"/v1/polls/by-code/{code}", None),
        ("GET", f"/v1/polls/{poll}/log", None),
        ("GET", f"{booth}/ballot", None),
        ("GET", f"{booth}/results", None),
        ("GET", f"{booth}/salt", None),
        ("GET", f"{booth}/receipts", None),
        ("GET", f"{booth}/receipts/{receipt}", None),
        ("GET", f"{booth}/export", None),
        ("GET", f"{booth}/log", None),
        ("GET", f"{booth}/roll", None),
        ("POST", f"{booth}/tokens", {"count": 1}),
        ("POST", f"{booth}/roll", {"addresses": ["a@example.org"]}),
        ("POST", f"{BOOTH}/batch", {"polls": [poll]}),
        ("GET", thread, None),
        ("GET", f"{thread}/comments", None),
        ("GET", f"{thread}/log", None),
        ("GET", f"/v1/comments/{comment}", None),
        ("GET", f"/v1/comments/{comment}/replies", None),
        ("POST", "/v1/comments/threads/batch", {"ids": [poll]}),
        ("PUT", f"/v1/notifications/polls/{poll}", None),
        ("PUT", f"{thread}/follow", None),
        ("POST", "/v1/expressions/waves", {"text": "Look", "poll": poll}),
        ("POST", f"/v1/polls/{poll}/duplicate", None),
        ("PATCH", f"/v1/polls/{poll}", {"title": "Mine now"}),
        ("POST", f"/v1/polls/{poll}/notes", {"text": "Hello"}),
        *(("POST", f"/v1/polls/{poll}/{act}", None) for act in ("publish", "close", "archive", "unarchive")),
        ("DELETE", f"/v1/polls/{poll}", None),
        ("PUT", f"{booth}/ballot", BALLOT),
        ("PUT", f"{booth}/ballot", {"picks": ["nonsense"]}),
        ("DELETE", f"{booth}/ballot", None),
        ("POST", f"{thread}/comments", {"text": "Me, too"}),
        ("POST", f"{thread}/comments", {"text": "Me, too", "parent": comment}),
        ("PUT", f"{thread}/lock", None),
        ("PUT", f"/v1/comments/{comment}/support", None),
        ("PUT", f"/v1/comments/{comment}/hidden", {"reason": "I can"}),
        ("PUT", f"/v1/comments/{comment}/pin", None),
        ("PUT", f"/v1/comments/{comment}/report", {"reason": "spam"}),
        ("PATCH", f"/v1/comments/{comment}", {"text": "I said that"}),
        ("DELETE", f"/v1/comments/{comment}", None),
    ]


async def answered(http: httpx.AsyncClient, request: tuple[str, str, Any], headers: Headers) -> tuple[int, Any]:
    """Return what a request is answered with, less what is of this very request."""
    method, path, body = request
    answer = await http.request(method, path, json=body, headers=headers)
    said = answer.json() if answer.content else None
    if isinstance(said, dict):
        said = {name: value for name, value in said.items() if name != "trace"}
    return answer.status_code, said


async def test_to_everybody_else_there_is_no_such_poll_on_any_path(client: httpx.AsyncClient, owner: Person) -> None:
    poll = await publish(owner)
    fan = await follower_of(owner, poll["id"])
    cast = await vote(fan, poll["id"])
    assert cast.status_code == 201, cast.text
    said = await client.post(f"/v1/comments/threads/{poll['id']}/comments", json={"text": "First"}, headers=fan.headers)
    assert said.status_code == 201, said.text
    about = (poll["id"], poll["code"], said.json()["comment"]["id"], cast.json()["receipt"])

    blocked, blocking, lost = [await follower_of(owner, poll["id"]) for _ in range(3)]
    assert (await vote(lost, poll["id"])).status_code == 201
    assert (await owner.block(blocked)).is_success
    assert (await blocking.block(owner)).is_success
    assert (await lost.unfollow(owner)).is_success
    guest = await client.post("/v1/auth/guests")
    guest_headers = {"authorization": f"Bearer {guest.json()['access_token']}"}
    outside: dict[str, Headers] = {
        "stranger": (await sign_up(client)).headers,
        "blocked": blocked.headers,
        "blocking": blocking.headers,
        "lost": lost.headers,
        "guest": guest_headers,
        "nobody": {},
    }
    for headers in outside.values():
        await until(client, poll["id"], headers, 404)
    # As an id, code or receipt that is nobody's: the same status, the same words.
    nothing = requests_about(str(uuid4()), NO_CODE, str(uuid4()), cast.json()["receipt"])
    unknown = {
        kind: [await answered(client, asked, headers) for asked in nothing]
        for kind, headers in (("guest", guest_headers), ("nobody", {}), ("account", outside["stranger"]))
    }
    different = []
    for who, headers in outside.items():
        for asked, there in zip(requests_about(*about), unknown.get(who, unknown["account"]), strict=True):
            here = await answered(client, asked, headers)
            if here != there or (here[0] < 300 and here[1] not in ([], {"items": []})):
                different.append((who, asked, here, there))
    assert different == []

    tag = (await client.get(f"/v1/polls/{poll['id']}", headers=fan.headers)).headers
    assert tag["cache-control"] == "private, no-store"
    stale = await client.get(f"/v1/polls/{poll['id']}", headers={"if-none-match": tag["etag"]})
    assert stale.status_code == 404
    for who in (fan, owner):
        for path in reads_of(poll["id"]):
            assert await read(client, path, who.headers) == 200
    shown = (await client.get(f"{BOOTH}/{poll['id']}/results", headers=fan.headers)).json()
    assert shown["ballots"] == 2  # what was cast stays counted, also of those who left


async def test_the_requests_of_these_tests_are_those_of_the_document(client: httpx.AsyncClient) -> None:
    paths = (await client.get("/openapi.json")).json()["paths"]
    for method, path, _ in requests_about(str(uuid4()), "code", str(uuid4()), "ab"):
        patterns = [re.sub(r"{[^/]+}", "[^/]+", known) for known, item in paths.items() if method.lower() in item]
        assert any(re.fullmatch(pattern.rstrip("/") + "/?", path) for pattern in patterns), (method, path)
    named = {path for path in paths if re.search(r"{(poll_id|thread_id|comment_id)}", path)}
    asked = {path for _, path, _ in requests_about("{poll}", "x", "{comment}", "{code}")}
    of_own = {"/v1/comments/{comment_id}/appeal"}
    left_out = {path for path in named if path.replace("_id}", "}").replace("{thread}", "{poll}") not in asked}
    assert left_out - of_own == set()


async def test_followers_do_all_that_there_is_to_do(client: httpx.AsyncClient, owner: Person) -> None:
    poll = await publish(owner, anonymous=True)
    fan = await follower_of(owner, poll["id"])
    comment = await client.post(
        f"/v1/comments/threads/{poll['id']}/comments", json={"text": "First"}, headers=owner.headers
    )
    cast = await vote(fan, poll["id"])
    assert cast.status_code == 201, cast.text
    about = (poll["id"], poll["code"], comment.json()["comment"]["id"], cast.json()["receipt"])
    refused = {
        (method, path): status
        for method, path, body in requests_about(*about)[:23]
        if not 200 <= (status := (await answered(client, (method, path, body), fan.headers))[0]) < 300
    }
    booth = f"{BOOTH}/{poll['id']}"
    assert refused == {  # what only the owner may do, and what a poll without tokens hasn't
        ("GET", f"/v1/polls/{poll['id']}/log"): 403,
        ("GET", f"{booth}/export"): 409,
        ("GET", f"{booth}/log"): 404,
        ("GET", f"{booth}/roll"): 403,
        ("POST", f"{booth}/tokens"): 403,
        ("POST", f"{booth}/roll"): 403,
        ("GET", f"/v1/comments/threads/{poll['id']}/log"): 403,
    }
    assert (await vote(owner, poll["id"])).status_code == 201
    [card] = (await client.post(f"{BOOTH}/batch", json={"polls": [poll["id"]]}, headers=fan.headers)).json()["items"]
    assert (card["vote"]["may"], card["vote"]["has_voted"], card["counts"]["ballots"]) == (True, True, 2)


async def test_lists_and_feeds_have_it_for_followers_alone(client: httpx.AsyncClient, owner: Person) -> None:
    poll = await publish(owner)
    fan, stranger = await follower_of(owner, poll["id"]), await sign_up(client)

    async def has(path: str, headers: Headers) -> bool:
        answer = await client.get(path, headers=headers)
        assert answer.status_code == 200, answer.text
        return poll["id"] in answer.text

    theirs = f"/v1/polls?owner={owner.account}"
    for who in (fan, owner):
        await eventually(lambda who=who: has("/v1/feed/home", who.headers))
        assert await has(theirs, who.headers)
    assert await has("/v1/polls?mine=true", owner.headers)
    word = poll["title"].split()[-1]
    for headers in (fan.headers, owner.headers, stranger.headers, {}):
        for path in ("/v1/polls?limit=100", "/v1/feed/explore?limit=100", f"/v1/feed/search/polls?q={word}"):
            assert not await has(path, headers), path
    for headers in (stranger.headers, {}):
        assert not await has(theirs, headers)
    wave = await client.post("/v1/expressions/waves", json={"text": "Vote", "poll": poll["id"]}, headers=owner.headers)
    assert wave.status_code == 201, wave.text
    brought = f"/v1/expressions/waves/{wave.json()['id']}"
    assert await has(brought, fan.headers)
    assert not await has(brought, stranger.headers)
    assert not await has(brought, {})
    assert (await fan.unfollow(owner)).is_success
    for path in ("/v1/feed/home", theirs, brought):

        async def gone(where: str = path) -> bool:
            return not await has(where, fan.headers)

        await eventually(gone)


async def test_who_is_told_and_leaves_is_told_no_more(client: httpx.AsyncClient, owner: Person) -> None:
    poll = await publish(owner)
    fan = await follower_of(owner, poll["id"])
    thread = f"/v1/comments/threads/{poll['id']}/comments"
    first = (await client.post(thread, json={"text": "First"}, headers=fan.headers)).json()["comment"]["id"]
    reply = await client.post(thread, json={"text": "A secret", "parent": first}, headers=owner.headers)
    assert reply.status_code == 201, reply.text

    async def told() -> bool:
        return "A secret" in (await client.get("/v1/notifications", headers=fan.headers)).text

    await eventually(told)
    assert (await fan.unfollow(owner)).is_success

    async def untold() -> bool:
        return not await told()

    await eventually(untold)
    await until(client, poll["id"], fan.headers, 404)
    # One's own words stay one's own.
    assert (await client.delete(f"/v1/comments/{first}", headers=fan.headers)).is_success


async def test_a_live_connection_ends_with_the_follow(client: httpx.AsyncClient, owner: Person) -> None:
    poll = (await publish(owner))["id"]
    fan, stranger = await follower_of(owner, poll), await sign_up(client)
    refusals = []
    for who, wanted in ((stranger, poll), (stranger, str(uuid4()))):
        async with connect(live_url(client, await a_ticket(client, who.headers))) as connection:
            await follow(connection, wanted)
            refusals.append(await heard(connection))
    assert [refusal["type"] for refusal in refusals] == ["refused", "refused"]
    assert refusals[0]["problem"]["detail"] == refusals[1]["problem"]["detail"]
    async with connect(live_url(client, await a_ticket(client, fan.headers))) as connection:
        await follow(connection, poll)
        assert (await heard(connection))["type"] == "snapshot"
        assert (await fan.unfollow(owner)).is_success
        refused = json.loads(await connection.recv())
        assert (refused["type"], refused["problem"]["status"]) == ("refused", 404)
        assert (await vote(owner, poll)).status_code == 201
        with pytest.raises(TimeoutError):
            await heard(connection, 0.5)


async def test_a_room_takes_no_poll_for_followers(client: httpx.AsyncClient, owner: Person) -> None:
    poll = (await publish(owner))["id"]
    draft = await client.post(
        "/v1/polls",
        json={
            "title": "Later",
            "method": {"type": "single"},
            "options": [{"label": "Yes"}, {"label": "No"}],
            "rules": {"listing": "followers"},
        },
        headers=owner.headers,
    )
    stranger = await sign_up(client)
    for host, polls, status, kind in (
        (owner, (poll, draft.json()["id"]), 409, "poll-for-followers"),
        (stranger, (poll, draft.json()["id"], str(uuid4())), 404, "not-found"),
    ):
        room = await client.post("/v1/votebooth/rooms", json={"title": "Hall"}, headers=host.headers)
        path = f"/v1/votebooth/rooms/{room.json()['code']}"
        for each in polls:
            for way, body in (("/stage", {"poll": each}), ("/agenda", {"polls": [each]})):
                answer = await client.put(path + way, json=body, headers=host.headers)
                assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (status, kind)


async def test_whom_a_poll_is_for_may_change_while_it_is_open(client: httpx.AsyncClient, owner: Person) -> None:
    poll = await publish(owner, listing="public")
    stranger = await sign_up(client)
    assert (await vote(stranger, poll["id"])).status_code == 201

    async def change(listing: str) -> None:
        path, body = f"/v1/polls/{poll['id']}", {"rules": {"listing": listing}}
        answer = await client.patch(path, json=body, headers=owner.headers)
        assert (answer.status_code, answer.json()["rules"]["listing"]) == (200, listing)

    await change("followers")
    # Polls and VoteBooth know when the answer leaves.
    assert await read(client, f"/v1/polls/{poll['id']}", stranger.headers) == 404
    assert await read(client, f"{BOOTH}/{poll['id']}/results", stranger.headers) == 404
    for body in (BALLOT, {"picks": [2]}, {"picks": []}):
        assert (await vote(stranger, poll["id"], body)).status_code == 404
    await until(client, poll["id"], stranger.headers, 404)
    await change("unlisted")
    assert (await vote(stranger, poll["id"], {"picks": [2]})).status_code == 200
    await until(client, poll["id"], stranger.headers, 200)


async def test_only_accounts_vote_in_a_poll_for_followers(client: httpx.AsyncClient, owner: Person) -> None:
    body = {"title": "T", "method": {"type": "single"}, "options": [{"label": "Yes"}, {"label": "No"}]}
    for eligibility in ("anyone", "roll", "tokens"):
        rules = {"listing": "followers", "eligibility": eligibility}
        refused = await client.post("/v1/polls", json={**body, "rules": rules}, headers=owner.headers)
        assert refused.status_code == 422
        assert [error["field"] for error in refused.json()["errors"]] == ["rules.eligibility"]


async def test_in_a_poll_for_all_followers_alone_may_vote(client: httpx.AsyncClient, owner: Person) -> None:
    poll = (await publish(owner, listing="public", eligibility="followers"))["id"]
    fan, stranger = await sign_up(client), await sign_up(client)
    guest = Person(client, (await client.post("/v1/auth/guests")).json())
    assert (await fan.follow(owner)).is_success

    async def obstacle(who: Person) -> str | None:
        [card] = (await client.post(f"{BOOTH}/batch", json={"polls": [poll]}, headers=who.headers)).json()["items"]
        return None if card["vote"]["may"] else str(card["vote"]["why_not"])

    async def may_vote() -> bool:
        return await obstacle(fan) is None

    await eventually(may_vote)
    assert (await vote(fan, poll)).status_code == 201
    assert (await vote(owner, poll)).status_code == 201
    assert [await obstacle(who) for who in (owner, stranger, guest)] == [None, "follow_needed", "account_needed"]
    refused = await vote(stranger, poll)
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (403, "follow-needed")
    assert (await vote(guest, poll)).status_code == 403
    for who in (stranger, guest):
        assert (await client.get(f"{BOOTH}/{poll}/results", headers=who.headers)).json()["ballots"] == 2
    assert (await fan.unfollow(owner)).is_success

    async def may_not() -> bool:
        return (await vote(fan, poll, {"picks": [2]})).status_code == 403

    await eventually(may_not)
    assert poll in (await client.get(f"/v1/polls?owner={owner.account}")).text


async def test_a_moderator_who_follows_nobody_deletes_it_by_its_id(
    client: httpx.AsyncClient, owner: Person, votewave: VoteWave
) -> None:
    poll = await publish(owner)
    admin = await an_administrator(client, votewave)
    assert await read(client, f"/v1/polls/{poll['id']}", admin) == 404
    assert (await client.delete(f"/v1/polls/{poll['id']}", headers=admin)).status_code == 204
    await until(client, poll["id"], owner.headers, 404)


@pytest.fixture
async def booth(votewave: VoteWave) -> AsyncIterator[VoteBooth]:
    """The use cases of VoteBooth, on the running VoteWave's servers."""
    kit = Kit("votebooth", VoteBoothSettings(), Shared(settings_beside(votewave)))
    yield VoteBooth(kit)
    await kit.db.close()
    await kit.shared.close()


async def hear(booth: VoteBooth, *told: FollowChanged) -> None:
    """Handle events as the consumer does, each in a transaction of its own."""
    for event in told:
        for handler in SERVICE.handlers:
            if isinstance(event, handler.event):
                async with booth.kit.db.transaction() as session:
                    await handler.handle(booth, session, event)


async def test_follows_told_in_any_order_end_as_the_newest_says(booth: VoteBooth) -> None:
    fan, owner = uuid4(), uuid4()

    def told(version: int, state: str) -> FollowChanged:
        return FollowChanged(follower=fan, followee=owner, state=state, version=version)

    await hear(booth, told(3, "ended"), told(2, "accepted"), told(1, "requested"))
    assert not await booth.audience.following([(fan, owner)])
    await hear(booth, told(5, "accepted"), told(4, "requested"), told(5, "accepted"))
    assert await booth.audience.following([(fan, owner), (owner, fan)]) == {(fan, owner)}


async def test_who_followed_before_a_service_listened_is_taken_over_once(booth: VoteBooth, votewave: VoteWave) -> None:
    owner, fans = uuid4(), sorted(uuid4() for _ in range(1_100))  # more than a page
    await votewave.sql("INSERT INTO follows.account (id, version) SELECT unnest($1::uuid[]), 7", fans)
    await votewave.sql(
        "INSERT INTO follows.follow (follower, followee, state, ordinal) "
        "SELECT follower, $2, CASE WHEN follower = $3 THEN 'requested' ELSE 'accepted' END, gen_random_uuid() "
        "FROM unnest($1::uuid[]) AS follower",
        fans,
        owner,
        fans[2],
    )
    newer = FollowChanged(follower=fans[0], followee=owner, state="ended", version=8)
    older = FollowChanged(follower=fans[1], followee=owner, state="ended", version=6)
    await hear(booth, newer, older)
    await votewave.sql("DELETE FROM votebooth.earlier_follows")
    await booth.earlier.take_over()
    assert {pair[0] for pair in await booth.audience.following([(fan, owner) for fan in fans])} == {
        *fans[1:2],
        *fans[3:],
    }
    [done] = await votewave.sql("SELECT source FROM votebooth.earlier_follows")
    assert done["source"] == "follows"
    late = UUID(int=fans[-1].int)
    await hear(booth, FollowChanged(follower=late, followee=owner, state="accepted", version=7))
    await hear(booth, FollowChanged(follower=late, followee=owner, state="ended", version=9))
    await booth.earlier.take_over()  # is done: what has ended since stays ended
    assert not await booth.audience.following([(late, owner)])


async def test_nothing_is_marked_as_taken_over_while_follows_is_away(votewave: VoteWave) -> None:
    kit = Kit("votebooth", VoteBoothSettings(), Shared(settings_beside(votewave, "static:http://127.0.0.1:1")))
    await votewave.sql("DELETE FROM votebooth.earlier_follows")
    await VoteBooth(kit).earlier.take_over()
    marked = await votewave.sql("SELECT FROM votebooth.earlier_follows")
    await kit.db.close()
    await kit.shared.close()
    assert not marked
