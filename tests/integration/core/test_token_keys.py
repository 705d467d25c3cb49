"""Keys and revocations as they travel: from Auth's JWKS over HTTP, and from Auth's Redis."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from aiohttp import web
from core_place import Place, open_place, until
from cryptography.hazmat.primitives.asymmetric import ec
from redis.asyncio import Redis
from services.core.aws.secrets import FileSecrets
from services.core.identity import keys, revocations
from services.core.identity.keys import JWKS_PATH
from services.core.identity.revocations import announce_revocations
from services.core.identity.tokens import Verifier
from services.core.peers.calls import INTERNAL_KEY, Calls
from services.core.problems import Problem
from services.core.settings import CoreSettings

ES256 = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256)


class Auth:
    """Publishes keys, signs with them, and may be slow or broken."""

    def __init__(self) -> None:
        self.keys: dict[str, ec.EllipticCurvePrivateKey] = {}
        self.published: list[dict[str, Any]] = []
        self.fetches: list[float] = []
        self.hang = False
        self.status = 200
        self.url = ""

    def publish(self, *kids: str) -> None:
        for kid in kids:
            self.keys.setdefault(kid, ec.generate_private_key(ec.SECP256R1()))
        self.published = [
            {**ES256.to_jwk(self.keys[kid].public_key(), as_dict=True), "kid": kid, "use": "sig"} for kid in kids
        ]

    def token(self, kid: str = "one", session: UUID | None = None, seconds: float = 900) -> str:
        now = int(time.time())
        claims = {
            "iss": "votewave",
            "aud": "votewave",
            "sub": str(uuid4()),
            "sid": str(session or uuid4()),
            "kind": "user",
            "role": "user",
            "scope": "*",
            "iat": now,
            "exp": now + int(seconds),
        }
        key = self.keys.setdefault(kid, ec.generate_private_key(ec.SECP256R1()))
        return jwt.encode(claims, key, "ES256", {"kid": kid})

    async def serve(self, _: web.Request) -> web.Response:
        self.fetches.append(time.monotonic())
        if self.hang:
            await asyncio.sleep(30)
        return web.json_response({"keys": self.published}, status=self.status)


@pytest.fixture
async def auth() -> AsyncIterator[Auth]:
    auth = Auth()
    auth.publish("one")
    app = web.Application()
    app.router.add_get(JWKS_PATH, auth.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    auth.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield auth
    await runner.cleanup()


@pytest.fixture(scope="module")
async def place() -> AsyncIterator[Place]:
    async with open_place() as place:
        yield place


@pytest.fixture
async def redis(place: Place) -> AsyncIterator[Redis]:
    async with Redis.from_url(place.settings.redis_url, socket_timeout=2) as redis:
        await redis.flushall()
        yield redis


@pytest.fixture
async def verifier(auth: Auth, redis: Redis, tmp_path: Path) -> AsyncIterator[Verifier]:
    secrets = FileSecrets(tmp_path / "secrets.json")
    secrets.ensure(INTERNAL_KEY, lambda: "k" * 40)
    settings = CoreSettings(peers=f"static:{auth.url}")
    calls = Calls(settings, secrets)
    verifier = Verifier(settings, calls, redis)
    await verifier.start()
    yield verifier
    await verifier.close()
    await calls.close()


async def status(verifier: Verifier, token: str) -> int:
    try:
        await verifier.subject(token)
    except Problem as problem:
        return problem.status
    return 200


async def test_many_first_tokens_at_once_cost_one_fetch(auth: Auth, verifier: Verifier) -> None:
    assert set(await asyncio.gather(*(status(verifier, auth.token()) for _ in range(50)))) == {200}
    assert len(auth.fetches) == 1


async def test_a_flood_of_unknown_keys_costs_a_fetch_in_two_seconds(auth: Auth, verifier: Verifier) -> None:
    good = auth.token()
    assert await status(verifier, good) == 200
    began = time.monotonic()
    while time.monotonic() - began < 2.5:
        outcomes = await asyncio.gather(*(status(verifier, auth.token(f"made-up-{n}")) for n in range(20)))
        assert set(outcomes) == {401}
        assert await status(verifier, auth.token()) == 200
    gaps = [later - earlier for earlier, later in zip(auth.fetches, auth.fetches[1:], strict=False)]
    assert len(auth.fetches) <= 3
    assert all(gap >= 1.95 for gap in gaps)


async def test_so_does_one_while_auth_fails_or_hangs(auth: Auth, verifier: Verifier) -> None:
    assert await status(verifier, auth.token()) == 200
    await asyncio.sleep(2.05)
    auth.hang = True
    began = time.monotonic()
    outcomes = await asyncio.gather(*(status(verifier, auth.token(f"made-up-{n}")) for n in range(50)))
    assert set(outcomes) == {503}, "nobody knows now whether these keys are Auth's"
    assert time.monotonic() - began < 3, "one waits for Auth, and all the others for that one"
    began = time.monotonic()
    assert await status(verifier, auth.token("another")) == 503
    assert await status(verifier, auth.token()) == 200
    assert time.monotonic() - began < 0.5


async def test_without_a_first_answer_of_auth_tokens_wait(auth: Auth, verifier: Verifier) -> None:
    auth.status = 500
    token = auth.token()
    assert await status(verifier, token) == 503
    auth.status = 404
    await asyncio.sleep(2.05)
    assert await status(verifier, token) == 503
    auth.status = 200
    await asyncio.sleep(2.05)
    assert await status(verifier, token) == 200


async def test_keys_rotate_without_a_refused_token(
    auth: Auth, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_MIN_AGE_SECONDS", 0.05)
    old = auth.token("one")
    assert await status(verifier, old) == 200
    auth.publish("one", "two")  # the next is published before it is used
    await asyncio.sleep(0.1)
    assert await status(verifier, auth.token("two")) == 200
    assert await status(verifier, auth.token("one")) == 200
    assert await status(verifier, old) == 200


async def test_a_withdrawn_key_takes_remembered_tokens_with_it(
    auth: Auth, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_MIN_AGE_SECONDS", 0.0)
    old = auth.token("one")
    assert await status(verifier, old) == 200
    auth.publish("two")
    assert await status(verifier, auth.token("two")) == 200
    assert await status(verifier, old) == 401


async def test_while_auth_is_away_known_keys_stay_good_and_cost_no_wait(
    auth: Auth, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await status(verifier, auth.token()) == 200
    auth.hang = True
    monkeypatch.setattr(keys, "MAX_AGE_SECONDS", 0.0)
    monkeypatch.setattr(keys, "_MIN_AGE_SECONDS", 0.0)
    began = time.monotonic()
    for _ in range(100):
        assert await status(verifier, auth.token()) == 200
    assert time.monotonic() - began < 1
    assert len(auth.fetches) <= 3


async def test_keys_are_read_anew_when_they_are_old(
    auth: Auth, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "MAX_AGE_SECONDS", 0.1)
    monkeypatch.setattr(keys, "_MIN_AGE_SECONDS", 0.0)
    assert await status(verifier, auth.token()) == 200
    await asyncio.sleep(0.2)
    assert await status(verifier, auth.token()) == 200

    async def again() -> bool:
        return len(auth.fetches) == 2

    await until(again)


@pytest.mark.parametrize(
    "jwk",
    [
        {"kty": "oct", "k": "c2VjcmV0", "kid": "bad", "alg": "HS256"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "bad"},
        {"kty": "EC", "crv": "P-521", "x": "AA", "y": "AA", "kid": "bad"},
        {"kty": "EC", "crv": "P-256", "kid": "bad"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {},
    ],
)
async def test_a_key_that_cannot_be_used_hides_no_other(auth: Auth, verifier: Verifier, jwk: dict[str, Any]) -> None:
    auth.published.insert(0, jwk)
    assert await status(verifier, auth.token()) == 200
    assert await status(verifier, auth.token("bad")) == 401


async def test_a_token_ends_on_its_second_also_when_it_is_remembered(auth: Auth, verifier: Verifier) -> None:
    token = auth.token(seconds=2)
    subject = await verifier.subject(token)
    assert not verifier.has_ended(subject)
    await asyncio.sleep(max(0, subject.expires - time.time()) + 0.01)
    assert await status(verifier, token) == 401
    assert verifier.has_ended(subject)


async def revoke(redis: Redis, *sessions: UUID) -> float:
    await announce_revocations(redis, {session: time.time() + 900 for session in sessions})
    return time.monotonic()


async def stops(verifier: Verifier, token: str) -> None:
    async def stopped() -> bool:
        return await status(verifier, token) == 401

    await until(stopped)


async def test_a_revoked_session_s_tokens_stop_within_two_seconds(auth: Auth, verifier: Verifier, redis: Redis) -> None:
    session, other = uuid4(), auth.token()
    token = auth.token(session=session)
    subject = await verifier.subject(token)
    began = await revoke(redis, session)
    await stops(verifier, token)
    assert time.monotonic() - began < 2
    assert await status(verifier, auth.token(session=session)) == 401, "a new token of that session too"
    assert verifier.has_ended(subject)
    assert await status(verifier, other) == 200


async def test_a_flush_forgets_no_known_revocation_and_hides_no_new_one(
    auth: Auth, verifier: Verifier, redis: Redis
) -> None:
    first, second = uuid4(), uuid4()
    before, after = auth.token(session=first), auth.token(session=second)
    assert await status(verifier, after) == 200
    await revoke(redis, first)
    await stops(verifier, before)
    await redis.flushall()
    began = await revoke(redis, second)  # as the very first since the flush
    await stops(verifier, after)
    assert time.monotonic() - began < 2
    assert await status(verifier, before) == 401


async def test_redis_being_away_leaves_known_revocations_and_catches_up(
    auth: Auth, verifier: Verifier, redis: Redis, place: Place
) -> None:
    first, second = uuid4(), uuid4()
    before, after = auth.token(session=first), auth.token(session=second)
    await revoke(redis, first)
    await stops(verifier, before)
    await asyncio.to_thread(place.servers.valkey.stop)
    await asyncio.sleep(1.5)
    assert await status(verifier, before) == 401
    assert await status(verifier, after) == 200
    await asyncio.to_thread(place.servers.valkey.start)
    began = await revoke(redis, second)
    await stops(verifier, after)
    assert time.monotonic() - began < 3


async def test_nonsense_among_revocations_stops_no_reader(auth: Auth, verifier: Verifier, redis: Redis) -> None:
    await redis.zadd(revocations.REVOKED_KEY, {b"not a session": time.time() + 900})
    await redis.set(revocations.REVOKED_VERSION_KEY, b"x")
    await asyncio.sleep(1.2)
    await redis.zrem(revocations.REVOKED_KEY, b"not a session")
    session = uuid4()
    token = auth.token(session=session)
    assert await status(verifier, token) == 200
    await revoke(redis, session)
    await stops(verifier, token)


async def test_a_process_knows_of_revocations_before_its_first_request(
    auth: Auth, redis: Redis, tmp_path: Path
) -> None:
    session = uuid4()
    await revoke(redis, session)
    secrets = FileSecrets(tmp_path / "secrets.json")
    secrets.ensure(INTERNAL_KEY, lambda: "k" * 40)
    settings = CoreSettings(peers=f"static:{auth.url}")
    calls = Calls(settings, secrets)
    fresh = Verifier(settings, calls, redis)
    await fresh.start()
    assert await status(fresh, auth.token(session=session)) == 401
    await fresh.close()
    await calls.close()


async def test_a_new_instance_has_the_keys_before_it_takes_requests(auth: Auth, verifier: Verifier) -> None:
    auth.status = 503
    verifier.keys.ask_early(among_others=True)
    await asyncio.sleep(1)
    assert not verifier.keys.settled, "others have the keys, and get the requests meanwhile"
    auth.status = 200
    async with asyncio.timeout(10):  # what failed so often is asked once a second
        while not verifier.keys.settled:
            await asyncio.sleep(0.01)
    auth.status = 503
    assert await status(verifier, auth.token()) == 200


async def test_one_that_is_alone_begins_without_auth_all_the_same(auth: Auth, verifier: Verifier) -> None:
    auth.hang = True
    verifier.keys.ask_early(among_others=False)
    async with asyncio.timeout(1):
        while not verifier.keys.settled:
            await asyncio.sleep(0.01)
    assert await status(verifier, auth.token()) == 503


async def test_it_goes_on_asking_for_the_first_keys_however_late_auth_has_them(
    auth: Auth, verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "_FIRST_SECONDS", 0.2)
    auth.status = 503
    verifier.keys.ask_early(among_others=False)
    await asyncio.sleep(0.5)
    assert await status(verifier, auth.token()) == 503
    auth.status = 200
    fetched = len(auth.fetches)

    async def asked() -> bool:
        return len(auth.fetches) > fetched

    await until(asked)
    auth.hang = True
    assert await status(verifier, auth.token()) == 200, "nobody has to ask for them"
