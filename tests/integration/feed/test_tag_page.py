"""What has a tag: polls and Waves for all, page by page, as the viewer may see them."""

from .conftest import Reader
from .test_followed_tags import a_tag
from .test_waves import say


async def test_the_page_of_a_tag_has_polls_and_waves_for_all(ada: Reader, ben: Reader, guest: Reader) -> None:
    tag = a_tag()
    path = f"/tags/{tag}"
    await say(ben, f"First #{tag}")
    await ben.publish(f"Second #{tag}")
    await say(ben, f"Close #{tag}", visibility="followers")
    await ada.publish(f"Third #{tag}")
    everything = [f"Third #{tag}", f"Second #{tag}", f"First #{tag}"]
    for reader in (ada, guest):
        await reader.sees(*everything, path=path)
    anybody = await ada.http.get(f"/v1/feed/tags/%23{tag.upper()}")
    assert [entry["text"] for entry in anybody.json()["items"]] == everything
    first = await ada.feed(path, limit=1)
    await say(ben, f"Meanwhile #{tag}")
    await ada.sees(f"Meanwhile #{tag}", *everything, path=path)
    rest = await ada.feed(path, limit=10, cursor=first["next"])
    assert [entry["text"] for entry in rest["items"]] == everything[1:]
    assert rest["next"] is None
    await ben.block(ada)
    await ada.sees(everything[0], path=path)


async def test_a_cursor_is_of_one_tag(ada: Reader) -> None:
    tag, other = a_tag(), a_tag()
    for number in range(2):
        await say(ada, f"{number} #{tag}")
    await ada.sees(f"1 #{tag}", f"0 #{tag}", path=f"/tags/{tag}")
    cursor = (await ada.feed(f"/tags/{tag}", limit=1))["next"]
    for path in (f"/tags/{other}", "/explore", "/home"):
        answer = await ada.http.get(f"/v1/feed{path}", params={"cursor": cursor}, headers=ada.headers)
        assert answer.status_code == 400, answer.text
    for written in ("12", "a b", "a-b"):
        assert (await ada.http.get(f"/v1/feed/tags/{written}")).status_code == 404


async def test_trends_are_for_anybody(ada: Reader) -> None:
    answer = await ada.http.get("/v1/feed/trends", params={"limit": 5})
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["items"]) <= 5
