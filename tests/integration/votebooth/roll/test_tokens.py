"""Voting tokens and rolls: who has a token votes, once; who was invited gets one by mail."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest
from tests.conftest import VoteWave, eventually

from ..voting import Instance, Poll, guest, poll, recount, user
from .invitations import invite, issue, mails, roll, sent


async def test_each_token_is_one_voter_whoever_brings_it(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await poll(client, rules={"eligibility": "tokens"})
    tokens = await issue(voted, 3)
    someone = await guest(client)
    assert len(set(tokens)) == 3
    for token in tokens:
        assert (await voted.put(someone, {"picks": [1]}, token=token)).status_code == 201
    again = await voted.put(await guest(client), {"picks": [2]}, token=tokens[0])
    assert (again.status_code, again.json()["revision"]) == (200, 2)
    assert (await voted.mine(await guest(client), token=tokens[0])).json()["ballot"] == {"picks": [2]}
    assert (await voted.withdraw(someone, token=tokens[1])).status_code == 204
    assert await recount(votewave, voted.id) == (2, [])


async def test_without_a_token_of_this_poll_nobody_votes(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted, other = [await poll(client, rules={"eligibility": "tokens"}) for _ in range(2)]
    foreign = (await issue(other, 1))[0]
    someone = await guest(client)
    for headers in ({}, {"token": ""}, {"token": "guess"}, {"token": foreign}, {"token": "x" * 5000}):
        assert (await voted.put(someone, {"picks": [1]}, **headers)).status_code == 403, headers
    assert (await voted.put({}, {"picks": [1]}, token=foreign)).status_code == 401
    assert await recount(votewave, voted.id) == (0, [])


async def test_who_tries_many_tokens_or_polls_is_told_to_wait_and_others_vote(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await poll(client, rules={"eligibility": "tokens"})
    good = await issue(voted, 2)
    someone, searching, voter = await guest(client), await guest(client), await guest(client)
    tried = [(await voted.put(someone, {"picks": [1]}, token=f"guess-{n}")).status_code for n in range(40)]
    assert tried[:30] == [403] * 30
    assert tried[-1] == 429
    refused = await voted.put(someone, {"picks": [1]}, token=good[0])
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
    unknown = [Poll(client, {}, {"id": str(uuid4())}) for _ in range(40)]
    found = [(await each.put(searching, {"picks": [1]})).status_code for each in unknown]
    assert found[:30] == [404] * 30
    assert found[-1] == 429
    assert (await voted.put(voter, {"picks": [1]}, token=good[0])).status_code == 201
    assert await recount(votewave, voted.id) == (1, [])


async def test_a_key_without_scopes_reads_no_addresses(client: httpx.AsyncClient) -> None:
    voted = await poll(client, rules={"eligibility": "roll"})
    await invite(voted, "ada@example.org")
    for scopes, status in (([], 403), (["votes:write"], 403), (["polls:write"], 200)):
        made = await client.post("/v1/auth/keys", json={"name": "k", "scopes": scopes}, headers=voted.owner)
        used = await client.post("/v1/auth/tokens", json={"api_key": made.json()["api_key"]})
        key = {"Authorization": f"Bearer {used.json()['access_token']}"}
        answer = await client.get(f"{voted.path}/roll", headers=key)
        assert answer.status_code == status
        assert ("ada@example.org" in answer.text) == (status == 200)


async def test_a_doubled_header_is_refused_on_every_route(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await poll(client, rules={"eligibility": "tokens"})
    token = (await issue(voted, 1))[0]
    first, second = (await guest(client))["Authorization"], (await guest(client))["Authorization"]
    ballot = f"{voted.path}/ballot"
    for method, path in (("PUT", ballot), ("GET", ballot), ("DELETE", ballot), ("GET", f"/v1/polls/{voted.id}")):
        body: Any = {"json": {"picks": [1]}} if method == "PUT" else {}
        for name, values in (("authorization", (first, second)), ("ballot-token", (token, "another"))):
            rest = [("authorization", first)] if name == "ballot-token" else [("ballot-token", token)]
            headers = [*((name, value) for value in values), *rest]
            answer = await client.request(method, path, headers=headers, **body)
            assert answer.status_code == 400, (method, path, name)
            assert answer.headers["content-type"] == "application/problem+json"
            assert name in answer.json()["detail"]
    assert await recount(votewave, voted.id) == (0, [])


async def test_tokens_are_for_the_owner_and_stored_as_hashes(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await poll(client, rules={"eligibility": "tokens"})
    tokens = await issue(voted, 1000)
    rows = await votewave.sql("SELECT * FROM votebooth.credentials WHERE poll_id = $1", voted.id)
    assert len(rows) == 1000
    stored = b"".join(row["token_hash"] for row in rows)
    assert not any(token.encode() in stored for token in tokens)
    path = f"{voted.path}/tokens"
    for who, status in ((await user(client), 403), (await guest(client), 403), ({}, 401)):
        assert (await client.post(path, headers=who, json={"count": 1})).status_code == status
    for count in (0, 10_001, "many", None):
        assert (await client.post(path, headers=voted.owner, json={"count": count})).status_code in {400, 422}
    open_to_all = await poll(client, owner=voted.owner)
    refused = await client.post(f"{open_to_all.path}/tokens", headers=voted.owner, json={"count": 1})
    assert refused.status_code == 409
    log = await votewave.sql("SELECT act, details FROM votebooth.audit_log WHERE poll_id = $1", voted.id)
    assert [row["act"] for row in log] == ["tokens.issued"]


async def test_an_invited_address_gets_one_mail_with_a_token(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    voted = await poll(client, rules={"eligibility": "roll"}, title="Where shall we go?")
    answer = await invite(voted, "Ada@Example.org", "ada@example.org ", "bo@example.org")
    assert (answer.status_code, answer.json()) == (202, {"waiting": 2, "sent": 0, "failed": 0})
    found = await sent(voted)
    assert [item["address"] for item in found["items"]] == ["ada@example.org", "bo@example.org"]
    assert [item["took_part"] for item in found["items"]] == [False, False]
    (token,) = mails(votewave, "ada@example.org", voted.code)
    assert (await voted.put(await guest(client), {"picks": [1]}, token=token)).status_code == 201
    assert [item["took_part"] for item in (await roll(voted))["items"]] == [True, False]
    assert (await invite(voted, "ada@example.org", "bo@example.org")).json()["waiting"] == 0
    await asyncio.sleep(1.5)
    assert len(mails(votewave, "ada@example.org", voted.code)) == 1
    stored = await votewave.sql("SELECT row_to_json(r)::text AS row FROM votebooth.roll r WHERE poll_id = $1", voted.id)
    assert not any(token in row["row"] for row in stored)


async def test_a_mail_sent_again_voids_the_token_before_unless_it_was_used(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await poll(client, rules={"eligibility": "roll"})
    await invite(voted, "ada@example.org", "bo@example.org")
    await sent(voted)
    (first_of_ada,), (first_of_bo,) = (mails(votewave, f"{name}@example.org", voted.code) for name in ("ada", "bo"))
    someone = await guest(client)
    assert (await voted.put(someone, {"picks": [1]}, token=first_of_bo)).status_code == 201
    assert (await invite(voted, "ada@example.org", "bo@example.org", resend=True)).json()["waiting"] == 2
    await sent(voted)
    assert mails(votewave, "bo@example.org", voted.code) == [first_of_bo]
    _, second_of_ada = mails(votewave, "ada@example.org", voted.code)
    assert (await voted.put(someone, {"picks": [1]}, token=first_of_ada)).status_code == 403
    assert (await voted.put(someone, {"picks": [2]}, token=first_of_bo)).status_code == 200
    assert (await voted.put(someone, {"picks": [3]}, token=second_of_ada)).status_code == 201
    assert await recount(votewave, voted.id) == (2, [])


async def test_the_owner_of_an_anonymous_poll_isnt_told_who_took_part(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await poll(client, rules={"eligibility": "roll", "anonymous": True})
    await invite(voted, "ada@example.org", "bo@example.org")
    await sent(voted)
    (token,) = mails(votewave, "ada@example.org", voted.code)
    assert (await voted.put(await guest(client), {"picks": [1]}, token=token)).status_code == 201
    assert [item["took_part"] for item in (await roll(voted))["items"]] == [None, None]
    await invite(voted, "ada@example.org", "bo@example.org", resend=True)
    again = await sent(voted)
    assert [item["state"] for item in again["items"]] == ["sent", "sent"]
    # Both are mailed: a mail that isn't sent would tell as well. The link that was voted with stays the good one.
    first, useless = mails(votewave, "ada@example.org", voted.code)
    assert first == token
    assert (await voted.mine(await guest(client), token=token)).status_code == 200
    assert (await voted.put(await guest(client), {"picks": [2]}, token=useless)).status_code == 403
    void, good = mails(votewave, "bo@example.org", voted.code)
    assert (await voted.put(await guest(client), {"picks": [2]}, token=void)).status_code == 403
    assert (await voted.put(await guest(client), {"picks": [2]}, token=good)).status_code == 201
    assert await recount(votewave, voted.id) == (2, [])


async def test_addresses_that_cant_be_written_to_are_named_and_nobody_is_invited(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    voted = await poll(client, rules={"eligibility": "roll"})
    answer = await invite(voted, "ada@example.org", "nope", "bo@example.org\r\nBcc: all@example.org", "")
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["addresses.1", "addresses.2", "addresses.3"]
    assert (await roll(voted))["items"] == []
    for who, status in ((await user(client), 403), ({}, 401)):
        assert (await client.get(f"{voted.path}/roll", headers=who)).status_code == status


async def test_an_account_invites_so_many_a_day_and_no_more(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    first = await poll(client, rules={"eligibility": "roll"})
    second = await poll(client, owner=first.owner, rules={"eligibility": "roll"})
    booth = Instance(votewave, VOTEWAVE_VOTEBOOTH_INVITATIONS_PER_DAY="5")
    await booth.start()
    try:
        async with httpx.AsyncClient(base_url=booth.url, timeout=20) as there:
            here, beside = (Poll(there, first.owner, {"id": each.id}) for each in (first, second))
            over = await invite(here, *(f"v{n}@example.org" for n in range(6)))
            assert (over.status_code, over.json()["errors"][0]["field"]) == (422, "addresses")
            assert (await invite(here, "a@example.org", "b@example.org")).status_code == 202
            await votewave.sql(
                "UPDATE votebooth.audit_log SET at = at - interval '23 hours' WHERE poll_id = $1", first.id
            )
            # Eight at once, for each of which alone there would be room.
            answers = await asyncio.gather(
                *(invite(beside, f"c{n}@example.org", f"d{n}@example.org") for n in range(8))
            )
            assert sorted(answer.status_code for answer in answers) == [202] + [429] * 7
            # Who is on the roll is left alone and counts nothing; who is mailed again counts.
            assert (await invite(here, "a@example.org", "b@example.org")).status_code == 202
            refused = await invite(here, "a@example.org", "b@example.org", resend=True)
            assert refused.status_code == 429
            assert 3500 < int(refused.headers["retry-after"]) <= 3600
            assert (await invite(here, "c@example.org")).status_code == 202
            assert (await invite(here, "d@example.org")).status_code == 429
            other = await poll(client, rules={"eligibility": "roll"})
            assert (await invite(Poll(there, other.owner, {"id": other.id}), "e@example.org")).status_code == 202
    finally:
        booth.stop()
    assert len((await roll(first))["items"]) == 3
    assert len((await roll(second))["items"]) == 2


async def test_an_address_gets_and_a_network_sends_so_many_invitations_a_day_whoever_sends_them(
    tmp_path: Path,
) -> None:
    limits = {"ADDRESS": "3", "NETWORK": "12"}
    own = VoteWave(
        tmp_path / "data", **{f"VOTEWAVE_VOTEBOOTH_INVITATIONS_PER_{name}": value for name, value in limits.items()}
    )
    own.start()
    try:
        async with httpx.AsyncClient(base_url=own.url, timeout=20) as there:
            polls = [await poll(there, rules={"eligibility": "roll"}) for _ in range(5)]
            for each in polls:
                await invite(each, "ada@example.org", f"bo-{each.id}@example.org")

            async def waiting() -> list[int]:
                return [(await roll(each))["progress"]["waiting"] for each in polls]

            async def settled() -> bool:
                return sum(await waiting()) == 2

            await eventually(settled)
            await asyncio.sleep(1.5)
            assert sum(await waiting()) == 2, "they wait; they aren't lost"
            assert sum(len(mails(own, "ada@example.org", each.code)) for each in polls) == 3
            assert all(len(mails(own, f"bo-{each.id}@example.org", each.code)) == 1 for each in polls)
            rows = await own.sql("SELECT tries, due_at - now() AS wait FROM votebooth.roll WHERE state = 'waiting'")
            assert [row["tries"] for row in rows] == [0, 0]
            assert all(row["wait"] > timedelta(hours=7) for row in rows)
            # New accounts cost nothing.
            another = await poll(there, rules={"eligibility": "roll"})
            refused = await invite(another, *(f"cy{number}@example.org" for number in range(3)))
            assert (refused.status_code, (await roll(another))["items"]) == (429, [])
            assert int(refused.headers["retry-after"]) > 3600
            assert (await invite(another, "cy@example.org")).status_code == 202
    finally:
        own.stop()


async def test_one_owner_uses_up_no_address_s_invitations(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    address = f"{uuid4().hex}@example.org"
    stranger = await poll(client, rules={"eligibility": "roll"})
    for number in range(1, 6):
        await invite(stranger, address, resend=True)
        await sent(stranger)
        assert len(mails(votewave, address, stranger.code)) == number
    beside = await poll(client, owner=stranger.owner, rules={"eligibility": "roll"})
    await invite(beside, address)
    await invite(stranger, address, resend=True)
    honest = await poll(client, rules={"eligibility": "roll"})
    await invite(honest, address)
    await sent(honest)
    assert len(mails(votewave, address, honest.code)) == 1
    await asyncio.sleep(1.5)
    assert (await roll(beside))["progress"]["waiting"] == (await roll(stranger))["progress"]["waiting"] == 1
    held = await votewave.sql(
        "SELECT due_at - now() AS wait FROM votebooth.roll WHERE address = $1 AND state = 'waiting'", address
    )
    assert all(row["wait"] > timedelta(hours=4) for row in held)


async def test_a_mail_s_subject_is_not_the_owner_s_to_write(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    """It would be read as VoteWave's word by people who have never heard of either."""
    title = "Your account is locked: call +1 555 0100"
    address = f"{uuid4().hex}@example.org"
    voted = await poll(client, rules={"eligibility": "roll"}, title=title)
    await invite(voted, address)
    await sent(voted)
    [mail] = votewave.mails(address)
    assert mail["subject"] == "You are invited to vote"
    text = mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]  (ours have one)
    assert f"They call it:\n\n    {title}\n" in text.replace("\r\n", "\n")


@pytest.mark.parametrize("statement", ["UPDATE audit_log SET act = ''", "DELETE FROM audit_log", "TRUNCATE audit_log"])
async def test_the_services_role_can_only_add_to_the_audit_log(votewave: VoteWave, statement: str) -> None:
    connection = await asyncpg.connect(votewave.admin_dsn)
    try:
        await connection.execute("SET ROLE votebooth; SET search_path = votebooth")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    finally:
        await connection.close()
