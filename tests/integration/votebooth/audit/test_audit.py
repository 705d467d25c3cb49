from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from ..booth_world import a_poll, a_user


async def test_the_log_is_paged_latest_first(client: httpx.AsyncClient, votewave: Any) -> None:
    owner = await a_user(client)
    poll = await a_poll(client, owner, rules={"eligibility": "tokens"})
    for count in range(1, 6):
        answer = await client.post(f"/v1/votebooth/polls/{poll}/tokens", json={"count": count}, headers=owner)
        assert answer.status_code == 201, answer.text
    path = f"/v1/votebooth/polls/{poll}/log"
    seen: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = (
            await client.get(path, params={"limit": 2, **({"cursor": cursor} if cursor else {})}, headers=owner)
        ).json()
        assert len(page["items"]) <= 2
        seen += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert [each["details"]["count"] for each in seen] == [5, 4, 3, 2, 1]
    assert {each["act"] for each in seen} == {"tokens.issued"}
    assert len({each["position"] for each in seen}) == 5
    me = (await client.get("/v1/auth/me", headers=owner)).json()
    assert {each["actor"]["id"] for each in seen} == {me["id"]}
    assert (await client.get(path, params={"cursor": "nonsense"}, headers=owner)).status_code == 400


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE votebooth.audit_log SET act = 'nothing' WHERE poll_id = $1",
        "DELETE FROM votebooth.audit_log WHERE poll_id = $1",
        "TRUNCATE votebooth.audit_log",
    ],
)
async def test_the_service_itself_cannot_change_what_is_on_record(
    client: httpx.AsyncClient, votewave: Any, statement: str
) -> None:
    owner = await a_user(client)
    poll = UUID(await a_poll(client, owner, rules={"eligibility": "tokens"}))
    await client.post(f"/v1/votebooth/polls/{poll}/tokens", json={"count": 1}, headers=owner)
    connection = await asyncpg.connect(votewave.admin_dsn)
    try:
        await connection.execute("SET ROLE votebooth")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement, *([poll] if "$1" in statement else []))
    finally:
        await connection.close()
