"""The home feed: what those whom I follow and I have published; what is done takes effect on the next look."""

import httpx
from tests.integration.follows.conftest import kind_of

from .conftest import Reader, reader


async def test_a_home_feed_has_what_those_whom_i_follow_have_published_and_mine(
    ada: Reader, ben: Reader, cleo: Reader
) -> None:
    await ben.edit(display_name="Ben")
    first = await ben.publish("Ben's first")
    await cleo.publish("Nobody's concern")
    await ada.publish("Mine")
    await ben.publish("Ben's second")
    await ada.sees("Mine")
    await ada.follow(ben)
    await ada.sees("Ben's second", "Mine", "Ben's first")
    entry = (await ada.feed())["items"][2]
    assert (entry["kind"], entry["id"], entry["author"]["id"]) == ("poll", first, ben.account)
    assert (entry["author"]["display_name"], entry["author"]["handle"][:6]) == ("Ben", "voter-")
    assert sorted(entry) == ["author", "created_at", "id", "kind", "rippled", "text"]
    poll = (await ada.http.get(f"/v1/polls/{first}")).json()
    assert entry["created_at"] == poll["published_at"]


async def test_an_empty_feed_ends(ada: Reader) -> None:
    assert await ada.feed() == {"items": [], "next": None}


async def test_drafts_and_polls_for_some_are_in_no_feed(ada: Reader, ben: Reader) -> None:
    await ada.follow(ben)
    await ben.publish("A draft", publish=False)
    await ben.publish("Unlisted", rules={"listing": "unlisted"})
    await ben.publish("For holders of tokens", rules={"eligibility": "tokens"})
    await ben.publish("For all")
    await ada.sees("For all")
    await ben.sees("For all")
    assert not {"Unlisted", "For holders of tokens", "A draft"} & set(await ada.titles("/explore", limit=100))


async def test_unfollowing_and_muting_act_on_the_next_look(ada: Reader, ben: Reader, cleo: Reader) -> None:
    await ben.publish("Ben's")
    await cleo.publish("Cleo's")
    for other in (ben, cleo):
        await ada.follow(other)
    await ada.sees("Cleo's", "Ben's")
    await ada.call("PUT", f"/mutes/{cleo.account}")
    await ada.sees("Ben's")
    await ada.call("DELETE", f"/mutes/{cleo.account}")
    await ada.sees("Cleo's", "Ben's")
    await ada.unfollow(ben)
    await ada.sees("Cleo's")


async def test_a_block_cuts_both_ways_in_every_feed(ada: Reader, ben: Reader) -> None:
    await ada.publish("Ada's, blocked")
    await ben.publish("Ben's, blocked")
    await ada.follow(ben)
    await ben.follow(ada)
    await ada.sees("Ben's, blocked", "Ada's, blocked")
    await ben.block(ada)
    await ada.sees("Ada's, blocked")
    await ben.sees("Ben's, blocked")
    assert "Ben's, blocked" not in await ada.titles("/explore", limit=100)
    assert "Ada's, blocked" not in await ben.titles("/explore", limit=100)


async def test_what_is_deleted_or_archived_leaves_and_new_titles_are_shown(ada: Reader, ben: Reader) -> None:
    await ada.follow(ben)
    deleted, archived, renamed = [await ben.publish(title) for title in ("One", "Two", "Three")]
    await ada.sees("Three", "Two", "One")
    edited = await ben.http.patch(f"/v1/polls/{renamed}", json={"title": "Three, renamed"}, headers=ben.headers)
    assert edited.status_code == 200, edited.text
    assert (await ben.http.delete(f"/v1/polls/{deleted}", headers=ben.headers)).status_code == 204
    await ada.sees("Three, renamed", "Two")
    for act in ("close", "archive"):
        done = await ben.http.post(f"/v1/polls/{archived}/{act}", headers=ben.headers)
        assert done.status_code == 200, done.text
    await ada.sees("Three, renamed")


async def test_requests_show_nothing_until_they_are_accepted(ada: Reader, ben: Reader) -> None:
    await ben.publish("Ben's")
    await ben.make(private=True)
    assert (await ada.follow(ben)).json()["i_follow"] == "requested"
    await ada.publish("Later")
    await ada.sees("Later")
    await ben.call("PUT", f"/requests/{ada.account}")
    await ada.sees("Later", "Ben's")


async def test_pages_neither_repeat_nor_skip_while_others_publish(ada: Reader, ben: Reader) -> None:
    await ada.follow(ben)
    for number in range(5):
        await ben.publish(f"{number}")
    await ada.sees("4", "3", "2", "1", "0")
    first = await ada.feed(limit=2)
    await ben.publish("5")
    await ada.sees("5", "4", "3", "2", "1", "0")
    second = await ada.feed(limit=2, cursor=first["next"])
    third = await ada.feed(limit=2, cursor=second["next"])
    assert [entry["text"] for page in (first, second, third) for entry in page["items"]] == ["4", "3", "2", "1", "0"]
    assert third["next"] is None


async def test_leaving_people_out_never_shortens_a_page(client: httpx.AsyncClient, ada: Reader, ben: Reader) -> None:
    await ada.follow(ben)
    loud = await reader(client)
    await ada.follow(loud)
    await ben.publish("Early")
    for number in range(4):
        await loud.publish(f"Loud {number}")
    await ben.publish("Late")
    await ada.sees("Late", *(f"Loud {number}" for number in (3, 2, 1, 0)), "Early")
    first = await ada.feed(limit=1)
    await ada.call("PUT", f"/mutes/{loud.account}")
    await ada.sees("Late", "Early")
    second = await ada.feed(limit=1, cursor=first["next"])
    assert ([entry["text"] for entry in second["items"]], second["next"]) == (["Early"], None)


async def test_guests_and_other_lists_cursors_are_refused(ada: Reader, ben: Reader, guest: Reader) -> None:
    assert kind_of(await guest.http.get("/v1/feed/home", headers=guest.headers)) == (403, "guest-refused")
    assert kind_of(await guest.http.get("/v1/feed/home")) == (401, "unauthenticated")
    for title in ("One", "Two"):
        await ben.publish(title)
    await ben.sees("Two", "One")
    cursor = (await ben.feed(limit=1))["next"]
    for path, refused in (("explore", cursor), ("home", "bm90aGluZw"), ("home", "AAAA")):
        answer = await ada.http.get(f"/v1/feed/{path}", params={"cursor": refused}, headers=ada.headers)
        assert kind_of(answer) == (400, "bad-cursor"), path


async def test_anybody_may_look_around(ada: Reader, ben: Reader) -> None:
    poll = await ben.publish("For the whole world")
    await ben.sees("For the whole world")
    answer = await ada.http.get("/v1/feed/explore")
    assert answer.status_code == 200, answer.text
    assert poll in [entry["id"] for entry in answer.json()["items"]]
    assert poll in [entry["id"] for entry in (await ada.feed("/explore"))["items"]]
    await ada.call("PUT", f"/mutes/{ben.account}")
    await ada.sees_not(poll, "/explore")
