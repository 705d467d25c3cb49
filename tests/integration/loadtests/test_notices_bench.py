"""`./just bench notices`, small: all are told once, whoever is killed, and the bench sees it if they aren't."""

from pathlib import Path
from uuid import UUID

import pytest
from loadtests.benchmark import notices
from loadtests.benchmark.errors import BenchError
from loadtests.benchmark.place import Place

pytestmark = pytest.mark.slow

PEOPLE = 12_000

HARM = {
    "left out": (
        "UPDATE notifications.notification SET kind = 'poll_opened' WHERE recipient = $1",
        "UPDATE notifications.notification SET kind = 'poll_closed' WHERE recipient = $1",
    ),
    "told twice": (
        "UPDATE notifications.mailbox SET seq = 2 WHERE account = $1",
        "UPDATE notifications.mailbox SET seq = 1 WHERE account = $1",
    ),
}


async def test_all_are_told_once_or_the_bench_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noticed: list[str] = []
    check = notices.check

    async def checked(place: Place, poll: UUID, people: int) -> None:
        await check(place, poll, people)
        async with place.connect("votewave") as connection:
            someone = await connection.fetchval(
                "SELECT account FROM notifications.watch WHERE poll = $1 ORDER BY account LIMIT 1", poll
            )
            for what, (harm, mend) in HARM.items():
                assert await connection.execute(harm, someone) == "UPDATE 1"
                with pytest.raises(BenchError, match="12,000 people"):
                    await check(place, poll, people)
                assert await connection.execute(mend, someone) == "UPDATE 1"
                noticed.append(what)

    monkeypatch.setattr(notices, "check", checked)
    found = await notices.run(people=PEOPLE, parent=tmp_path)
    assert noticed == list(HARM)
    assert (found.people, found.kills) == (PEOPLE, notices.KILLS)
    assert 0 < found.plain_seconds < found.seconds
    assert "12,000 people told once" in notices.line(found)
