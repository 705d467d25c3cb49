"""What Comments tells, and what it hears twice, late and out of order."""

import json
import random
from datetime import UTC, datetime
from uuid import UUID, uuid4

from services.comments.events import PollChanged
from services.comments.repository import ThreadRepository
from tests.conftest import VoteWave

from .conftest import Speaker, comments_of


async def test_each_change_is_told_with_a_higher_version(
    votewave: VoteWave, ada: Speaker, ben: Speaker, thread: str
) -> None:
    top = await ada.say(thread, "top")
    comment = await ben.say(thread, "answer", top)
    await ben.done("PATCH", f"/{comment}", json={"text": "better answer"})
    await ada.done("PUT", f"/{comment}/hidden", json={"reason": "test"})
    await ada.done("DELETE", f"/{comment}/hidden")
    await ben.done("DELETE", f"/{comment}")
    rows = await votewave.sql(
        "SELECT payload FROM comments.outbox WHERE kind = 'comments.comment.changed' ORDER BY position"
    )
    told = [event for row in rows if (event := json.loads(row["payload"]))["comment"] == comment]
    assert [(event["version"], event["state"], event["text"]) for event in told] == [
        (1, "shown", "answer"),
        (2, "shown", "better answer"),
        (3, "hidden", ""),
        (4, "shown", "better answer"),
        (5, "deleted", ""),
    ]
    last = told[-1]
    assert (last["owner"], last["parent"], last["answered"]) == (ada.account, top, ada.account)
    assert datetime.fromisoformat(last["created_at"]) < datetime.now(UTC)


async def test_polls_told_twice_and_late_end_as_the_newest_says(votewave: VoteWave) -> None:
    poll, owner = uuid4(), uuid4()
    events = [
        PollChanged(poll=poll, version=version, owner=owner, title=str(version), deleted=version == 5)
        for version in range(1, 6)
    ]
    async with comments_of(votewave) as comments:
        for seed in range(5):
            disorder = [
                *random.Random(seed).choices(events, k=8),
                events[-1],
                *random.Random(seed).choices(events, k=3),
            ]
            for event in disorder:
                async with comments.kit.db.transaction() as session:
                    await comments.on_poll_changed(session, event)
            async with comments.kit.db.reading() as session:
                known = await ThreadRepository(session).get(UUID(int=poll.int))
            assert (known.title, known.deleted, known.known_version) == ("5", True, 5)
