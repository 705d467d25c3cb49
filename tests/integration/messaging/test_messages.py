"""Messages: sent once, edited, deleted, reacted to, read, searched for."""

import asyncio
import json
from uuid import UUID

import pytest
from services.core.problems import Problem
from services.messaging.schemas import MessageNew
from tests.conftest import VoteWave
from tests.integration.follows.conftest import NOBODY

from .conftest import Writer, follow, messaging_of, recounted, subject_of, writer


@pytest.fixture
async def group(ada: Writer, ben: Writer) -> str:
    """A conversation of Ada and Ben."""
    return await ada.group(ben)


async def test_a_retry_is_one_message_however_many_come_at_once(
    votewave: VoteWave, ada: Writer, ben: Writer, group: str
) -> None:
    path, new = f"/conversations/{group}/messages", {"client_id": "one", "text": "Once."}
    answers = await asyncio.gather(*(ada.at("POST", path, json=new) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert answers[0].headers["location"] == f"/v1/messaging/messages/{answers[0].json()['id']}"
    assert await ada.refused("POST", path, json={**new, "text": "Twice."}) == "409 client-id-used"
    await ada.done("PATCH", f"/messages/{answers[0].json()['id']}", json={"text": "Once, edited."})
    assert (await ada.at("POST", path, json=new)).json()["text"] == "Once, edited."
    await ben.done("POST", path, json=new)  # another sender's own name for it
    assert await ada.texts(group) == ["Once, edited.", "Once."]
    assert (await ben.card(group))["unread"] == 1
    await recounted(votewave, group)


UNSENDABLE = [
    ({"client_id": "1", "text": "\u200b\u2060\ufeff"}, "422 message-refused"),
    ({"client_id": "1", "text": " \n "}, "422 message-refused"),
    ({"client_id": "1", "text": "\u2800"}, "422 message-refused"),
    ({"client_id": "1", "text": "x" * 4_001}, "422 message-refused"),
    ({"client_id": "1", "text": "x" * 1_000_000}, "413 too-large"),
    ({"client_id": "1", "text": "a\u202eb"}, "422 message-refused"),
    ({"client_id": "", "text": "x"}, "422 message-refused"),
    ({"client_id": "x" * 65, "text": "x"}, "422 message-refused"),
    ({"text": "x"}, "400 malformed-request"),
    ({"client_id": "1", "text": "x", "reply_to": NOBODY}, "404 not-found"),
]


async def test_what_can_t_be_sent_is_refused(ada: Writer, group: str) -> None:
    for new, refusal in UNSENDABLE:
        assert await ada.refused("POST", f"/conversations/{group}/messages", json=new) == refusal, ascii(new)[:80]
    assert await ada.texts(group) == []


async def test_an_edit_keeps_what_was_said_and_a_deletion_keeps_nothing(
    votewave: VoteWave, ada: Writer, ben: Writer, cleo: Writer, group: str
) -> None:
    message = await ada.say(group, "first words")
    path = f"/messages/{message['id']}"
    await ada.done("PATCH", path, json={"text": "second words"})
    edited = await ada.done("PATCH", path, json={"text": "third words"})
    assert (edited["seq"], edited["text"], edited["edits"]) == (message["seq"], "third words", 2)
    assert [each["text"] for each in await ben.done("GET", f"{path}/history")] == ["first words", "second words"]
    assert await ben.refused("PATCH", path, json={"text": "mine"}) == "403 not-the-owner"
    assert await cleo.refused("PATCH", path, json={"text": "mine"}) == "404 not-found"
    answer = await ben.say(group, "an answer", reply_to=message["id"])
    assert answer["reply_to"] == message["id"]
    await ben.done("PUT", f"{path}/reaction", json={"emoji": "👍"})
    assert await ben.refused("DELETE", path) == "403 not-the-owner"
    for _ in range(2):
        await ada.done("DELETE", path)
    gone = await ben.done("GET", path)
    assert (gone["text"], gone["deleted"], gone["reactions"]) == (None, True, [])
    assert await ben.done("GET", f"{path}/history") == []
    for method, more, body in (
        ("PATCH", "", {"text": "back"}),
        ("PUT", "/reaction", {"emoji": "👍"}),
    ):
        who = ada if method == "PATCH" else ben
        assert await who.refused(method, path + more, json=body) == "409 message-gone"
    body = {"client_id": "x", "text": "x", "reply_to": message["id"]}
    assert await ben.refused("POST", f"/conversations/{group}/messages", json=body) == "409 message-gone"
    rows = await votewave.sql(
        "SELECT m::text FROM messaging.message m WHERE conversation = $1 UNION ALL "
        "SELECT r::text FROM messaging.revision r JOIN messaging.message m ON m.id = r.message "
        "WHERE conversation = $1",
        group,
    )
    assert "words" not in str(rows)
    [account] = await votewave.sql("SELECT bytes FROM messaging.account WHERE id = $1", ada.account)
    assert account["bytes"] == 0


async def test_a_message_has_one_emoji_of_each_reader(ada: Writer, ben: Writer, group: str) -> None:
    message = await ada.say(group)
    path = f"/messages/{message['id']}/reaction"
    await ada.done("PUT", path, json={"emoji": "👍"})
    assert (await ben.done("PUT", path, json={"emoji": "👍"}))["reactions"] == [
        {"emoji": "👍", "accounts": [ada.account, ben.account]}
    ]
    seq = (await ada.card(group))["seq"]
    await ben.done("PUT", path, json={"emoji": "👍"})
    assert (await ada.card(group))["seq"] == seq  # nothing has happened
    changed = await ben.done("PUT", path, json={"emoji": "❤"})
    assert [one["emoji"] for one in changed["reactions"]] == ["👍", "❤️"]
    for _ in range(2):
        await ben.done("DELETE", path)
    assert (await ada.done("GET", f"/messages/{message['id']}"))["reactions"] == [
        {"emoji": "👍", "accounts": [ada.account]}
    ]
    for emoji in ("", "no", "👍👍", "\u200d"):
        assert await ben.refused("PUT", path, json={"emoji": emoji}) == "422 reaction-refused"


async def test_unread_is_exact_whatever_happens_at_once(
    votewave: VoteWave, ada: Writer, ben: Writer, group: str
) -> None:
    sent = [await ada.say(group, str(number)) for number in range(12)]
    await ben.done("PUT", f"/conversations/{group}/read", json={"seq": sent[2]["seq"]})
    assert (await ben.card(group))["unread"] == 9
    await asyncio.gather(
        *(ada.at("DELETE", f"/messages/{sent[number]['id']}") for number in (1, 4, 6, 11)),
        *(ben.at("PUT", f"/conversations/{group}/read", json={"seq": sent[number]["seq"]}) for number in (7, 5, 3)),
        *(ada.say(group, "more") for _ in range(5)),
        *(ben.say(group, "mine") for _ in range(5)),
    )
    await recounted(votewave, group)
    await ben.done("PUT", f"/conversations/{group}/read", json={"seq": sent[0]["seq"]})  # never back
    assert (await ben.card(group))["read"] == sent[7]["seq"]
    await ben.done("PUT", f"/conversations/{group}/read", json={"seq": 2**60})
    card = await ben.card(group)
    assert card["unread"] == 0
    assert (
        card["read"] < card["seq"] < 2**31
    )  # what comes later isn't read yet, and a receipt comes after what it is of
    await ada.say(group)
    assert (await ben.card(group))["unread"] == 1
    await recounted(votewave, group)


async def test_receipts_can_be_switched_off(ada: Writer, ben: Writer, group: str) -> None:
    async def seen() -> dict[str, int | None]:
        members = (await ada.done("GET", f"/conversations/{group}"))["members"]
        return {one["person"]["id"]: one["read"] for one in members}

    first = await ada.say(group)
    await ben.done("PUT", f"/conversations/{group}/read", json={"seq": first["seq"]})
    assert await seen() == {ada.account: None, ben.account: first["seq"]}
    assert await ben.done("GET", "/mine/preferences") == {"receipts": True, "presence": True}
    off = {"receipts": False, "presence": True}
    assert await ben.done("PUT", "/mine/preferences", json={"receipts": False}) == off
    second = await ada.say(group)
    before = (await ada.card(group))["seq"]
    await ben.done("PUT", f"/conversations/{group}/read", json={"seq": second["seq"]})
    assert (await ben.card(group))["unread"] == 0
    assert await seen() == {ada.account: None, ben.account: first["seq"]}
    assert (await ada.card(group))["seq"] == before  # and nothing tells that they did


async def test_search_finds_one_s_own(ada: Writer, ben: Writer, cleo: Writer, group: str) -> None:
    word = "Übermorgen"
    mine = [await ada.say(group, f"{word} um {hour} Uhr") for hour in (8, 9, 10)]
    other = await cleo.to(ada, f"{word} geht nicht")
    await cleo.group(title="Others")
    page = await ben.done("GET", f"/messages?q={word.lower()}&limit=2")
    rest = await ben.done("GET", f"/messages?q={word}&limit=2&cursor={page['next']}")
    assert [item["id"] for item in [*page["items"], *rest["items"]]] == [item["id"] for item in reversed(mine)]
    assert rest["next"] is None

    async def found(one: Writer, **query: str) -> list[str]:
        page = await one.done("GET", "/messages", params=query)
        return [item["id"] for item in page["items"]]

    assert await found(ada, q=word) == [other["id"], *(item["id"] for item in reversed(mine))]
    assert await found(ada, q=word, conversation=other["conversation"]) == [other["id"]]
    assert await found(ada, q=f"{word} -uhr") == [other["id"]]
    assert await found(ada, q='"um 9 uhr"') == [mine[1]["id"]]
    assert await found(cleo, q=word) == [other["id"]]
    assert await found(cleo, q=word, conversation=group) == []
    assert await found(cleo, q=f"c{group.replace('-', '')}") == []
    for strange in ("'", "&|!:*()", "<->", "\\", "a:*b", "-"):
        await found(ben, q=strange)
    assert await ben.refused("GET", "/messages", params={"q": "\u200b"}) == "422 search-refused"


async def test_what_was_sent_is_told_without_its_text(
    votewave: VoteWave, ada: Writer, ben: Writer, cleo: Writer
) -> None:
    await follow(votewave, ben, ada)
    made = await ada.done("POST", "/groups", json={"title": "Us", "members": [ben.account, cleo.account]})
    group = made["conversation"]["id"]
    first = await ada.say(group, "a secret word")
    await ben.say(group, "a secret answer", reply_to=first["id"])
    rows = await votewave.sql(
        "SELECT payload FROM messaging.outbox WHERE kind = 'messaging.message.sent' ORDER BY position"
    )
    told = [event for row in rows if (event := json.loads(row["payload"]))["conversation"] == group]
    assert "secret" not in str(told)
    assert [(event["kind"], event["recipients"], event["requested"], event["answered"]) for event in told] == [
        ("group", [ben.account], [cleo.account], None),
        ("group", [ada.account], [cleo.account], ada.account),
    ]


async def test_a_flood_is_slowed_down_and_what_is_stored_has_an_end(
    votewave: VoteWave, ada: Writer, ben: Writer, group: str
) -> None:
    subject = subject_of(ada)
    async with messaging_of(votewave, megabytes_per_account=1, edit_minutes=0) as messaging:
        news = [MessageNew(client_id=str(number), text="\U0001f300" * 4_000) for number in range(21)]
        sent = [await messaging.sending.into(subject, UUID(group), new) for new in news[:20]]
        message, _ = sent[-1]
        with pytest.raises(Problem, match="all that one account has"):
            await messaging.sending.into(subject, UUID(group), news[20])
        with pytest.raises(Problem, match="can be edited for 0 minutes"):
            await messaging.changing.edit(subject, message.id, "something else")
        await messaging.changing.delete(subject, message.id)
        await messaging.sending.into(subject, UUID(group), MessageNew(client_id="again", text="x"))
    await recounted(votewave, group)
    flooder = await writer(ada.http)
    theirs = await flooder.group()
    answers = [await flooder.at("POST", f"/conversations/{theirs}/messages", json={"client_id": "1", "text": "x"})]
    for _ in range(4):
        batch = (
            flooder.at("POST", f"/conversations/{theirs}/messages", json={"client_id": "1", "text": "x"})
            for _ in range(40)
        )
        answers += await asyncio.gather(*batch)
    assert {answer.status_code for answer in answers} == {201, 200, 429}
