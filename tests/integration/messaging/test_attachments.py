"""Pictures and files of messages: sent once, seen by the message's readers alone, and gone with it."""

import asyncio
import hashlib
import io
import zipfile
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from PIL import Image
from services.core.images.documents import SUFFIXES
from services.core.personal import export_file, export_page
from services.core.problems import Problem
from services.messaging.events import AccountDeleted
from services.messaging.repository.erasing import exported
from services.messaging.schemas import MessageDecision
from services.messaging.service import Messaging
from tests.conftest import VoteWave, eventually

from .conftest import Writer, block, follow, messaging_of, subject_of
from .test_messaging_live import device, is_as_fresh
from .test_reported_messages import case_of, moderator

PDF = b"%PDF-1.7\nnothing much"
ODT, DOCX = (kind for kind, suffix in SUFFIXES.items() if suffix in {".odt", ".docx"})


def a_picture(size: tuple[int, int] = (1200, 800)) -> bytes:
    target = io.BytesIO()
    Image.new("RGB", size, "teal").save(target, "PNG")
    return target.getvalue()


def an_archive(*members: tuple[str, str]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        for name, text in members:
            made.writestr(name, text)
    return target.getvalue()


async def begun(who: Writer, data: bytes, content_type: str = "image/png", name: str = "") -> str:
    """Upload something; return what it is called, which isn't ready yet."""
    answer = await who.done("POST", "/attachments", json={"content_type": content_type, "name": name})
    upload = answer["upload"]
    sent = await who.http.request(upload["method"], upload["url"], headers=upload["headers"], content=data)
    assert sent.status_code == 204, sent.text
    return str(answer["id"])


async def ready(who: Writer, data: bytes = b"", content_type: str = "image/png", name: str = "") -> str:
    """Upload something and make it ready to be sent."""
    attachment = await begun(who, data or a_picture(), content_type, name)
    await who.done("PUT", f"/attachments/{attachment}")
    return attachment


async def carry(who: Writer, conversation: str, *attachments: str, text: str = "") -> dict[str, Any]:
    """Send a message with attachments; return it."""
    return await who.say(conversation, text, attachments=[{"attachment": each} for each in attachments])


async def sees(who: Writer, attachment: str) -> int:
    """Return how a picture is answered."""
    return (await who.at("GET", f"/attachments/{attachment}/320.webp")).status_code


def files(votewave: VoteWave, attachment: str) -> list[str]:
    """Return what is stored of an attachment."""
    found = (votewave.data_dir / "files" / "files").rglob(f"{UUID(attachment).hex}*")
    return sorted(path.name for path in found if path.is_file())


async def swept(votewave: VoteWave, *attachments: str) -> None:
    """Delete files that nothing shows; then there are none of these."""
    async with messaging_of(votewave) as messaging:
        await messaging.sweep()

    async def gone() -> bool:  # the service's own job may have been a little earlier, and still at it
        return not any(files(votewave, each) for each in attachments)

    await eventually(gone)


async def test_a_message_carries_pictures_and_files(votewave: VoteWave, ada: Writer, ben: Writer) -> None:
    group = await ada.group(ben)
    picture, paper = await ready(ada), await ready(ada, PDF, "application/pdf", " ../Pläne 1.exe ")
    new = {
        "client_id": "one",
        "text": "",
        "attachments": [{"attachment": paper}, {"attachment": picture, "description": "  A boat "}],
    }
    path = f"/conversations/{group}/messages"
    async with device(votewave, ben, f"conversation:{group}") as opened:
        await eventually(lambda: _there(opened.state))
        answers = await asyncio.gather(*(ada.at("POST", path, json=new) for _ in range(5)))
        assert sorted(answer.status_code for answer in answers) == [200] * 4 + [201]
        await is_as_fresh(votewave, opened)
        live = opened.state[f"conversation:{group}"][answers[0].json()["id"]]
    message = answers[0].json()
    assert live["attachments"] == message["attachments"]
    first, second = message["attachments"]
    assert (first["type"], first["name"], first["size"]) == ("file", "_Pläne 1.exe.pdf", len(PDF))
    assert (second["type"], second["description"]) == ("image", "A boat")
    assert (second["width"], second["height"]) == (1200, 800)
    for size, width in (("small", 320), ("medium", 960), ("large", 1200)):
        answer = await ben.http.get(second[size], headers=ben.headers)
        assert Image.open(io.BytesIO(answer.content)).size == (width, width * 2 // 3)
        assert answer.headers["cache-control"] == "private, no-store"
    link = await ben.done("GET", f"/attachments/{paper}/link")
    down = await ben.http.get(link["url"])
    assert (down.content, down.headers["x-content-type-options"]) == (PDF, "nosniff")
    assert down.headers["content-disposition"].startswith("attachment; filename*=utf-8''_Pl")
    assert (await ben.http.get(link["url"].replace(".pdf", ".exe"))).status_code == 403
    assert await ben.refused("GET", f"/attachments/{picture}/link") == "404 not-found"
    assert await ben.refused("GET", f"/attachments/{paper}/320.webp") == "404 not-found"
    assert await ben.refused("GET", f"/attachments/{picture}/512.webp") == "404 not-found"
    assert (await ben.http.get(second["small"])).status_code == 401
    assert (await ben.done("GET", f"/messages/{message['id']}"))["attachments"] == message["attachments"]
    assert (await ben.done("GET", f"/conversations/{group}"))["conversation"]["last"]["attachments"]


async def _there(state: dict[str, Any]) -> bool:
    return bool(state)


async def test_who_sees_them_is_asked_each_time(votewave: VoteWave, ada: Writer, ben: Writer, cleo: Writer) -> None:
    group = await ada.group(ben)
    early = await ready(ada)
    await carry(ada, group, early)
    assert [await sees(who, early) for who in (ada, ben, cleo)] == [200, 200, 404]
    await ada.done("PUT", f"/groups/{group}/members/{cleo.account}", json={"role": "member"})
    late = await ready(ada)
    await carry(ada, group, late)
    assert await sees(cleo, late) == 404, "she hasn't accepted"
    await cleo.done("PUT", f"/conversations/{group}/request", json={"accept": True})
    assert [await sees(cleo, each) for each in (early, late)] == [404, 200]
    await ben.done("DELETE", f"/groups/{group}/members/{ben.account}")
    assert [await sees(ben, each) for each in (early, late)] == [404, 404]

    await follow(votewave, cleo, ada)
    await follow(votewave, ada, cleo)
    talk = (await ada.to(cleo, "Look."))["conversation"]
    between, hers = await ready(ada), await ready(cleo)
    await carry(ada, talk, between)
    await carry(cleo, talk, hers)
    assert [await sees(who, each) for who in (ada, cleo) for each in (between, hers)] == [200] * 4
    await block(votewave, cleo, ada)
    assert [await sees(who, each) for who in (ada, cleo) for each in (between, hers)] == [200, 404, 404, 200]
    assert await sees(cleo, late) == 200, "in groups a block changes nothing"


async def test_they_go_with_the_message(votewave: VoteWave, ada: Writer, ben: Writer) -> None:
    group = await ada.group(ben)
    picture, paper = await ready(ada), await ready(ada, PDF, "application/pdf", "a.pdf")
    message = await carry(ada, group, picture, paper, text="Both")
    assert files(votewave, picture)
    assert len(files(votewave, paper)) == 1, "the upload itself is gone"
    await ada.done("DELETE", f"/messages/{message['id']}")
    assert await sees(ben, picture) == 404
    assert (await ben.done("GET", f"/messages/{message['id']}"))["attachments"] == []
    await swept(votewave, picture, paper)

    last = await ready(ada)
    await carry(ada, group, last)
    async with messaging_of(votewave) as messaging:
        gone = AccountDeleted(account=UUID(ada.account), last=False)
        async with messaging.kit.db.transaction() as session:
            assert await messaging.erase(session, gone)
    assert await sees(ben, last) == 404
    await swept(votewave, last)


async def test_moderators_see_them_until_they_have_decided(
    votewave: VoteWave, ada: Writer, ben: Writer, cleo: Writer
) -> None:
    group = await ada.group(ben)
    picture = await ready(ada)
    message = await carry(ada, group, picture)
    async with messaging_of(votewave) as messaging:
        judge = moderator()
        with pytest.raises(Problem):
            await messaging.attaching.picture(judge, UUID(picture), "320")
        await ben.done("PUT", f"/messages/{message['id']}/report", json={"reason": "abuse"})
        await ada.done("DELETE", f"/messages/{message['id']}")
        case = await case_of(messaging, message["id"])
        assert case is not None
        assert [str(each.id) for each in case.attachments] == [picture]
        await messaging.sweep()
        assert await messaging.attaching.picture(judge, UUID(picture), "320")
        assert [await sees(who, picture) for who in (ada, ben, cleo)] == [404] * 3
        await messaging.reporting.decide(judge, case.id, MessageDecision(outcome="upheld", reason="It is."))
        with pytest.raises(Problem):
            await messaging.attaching.picture(judge, UUID(picture), "320")
    await swept(votewave, picture)


async def in_archive(messaging: Messaging, who: Writer) -> dict[str, tuple[str, bytes] | None]:
    """Return what an archive would have of somebody's attachments: where each file is, and what is in it."""
    parts = exported(UUID(who.account))
    page = await export_page(messaging.kit, parts, f"{[part.name for part in parts].index('attachments')}.")
    listed: dict[str, tuple[str, bytes] | None] = {str(row["id"]): None for row in page.rows}
    for each in page.files:
        pieces = await export_file(messaging.kit, parts, "attachments", each.row)
        listed[str(each.row)] = each.path, b"".join([piece async for piece in pieces])
    return listed


async def test_an_archive_has_what_one_has_sent_and_tells_of_no_report(
    votewave: VoteWave, ada: Writer, ben: Writer
) -> None:
    group = await ada.group(ben)
    picture, paper, unsent, reported, theirs = (
        await ready(ada),
        await ready(ada, PDF, "application/pdf", "Plan"),
        await ready(ada),
        await ready(ada, PDF, "application/pdf", "b.pdf"),
        await ready(ben),
    )
    await carry(ada, group, picture, paper)
    message = await carry(ada, group, reported)
    await carry(ben, group, theirs)
    async with messaging_of(votewave) as messaging:
        mine = await in_archive(messaging, ada)
        assert set(mine) == {picture, paper, unsent, reported}
        assert mine[unsent] is None
        assert mine[paper] == (f"attachments/{paper}.pdf", PDF)
        shown = mine[picture]
        assert shown is not None
        assert shown[0] == f"attachments/{picture}.webp"
        assert Image.open(io.BytesIO(shown[1])).size == (1200, 800)
        assert set(await in_archive(messaging, ben)) == {theirs}
        parts = exported(UUID(ben.account))
        with pytest.raises(Problem):
            await export_file(messaging.kit, parts, "attachments", UUID(paper))

        await ben.done("PUT", f"/messages/{message['id']}/report", json={"reason": "abuse"})
        await ada.done("DELETE", f"/messages/{message['id']}")
        assert files(votewave, reported), "it is kept for moderators"
        assert set(await in_archive(messaging, ada)) == {picture, paper, unsent}
        with pytest.raises(Problem):
            await export_file(messaging.kit, exported(UUID(ada.account)), "attachments", UUID(reported))


UNTAKEN: list[tuple[bytes, str, str]] = [
    (PDF, "text/plain", ".txt"),
    (b"MZ\0\0", "text/plain", ".txt"),
    (b"\xff\xfe\0", "text/plain", ".txt"),
    (b"<html>", "application/pdf", ".pdf"),
    (b"PK\x03\x04 and no more", DOCX, ".docx"),
    (an_archive(("word/document.xml", "")), DOCX, ".docx"),
    (an_archive(("[Content_Types].xml", ""), ("word/document.xml", ""), ("word/vbaProject.bin", "")), DOCX, ".docx"),
    (an_archive(("mimetype", DOCX)), ODT, ".odt"),
    (an_archive(("mimetype", ODT), ("Basic/script-lc.xml", "")), ODT, ".odt"),
    (an_archive(("a", ""), ("mimetype", ODT)), ODT, ".odt"),
    (an_archive(("mimetype", ODT), *((f"Pictures/{number}", "") for number in range(5_001))), ODT, ".odt"),
]


async def test_a_file_is_what_it_is_said_to_be(ada: Writer) -> None:
    taken = [
        ("Grüße\n".encode(), "text/plain"),
        (PDF, "application/pdf"),
        (an_archive(("mimetype", ODT), ("content.xml", "")), ODT),
        (an_archive(("[Content_Types].xml", ""), ("word/document.xml", "")), DOCX),
    ]
    for data, content_type in taken:
        await ready(ada, data, content_type, "a")
    for data, content_type, suffix in UNTAKEN[1:]:
        attachment = await begun(ada, data, content_type, f"a{suffix}")
        assert await ada.refused("PUT", f"/attachments/{attachment}") == "422 file-type", data[:40]
        assert await ada.refused("PUT", f"/attachments/{attachment}") == "404 not-found", "it is gone"
    ask = {"content_type": "text/html", "name": "a.html"}
    assert await ada.refused("POST", "/attachments", json=ask) == "422 file-type"
    for name in ("", "x" * 121, "a\u202efdp.exe"):
        ask = {"content_type": "application/pdf", "name": name}
        assert await ada.refused("POST", "/attachments", json=ask) == "422 message-refused"


async def test_only_ones_own_that_are_ready_are_sent_and_once(ada: Writer, ben: Writer) -> None:
    group = await ada.group(ben)
    path = f"/conversations/{group}/messages"

    async def refused(who: Writer, *attachments: str) -> str:
        sent = [{"attachment": each} for each in attachments]
        return await who.refused("POST", path, json={"client_id": uuid4().hex, "text": "", "attachments": sent})

    raw, mine = await begun(ada, a_picture()), await ready(ada)
    assert await ben.refused("PUT", f"/attachments/{mine}") == "404 not-found"
    assert await refused(ben, mine) == "409 image-used"
    assert await refused(ada, raw) == "409 image-used"
    assert await refused(ada, mine, str(uuid4())) == "409 image-used"
    assert await refused(ada, mine, mine) == "422 message-refused"
    assert await refused(ada, *(str(uuid4()) for _ in range(5))) == "422 message-refused"
    assert await refused(ada) == "422 message-refused"
    assert await sees(ada, mine) == 404, "no message has it"
    talk = await ada.to(ben, "May I?")
    ask = {"client_id": "x", "text": "", "attachments": [{"attachment": mine}]}
    assert await ben.refused("POST", f"/people/{ada.account}/messages", json=ask) == "409 image-used"
    assert (await ada.at("POST", f"/conversations/{talk['conversation']}/messages", json=ask)).status_code == 409
    two = await asyncio.gather(*(ada.at("POST", path, json={**ask, "client_id": str(each)}) for each in range(2)))
    assert sorted(answer.status_code for answer in two) == [201, 409]


async def test_a_stranger_sends_no_pictures_first(votewave: VoteWave, ada: Writer, ben: Writer) -> None:
    attached = [{"attachment": await ready(ada)}]
    body = {"client_id": "x", "text": "Hello", "attachments": attached}
    assert await ada.refused("POST", f"/people/{ben.account}/messages", json=body) == "409 not-accepted"
    await follow(votewave, ben, ada)
    assert (await ada.done("POST", f"/people/{ben.account}/messages", json=body))["attachments"]


async def test_an_account_has_so_much_room_and_no_more(votewave: VoteWave, ada: Writer) -> None:
    large = PDF + b" " * 600_000
    uploaded = [UUID(await begun(ada, large, "application/pdf", "a.pdf")) for _ in range(2)]
    async with messaging_of(votewave, attached_megabytes_per_account=1) as messaging:
        makes = (messaging.attaching.make(subject_of(ada), each, f"site-{each}") for each in uploaded)
        ended: list[Any] = []
        for make in makes:  # one at a time is an account's turn
            ended += await asyncio.gather(make, return_exceptions=True)
    refused = [each for each in ended if isinstance(each, Problem)]
    assert [each.status for each in refused] == [429]
    assert await ada.refused("PUT", f"/attachments/{uploaded[1]}") == "404 not-found", "it is gone"


async def test_a_message_without_any_is_the_same_as_before_there_were_any(
    votewave: VoteWave, ada: Writer, ben: Writer
) -> None:
    group = await ada.group(ben)
    await ada.done("POST", f"/conversations/{group}/messages", json={"client_id": "a", "text": "Hi"})
    [row] = await votewave.sql("SELECT request_hash FROM messaging.message WHERE conversation = $1", group)
    before = b'{"client_id":"a","text":"Hi","reply_to":null}'

    assert row["request_hash"] == hashlib.sha256(before).digest()


async def test_guests_upload_nothing(client: httpx.AsyncClient) -> None:
    token = (await client.post("/v1/auth/guests")).json()["access_token"]
    headers = {"authorization": f"Bearer {token}"}
    ask = {"content_type": "image/png"}
    answer = await client.post("/v1/messaging/attachments", json=ask, headers=headers)
    assert answer.status_code == 403
