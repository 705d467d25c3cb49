import asyncio
import base64
import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from services.auth.operations import rotate_signing_key
from services.auth.signing import Signer, public_jwk, unseal
from services.core.kit import Kit

from .conftest import a_guest, kit_of, status


def seal_key(votewave: Any) -> bytes:
    secrets = json.loads(Path(votewave.data_dir, "secrets.json").read_text())
    return base64.urlsafe_b64decode(secrets["auth/key-encryption"])


async def our_key(votewave: Any, kid: str) -> ec.EllipticCurvePrivateKey:
    """Return the key that signs here, as only who has the database and the secret can."""
    opener = seal_key(votewave)
    sealed = (await votewave.sql("SELECT sealed FROM auth.signing_key WHERE kid = $1", kid))[0][0]
    return unseal(sealed, kid, opener)


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


async def test_every_token_that_is_not_ours_is_refused_with_a_problem(client: httpx.AsyncClient, votewave: Any) -> None:
    good = (await a_guest(client))["access_token"]
    header, claims = jwt.get_unverified_header(good), jwt.decode(good, options={"verify_signature": False})
    ours = await our_key(votewave, header["kid"])
    theirs = ec.generate_private_key(ec.SECP256R1())
    their_kid = public_jwk(theirs).kid
    pem = ours.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)

    def signed(changes: dict[str, Any], key: Any = ours, kid: str = header["kid"], **headers: Any) -> str:
        body = {name: value for name, value in {**claims, **changes}.items() if value is not None}
        return jwt.encode(body, key, "ES256", {"kid": kid, **headers})

    unsigned = ".".join(good.split(".")[:2])
    hmac_key = base64.urlsafe_b64encode(pem)
    bad = {
        "none": f"{encoded({**header, 'alg': 'none'})}.{encoded(claims)}.",
        "None": f"{encoded({**header, 'alg': 'None'})}.{encoded(claims)}.x",
        "no signature": f"{unsigned}.",
        "two parts": unsigned,
        "forged claims": f"{good.split('.')[0]}.{encoded({**claims, 'role': 'admin'})}.{good.split('.')[2]}",
        "zero signature": f"{unsigned}.{'A' * 86}",
        "public key as a secret": jwt.encode(claims, hmac_key, "HS256", {"kid": header["kid"]}),
        "another key": signed({}, theirs, their_kid),
        "another key under our name": signed({}, theirs),
        "another key in the header": signed({}, theirs, jwk=msgspec.to_builtins(public_jwk(theirs))),
        "no kid": jwt.encode(claims, ours, "ES256"),
        "a kid that walks": signed({}, kid="../../etc/passwd"),
        "another audience": signed({"aud": "elsewhere"}),
        "another issuer": signed({"iss": "elsewhere"}),
        "no audience": signed({"aud": None}),
        "expired": signed({"exp": int(time.time()) - 1}),
        "without end": signed({"exp": None}),
        "without session": signed({"sid": None}),
        "from the future": signed({"iat": int(time.time()) + 3600}),
        "no such role": signed({"role": "god"}),
        "subject is no id": signed({"sub": "admin"}),
        "garbage": "garbage",
        "empty parts": "..",
        "not ASCII": "é.é.é",
    }
    assert await status(client, signed({})) == 200, "the keys of this test are right"
    for what, token in bad.items():
        answer = await client.get("/v1/auth/me", headers=[(b"authorization", f"Bearer {token}".encode())])
        assert answer.status_code == 401, what
        assert answer.headers["content-type"] == "application/problem+json", what
        assert answer.headers["www-authenticate"].startswith("Bearer"), what
        assert answer.json()["trace"] == answer.headers["x-trace-id"], what
    for value in (f"Basic {good}", good, "Bearer"):
        answer = await client.get("/v1/auth/me", headers={"authorization": value})
        assert answer.status_code == 401, value
    log = votewave.log()
    assert not [what for what, token in bad.items() if len(token) > 20 and token in log]


async def test_public_keys_are_public_cacheable_and_hold_nothing_private(client: httpx.AsyncClient) -> None:
    answer = await client.get("/.well-known/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=60"
    keys = answer.json()["keys"]
    assert len(keys) >= 2, "the one in use and the next"
    assert all(set(key) == {"kid", "x", "y", "kty", "crv", "alg", "use"} for key in keys)
    kid = jwt.get_unverified_header((await a_guest(client))["access_token"])["kid"]
    assert kid in {key["kid"] for key in keys}


async def test_after_rotation_the_previous_keys_tokens_are_good_until_they_expire(
    client: httpx.AsyncClient, votewave: Any, kit: Kit[Any]
) -> None:
    before = await a_guest(client)
    old = jwt.get_unverified_header(before["access_token"])["kid"]
    published = {key["kid"] for key in (await client.get("/.well-known/jwks.json")).json()["keys"]}
    new = await rotate_signing_key(kit, timedelta(0))
    assert new in published, "it was there for everybody to see before its first use"

    deadline = time.monotonic() + 12
    while jwt.get_unverified_header((after := await a_guest(client))["access_token"])["kid"] != new:
        assert time.monotonic() < deadline, "every instance changes over"
        await asyncio.sleep(0.2)
    assert await status(client, after) == 200
    assert await status(client, before) == 200
    keys = [key["kid"] for key in (await client.get("/.well-known/jwks.json")).json()["keys"]]
    assert keys.index(old) < keys.index(new) < len(keys) - 1, "previous, in use, next"

    await votewave.sql(
        "UPDATE auth.signing_key SET active_from = active_from - interval '1 hour' WHERE active_from < now()"
    )
    deadline = time.monotonic() + 12
    while old in {key["kid"] for key in (await client.get("/.well-known/jwks.json")).json()["keys"]}:
        assert time.monotonic() < deadline, "a key whose tokens are dead leaves"
        await asyncio.sleep(0.2)
    assert await status(client, after) == 200


async def test_eight_instances_that_start_at_once_make_one_key_and_its_successor(strict: Any) -> None:
    await strict.sql("DELETE FROM auth.signing_key")
    kits = [kit_of(strict) for _ in range(8)]
    signers = [Signer(kit) for kit in kits]
    try:
        await asyncio.gather(*(signer.refresh() for signer in signers))
    finally:
        for kit in kits:
            await kit.db.close()
            await kit.shared.close()
    made = {tuple(key.kid for key in signer.jwks().keys) for signer in signers}
    assert len(made) == 1
    assert len(made.pop()) == 2
    token, seconds = signers[0].sign(uuid4(), uuid4(), "user", "user", "*")
    assert seconds == 900
    used = signers[7].jwks().keys[0]
    key = jwt.PyJWK(msgspec.to_builtins(used)).key
    assert jwt.get_unverified_header(token)["kid"] == used.kid
    assert jwt.decode(token, key, ["ES256"], audience="votewave", issuer="votewave")["scope"] == "*"


@pytest.mark.parametrize("path", ["/v1/auth/me", "/v1/auth/sessions", "/v1/auth/keys"])
async def test_without_a_token_nothing_of_ones_own_is_shown(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 401
