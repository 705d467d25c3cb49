"""Long texts are cleaned apart, and come out as short ones do."""

import os
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from services.core.apart import Apart
from services.core.problems import Problem
from services.core.refusals import Refusals
from services.polls import definition as definitions
from services.polls import texts
from services.polls.schemas import PollEdit, PollNew


@pytest.fixture
async def apart() -> AsyncIterator[Apart]:
    made = Apart()
    yield made
    await made.close()


def a_poll(**values: Any) -> PollNew:
    options = [
        {"label": f" No. {n} ", "description": " e\u0301\r\n" * 300, "link": f"https://x.org/{n}"} for n in range(140)
    ]
    return msgspec.convert({"title": " Lunch? ", "method": {"type": "single"}, "options": options, **values}, PollNew)


async def cleaned(apart: Apart, body: Any) -> tuple[Any, frozenset[str]]:
    found = Refusals(texts.SLUG)
    done = await texts.clean_long(found, apart, body, account="ada", address="here")
    found.check()
    return done


async def test_long_texts_are_cleaned_by_another_process_and_equal_those_cleaned_here(
    apart: Apart, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = definitions.checked(a_poll())
    monkeypatch.setattr(texts, "CLEAN", dict.fromkeys(texts.CLEAN, _not_here))
    body, new = await cleaned(apart, a_poll())
    assert new == frozenset()
    found = Refusals(texts.SLUG)
    there = definitions.clean(found, definitions.from_request(found, body), new=new)
    found.check()
    assert there == here


def _not_here(*_: object) -> object:
    raise AssertionError(f"cleaned by {os.getpid()}")


async def test_short_texts_are_left_to_this_process(apart: Apart) -> None:
    short = msgspec.structs.replace(a_poll(), options=a_poll().options[:3])
    assert await cleaned(apart, short) == (short, frozenset({"title", "description", "options"}))
    edit = msgspec.convert({"title": "x", "method": {"type": "stv", "seats": 2}}, PollEdit)
    assert await cleaned(apart, edit) == (edit, frozenset({"title"}))


async def test_each_long_text_that_is_refused_is_named(apart: Apart) -> None:
    options = [*a_poll().options[:40], *a_poll().options[39:]]
    refused = msgspec.structs.replace(a_poll(title="", description="\u202e"), options=options)
    with pytest.raises(Problem) as caught:
        await cleaned(apart, refused)
    assert caught.value.status == 422
    assert [error.field for error in caught.value.errors] == ["title", "description", "options.40.label"]
    with pytest.raises(Problem) as here:
        definitions.checked(refused)
    assert here.value.errors == caught.value.errors


async def test_an_edit_keeps_what_isn_t_a_text(apart: Apart) -> None:
    edit = msgspec.convert(
        {"options": msgspec.to_builtins(a_poll().options), "method": {"type": "stv", "seats": 2}}, PollEdit
    )
    body, new = await cleaned(apart, edit)
    assert (body.method, body.title, new) == (edit.method, msgspec.UNSET, frozenset())
    assert body.options[0].label == "No. 0"
