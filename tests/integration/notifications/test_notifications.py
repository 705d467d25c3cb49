"""What people do in other services reaches those whom it concerns, over HTTP."""

import httpx
from tests.conftest import eventually
from tests.integration.follows.conftest import kind_of
from tests.integration.notifications.conftest import Reader

NOBODY = "01999999-0000-7000-8000-000000000000"


async def test_what_people_do_reaches_those_whom_it_concerns(ada: Reader, ben: Reader) -> None:
    poll = await ada.poll()
    await ada.edit(handle=(handle := f"a{ada.account[-12:]}"))
    wave = (await ada.post("/v1/expressions/waves", {"text": "hello", "poll": poll}))["id"]
    assert (await ben.follow(ada)).is_success
    comment = (await ben.post(f"/v1/comments/threads/{poll}/comments", {"text": "Soup."}))["comment"]["id"]
    await ben.post(f"/v1/expressions/waves/{wave}/like", None, "PUT")
    await ben.post(f"/v1/expressions/waves/{wave}/ripple", None, "PUT")

    async def named() -> bool:  # who is a moment old can't be named yet
        made = await ben.post("/v1/expressions/waves", {"text": f"@{handle}"})
        return bool(made["parts"][0]["type"] == "mention")

    await eventually(named)
    told = await ada.finds("follow", "comment", "reaction", "ripple", "mention")
    assert all([person["id"] for person in one["people"]] == [ben.account] for one in told)
    assert {one["kind"]: one["subject"]["text"] for one in told} | {"mention": "", "follow": ""} == {
        "comment": "Lunch",
        "reaction": "hello",
        "ripple": "hello",
        "mention": "",
        "follow": "",
    }
    answer = {"text": "Bread.", "parent": comment}
    await ada.post(f"/v1/comments/threads/{poll}/comments", answer)
    [reply] = await ben.finds("reply")
    assert reply["subject"]["poll"] == poll
    await ada.post(f"/v1/polls/{poll}/close", None)
    await ada.finds("follow", "comment", "reaction", "ripple", "mention", "poll_closed")


async def test_reading_and_marking(ada: Reader, ben: Reader) -> None:
    assert (await ada.follow(ben)).is_success
    [told] = await ben.finds("follow")
    assert (told["read"], await ben.unread()) == (False, 1)
    for method, unread in (("PUT", 0), ("PUT", 0), ("DELETE", 1), ("DELETE", 1)):
        assert (await ben.at(method, f"/{told['id']}/read")).status_code == 204
        assert await ben.unread() == unread
    assert (await ben.at("PUT", "/read", json={"up_to": told["position"]})).status_code == 204
    assert await ben.unread() == 0
    assert kind_of(await ada.at("PUT", f"/{told['id']}/read")) == (404, "not-found")
    off = await ben.at("PATCH", "/preferences/follow", json={"in_app": False})
    assert off.json() == (await ben.at("GET", "/preferences")).json()
    assert await ben.told() == []
    assert (await ben.at("PATCH", "/preferences/weather", json={"in_app": False})).status_code in (400, 404)
    assert kind_of(await ben.at("GET", params={"cursor": "nothing"})) == (400, "bad-cursor")


async def test_watching_a_poll(ada: Reader, ben: Reader, client: httpx.AsyncClient) -> None:
    poll = await ada.poll()
    assert (await ben.at("GET", f"/polls/{poll}")).json() == {"watching": False}
    for _ in range(2):
        assert (await ben.at("PUT", f"/polls/{poll}")).status_code == 204
    assert (await ben.at("GET", f"/polls/{poll}")).json() == {"watching": True}
    assert (await ben.at("GET", "/polls")).json() == {"items": [{"id": poll, "title": "Lunch"}], "next": None}
    assert kind_of(await ben.at("PUT", f"/polls/{NOBODY}")) == (404, "not-found")
    await ada.post(f"/v1/polls/{poll}/close", None)
    [closed] = await ben.finds("poll_closed")
    assert (closed["subject"]["id"], closed["people"][0]["id"]) == (poll, ada.account)
    assert (await ben.at("DELETE", f"/polls/{poll}")).status_code == 204
    assert (await ben.at("GET", "/polls")).json() == {"items": [], "next": None}

    made = await client.post("/v1/auth/guests")
    guest = Reader(client, made.json())
    for method, path in (("GET", ""), ("GET", "/unread"), ("PUT", f"/polls/{poll}")):
        assert kind_of(await guest.at(method, path)) == (403, "guest-refused")
