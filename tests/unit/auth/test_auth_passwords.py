import asyncio
import os
import sys
import threading

import msgspec
import pytest
from services.auth import passwords
from services.auth.passwords import Hasher
from services.auth.settings import AuthSettings
from services.core.problems import Problem

CHEAP = AuthSettings(hash_time=1, hash_memory_kib=8192, hash_lanes=1, hash_threads=2, hash_queue=2)


@pytest.mark.parametrize(
    "typed",
    ["a boat, a lamp", "pässwörter!", "\x00" + "ab" * 4, "🗳️" * 8 + "xyz", "x" * 128 + "yz" * 64, "  spaces  count  "],
)
def test_any_text_of_eight_to_256_characters_is_a_password(typed: str) -> None:
    assert passwords.accept(typed, "ada@example.org") == passwords.normalise(typed)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "short12",
        "ab" * 129,
        "password",
        "PassWord1",
        "qwertyuiop",
        "aaaaaaaaaaaa",
        "abababababab",
        "ada.lovelace@example.org",
        "Ada.Lovelace",
        "abcdefgh\ud800x",
    ],
)
def test_what_anybody_would_try_first_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="it "):
        passwords.accept(typed, "ada.lovelace@example.org")


async def test_a_password_fits_however_the_keyboard_composes_it() -> None:
    hasher = Hasher(CHEAP)
    encoded = await hasher.hash(passwords.accept("cafe\u0301 cafe\u0301", "a@b.co"))
    assert encoded.startswith("$argon2id$")
    assert await hasher.verify(encoded, passwords.normalise("café café"))
    assert not await hasher.verify(encoded, passwords.normalise("cafe cafe"))
    hasher.close()


async def test_an_unknown_account_costs_a_whole_hash_and_never_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = Hasher(CHEAP)
    worked: list[str] = []
    fits = hasher._fits

    def noted(encoded: str, password: str) -> bool:
        worked.append(encoded)
        return fits(encoded, password)

    monkeypatch.setattr(hasher, "_fits", noted)
    assert not await hasher.verify(None, "anything at all")
    assert not await hasher.verify(None, "")
    assert [hasher.outdated(encoded) for encoded in worked] == [False, False], "the same costs as a real one"
    assert not await hasher.verify("not a hash", "anything at all")
    hasher.close()


async def test_too_many_at_once_are_told_to_come_back() -> None:
    hasher = Hasher(CHEAP)
    outcomes = await asyncio.gather(*(hasher.hash("a boat, a lamp") for _ in range(12)), return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Problem)]
    assert len(refused) == 8, "two in work, two wait"
    assert {(problem.status, problem.retry_after) for problem in refused} == {(503, 2)}
    assert (await hasher.hash("a boat, a lamp")).startswith("$argon2id$"), "and then it goes on"
    hasher.close()


async def test_a_hash_with_other_costs_is_outdated() -> None:
    hasher, dearer = Hasher(CHEAP), Hasher(msgspec.structs.replace(CHEAP, hash_time=2))
    encoded = await hasher.hash("a boat, a lamp")
    assert not hasher.outdated(encoded)
    assert dearer.outdated(encoded)
    hasher.close()
    dearer.close()


async def test_an_address_leaves_half_of_the_places_to_others() -> None:
    hasher = Hasher(CHEAP)
    theirs = [asyncio.create_task(hasher.hash("a boat, a lamp", "here")) for _ in range(5)]
    await asyncio.sleep(0)
    others = [asyncio.create_task(hasher.verify(None, "a boat, a lamp", f"there {number}")) for number in range(2)]
    outcomes = await asyncio.gather(*theirs, return_exceptions=True)
    refused = [outcome for outcome in outcomes if isinstance(outcome, Problem)]
    assert {(problem.status, problem.retry_after) for problem in refused} == {(429, 2)}
    assert len(refused) == 3
    assert await asyncio.gather(*others) == [False, False]
    assert hasher._of_address == {}
    hasher.close()


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has a priority of its own on Linux alone")
async def test_hashing_leaves_the_processor_to_others(monkeypatch: pytest.MonkeyPatch) -> None:
    own = os.getpriority(os.PRIO_PROCESS, 0)
    hasher = Hasher(CHEAP)
    found: list[int] = []
    fits = hasher._fits

    def noted(encoded: str, password: str) -> bool:
        found.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return fits(encoded, password)

    monkeypatch.setattr(hasher, "_fits", noted)
    await hasher.verify(None, "anything at all")
    assert found == [min(own + 10, 19)]
    assert os.getpriority(os.PRIO_PROCESS, 0) == own
    hasher.close()
