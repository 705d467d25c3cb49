"""A report hands moderators one message as it was; nobody else learns of it."""

import asyncio
from uuid import UUID, uuid4

import pytest
from services.core.identity.subject import Kind, Role, Subject
from services.core.problems import Problem
from services.messaging.models import ModerationEntry
from services.messaging.schemas import MessageCase, MessageDecision
from services.messaging.service import Messaging
from sqlalchemy import update
from sqlalchemy.exc import ProgrammingError
from tests.conftest import VoteWave

from .conftest import Writer, messaging_of


def moderator() -> Subject:
    return Subject(uuid4(), Kind.USER, Role.MODERATOR, uuid4(), frozenset("*"), 2**40)


async def case_of(messaging: Messaging, message: str) -> MessageCase | None:
    """Return the case of a message, if it waits."""
    cursor, who = None, moderator()
    while True:
        page = await messaging.reporting.cases(who, cursor, 100)
        for case in page.items:
            if str(case.message) == message:
                return case
        if (cursor := page.next) is None:
            return None


async def test_what_was_reported_stays_as_it_was(votewave: VoteWave, ada: Writer, ben: Writer, cleo: Writer) -> None:
    group = await ada.group(ben, cleo)
    bad = await ada.say(group, "something bad")
    await ada.say(group, "something private")
    path = f"/messages/{bad['id']}/report"
    await asyncio.gather(
        *(who.done("PUT", path, json={"reason": "abuse", "note": "Look."}) for who in (ben, cleo, ben, cleo))
    )
    await ben.done("PUT", path, json={"reason": "spam"})
    await ada.done("PATCH", f"/messages/{bad['id']}", json={"text": "something nice"})
    await ada.done("DELETE", f"/messages/{bad['id']}")
    async with messaging_of(votewave) as messaging:
        case = await case_of(messaging, bad["id"])
        assert case is not None
        assert (case.text, case.reports, case.reasons) == ("something bad", 2, {"abuse": 1, "spam": 1})
        assert case.sender.id == UUID(ada.account)
        reports = await messaging.reporting.reports(moderator(), case.id, None, 20)
        assert {(str(one.reporter.id), one.reason) for one in reports.items} == {
            (ben.account, "spam"),
            (cleo.account, "abuse"),
        }
        first = MessageDecision(outcome="upheld", reason="It is.")
        await messaging.reporting.decide(moderator(), case.id, first)
        await messaging.reporting.decide(moderator(), case.id, first)
        with pytest.raises(Problem, match="Another moderator"):
            await messaging.reporting.decide(moderator(), case.id, MessageDecision(outcome="dismissed", reason="No."))
        assert await case_of(messaging, bad["id"]) is None
        log = await messaging.reporting.log(moderator(), None, 100)
        [entry] = [one for one in log.items if str(one.message) == bad["id"]]
        assert (entry.act, entry.details) == ("case.upheld", {"reason": "It is."}), "it says nothing of what was said"
        with pytest.raises(ProgrammingError, match="permission denied"):
            async with messaging.kit.db.transaction() as session:
                await session.execute(update(ModerationEntry).values(act="case.dismissed"))
    answer = await ben.http.get("/v1/messaging/moderation-log", headers=ben.headers)
    assert answer.status_code == 403


async def test_a_decision_holds_until_the_message_says_something_else(
    votewave: VoteWave, ada: Writer, ben: Writer, cleo: Writer
) -> None:
    group = await ada.group(ben, cleo)
    said = await ada.say(group, "fine")
    path = f"/messages/{said['id']}/report"
    await ben.done("PUT", path, json={"reason": "other"})
    async with messaging_of(votewave) as messaging:
        case = await case_of(messaging, said["id"])
        assert case is not None
        await messaging.reporting.decide(moderator(), case.id, MessageDecision(outcome="dismissed", reason="Fine."))
        await cleo.done("PUT", path, json={"reason": "other"})
        assert await case_of(messaging, said["id"]) is None
        await ada.done("PATCH", f"/messages/{said['id']}", json={"text": "not fine"})
        await cleo.done("PUT", path, json={"reason": "abuse"})
        again = await case_of(messaging, said["id"])
        assert again is not None
        assert (again.text, again.reports) == ("not fine", 2)


async def test_who_may_report_and_who_may_decide(ada: Writer, ben: Writer, cleo: Writer) -> None:
    said = await ada.to(ben, "Hello.")
    path = f"/messages/{said['id']}/report"
    assert await cleo.refused("PUT", path, json={"reason": "spam"}) == "404 not-found"
    assert await ada.refused("PUT", path, json={"reason": "spam"}) == "422 own-message"
    assert await ben.refused("PUT", path, json={"reason": "spam", "note": "x" * 501}) == "422 report-refused"
    assert await ben.refused("PUT", path, json={"reason": "dull"}) == "400 malformed-request"
    await ben.done("PUT", path, json={"reason": "spam"})  # also as a request that he hasn't accepted
    await ada.done("DELETE", f"/messages/{said['id']}")
    assert await ben.refused("PUT", path, json={"reason": "spam"}) == "409 message-gone"
    for who in (ada, ben):
        assert (await who.at("GET", "/cases")).status_code == 403
        assert (await who.at("GET", f"/cases/{uuid4()}/reports")).status_code == 403
        decision = {"outcome": "upheld", "reason": "x"}
        assert (await who.at("PUT", f"/cases/{uuid4()}/decision", json=decision)).status_code == 403
