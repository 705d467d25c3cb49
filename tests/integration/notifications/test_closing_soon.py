"""That a poll closes soon is told to those who may vote in it and haven't, and says nothing of who has voted."""

import json
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from services.core.closing import remind_at
from services.core.ids import new_id
from services.core.peers.calls import Calls, PeerError
from services.notifications.service import Notifications
from tests.conftest import VoteWave, eventually
from tests.integration.notifications.conftest import Reader, hear, kinds, poll_of, reader

NOW = datetime(2026, 11, 29, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("length", "ahead"),
    [(30 * 24, 24.0), (96, 24.0), (24, 6.0), (1, 0.25), (0.9, None)],
    ids=["a month", "four days", "a day", "an hour", "less"],
)
def test_when_people_are_reminded(length: float, ahead: float | None) -> None:
    closes = NOW + length * HOUR
    assert remind_at(NOW, closes) == (None if ahead is None else closes - ahead * HOUR)


def test_a_poll_without_an_end_reminds_nobody() -> None:
    assert remind_at(NOW, None) is None


async def reminded(
    votewave: VoteWave, owner: Reader, watching: Collection[Reader], *, voted: Collection[Reader] = (), **more: Any
) -> str:
    """Publish a poll, let some vote in it and some watch it, and let those be reminded; return it."""
    poll = await owner.poll(closes_at=(datetime.now(UTC) + timedelta(days=5)).isoformat(), **more)
    for person in voted:
        await person.post(f"/v1/votebooth/polls/{poll}/ballot", {"picks": [1]}, "PUT")
    for person in watching:
        assert (await person.at("PUT", f"/polls/{poll}")).status_code == 204
    planned = await votewave.sql(
        "UPDATE notifications.thing SET remind_at = now()"
        " WHERE id = $1 AND remind_at BETWEEN now() + interval '95 hours' AND now() + interval '97 hours' RETURNING 1",
        UUID(poll),
    )
    assert planned

    async def done() -> bool:
        rows = await votewave.sql("SELECT state FROM notifications.send WHERE subject = $1", UUID(poll))
        return [row["state"] for row in rows] == ["done"]

    await eventually(done, 30)
    return poll


async def test_who_hasnt_voted_and_may_is_reminded(
    client: httpx.AsyncClient, votewave: VoteWave, ada: Reader, ben: Reader
) -> None:
    cy, dan = await reader(client), await reader(client)
    poll = await reminded(votewave, ada, [ada, ben, cy], voted=[cy])
    [told] = await ben.finds("poll_closing")
    assert (told["subject"]["id"], told["people_count"]) == (poll, 1)
    for person in (ada, cy, dan):
        assert await person.told() == [], "the owner, one who has voted, one who doesn't watch"
    await ada.post(f"/v1/polls/{poll}/close", {})
    await ben.finds("poll_closed")  # and no more that it closes soon
    await cy.finds("poll_closed")
    rows = await votewave.sql("SELECT remind_at, closes_at FROM notifications.thing WHERE id = $1", UUID(poll))
    assert tuple(rows[0]) == (None, None)


@pytest.mark.parametrize("rules", [{"anonymous": True}, {"minimum": 2}], ids=["anonymous", "minimum"])
async def test_where_nobody_is_told_who_voted_all_are_reminded_alike(
    client: httpx.AsyncClient, votewave: VoteWave, ada: Reader, ben: Reader, rules: dict[str, Any]
) -> None:
    cy = await reader(client)
    await reminded(votewave, ada, [ben, cy], voted=[cy], rules=rules)
    told = [*await ben.finds("poll_closing"), *await cy.finds("poll_closing")]
    assert len({json.dumps({**one, "id": 0, "position": 0, "at": 0}) for one in told}) == 1


async def test_who_may_not_vote_isnt_reminded(
    client: httpx.AsyncClient, votewave: VoteWave, ada: Reader, ben: Reader
) -> None:
    cy = await reader(client)
    assert (await ben.call("PUT", f"/people/{ada.account}")).is_success
    poll = await reminded(votewave, ada, [ben, cy], rules={"eligibility": "followers"})
    await reminded(votewave, ada, [ben, cy], rules={"eligibility": "tokens"})
    assert [told["subject"]["id"] for told in await ben.told()] == [poll]
    assert await cy.told() == []


async def test_who_hasnt_voted_is_reminded_again_when_the_end_is_put_off(
    client: httpx.AsyncClient, votewave: VoteWave, ada: Reader, ben: Reader
) -> None:
    cy = await reader(client)
    poll = await reminded(votewave, ada, [ben, cy])
    [first] = await ben.finds("poll_closing")
    [hers] = await cy.finds("poll_closing")
    assert (await ben.at("PUT", f"/{first['id']}/read")).status_code == 204
    await cy.post(f"/v1/votebooth/polls/{poll}/ballot", {"picks": [1]}, "PUT")

    async def put_off(days: float) -> None:
        """Put the end off, and let the reminder be due."""
        rows = await votewave.sql("SELECT closes_at, version FROM notifications.thing WHERE id = $1", UUID(poll))
        closes_at = rows[0]["closes_at"] + timedelta(days=days)
        found = await client.get(f"/v1/polls/{poll}", headers=ada.headers)
        headers = {**ada.headers, "if-match": found.headers.get("etag", "")}
        path, body = f"/v1/polls/{poll}", {"closes_at": closes_at.isoformat()}
        changed = await client.patch(path, json=body, headers=headers)
        assert changed.is_success, changed.text

        async def heard() -> bool:
            due = "UPDATE notifications.thing SET remind_at = now() WHERE id = $1 AND closes_at = $2 RETURNING 1"
            return bool(await votewave.sql(due, UUID(poll), closes_at))

        await eventually(heard)

    async def taken() -> bool:
        rows = await votewave.sql("SELECT remind_at FROM notifications.thing WHERE id = $1", UUID(poll))
        return rows[0]["remind_at"] is None

    await put_off(0.25)  # not enough for another one
    await eventually(taken, 30)
    assert [one["read"] for one in await ben.told()] == [True]
    await put_off(3)

    async def again() -> bool:
        return [one["read"] for one in await ben.told()] == [False]

    await eventually(again, 30)
    [second] = await ben.told()
    assert (second["id"], second["people_count"]) == (first["id"], 1)
    assert [one["position"] for one in await cy.told()] == [hers["position"]], "she has voted"


async def test_a_poll_that_is_heard_of_when_it_is_over_reminds_nobody(
    votewave: VoteWave, notifications: Notifications
) -> None:
    account = new_id()
    late = poll_of(new_id(), opens_at=NOW - 72 * HOUR, closes_at=NOW - 24 * HOUR)
    await hear(notifications, late)
    await votewave.sql(
        "INSERT INTO notifications.watch (poll, account, ordinal) VALUES ($1, $2, $2)", late.poll, account
    )
    await notifications.sending.remind()
    assert await votewave.sql("SELECT 1 FROM notifications.send WHERE subject = $1", late.poll) == []
    assert await kinds(notifications, account) == []


async def test_while_votebooth_doesnt_answer_nobody_is_told(
    notifications: Notifications, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def no_answer(*_: object, **__: object) -> None:
        raise PeerError("it is down")

    monkeypatch.setattr(Calls, "get", no_answer)
    assert await notifications.sending._who_may_vote_yet(new_id(), [new_id()]) is None
    assert await notifications.sending._who_may_vote_yet(new_id(), []) == ()


async def test_only_services_ask_who_has_voted(client: httpx.AsyncClient, ada: Reader) -> None:
    answer = await client.get(
        f"/internal/votebooth/polls/{new_id()}/reminders", params={"account": ada.account}, headers=ada.headers
    )
    assert answer.status_code in {401, 403, 404}, answer.text
