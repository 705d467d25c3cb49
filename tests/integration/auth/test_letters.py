"""Mails that confirm an address or reset a password: good once, told alike to everybody, and other sessions end."""

import asyncio
import re
from datetime import datetime
from email.message import EmailMessage
from uuid import uuid4

import asyncpg
import httpx
from services.auth.settings import AuthSettings
from services.auth.throttle import LETTERS_A_DAY, LETTERS_FROM_A_PLACE, Throttle
from services.auth.visitor import Visitor
from services.core.kit import Kit
from tests.conftest import VoteWave, eventually
from tests.integration.follows.conftest import kind_of

from .conftest import PASSWORD, a_guest, bearer, opened, signed_in, status

NEW = "another boat, a lamp and 4 keys"


def letters_to(votewave: VoteWave, address: str) -> list[tuple[str, str]]:
    """Return the subjects and texts of mails to an address, the oldest first."""
    return [(str(mail["Subject"]), body(mail, "plain")) for mail in votewave.mails(address)]


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


async def token_to(votewave: VoteWave, address: str, page: str, number: int = 1) -> str:
    """Wait for so many mails with a link to a page; return the last one's token."""

    async def come() -> list[str]:
        texts = [text for _, text in letters_to(votewave, address)]
        tokens = re.findall(rf"/{page}#(vl_[\w-]+)", "".join(texts))
        return tokens if len(tokens) >= number else []

    return str((await eventually(come))[-1])


async def asked(client: httpx.AsyncClient, address: str) -> httpx.Response:
    return await client.post("/v1/auth/password/reset", json={"email": address})


async def reset(client: httpx.AsyncClient, token: str, new: str = NEW) -> httpx.Response:
    return await client.post("/v1/auth/password/reset/completion", json={"token": token, "new": new})


async def confirmed(client: httpx.AsyncClient, token: str) -> httpx.Response:
    return await client.post("/v1/auth/email/confirmation", json={"token": token})


async def test_an_address_is_confirmed_by_a_mail_once(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    ada = await opened(client)
    address = ada["account"]["email"]
    assert ada["account"]["email_verified"] is False
    assert (await client.post("/v1/auth/email/verification", headers=bearer(ada))).status_code == 202
    token = await token_to(votewave, address, "verify")
    answers = await asyncio.gather(*[confirmed(client, token) for _ in range(4)])
    assert sorted(answer.status_code for answer in answers) == [204, 410, 410, 410]
    assert (await client.get("/v1/auth/me", headers=bearer(ada))).json()["email_verified"] is True
    again = await client.post("/v1/auth/email/verification", headers=bearer(ada))
    assert kind_of(again) == (409, "already-verified")


async def test_a_forgotten_password_is_replaced_and_everybody_signed_out(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    ada = await opened(client)
    address = ada["account"]["email"]
    key = await client.post("/v1/auth/keys", json={"name": "export", "scopes": []}, headers=bearer(ada))
    assert (await asked(client, address.upper())).status_code == 202
    token = await token_to(votewave, address, "reset")
    assert kind_of(await reset(client, token, "short")) == (422, "password-refused")
    assert (await reset(client, token)).status_code == 204
    assert kind_of(await reset(client, token)) == (410, "link-over")

    async def signed_out() -> bool:
        return await status(client, ada) == 401

    await eventually(signed_out)
    old = await client.post("/v1/auth/sessions", json={"email": address, "password": PASSWORD})
    assert old.status_code == 401
    assert (await signed_in(client, ada, NEW))["account"]["email_verified"] is True, "its mail was read"
    traded = await client.post("/v1/auth/tokens", json={"api_key": key.json()["api_key"]})
    assert traded.status_code == 401


async def test_mails_speak_the_language_of_the_account_else_of_the_browser(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    german = {"accept-language": "de-AT,de;q=0.9,en;q=0.5"}
    address = f"{uuid4().hex}@example.org"
    person = {"email": address, "password": PASSWORD}
    token = (await client.post("/v1/auth/accounts", json=person, headers=german)).json()["access_token"]

    async def subjects(number: int) -> list[str]:
        found = [subject for subject, _ in letters_to(votewave, address)]
        return found if len(found) >= number else []

    assert await eventually(lambda: subjects(1)) == ["Bestätige deine E-Mail-Adresse"]
    [mail] = votewave.mails(address)
    links = [re.findall(r"http\S+/verify#vl_[\w-]+", body(mail, kind)) for kind in ("plain", "html")]
    assert links[0]
    assert set(links[0]) == set(links[1])
    assert '<html lang="de">' in body(mail, "html")

    mine = {"authorization": f"Bearer {token}"}
    chosen = await client.patch("/v1/profiles/me/preferences", json={"language": "en-GB"}, headers=mine)
    assert chosen.status_code == 200
    await client.post("/v1/auth/password/reset", json={"email": address}, headers=german)
    assert (await eventually(lambda: subjects(2)))[-1] == "Reset your VoteWave password"

    await client.patch("/v1/profiles/me/preferences", json={"language": "de"}, headers=mine)
    leaving = await client.post("/v1/auth/me/deletion", json={"password": PASSWORD}, headers=mine)
    assert leaving.status_code == 202, leaving.text
    assert (await eventually(lambda: subjects(3)))[-1] == "Dein VoteWave-Konto wird gelöscht"
    due = datetime.fromisoformat(leaving.json()["due_at"])
    assert f"am {due.day}. " in letters_to(votewave, address)[-1][1]
    await client.post("/v1/auth/sessions", json=person, headers={"accept-language": "en"})
    assert (await eventually(lambda: subjects(4)))[-1] == "Dein VoteWave-Konto bleibt"


async def test_nobody_learns_who_has_an_account(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    ada, nobody = (await opened(client))["account"]["email"], f"{uuid4().hex}@example.org"
    answers = [await asked(client, address) for address in (ada, nobody)]
    assert len({(answer.status_code, answer.content) for answer in answers}) == 1
    await token_to(votewave, ada, "reset")
    assert letters_to(votewave, nobody) == []
    for address in (ada, nobody):
        for _ in range(LETTERS_FROM_A_PLACE - 1):
            assert (await asked(client, address)).status_code == 202
        assert kind_of(await asked(client, address)) == (429, "too-many-requests")


async def test_another_address_is_ones_own_when_its_mail_is_confirmed(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    ada = await opened(client)
    before, after = ada["account"]["email"], f"{uuid4().hex}@example.org"
    wrong = {"email": after, "password": "not this one, I think"}
    assert kind_of(await client.put("/v1/auth/email", json=wrong, headers=bearer(ada))) == (403, "wrong-password")
    body = {"email": after, "password": PASSWORD}
    assert (await client.put("/v1/auth/email", json=body, headers=bearer(ada))).status_code == 202
    token = await token_to(votewave, after, "verify")
    assert (await client.get("/v1/auth/me", headers=bearer(ada))).json()["email"] == before, "not yet"
    await asked(client, before)
    old_reset = await token_to(votewave, before, "reset")
    assert (await confirmed(client, token)).status_code == 204

    async def told() -> bool:
        return "Your VoteWave address was changed" in [subject for subject, _ in letters_to(votewave, before)]

    await eventually(told)
    old = await client.post("/v1/auth/sessions", json={"email": before, "password": PASSWORD})
    assert old.status_code == 401
    now = await signed_in(client, {"account": {"email": after}})
    assert (now["account"]["id"], now["account"]["email_verified"]) == (ada["account"]["id"], True)
    assert kind_of(await reset(client, old_reset)) == (410, "link-over"), "it went to an address that is nobody's"


async def test_an_address_that_somebody_else_has_by_then_stays_theirs(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    ada = await opened(client)
    wanted = f"{uuid4().hex}@example.org"
    await client.put("/v1/auth/email", json={"email": wanted, "password": PASSWORD}, headers=bearer(ada))
    token = await token_to(votewave, wanted, "verify")
    await opened(client, email=wanted)
    assert kind_of(await confirmed(client, token)) == (409, "email-taken")
    assert await status(client, ada) == 200


async def test_a_token_for_one_thing_isnt_good_for_another(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    ada = await opened(client)
    address = ada["account"]["email"]
    await asked(client, address)
    token = await token_to(votewave, address, "reset")
    assert kind_of(await confirmed(client, token)) == (410, "link-over")
    for bad in ("", "vl_x", "x" * 128, "ü"):
        assert kind_of(await reset(client, bad)) == (410, "link-over")
    await votewave.sql("UPDATE auth.letter SET expires_at = now() - interval '1 second' WHERE email = $1", address)
    assert kind_of(await reset(client, token)) == (410, "link-over")


async def both_wait(votewave: VoteWave) -> bool:
    waiting = "SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%letter%'"
    return len(await votewave.sql(waiting)) == 2


async def test_only_the_last_password_counts_when_two_mails_are_used_at_once(
    client: httpx.AsyncClient, votewave: VoteWave
) -> None:
    ada = await opened(client)
    address = ada["account"]["email"]
    await asked(client, address)
    first = await token_to(votewave, address, "reset")
    await asked(client, address)
    second = await token_to(votewave, address, "reset", 2)
    admin = await asyncpg.connect(votewave.admin_dsn)
    async with admin.transaction():  # so that each holds its own mail's token when it comes to the other's
        await admin.execute("SELECT 1 FROM auth.letter WHERE email = $1 FOR UPDATE", address)
        both = asyncio.gather(reset(client, first, NEW + " 1"), reset(client, second, NEW + " 2"))
        await eventually(lambda: both_wait(votewave))
    await admin.close()
    answers = await both
    assert sorted(answer.status_code for answer in answers) == [204, 410]


async def test_guests_and_api_keys_have_no_address_to_change(client: httpx.AsyncClient) -> None:
    guest = await a_guest(client)
    refused = await client.post("/v1/auth/email/verification", headers=bearer(guest))
    assert kind_of(refused) == (403, "guest-refused")
    ada = await opened(client)
    key = await client.post("/v1/auth/keys", json={"name": "k", "scopes": ["votes:write"]}, headers=bearer(ada))
    traded = await client.post("/v1/auth/tokens", json={"api_key": key.json()["api_key"]})
    refused = await client.post("/v1/auth/email/verification", headers=bearer(traded.json()))
    assert kind_of(refused) == (403, "missing-scope")


async def test_a_mailbox_isnt_filled_from_many_places(kit: Kit[AuthSettings]) -> None:
    throttle, address = Throttle(kit), f"{uuid4().hex}@example.org"
    sent = [await throttle.letter(Visitor(f"203.0.113.{number}"), address) for number in range(LETTERS_A_DAY + 2)]
    assert sent == [True] * LETTERS_A_DAY + [False] * 2, "the last ones are answered as always, and not sent"
