import re
import time
from typing import Any
from uuid import uuid4

import httpx

from .conftest import PASSWORD, opened, signed_in


def hold_limit(answer: httpx.Response) -> None:
    assert answer.status_code == 429, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert int(answer.headers["retry-after"]) >= 1


async def test_guessing_is_slowed_down_alike_for_accounts_that_exist_and_those_that_do_not(
    client: httpx.AsyncClient,
) -> None:
    ada = await opened(client)
    allowed = []
    for email in (ada["account"]["email"], f"{uuid4().hex}@example.org"):
        tries = 0
        while True:
            spelled = email.upper() if tries % 2 else email
            answer = await client.post("/v1/auth/sessions", json={"email": spelled, "password": f"guess {tries}"})
            if answer.status_code != 401:
                break
            tries += 1
            assert tries < 15
        hold_limit(answer)
        allowed.append(tries)
    assert allowed == [10, 10]
    right = await client.post("/v1/auth/sessions", json={"email": ada["account"]["email"], "password": PASSWORD})
    hold_limit(right)
    await signed_in(client, await opened(client))


async def test_probing_for_taken_addresses_ends_soon(strict: Any) -> None:
    strict.restart()
    async with httpx.AsyncClient(base_url=strict.url, timeout=20) as client:
        answers = []
        email = f"{uuid4().hex}@example.org"
        for _ in range(8):
            answers.append(await client.post("/v1/auth/accounts", json={"email": email, "password": PASSWORD}))
            if answers[-1].status_code == 429:
                break
        hold_limit(answers[-1])
        codes = [answer.status_code for answer in answers]
        assert codes[0] == 201
        assert codes.count(409) == 2, codes
        fresh = {"email": f"{uuid4().hex}@example.org", "password": PASSWORD}
        hold_limit(await client.post("/v1/auth/accounts", json=fresh))


async def test_a_flood_of_guests_from_one_address_is_held_back(strict: Any) -> None:
    async with httpx.AsyncClient(base_url=strict.url, timeout=20) as client:
        began, passed = time.monotonic(), 0
        while (answer := await client.post("/v1/auth/guests")).status_code == 201:
            passed += 1
            assert passed < 200
        hold_limit(answer)
        # A place is free again every two seconds, and what Redis was late for is counted apart.
        free_again = (time.monotonic() - began) / 2
        metrics = (await client.get("/metrics")).text
    [late] = re.findall(r"^votewave_ratelimit_fallback_total (\S+)$", metrics, re.MULTILINE)
    assert 30 <= passed <= 31 + free_again + float(late)
