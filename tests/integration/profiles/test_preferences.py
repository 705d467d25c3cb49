"""What somebody prefers goes with their account, and is nobody else's to see."""

from typing import Any

import httpx
import pytest
from tests.conftest import VoteWave

from .conftest import Person

PATH = "/v1/profiles/me/preferences"


async def read(person: Person) -> httpx.Response:
    return await person.http.get(PATH, headers=person.headers)


async def prefer(person: Person, **values: Any) -> httpx.Response:
    return await person.http.patch(PATH, json=values, headers=person.headers)


async def test_a_language_is_kept_until_it_is_taken_back(person: Person, other: Person) -> None:
    assert (await read(person)).json() == {"language": None}
    chosen = await prefer(person, language="de")
    assert (chosen.status_code, chosen.json()) == (200, {"language": "de"})
    assert (await prefer(person)).json() == {"language": "de"}, "what is left out stays"
    assert (await read(person)).json() == {"language": "de"}
    assert (await read(other)).json() == {"language": None}
    assert (await prefer(person, language=None)).json() == {"language": None}
    assert (await read(person)).json() == {"language": None}


async def test_whoever_prefers_before_their_profile_is_there_has_both(person: Person, votewave: VoteWave) -> None:
    await prefer(person, language="pt-BR")
    mine = (await person.mine()).json()
    assert mine["handle"].startswith("voter-")
    assert (await read(person)).json() == {"language": "pt-BR"}


async def test_others_neither_see_it_nor_are_told(person: Person, anybody: Person, votewave: VoteWave) -> None:
    handle = (await person.mine()).json()["handle"]

    async def told() -> int:
        rows = await votewave.sql(
            "SELECT 1 FROM profiles.outbox WHERE convert_from(payload, 'UTF8') LIKE $1", f"%{person.account}%"
        )
        return len(rows)

    before = await told()
    assert before
    await prefer(person, language="de")
    assert await told() == before
    shown = await anybody.read(handle)
    assert shown.status_code == 200
    assert "language" not in shown.json()
    assert (await read(anybody)).status_code == 401


async def test_guests_have_none(guest: Person) -> None:
    assert (await read(guest)).status_code == 403
    assert (await prefer(guest, language="de")).status_code == 403


@pytest.mark.parametrize(
    "language", ["", "d", "German", "DE", "de_DE", "de\n", "de-" + "a" * 9, "de-a1-b1-c1-d1", "ԁе"]
)
async def test_what_is_no_languages_tag_is_refused(person: Person, language: str) -> None:
    await prefer(person, language="pt-BR")
    answer = await prefer(person, language=language)
    assert answer.status_code == 422, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == ["language"]
    assert (await read(person)).json() == {"language": "pt-BR"}


async def test_what_cant_be_read_is_malformed(person: Person) -> None:
    assert (await prefer(person, language=1)).status_code == 400
    assert (await prefer(person, colour="red")).status_code == 400
