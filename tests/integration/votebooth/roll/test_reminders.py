"""Who was invited by mail and hasn't voted is reminded once, unless they want no reminders."""

import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from uuid import UUID

import httpx
import pytest
from tests.conftest import VoteWave, eventually

from ..voting import Poll, poll
from .invitations import invite, mails, sent

_DAY = timedelta(days=1)


async def closing(client: httpx.AsyncClient, **rules: object) -> Poll:
    """Publish a poll with a roll that closes in five days."""
    closes_at = (datetime.now(UTC) + 5 * _DAY).isoformat()
    return await poll(client, rules={"eligibility": "roll", **rules}, closes_at=closes_at)


async def soon(votewave: VoteWave, voted: Poll, put_off: timedelta = timedelta(0)) -> None:
    """Let four and a half days pass for a poll and its roll, and wait until the roll is reminded, or isn't."""
    await votewave.sql(
        "UPDATE votebooth.roll SET sent_at = sent_at - interval '4 days' WHERE poll_id = $1", UUID(voted.id)
    )
    await votewave.sql(
        "UPDATE votebooth.polls SET opens_at = now() - interval '5 days', closes_at = now() + interval '12 h' + $2"
        " WHERE poll_id = $1",
        UUID(voted.id),
        put_off,
    )


async def reminded(votewave: VoteWave, voted: Poll) -> None:
    async def planned() -> bool:
        found = "SELECT 1 FROM votebooth.polls WHERE poll_id = $1 AND roll_reminded = closes_at"
        return bool(await votewave.sql(found, UUID(voted.id)))

    await eventually(planned, 40)
    await sent(voted)


def reminders(votewave: VoteWave, address: str, voted: Poll) -> list[EmailMessage]:
    """Return the reminders of a poll that an address has got."""
    return [
        mail
        for mail in votewave.mails(address)
        if "ends soon" in mail["Subject"] and f"/p/{voted.code}#" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    ]


async def vote(voted: Poll, token: str) -> int:
    headers = {**voted.owner, "Ballot-Token": token}
    return (await voted.client.put(f"{voted.path}/ballot", headers=headers, json={"picks": [1]})).status_code


@pytest.mark.parametrize("rules", [{}, {"anonymous": True}], ids=["named", "anonymous"])
async def test_who_hasnt_voted_is_reminded_once(
    client: httpx.AsyncClient, votewave: VoteWave, rules: dict[str, object]
) -> None:
    voted = await closing(client, **rules)
    ada, ben = (f"{name}-{voted.id}@example.org" for name in ("ada", "ben"))
    assert (await invite(voted, ada, ben)).is_success
    await sent(voted)
    [first] = mails(votewave, ada, voted.code)
    assert await vote(voted, mails(votewave, ben, voted.code)[0]) == 201
    await soon(votewave, voted)
    await reminded(votewave, voted)
    [mail] = reminders(votewave, ada, voted)
    assert len(reminders(votewave, ben, voted)) == (1 if rules else 0), "nobody is told who has voted"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    [_, second] = mails(votewave, ada, voted.code)
    assert await vote(voted, first) == 403, "the link in the reminder took its place"
    assert await vote(voted, second) == 201
    found = (await sent(voted))["progress"]
    assert (found["sent"], found["failed"]) == (2, 0)


async def test_who_wants_no_reminders_gets_none_and_is_invited_still(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await closing(client)
    ada = f"ada-{voted.id}@example.org"
    await invite(voted, ada)
    await sent(voted)
    await soon(votewave, voted)
    await reminded(votewave, voted)
    [mail] = reminders(votewave, ada, voted)
    path = re.sub("^<https?://[^/]+(.*)>$", r"\1", mail["List-Unsubscribe"])
    assert (await client.get(path)).status_code == 200
    for _ in range(2):
        assert (await client.post(path, content="List-Unsubscribe=One-Click")).status_code == 200
    assert (await client.post(path[:-2] + "AA")).status_code == 404
    assert (await client.get("/v1/votebooth/unsubscribe/AAAA")).status_code == 404
    await soon(votewave, voted, put_off=timedelta(hours=12))
    await reminded(votewave, voted)
    assert len(reminders(votewave, ada, voted)) == 1
    other = await closing(client)
    await invite(other, ada)
    await sent(other)
    assert len(mails(votewave, ada, other.code)) == 1


async def test_mails_speak_the_language_of_who_invites(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await closing(client, anonymous=True)
    ada = f"ada-{voted.id}@example.org"
    chosen = await client.patch("/v1/profiles/me/preferences", json={"language": "de-AT"}, headers=voted.owner)
    assert chosen.status_code == 200, chosen.text
    await invite(voted, ada)
    await sent(voted)
    await soon(votewave, voted)
    await reminded(votewave, voted)
    invited, again = votewave.mails(ada)
    subjects = ["Du bist zu einer Abstimmung eingeladen", "Eine Umfrage, zu der du eingeladen bist, endet bald"]
    assert [invited["Subject"], again["Subject"]] == subjects
    text = again.get_body(("plain",)).get_content()  # type: ignore[union-attr]  (ours have one)
    assert re.search(r" endet am \d\d\.\d\d\.\d{4} um \d\d:\d\d UTC\. ", text)
    assert len(mails(votewave, ada, voted.code)) == 2, "each with a link"
