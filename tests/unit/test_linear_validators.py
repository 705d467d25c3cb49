"""What services check of a request costs in proportion to its size: each check is fed n and 2n of the worst known."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest
from services.auth import emails, passwords
from services.core.aws.mail import check_address
from services.core.codes import read_code
from services.core.http.api import matches
from services.core.identity import signature
from services.core.storage.files import check_key, check_media_type
from services.polls import definition as definitions
from services.polls import texts
from services.polls.schemas import PollNew
from services.votebooth.poll.choices import PATTERN_METHODS, ChoiceReader
from services.votebooth.poll.definition import PollChanged, PollOption
from services.votebooth.roll import addresses as roll
from tests.unit.linear import Maker, Reader, check_linear

STACK = "\u0301\u0327"
METHODS = ("single", "multiple", "approval", "score", "star", "irv", "stv", "schulze", "ranked_robin", "points")
FIELDS = {"single": "picks", "multiple": "picks", "approval": "picks", "score": "scores", "star": "scores"}


def poll(raw: bytes) -> definitions.Definition:
    return definitions.checked(msgspec.json.decode(raw, type=PollNew))


def _cleaned(addresses: list[str]) -> bytes:
    return roll.clean(msgspec.msgpack.encode(addresses))


IRV = {"method": {"type": "irv"}}


def options(labels: list[str], **more: Any) -> bytes:
    body = {"title": "Lunch?", **IRV, "options": [{"label": label, **more} for label in labels]}
    return json.dumps(body).encode()


def ballots(method: str, count: int) -> tuple[ChoiceReader, list[int]]:
    ids = list(range(1, count + 1))
    definition = PollChanged(
        poll=UUID(int=1),
        version=1,
        owner=UUID(int=2),
        title="Lunch?",
        method=method,
        options=tuple(PollOption(number, f"Option {number}") for number in ids),
        max_picks=count,
        points=count,
        allow_ties=True,
        opens_at=datetime.now(UTC),
    )
    return ChoiceReader(definition), ids


def marks(method: str, ids: list[int], *, doubled: bool, tied: bool) -> bytes:
    field = FIELDS.get(method, "points" if method == "points" else "ranking")
    named = [*ids, ids[-1]] if doubled else ids
    if field == "picks":
        return json.dumps({field: named}).encode()
    if field == "ranking":
        return json.dumps({field: [named] if tied else named}).encode()
    given = ",".join(f'"{number}":1' for number in named)
    return f'{{"{field}":{{{given}}}}}'.encode()


CHECKS: dict[str, tuple[Reader, Maker, int]] = {
    "a poll of many options": (poll, lambda n: options([f"Option {i}" for i in range(n)]), 200),
    "a poll whose last label is the one before": (
        poll, lambda n: options([*(f"Option {i}" for i in range(n - 1)), f"OPTION {n - 2}"]), 200),
    "a poll of more options than there may be": (poll, lambda n: options([f"Option {i}" for i in range(n)]), 4_000),
    "a poll of empty labels": (poll, lambda n: options([" "] * n), 200),
    "a poll of labels with accents": (poll, lambda n: options([str(i) + "e\u0301" * 40 for i in range(n)]), 100),
    "a poll of ids": (poll, lambda n: options([f"Option {i}" for i in range(n)], id=1), 200),
    "a description of accents": (
        poll, lambda n: json.dumps({"title": "L", **IRV, "options": [], "description": STACK * n}).encode(),
        2_000),
    "a link": (lambda it: texts.clean_link(it, 10**9), lambda n: "https://a" + "@" * n, 20_000),
    "a link of dots": (lambda it: texts.clean_link(it, 10**9), lambda n: "https://a" + ".a" * n, 20_000),
    "a link of brackets": (lambda it: texts.clean_link(it, 10**9), lambda n: "https://[" + ":" * n + "]", 20_000),
    "a join code": (read_code, lambda n: "- " * n, 50_000),
    "ETags": (lambda it: matches(it, '"1"'), lambda n: 'W/"3-open", ' * n, 10_000),
    "an address of accents": (emails.normalise, lambda n: "a" + STACK * n + "@example.org", 5_000),
    "an address of dots": (emails.normalise, lambda n: "a." * n, 20_000),
    "an address of at signs": (emails.normalise, lambda n: "@" * n, 20_000),
    "an address of blanks": (emails.normalise, lambda n: " " * n + "a" + " " * n, 20_000),
    "a domain of letters": (emails.normalise, lambda n: "a@" + "\u00e9" * n, 5_000),
    "a domain of dots": (emails.normalise, lambda n: "a@" + "\u00e9." * n + "org", 3_000),
    "a domain of accents": (emails.normalise, lambda n: "a@x" + STACK * n + ".org", 5_000),
    "a password": (lambda it: passwords.accept(it, "a@example.org"), lambda n: "ab1" * n, 20_000),
    "a password of accents": (lambda it: passwords.accept(it, "a@example.org"), lambda n: "a" + STACK * n, 5_000),
    "an address to write to": (check_address, lambda n: "a" * n + "@", 50_000),
    "addresses of a roll": (_cleaned, lambda n: [f"a{i}@example.org" for i in range(n)], 2_000),
    "wrong addresses of a roll": (_cleaned, lambda n: ["."] * n, 5_000),
    "one address of a roll": (_cleaned, lambda n: ["a." * n + "@"], 20_000),
    "a file's key": (check_key, lambda n: "a/" * n + "-", 50_000),
    "a media type": (check_media_type, lambda n: "a" * n + "/", 50_000),
    "a media type's parameter": (check_media_type, lambda n: "a/a; " + "a" * n, 50_000),
    "a signature": (signature.decode, lambda n: b"A" * n, 50_000),
}  # fmt: skip


@pytest.mark.parametrize("what", CHECKS)
def test_checking_grows_with_the_request(what: str) -> None:
    check_linear(*CHECKS[what])


@pytest.mark.parametrize("doubled", [False, True])
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_reading_a_ballot_grows_with_it(method: str, doubled: bool, tied: bool) -> None:
    def read(given: tuple[ChoiceReader, bytes]) -> object:
        reader, raw = given
        reader._read.clear()
        return reader.read(raw)

    def make(count: int) -> tuple[ChoiceReader, bytes]:
        reader, ids = ballots(method, count)
        return reader, marks(method, ids, doubled=doubled, tied=tied)

    check_linear(read, make, 1_000)


def test_the_ballots_that_are_fed_are_of_every_kind() -> None:
    for method in METHODS:
        reader, ids = ballots(method, 3)
        if method != "single":
            choice, _ = reader.read(marks(method, ids, doubled=False, tied=False))
            assert (choice.pattern is not None) is (method in PATTERN_METHODS), method
