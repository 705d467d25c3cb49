"""Mail tells once of what wasn't read, to confirmed addresses, and ends by one click."""

import email
import email.policy
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from msgspec.structs import replace
from services.core.aws.mail import ConsoleMailer, Mail, MailError
from services.core.ids import new_id
from services.core.problems import Problem
from services.notifications.events import BlockChanged
from services.notifications.schemas import ChannelsEdit, DeliveryView, QuietHours
from services.notifications.service import Notifications
from tests.conftest import VoteWave, eventually
from tests.integration.follows.conftest import kind_of
from tests.integration.notifications.conftest import (
    Reader,
    comment_of,
    hear,
    listed,
    person_of,
    poll_of,
    reaction_of,
    subject,
    wave_of,
)


class Post:
    """What one account gets by mail, whichever instance sends it."""

    def __init__(self, votewave: VoteWave, told: Notifications, account: UUID) -> None:
        self._votewave = votewave
        self._told = told
        self.account = account
        self.address = f"{account.hex}@example.org"

    async def confirm(self) -> None:
        await self._votewave.sql(
            "INSERT INTO auth.account (id, kind, email, email_key, email_verified) VALUES ($1, 'user', $2, $2, true)",
            self.account,
            self.address,
        )

    async def due(self) -> datetime | None:
        rows = await self._votewave.sql("SELECT due_at FROM notifications.mailbox WHERE account = $1", self.account)
        return rows[0]["due_at"] if rows else None

    async def leave(self) -> None:
        """Let a minute pass, and wait until what waits has left."""
        past = (
            "UPDATE notifications.mailbox SET due_at = now() - interval '1 s' WHERE account = $1 AND due_at IS NOT NULL"
        )
        await self._votewave.sql(past, self.account)
        await self._told.mailing.work()

        async def taken() -> bool:
            return await self.due() is None

        await eventually(taken)

    def mails(self) -> list[EmailMessage]:
        """Return the mails that have come, the earliest first."""
        found = []
        for path in sorted(folder_of(self._votewave).glob("*.eml")):
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            assert isinstance(mail, EmailMessage)
            if mail["To"] == self.address:
                found.append(mail)
        return found

    async def gets(self, number: int) -> list[EmailMessage]:
        """Let what waits leave, and wait for so many mails in all."""
        await self.leave()

        async def come() -> bool:
            return len(self.mails()) >= number

        if number:
            await eventually(come)
        assert len(self.mails()) == number
        return self.mails()


def folder_of(votewave: VoteWave) -> Path:
    return Path(votewave.data_dir) / "mail"


def part_of(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.fixture
async def post(votewave: VoteWave, notifications: Notifications) -> Post:
    """Somebody new, with a confirmed address."""
    notifications.kit.shared.mailer = ConsoleMailer(folder_of(votewave))
    found = Post(votewave, notifications, new_id())
    await found.confirm()
    return found


async def test_what_isnt_read_is_told_in_one_mail_once(notifications: Notifications, post: Post) -> None:
    ben, poll = new_id(), poll_of(new_id(), title="Lunch <b>")
    await hear(
        notifications, person_of(ben, handle="ben"), poll, wave_of(ben, mentions=[post.account], text="Hello & hi")
    )
    await hear(notifications, comment_of(poll, ben, answered=post.account, text="<script>"))
    [mail] = await post.gets(1)
    assert mail["Subject"] == "2 new notifications"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert mail["List-Unsubscribe"].startswith("<http")
    text, html = part_of(mail, "plain"), part_of(mail, "html")
    assert "@ben answered your comment\n    <script> (Lunch <b>)" in text
    assert "@ben mentioned you\n    Hello & hi" in text
    assert "&lt;script&gt;" in html
    assert "<script>" not in html
    assert mail["List-Unsubscribe"][1:-1] in text
    # Nothing new: nothing is due, and nothing is told again.
    assert await post.due() is None
    await hear(notifications, wave_of(ben, mentions=[post.account]))
    [_, other] = await post.gets(2)
    assert other["Subject"] == "You were mentioned"


async def test_mail_is_in_the_readers_language(votewave: VoteWave, notifications: Notifications, post: Post) -> None:
    await votewave.sql(
        "INSERT INTO profiles.profile (account_id, handle, handle_key, language) VALUES ($1, $2, $2, 'de-CH')",
        post.account,
        f"p{post.account.hex[-12:]}",
    )
    ada, ben = new_id(), new_id()
    await hear(notifications, person_of(ada, handle="ada"), person_of(ben, handle="ben"))
    await hear(notifications, wave_of(ben, mentions=[post.account], text="Hello & hi"))
    [mail] = await post.gets(1)
    assert mail["Subject"] == "Du wurdest erwähnt"
    assert "@ben hat dich erwähnt\n    Hello & hi" in part_of(mail, "plain")
    assert "Keine mehr bekommen" in part_of(mail, "html")
    assert '<html lang="de">' in part_of(mail, "html")


async def test_what_was_read_or_is_gone_or_off_isnt_mailed(notifications: Notifications, post: Post) -> None:
    ben, me = new_id(), subject(post.account)
    wave = wave_of(ben, mentions=[post.account])
    await hear(notifications, wave)
    [told] = await listed(notifications, post.account)
    await notifications.reading.mark(me, told.id, read=True)
    await post.gets(0)
    other = wave_of(ben, mentions=[post.account])
    await hear(notifications, other, replace(other, version=2, deleted=True))
    await post.gets(0)
    await hear(notifications, wave_of(ben, mentions=[post.account]))
    await hear(notifications, BlockChanged(account=post.account, other=ben, blocked=True, version=1))
    await post.gets(0)
    await notifications.preferring.edit(me, "mention", ChannelsEdit(email=False))
    await hear(notifications, wave_of(new_id(), mentions=[post.account]))
    assert await post.due() is None
    await post.gets(0)


async def test_reactions_are_mailed_to_those_who_want_it(notifications: Notifications, post: Post) -> None:
    wave = wave_of(post.account)
    await hear(notifications, wave, reaction_of(wave, new_id()))
    assert await post.due() is None
    await notifications.preferring.edit(subject(post.account), "reaction", ChannelsEdit(email=True))
    people = [new_id() for _ in range(4)]
    await hear(notifications, *(person_of(one, handle=f"h{number}") for number, one in enumerate(people)))
    await hear(notifications, *(reaction_of(wave, one, number) for number, one in enumerate(people, 2)))
    [mail] = await post.gets(1)
    assert mail["Subject"] == "Somebody reacted to your Wave"
    assert "@h3, @h2, @h1 and 2 others reacted to your Wave\n    A Wave" in part_of(mail, "plain")


async def test_an_address_that_isnt_confirmed_gets_nothing(
    votewave: VoteWave, notifications: Notifications, post: Post
) -> None:
    await votewave.sql("UPDATE auth.account SET email_verified = false WHERE id = $1", post.account)
    await hear(notifications, wave_of(new_id(), mentions=[post.account]))
    await post.gets(0)


async def test_a_mail_that_is_refused_for_now_leaves_later_and_holds_it_all(
    votewave: VoteWave, notifications: Notifications, post: Post
) -> None:
    class Busy:
        async def send(self, mail: Mail) -> None:
            raise MailError("Throttling", temporary=True)

    await hear(notifications, wave_of(new_id(), mentions=[post.account]))
    [mailbox] = await votewave.sql("SELECT told FROM notifications.mailbox WHERE account = $1", post.account)
    notifications.kit.shared.mailer = Busy()
    from services.notifications.models import Mailbox  # noqa: PLC0415 - used here alone

    taken = Mailbox(account=post.account, email=True, digest="none", zone="UTC", told=mailbox["told"], tries=0)
    await notifications.mailing._send(taken, post.address, "en")
    due = await post.due()
    assert due is not None
    assert due - datetime.now(UTC) > timedelta(seconds=90)
    notifications.kit.shared.mailer = ConsoleMailer(folder_of(votewave))
    assert len(await post.gets(1)) == 1


async def test_one_click_ends_mails_and_looking_at_the_link_doesnt(
    notifications: Notifications, post: Post, client: httpx.AsyncClient
) -> None:
    ben, me = new_id(), subject(post.account)
    await hear(notifications, wave_of(ben, mentions=[post.account]))
    [mail] = await post.gets(1)
    path = mail["List-Unsubscribe"][1:-1].partition("/v1/")[2]
    looked = await client.get(f"/v1/{path}")
    assert (looked.status_code, looked.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert '<html lang="en">' in looked.text
    german = await client.get(f"/v1/{path}", headers={"accept-language": "fr, de-AT;q=0.8"})
    assert '<html lang="de">' in german.text
    assert "Keine Mails" in german.text
    assert (await notifications.delivering.mine(me)).email is True
    # Not the last letter: two of its six bits stand for nothing.
    changed = f"{path[:-2]}{'A' if path[-2] != 'A' else 'B'}{path[-1]}"
    for wrong in (changed, f"{path}AAAA", "notifications/unsubscribe/é"):
        assert kind_of(await client.post(f"/v1/{wrong}")) == (404, "not-found")
    assert (await notifications.delivering.mine(me)).email is True
    for _ in range(2):
        clicked = await client.post(f"/v1/{path}", data={"List-Unsubscribe": "One-Click"})
        assert clicked.status_code == 200
        assert (await notifications.delivering.mine(me)).email is False
    await hear(notifications, wave_of(ben, mentions=[post.account]))
    await post.gets(1)


async def test_choosing_how_and_when_mail_comes(ada: Reader) -> None:
    assert (await ada.at("GET", "/delivery")).json() == {
        "email": True,
        "digest": "none",
        "time_zone": "UTC",
        "quiet_hours": None,
    }
    chosen = {
        "email": True,
        "digest": "daily",
        "time_zone": "Europe/Riga",
        "quiet_hours": {"begin": "22:00", "end": "07:30"},
    }
    put = await ada.at("PUT", "/delivery", json=chosen)
    assert (put.status_code, put.json()) == (200, chosen)
    assert (await ada.at("GET", "/delivery")).json() == chosen
    wrong = {"time_zone": "../../etc/passwd", "quiet_hours": {"begin": "25:00", "end": "٠٧:٣٠"}}
    refused = await ada.at("PUT", "/delivery", json=wrong)
    assert kind_of(refused) == (422, "delivery-refused")
    assert [error["field"] for error in refused.json()["errors"]] == [
        "time_zone",
        "quiet_hours.begin",
        "quiet_hours.end",
    ]


async def test_a_mail_that_waits_follows_what_is_chosen(notifications: Notifications, post: Post) -> None:
    me = subject(post.account)
    await hear(notifications, wave_of(new_id(), mentions=[post.account]))
    soon = await post.due()
    assert soon is not None
    now = datetime.now(UTC)
    begin, end = now - timedelta(minutes=5), now + timedelta(hours=3)
    quiet = QuietHours(f"{begin:%H:%M}", f"{end:%H:%M}")
    await notifications.delivering.put(me, DeliveryView(quiet_hours=quiet))
    assert await post.due() == end.replace(second=0, microsecond=0)
    await notifications.delivering.put(me, DeliveryView(email=False))
    assert await post.due() is None
    with pytest.raises(Problem):
        await notifications.delivering.put(me, DeliveryView(quiet_hours=QuietHours("22:00", "22:00")))
