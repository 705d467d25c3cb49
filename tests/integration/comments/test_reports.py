"""Reports, appeals, and what moderators decide about them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from tests.conftest import VoteWave
from tests.integration.follows.conftest import PASSWORD, kind_of

from .conftest import Speaker, speaker

Moderator = Callable[[], Awaitable[Speaker]]


@pytest.fixture
async def moderator(client: httpx.AsyncClient, votewave: VoteWave) -> Speaker:
    """Somebody who moderates everything, with a token that says so."""
    person = await speaker(client)
    [row] = await votewave.sql(
        "UPDATE auth.account SET role = 'moderator' WHERE id = $1 RETURNING email", person.account
    )
    answer = await client.post("/v1/auth/sessions", json={"email": row["email"], "password": PASSWORD})
    assert answer.status_code in {200, 201}, answer.text
    return Speaker(client, answer.json())


async def case_of(moderator: Speaker, comment: str) -> dict[str, Any] | None:
    """Return the case of a comment that waits; other tests' wait beside it."""
    cursor = ""
    while True:
        page = await moderator.done("GET", f"/cases?limit=100{cursor}")
        for case in page["items"]:
            if case["comment"]["id"] == comment:
                return dict(case)
        if page["next"] is None:
            return None
        cursor = f"&cursor={page['next']}"


async def logged(moderator: Speaker, comment: str) -> list[dict[str, Any]]:
    """Return what moderators' log has of a comment."""
    log = (await moderator.done("GET", "/moderation-log?limit=100"))["items"]
    return [entry for entry in log if entry["comment"] == comment]


async def test_moderators_log_has_what_they_do_in_threads_of_others(
    ada: Speaker, ben: Speaker, moderator: Speaker, thread: str
) -> None:
    comment = await ben.say(thread)
    await ada.done("PUT", f"/{comment}/hidden", json={"reason": "Mine."})
    await ada.done("DELETE", f"/{comment}/hidden")
    assert await logged(moderator, comment) == [], "the owner's are in the thread's alone"
    await moderator.done("PUT", f"/{comment}/hidden", json={"reason": "Ours."})
    await moderator.done("DELETE", f"/{comment}/hidden")
    await moderator.done("PUT", f"/threads/{thread}/lock")
    own = await moderator.poll()
    await moderator.done("PUT", f"/threads/{own}/lock")
    assert [(entry["act"], entry["details"]) for entry in await logged(moderator, comment)] == [
        ("comment.restored", {"thread": thread}),
        ("comment.hidden", {"thread": thread, "reason": "Ours."}),
    ]
    log = (await moderator.done("GET", "/moderation-log?limit=100"))["items"]
    locked = [entry["details"]["thread"] for entry in log if entry["act"] == "thread.locked"]
    assert thread in locked
    assert own not in locked, "what moderators do at home isn't moderation"


async def test_what_is_reported_waits_for_moderators_once(
    ada: Speaker, ben: Speaker, cleo: Speaker, moderator: Speaker, thread: str
) -> None:
    comment = await ben.say(thread, "Buy soup at example.com")
    reports = [(ada, "spam"), (cleo, "abuse"), (cleo, "spam")]
    for person, reason in reports:
        await person.done("PUT", f"/{comment}/report", json={"reason": reason, "note": f"by {reason}"})
    case = await case_of(moderator, comment)
    assert case is not None
    assert (case["reports"], case["reasons"], case["appeal"]) == (2, {"spam": 2}, None)
    told = (await moderator.done("GET", f"/cases/{case['id']}/reports"))["items"]
    assert [(one["reporter"]["id"], one["reason"]) for one in told] == [(ada.account, "spam"), (cleo.account, "spam")]
    for person in (ada, ben):
        assert kind_of(await person.at("GET", "/cases")) == (403, "forbidden")
        assert kind_of(await person.at("GET", f"/cases/{case['id']}/reports")) == (403, "forbidden")

    decision = {"outcome": "hidden", "reason": "Spam."}
    for _ in range(2):
        await moderator.done("PUT", f"/cases/{case['id']}/decision", json=decision)
    assert await case_of(moderator, comment) is None
    assert (await cleo.at("GET", f"/{comment}")).status_code == 404
    other = await moderator.at("PUT", f"/cases/{case['id']}/decision", json={**decision, "outcome": "dismissed"})
    assert kind_of(other) == (409, "case-decided")
    assert kind_of(await ada.at("DELETE", f"/{comment}/hidden")) == (403, "forbidden"), "it is a moderator's act"
    log = (await ada.done("GET", f"/threads/{thread}/log"))["items"]
    assert [(entry["act"], entry["details"]["reason"]) for entry in log] == [("case.hidden", "Spam.")]
    told = await logged(moderator, comment)
    assert [(entry["act"], entry["actor"]["id"], entry["details"]) for entry in told] == [
        ("case.hidden", moderator.account, {"reason": "Spam.", "thread": thread})
    ]


async def test_one_cant_report_oneself_what_is_gone_or_without_a_reason(
    ada: Speaker, ben: Speaker, guest: Speaker, thread: str
) -> None:
    comment = await ben.say(thread)
    report = {"reason": "spam"}
    assert kind_of(await ben.at("PUT", f"/{comment}/report", json=report)) == (422, "own-comment")
    assert kind_of(await guest.at("PUT", f"/{comment}/report", json=report)) == (403, "guest-refused")
    assert (await ada.at("PUT", f"/{comment}/report", json={"reason": "boring"})).status_code == 400
    await ben.done("DELETE", f"/{comment}")
    assert (await ada.at("PUT", f"/{comment}/report", json=report)).status_code == 404


async def test_what_was_dismissed_waits_again_only_after_an_edit(
    ada: Speaker, ben: Speaker, cleo: Speaker, moderator: Speaker, thread: str
) -> None:
    comment = await ben.say(thread, "Soup.")
    await ada.done("PUT", f"/{comment}/report", json={"reason": "off_topic"})
    case = await case_of(moderator, comment)
    assert case is not None
    await moderator.done(
        "PUT", f"/cases/{case['id']}/decision", json={"outcome": "dismissed", "reason": "It is on topic."}
    )
    await cleo.done("PUT", f"/{comment}/report", json={"reason": "other"})
    assert await case_of(moderator, comment) is None
    await ben.done("PATCH", f"/{comment}", json={"text": "Something rude."})
    await moderator.done("PUT", f"/{comment}/report", json={"reason": "abuse"})
    again = await case_of(moderator, comment)
    assert again is not None
    assert again["reports"] == 3


async def test_who_has_reported_it_before_may_say_that_an_edit_made_it_no_better(
    ada: Speaker, ben: Speaker, cleo: Speaker, moderator: Speaker, thread: str
) -> None:
    comment, report = await ben.say(thread, "Soup."), {"reason": "abuse"}
    path = f"/{comment}/report"
    await asyncio.gather(*[person.done("PUT", path, json=report) for person in (ada, cleo, ada, cleo, moderator)])
    case = await case_of(moderator, comment)
    assert case is not None
    assert case["reports"] == 3, "of people"
    decision = {"outcome": "dismissed", "reason": "It is soup."}
    await moderator.done("PUT", f"/cases/{case['id']}/decision", json=decision)
    await ada.done("PUT", path, json=report)
    assert await case_of(moderator, comment) is None
    await ben.done("PATCH", f"/{comment}", json={"text": "Something rude."})
    await ada.done("PUT", path, json=report)
    again = await case_of(moderator, comment)
    assert again is not None
    assert (again["id"], again["reports"]) == (case["id"], 3)


async def test_an_appeal_is_heard_by_moderators_and_once(
    ada: Speaker, ben: Speaker, cleo: Speaker, moderator: Speaker, thread: str
) -> None:
    comment = await ben.say(thread, "An honest opinion.")
    appeal = {"text": "It is honest."}
    assert kind_of(await ben.at("PUT", f"/{comment}/appeal", json=appeal)) == (409, "not-hidden")
    await ada.done("PUT", f"/{comment}/hidden", json={"reason": "I don't like it."})
    assert kind_of(await cleo.at("PUT", f"/{comment}/appeal", json=appeal)) == (404, "not-found")
    answers = await asyncio.gather(*[ben.at("PUT", f"/{comment}/appeal", json=appeal) for _ in range(4)])
    assert sorted(answer.status_code for answer in answers) == [204, 409, 409, 409]
    case = await case_of(moderator, comment)
    assert case is not None
    assert (case["appeal"], case["reports"], case["comment"]["text"]) == ("It is honest.", 0, "An honest opinion.")
    await moderator.done("PUT", f"/cases/{case['id']}/decision", json={"outcome": "restored", "reason": "It is."})
    assert (await cleo.read(comment))["state"] == "shown"
    await ada.done("PUT", f"/{comment}/hidden", json={"reason": "Still."})
    await ben.done("PUT", f"/{comment}/appeal", json=appeal)
    assert await case_of(moderator, comment) is not None
