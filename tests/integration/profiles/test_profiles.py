"""Profiles: everybody has one, nobody has another's handle, and what is refused is named."""

import asyncio
import json
from typing import Any

import httpx
import pytest
from tests.conftest import VoteWave

from .conftest import PASSWORD, Person, a_handle


def fields(answer: httpx.Response) -> list[str]:
    return [error["field"] for error in answer.json()["errors"]]


async def told(votewave: VoteWave, person: Person) -> list[dict[str, Any]]:
    """Return the events about somebody's profile, in order."""
    rows = await votewave.sql("SELECT payload FROM profiles.outbox ORDER BY position")
    events = [json.loads(row["payload"]) for row in rows]
    return [event for event in events if event["account"] == person.account]


async def test_a_new_user_has_a_profile_at_once(person: Person, anybody: Person) -> None:
    mine = (await person.mine()).json()
    assert mine["account"] == person.account
    assert mine["handle"].startswith("voter-")
    assert (mine["display_name"], mine["bio"], mine["links"]) == ("", "", [])
    assert (await anybody.read(mine["handle"].upper())).json() == mine


async def test_readers_who_race_make_one_profile_and_tell_of_it_once(person: Person, votewave: VoteWave) -> None:
    answers = await asyncio.gather(*(person.mine() for _ in range(12)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    rows = await votewave.sql("SELECT 1 FROM profiles.profile WHERE account_id = $1", person.account)
    assert len(rows) == 1
    assert [event["version"] for event in await told(votewave, person)] == [1]


async def test_an_edit_changes_what_is_given_and_leaves_the_rest(person: Person, anybody: Person) -> None:
    handle = a_handle()
    first = await person.edit(handle=handle, bio="One\r\ntwo", links=["https://example.org/ada"])
    assert first.status_code == 200, first.text
    second = await person.edit(display_name="  Ada Lovelace ")
    expected = {
        **first.json(),
        "handle": handle,
        "bio": "One\ntwo",
        "display_name": "Ada Lovelace",
        "links": ["https://example.org/ada"],
    }
    assert second.json() == expected
    assert (await anybody.read(handle)).json() == expected
    assert (await person.edit(display_name="", bio="", links=[])).json()["bio"] == ""
    await person.edit(display_name="Ada", bio="One", links=["https://example.org/ada"])
    emptied = (await person.edit(display_name=None, bio=None, links=None)).json()
    assert (emptied["display_name"], emptied["bio"], emptied["links"]) == ("", "", [])
    assert (await person.edit(handle=None, private=None)).status_code == 400, "neither can be empty"
    assert (await person.edit()).json()["handle"] == handle


async def test_each_change_is_told_with_its_version(person: Person, votewave: VoteWave) -> None:
    handle = a_handle()
    await person.edit(handle=handle)
    await person.edit(display_name="Ada")
    await person.edit()
    events = await told(votewave, person)
    assert [event["version"] for event in events] == [1, 2, 3]
    assert (events[2]["handle"], events[2]["display_name"]) == (handle, "Ada")


async def test_edits_that_race_each_get_a_version(person: Person, votewave: VoteWave) -> None:
    answers = await asyncio.gather(*(person.edit(bio=str(number)) for number in range(8)))
    assert {answer.status_code for answer in answers} == {200}
    assert [event["version"] for event in await told(votewave, person)] == list(range(1, 10))


async def test_a_handle_is_one_persons_whatever_its_case(person: Person, other: Person) -> None:
    handle = a_handle()
    assert (await person.edit(handle=handle)).status_code == 200
    before = (await other.mine()).json()
    answer = await other.edit(handle=handle.upper(), bio="mine now")
    assert (answer.status_code, answer.json()["type"].rpartition("/")[2]) == (409, "handle-taken")
    assert (await other.mine()).json() == before
    assert (await person.edit(handle=handle.upper())).json()["handle"] == handle.upper()


async def test_a_handle_that_is_wanted_by_many_at_once_goes_to_one(person: Person, other: Person) -> None:
    handle = a_handle()
    answers = await asyncio.gather(person.edit(handle=handle), other.edit(handle=handle))
    assert sorted(answer.status_code for answer in answers) == [200, 409]


@pytest.mark.parametrize(
    ("values", "refused"),
    [
        ({"handle": "1ada"}, ["handle"]),
        ({"handle": "ad"}, ["handle"]),
        ({"handle": "a" * 31}, ["handle"]),
        ({"handle": "ada\n"}, ["handle"]),
        ({"handle": "adа"}, ["handle"]),  # Cyrillic
        ({"display_name": "x" * 81}, ["display_name"]),
        ({"display_name": "a\nb"}, ["display_name"]),
        ({"bio": "x" * 2001}, ["bio"]),
        ({"bio": "a\u202eb"}, ["bio"]),
        ({"links": ["https://example.org"] * 6}, ["links"]),
        ({"links": ["http://example.org", "https://example.org/ a"]}, ["links.0", "links.1"]),
        ({"handle": "1", "display_name": "x" * 900, "bio": "ok"}, ["handle", "display_name"]),
    ],
)
async def test_every_refused_field_is_named_and_nothing_changes(
    person: Person, values: dict[str, Any], refused: list[str]
) -> None:
    before = (await person.mine()).json()
    answer = await person.edit(**values)
    assert answer.status_code == 422, answer.text
    assert fields(answer) == refused
    assert (await person.mine()).json() == before


@pytest.mark.parametrize(
    "values", [{"handle": 1}, {"links": "https://example.org"}, {"colour": "red"}, {"handle": None}]
)
async def test_what_cant_be_read_is_malformed(person: Person, values: dict[str, Any]) -> None:
    assert (await person.edit(**values)).status_code == 400


async def test_guests_and_nobody_have_no_profile(guest: Person, anybody: Person) -> None:
    assert (await guest.mine()).status_code == 403
    assert (await guest.edit(bio="x")).status_code == 403
    assert (await anybody.mine()).status_code == 401
    assert (await anybody.edit(bio="x")).status_code == 401
    assert (await anybody.read("nobody_here")).status_code == 404


async def test_a_guest_who_signs_up_gets_a_profile(guest: Person) -> None:
    body = {"email": f"{a_handle()}@example.org", "password": PASSWORD}
    answer = await guest.http.post("/v1/auth/guests/upgrade", json=body, headers=guest.headers)
    assert answer.status_code == 201, answer.text
    user = Person(guest.http, answer.json())
    assert (await user.mine()).json()["account"] == guest.account
