"""Following tags: counts are exact, whoever follows at once; nobody learns who does."""

import asyncio
from typing import Any

import pytest
from services.follows.service import tagging
from tests.conftest import VoteWave

from .conftest import Person, kind_of, told


def unique(person: Person) -> str:
    """Return a tag that nobody else follows."""
    return "t" + person.account.replace("-", "")


async def state(person: Person, tag: str) -> dict[str, Any]:
    answer = await person.call("GET", f"/tags/{tag}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_a_tag_is_followed_once_however_it_is_written(votewave: VoteWave, ada: Person, ben: Person) -> None:
    tag = unique(ada) + "öl"
    for written in (tag, tag.upper(), "%23" + tag, tag.replace("ö", "o\u0308")):
        answer = await ada.call("PUT", f"/tags/{written}")
        assert answer.status_code == 200, answer.text
        assert answer.json() == {"tag": tag, "followers": 1, "followed": True}
    assert await state(ben, tag) == {"tag": tag, "followers": 1, "followed": False}
    assert (await ada.counts())["tags"] == 1
    assert [item["tag"] for item in (await ada.call("GET", "/tags")).json()["items"]] == [tag]
    assert (await ada.call("DELETE", f"/tags/{tag}")).status_code == 204
    assert (await ada.call("DELETE", f"/tags/{tag}")).status_code == 204
    assert await state(ada, tag) == {"tag": tag, "followers": 0, "followed": False}
    assert await votewave.sql("SELECT 1 FROM follows.tag WHERE name = $1", tag) == []
    events = await told(votewave, "follows.tag.changed", [ada])
    assert [(event["tag"], event["followed"]) for event in events] == [(tag, True), (tag, False)]
    assert events[0]["version"] < events[1]["version"]


@pytest.mark.parametrize("written", ["12", "a-b", "_", "%20", "a%20b", "%00", "a" * 100 + "b", "ﷺ", "🌊", "a.b"])
async def test_what_is_no_tag_is_refused(ada: Person, written: str) -> None:
    for method in ("GET", "PUT", "DELETE"):
        answer = await ada.call(method, f"/tags/{written}")
        assert answer.status_code in {400, 422}, answer.text
    assert (await ada.counts()).get("tags", 0) == 0


async def test_guests_follow_no_tags(guest: Person) -> None:
    for method, path in (("GET", "/tags"), ("GET", "/tags/sea"), ("PUT", "/tags/sea"), ("DELETE", "/tags/sea")):
        assert (await guest.call(method, path)).status_code == 403


async def test_counts_stay_exact_when_many_follow_at_once(votewave: VoteWave, ada: Person, ben: Person) -> None:
    tags = [f"{unique(ada)}{number}" for number in range(3)]
    calls = [
        person.call(method, f"/tags/{tag}")
        for _ in range(6)
        for person in (ada, ben)
        for tag in tags
        for method in ("PUT", "DELETE")
    ]
    answers = await asyncio.gather(*calls)
    assert {answer.status_code for answer in answers} == {200, 204}
    stored = await votewave.sql("SELECT tag, account FROM follows.tag_follow WHERE tag = ANY($1)", tags)
    for tag in tags:
        followers = {str(row["account"]) for row in stored if row["tag"] == tag}
        assert (await state(ada, tag))["followers"] == len(followers)
    for person in (ada, ben):
        mine = sum(1 for row in stored if str(row["account"]) == person.account)
        assert (await person.counts()).get("tags", 0) == mine


async def test_lists_page_and_refuse_others_cursors(ada: Person, ben: Person) -> None:
    tags = [f"{unique(ada)}{number}" for number in range(5)]
    for tag in tags:
        await ada.call("PUT", f"/tags/{tag}")
    first = (await ada.call("GET", "/tags", params={"limit": 2})).json()
    await ada.call("PUT", f"/tags/{unique(ada)}new")  # comes before what has been read
    second = (await ada.call("GET", "/tags", params={"limit": 10, "cursor": first["next"]})).json()
    assert [item["tag"] for item in first["items"] + second["items"]] == tags[::-1]
    assert second["next"] is None
    await ben.follow(ada)
    refused = await ada.call("GET", f"/people/{ada.account}/followers", params={"cursor": first["next"]})
    assert refused.status_code == 400


async def test_one_account_follows_so_many_tags_and_no_more(ada: Person, votewave: VoteWave) -> None:
    await ada.call("PUT", f"/tags/{unique(ada)}")
    await votewave.sql("UPDATE follows.account SET tags = $1 WHERE id = $2", tagging.MOST_TAGS, ada.account)
    answer = await ada.call("PUT", f"/tags/{unique(ada)}more")
    assert kind_of(answer) == (429, "over-quota")
    assert (await ada.call("PUT", f"/tags/{unique(ada)}")).status_code == 200  # followed already
    assert (await state(ada, f"{unique(ada)}more")) == {"tag": f"{unique(ada)}more", "followers": 0, "followed": False}
