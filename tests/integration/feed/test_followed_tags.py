"""What has tags that somebody follows is at home: once, if it is for all, and from nobody who is unwanted."""

from uuid import uuid4

from .conftest import Reader
from .test_waves import say


def a_tag() -> str:
    return f"t{uuid4().hex}"


async def follow_tag(person: Reader, tag: str) -> None:
    answer = await person.call("PUT", f"/tags/{tag}")
    assert answer.status_code == 200, answer.text


async def test_followed_tags_bring_polls_and_waves_home_once(ada: Reader, ben: Reader, cleo: Reader) -> None:
    tag, other = a_tag(), a_tag()
    await follow_tag(ada, tag)
    await follow_tag(ada, other)
    await ada.follow(ben)
    await say(cleo, f"Both #{tag} #{other}")
    await say(ben, f"From one whom I follow #{tag}")
    await say(cleo, f"Nothing for me #{a_tag()}")
    await say(cleo, f"For followers #{tag}", visibility="followers")
    await cleo.publish(f"In the title #{tag.upper()}")
    await cleo.publish("In the description", description=f"It is about #{other}.")
    await cleo.publish(f"Unlisted #{tag}", rules={"listing": "unlisted"})
    shown = [
        "In the description",
        f"In the title #{tag.upper()}",
        f"From one whom I follow #{tag}",
        f"Both #{tag} #{other}",
    ]
    await ada.sees(*shown)
    first = await ada.feed(limit=2)
    rest = await ada.feed(limit=2, cursor=first["next"])
    assert [entry["text"] for entry in first["items"] + rest["items"]] == shown
    assert rest["next"] is None

    assert (await ada.call("DELETE", f"/tags/{other}")).status_code == 204
    await ada.sees(*shown[1:])
    await ada.call("PUT", f"/mutes/{cleo.account}")
    await ada.sees(shown[2])
    await ada.call("DELETE", f"/mutes/{cleo.account}")
    await ada.sees(*shown[1:])
    await cleo.block(ada)
    await ada.sees(shown[2])


async def test_tags_follow_what_is_written(ada: Reader, ben: Reader) -> None:
    tag, other = a_tag(), a_tag()
    await follow_tag(ada, tag)
    wave = await say(ben, f"About #{tag}")
    await ada.sees(f"About #{tag}")
    changed = await ben.http.patch(f"/v1/expressions/waves/{wave}", json={"text": f"#{other}"}, headers=ben.headers)
    assert changed.status_code == 200
    await ada.sees()
    await follow_tag(ada, other)
    await ada.sees(f"#{other}")
    assert (await ben.http.delete(f"/v1/expressions/waves/{wave}", headers=ben.headers)).status_code == 204
    await ada.sees()


async def test_waves_of_private_accounts_stay_with_their_followers(ada: Reader, ben: Reader) -> None:
    tag = a_tag()
    await follow_tag(ada, tag)
    await say(ben, f"#{tag}")
    await ada.sees(f"#{tag}")
    await ben.make(private=True)
    await ada.sees()
