"""Waves in feeds: for all, or for those who follow; nobody else comes across them."""

from typing import Any

from .conftest import Reader


async def say(person: Reader, text: str, **more: Any) -> str:
    """Publish a Wave; return its id."""
    made = await person.http.post("/v1/expressions/waves", json={"text": text, **more}, headers=person.headers)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def test_waves_are_in_the_feeds_of_those_whom_they_are_for(ada: Reader, ben: Reader, cleo: Reader) -> None:
    await ada.follow(ben)
    wave = await say(ben, "For all")
    close = await say(ben, "For followers", visibility="followers")
    hidden = await say(ben, "For nobody else", visibility="mentioned")
    shared = await say(ben, "Shared", ripple_of=wave)
    await ben.publish("A poll")
    await ada.sees("A poll", "Shared", "For followers", "For all")
    assert [entry["kind"] for entry in (await ada.feed())["items"]] == ["poll", "wave", "wave", "wave"]
    assert (await ben.http.delete(f"/v1/expressions/waves/{shared}", headers=ben.headers)).status_code == 204
    await ada.sees("A poll", "For followers", "For all")
    seen = [entry["id"] for entry in (await cleo.feed("/explore", limit=100))["items"]]
    assert wave in seen
    assert not {close, hidden} & set(seen)

    edited = await ben.http.patch(f"/v1/expressions/waves/{wave}", json={"text": "Edited"}, headers=ben.headers)
    assert edited.status_code == 200, edited.text
    await ada.sees("A poll", "For followers", "Edited")
    assert (await ben.http.delete(f"/v1/expressions/waves/{wave}", headers=ben.headers)).status_code == 204
    await ada.sees("A poll", "For followers")
    await ada.unfollow(ben)
    await ada.sees()


async def test_waves_of_private_accounts_are_for_their_followers(ada: Reader, ben: Reader, cleo: Reader) -> None:
    await ada.follow(ben)
    wave = await say(ben, "From now on for followers")
    await ada.sees("From now on for followers")
    await ben.make(private=True)
    await cleo.sees_not(wave, "/explore")
    await ada.sees("From now on for followers")
