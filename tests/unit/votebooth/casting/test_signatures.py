"""Signatures that come many at once are checked in another process: the verdicts stay the same."""

import asyncio
import base64
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import jwt
import psutil
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from services.core.identity.signature import BAD, GOOD, UNREADABLE, check
from services.core.identity.tokens import Verifier
from services.core.problems import Problem
from services.core.settings import CoreSettings
from services.votebooth.casting import signatures
from services.votebooth.casting.signatures import Claimed, Signatures

KEYS = [ec.generate_private_key(ec.SECP256R1()) for _ in range(3)]
POINTS = [key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint) for key in KEYS]
ES256 = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256)

linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the process is for Linux")


def encoded(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def claimed(sort: str, number: int) -> tuple[Claimed, int]:
    """Return a signature of some sort, and what is to be said of it."""
    key = number % len(KEYS)
    said = b"token %d" % number
    raw = ES256.sign(said, KEYS[key])
    flipped = bytes([raw[0] ^ 1]) + raw[1:]
    sorts: dict[str, tuple[Claimed, int]] = {
        "good": ((POINTS[key], said, encoded(raw)), GOOD),
        "of another key": ((POINTS[key - 1], said, encoded(raw)), BAD),
        "of something else": ((POINTS[key], said + b".", encoded(raw)), BAD),
        "changed": ((POINTS[key], said, encoded(flipped)), BAD),
        "zero": ((POINTS[key], said, encoded(bytes(64))), BAD),
        "short": ((POINTS[key], said, encoded(raw[:-1])), UNREADABLE),
        "long": ((POINTS[key], said, encoded(raw + b"1")), UNREADABLE),
        "empty": ((POINTS[key], said, b""), UNREADABLE),
        "not base64url": ((POINTS[key], said, encoded(raw)[:-1] + b"="), UNREADABLE),
        "DER": ((POINTS[key], said, encoded(b"\x30" + raw)), UNREADABLE),
    }
    return sorts[sort]


SORTS = ["of another key", "of something else", "changed", "zero", "short", "long", "empty", "not base64url", "DER"]


def mixture(seed: int, count: int) -> list[tuple[Claimed, int]]:
    chance = random.Random(seed)
    return [claimed(chance.choice(["good", "good", *SORTS]), number) for number in range(count)]


@pytest.fixture
async def apart() -> AsyncIterator[Signatures]:
    found = Signatures(apart=True)
    yield found
    found.close()


async def verdicts(on: Signatures, these: list[tuple[Claimed, int]]) -> list[int]:
    async with asyncio.timeout(20):
        return await asyncio.gather(*(on.check(*claimed) for claimed, _ in these))


async def begin(on: Signatures) -> None:
    """Let the process be started, and wait until it is used."""
    async with asyncio.timeout(20):
        while not on.ready:
            await verdicts(on, mixture(0, 8))
            await asyncio.sleep(0.01)


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@linux
@pytest.mark.parametrize("count", [2, 4, 31, 32, 33, 200, 700])
async def test_each_signature_of_a_batch_gets_its_own_verdict(apart: Signatures, count: int) -> None:
    await begin(apart)
    for seed in range(3):
        these = mixture(seed, count)
        expected = [verdict for _, verdict in these]
        assert await verdicts(apart, these) == expected
        assert [check(*claimed) for claimed, _ in these] == expected


@linux
async def test_who_comes_alone_needs_no_process(apart: Signatures) -> None:
    for seed in range(20):
        these = mixture(seed, 1)
        assert await verdicts(apart, these) == [these[0][1]]
    assert apart.process is None


async def test_where_it_isnt_allowed_there_is_none() -> None:
    here = Signatures()
    these = mixture(1, 50)
    assert await verdicts(here, these) == [verdict for _, verdict in these]
    assert here.process is None


@linux
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGSTOP])
async def test_a_process_that_dies_or_hangs_is_done_without(
    apart: Signatures, sign: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signatures, "_LATE_SECONDS", 0.3)
    await begin(apart)
    assert apart.process is not None
    first = apart.process.pid
    these = mixture(2, 200)
    asked = asyncio.create_task(verdicts(apart, these))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    os.kill(first, sign)
    assert await asked == [verdict for _, verdict in these]
    assert await verdicts(apart, these) == [verdict for _, verdict in these]
    assert apart.process is None
    async with asyncio.timeout(10):
        while not gone(first):
            await asyncio.sleep(0.02)
    monkeypatch.setattr(signatures, "_AGAIN_SECONDS", 0.0)
    await begin(apart)  # it is started again, after a while


@linux
async def test_a_client_that_is_gone_takes_nobody_along(apart: Signatures) -> None:
    await begin(apart)
    these = mixture(3, 40)
    tasks = [asyncio.create_task(apart.check(*claimed)) for claimed, _ in these]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    async with asyncio.timeout(10):
        assert await asyncio.gather(*tasks[1::2]) == [verdict for _, verdict in these[1::2]]
    assert apart.process is not None


@linux
async def test_signals_of_a_terminal_arent_its_own_and_it_ends_with_the_connection(apart: Signatures) -> None:
    these = mixture(4, 8)
    await begin(apart)
    process = apart.process
    assert process is not None
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        process.send_signal(sign)
    assert await verdicts(apart, these) == [verdict for _, verdict in these]
    assert apart.process is process
    apart.close()
    assert process.returncode == 0
    assert await verdicts(apart, these) == [verdict for _, verdict in these]
    assert apart.process is None


@linux
async def test_the_process_is_small(apart: Signatures) -> None:
    """A process with VoteBooth may take 100 MB and takes about 90; what is this one's alone comes on top of it."""
    await begin(apart)
    await verdicts(apart, mixture(5, 300))
    assert apart.process is not None
    assert psutil.Process(apart.process.pid).memory_full_info().uss < 10 * 2**20  # measured: 7.8 MB


@linux
def test_a_killed_server_leaves_no_process_behind() -> None:
    script = (
        "import asyncio, sys, uvloop; sys.path.insert(0, 'tests/unit/votebooth/casting')\n"
        "from test_signatures import Signatures, begin\n"
        "async def main():\n"
        "    apart = Signatures(apart=True); await begin(apart)\n"
        "    print(apart.process.pid, flush=True); await asyncio.sleep(60)\n"
        "uvloop.run(main())\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        assert not gone(pid)
        server.kill()
    deadline = time.monotonic() + 5
    while not gone(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


class Auth:
    """Publishes two keys."""

    async def get(self, *_: Any, insist: bool = False) -> dict[str, list[dict[str, str]]]:
        return {"keys": [{"kid": str(n), **ES256.to_jwk(KEYS[n].public_key(), as_dict=True)} for n in range(2)]}


def token(sort: str, number: int) -> str:
    now = int(time.time())
    said: dict[str, Any] = {"iss": "votewave", "aud": "votewave", "sub": str(uuid4()), "sid": str(uuid4())}
    said |= {"kind": "guest", "role": "user", "scope": "*", "iat": now, "exp": now + 900}
    kid = number % 2
    if sort == "expired":
        said["exp"] = now - 1
    elif sort == "other audience":
        said["aud"] = "somebody-else"
    elif sort == "none":
        return jwt.encode(said, None, "none", {"kid": str(kid)})
    elif sort == "HMAC":
        return jwt.encode(said, POINTS[kid], "HS256", {"kid": str(kid)})
    elif sort == "unknown key":
        return jwt.encode(said, KEYS[2], "ES256", {"kid": "2"})
    made = jwt.encode(said, KEYS[2 if sort == "forged" else kid], "ES256", {"kid": str(kid)})
    return made[:-7] if sort == "cut" else made


@linux
async def test_in_a_crowd_bad_tokens_are_refused_one_by_one_and_good_ones_let_in() -> None:
    chance = random.Random(7)
    bad = ["expired", "other audience", "none", "HMAC", "unknown key", "forged", "cut"]
    sorts = [chance.choice(["good", "good", "good", *bad]) for _ in range(300)]
    tokens = [token(sort, number) for number, sort in enumerate(sorts)]
    found: list[list[str]] = []
    for crowd in (True, False):
        verifier = Verifier(CoreSettings(), Auth(), None)  # type: ignore[arg-type]  # no Redis is asked
        verifier.signatures = checker = Signatures(apart=crowd)
        if crowd:
            await begin(checker)
            said = await asyncio.gather(*(verifier.subject(text) for text in tokens), return_exceptions=True)
        else:
            said = [await alone(verifier, text) for text in tokens]
        assert (checker.process is not None) is crowd
        found.append([f"{one.status} {one}" if isinstance(one, Problem) else str(one) for one in said])
        await verifier.close()
    assert found[0] == found[1]
    assert [text.startswith("401 ") for text in found[0]] == [sort != "good" for sort in sorts]


async def alone(verifier: Verifier, text: str) -> Any:
    try:
        return await verifier.subject(text)
    except Problem as problem:
        return problem
