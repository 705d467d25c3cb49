"""Blocks cut both ways at once and look like nobody; mutes are one's own affair."""

from typing import Any

import pytest
from tests.conftest import VoteWave

from .conftest import NOBODY, Person, kind_of, told


def told_of(answer: Any) -> tuple[int, dict[str, Any]]:
    """Return all that an answer tells, save for the trace, which is each request's own."""
    return answer.status_code, {name: value for name, value in answer.json().items() if name != "trace"}


async def test_a_block_ends_what_was_between_the_two(ada: Person, ben: Person, votewave: VoteWave) -> None:
    await ada.follow(ben)
    await ben.make(private=True)
    await ben.follow(ada)
    for _ in range(2):
        assert (await ada.block(ben)).status_code == 204
    assert (await ada.counts(), await ben.counts()) == ({"blocks": 1}, {})
    assert await ada.listed("/blocks") == [ben.account]
    relation = await ada.relation(ben)
    assert (relation["blocked"], relation["i_follow"], relation["followers"]) == (True, "none", None)
    ended = [event for event in await told(votewave, "follows.follow.changed", [ada]) if event["state"] == "ended"]
    assert {(event["follower"], event["followee"]) for event in ended} == {
        (ada.account, ben.account),
        (ben.account, ada.account),
    }
    [block] = await told(votewave, "follows.block.changed", [ada])
    assert (block["account"], block["other"], block["blocked"]) == (ada.account, ben.account, True)


async def test_a_block_ends_requests(ada: Person, ben: Person) -> None:
    await ada.make(private=True)
    await ben.follow(ada)
    await ada.block(ben)
    assert (await ada.counts(), await ben.counts()) == ({"blocks": 1}, {})
    assert (await ada.call("PUT", f"/requests/{ben.account}")).status_code == 404


async def test_who_is_blocked_cant_tell_it_from_nobody(ada: Person, ben: Person) -> None:
    await ada.make(private=True)
    await ada.block(ben)
    for method, path in [
        ("GET", "/people/{}"),
        ("PUT", "/people/{}"),
        ("DELETE", "/people/{}"),
        ("GET", "/people/{}/followers"),
        ("GET", "/people/{}/following"),
        ("DELETE", "/followers/{}"),
        ("PUT", "/requests/{}"),
        ("DELETE", "/requests/{}"),
        ("PUT", "/blocks/{}"),
        ("DELETE", "/blocks/{}"),
        ("PUT", "/mutes/{}"),
        ("DELETE", "/mutes/{}"),
    ]:
        blocked = await ben.call(method, path.format(ada.account))
        nobody = await ben.call(method, path.format(NOBODY))
        if method == "DELETE":
            assert (blocked.status_code, blocked.content) == (nobody.status_code, nobody.content) == (204, b"")
        else:
            assert told_of(blocked) == told_of(nobody), (method, path)
            assert blocked.status_code == 404


async def test_who_is_blocked_can_block_once_they_see_each_other_again(ada: Person, ben: Person) -> None:
    await ada.block(ben)
    assert kind_of(await ada.follow(ben)) == (409, "you-block-them")
    assert (await ben.block(ada)).status_code == 404
    assert (await ada.unblock(ben)).status_code == 204
    assert (await ben.block(ada)).status_code == 204
    assert (await ada.block(ben)).status_code == 404


async def test_neither_sees_the_other_in_anybodys_lists(ada: Person, ben: Person, cleo: Person) -> None:
    await ada.follow(cleo)
    await ben.follow(cleo)
    await ben.call("PUT", f"/mutes/{ada.account}")
    await ada.block(ben)
    path = f"/people/{cleo.account}/followers"
    assert await ben.listed(path) == [ben.account]
    assert await ada.listed(path) == [ada.account]
    assert await cleo.listed(path) == [ben.account, ada.account]
    assert await ben.listed("/mutes") == []
    assert kind_of(await ada.call("GET", f"/people/{ben.account}/followers")) == (404, "not-found")


async def test_unblocking_lets_them_follow_and_brings_nothing_back(
    ada: Person, ben: Person, votewave: VoteWave
) -> None:
    await ben.follow(ada)
    await ada.block(ben)
    for _ in range(2):
        assert (await ada.unblock(ben)).status_code == 204
    assert (await ben.relation(ada))["i_follow"] == "none"
    assert (await ben.follow(ada)).status_code == 200
    events = await told(votewave, "follows.block.changed", [ada])
    assert [event["blocked"] for event in events] == [True, False]
    assert events[0]["version"] < events[1]["version"]


async def test_a_mute_is_seen_by_nobody_else_and_changes_nothing_else(
    ada: Person, ben: Person, votewave: VoteWave
) -> None:
    await ada.follow(ben)
    before = await ben.relation(ada)
    for _ in range(2):
        assert (await ada.call("PUT", f"/mutes/{ben.account}")).status_code == 204
    assert await ben.relation(ada) == before
    assert await ada.listed("/mutes") == [ben.account]
    relation = await ada.relation(ben)
    assert (relation["muted"], relation["i_follow"]) == (True, "accepted")
    for _ in range(2):
        assert (await ada.call("DELETE", f"/mutes/{ben.account}")).status_code == 204
    assert await ada.counts() == {"following": 1}
    events = await told(votewave, "follows.mute.changed", [ada])
    assert [event["muted"] for event in events] == [True, False]


@pytest.mark.parametrize("path", ["/blocks", "/mutes"])
async def test_my_lists_have_pages(ada: Person, ben: Person, cleo: Person, path: str) -> None:
    for other in (ben, cleo):
        await ada.call("PUT", f"{path}/{other.account}")
    first = (await ada.call("GET", f"{path}?limit=1")).json()
    second = (await ada.call("GET", f"{path}?limit=1&cursor={first['next']}")).json()
    seen = [item["person"]["id"] for item in first["items"] + second["items"]]
    assert (seen, second["next"]) == ([cleo.account, ben.account], None)
