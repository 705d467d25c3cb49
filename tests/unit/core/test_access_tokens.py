"""Access tokens: the one form that Auth writes is taken, and nothing near it."""

import base64
import hmac
import json
import time
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from services.core.identity.subject import Kind, Role
from services.core.identity.tokens import Verifier
from services.core.peers.calls import PeerError
from services.core.problems import Problem
from services.core.settings import CoreSettings

KEY = ec.generate_private_key(ec.SECP256R1())


class Auth:
    """Stands for the service that publishes the keys."""

    def __init__(self, **keys: ec.EllipticCurvePrivateKey) -> None:
        self.keys = keys
        self.asked = 0
        self.away = False

    async def get(self, *_: Any, insist: bool = False) -> dict[str, list[dict[str, str]]]:
        self.asked += 1
        if self.away:
            raise PeerError("auth is away")
        algorithm = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256)
        jwks = ((kid, algorithm.to_jwk(key.public_key(), as_dict=True)) for kid, key in self.keys.items())
        return {"keys": [{"kid": kid, **jwk} for kid, jwk in jwks]}


def claims(**other: Any) -> dict[str, Any]:
    now = int(time.time())
    known: dict[str, Any] = {
        "iss": "votewave",
        "aud": "votewave",
        "sub": str(uuid4()),
        "sid": str(uuid4()),
        "kind": "guest",
        "role": "user",
        "scope": "*",
        "iat": now,
        "exp": now + 900,
    }
    return {name: value for name, value in {**known, **other}.items() if value is not None}


def signed(said: dict[str, Any], key: Any = KEY, algorithm: str = "ES256", **header: Any) -> str:
    return jwt.encode(said, key, algorithm, {"kid": "one", **header})


def verifier(auth: Auth | None = None) -> Verifier:
    return Verifier(CoreSettings(), auth or Auth(one=KEY), None)  # type: ignore[arg-type]  # no Redis is asked


async def status_of(token: str, auth: Auth | None = None) -> int:
    with pytest.raises(Problem) as refused:
        await verifier(auth).subject(token)
    return refused.value.status


async def test_a_good_token_says_who_asks() -> None:
    said = claims(scope="polls:write votes:write", role="moderator", kind="user")
    subject = await verifier().subject(signed(said))
    assert (str(subject.id), str(subject.session)) == (said["sub"], said["sid"])
    assert (subject.kind, subject.role, subject.expires) == (Kind.USER, Role.MODERATOR, said["exp"])
    assert subject.scopes == {"polls:write", "votes:write"}


async def test_a_token_is_good_again_and_its_signature_is_remembered() -> None:
    auth = Auth(one=KEY)
    checks, token = verifier(auth), signed(claims())
    assert await checks.subject(token) is await checks.subject(token)
    assert auth.asked == 1


@pytest.mark.parametrize(
    "other",
    [
        {"aud": "somebody-else"},
        {"aud": ["votewave"]},
        {"aud": None},
        {"iss": "somebody-else"},
        {"iss": None},
        {"exp": 1},
        {"exp": int(time.time()) - 1},
        {"exp": None},
        {"exp": "9999999999"},
        {"exp": 2**63},
        {"iat": None},
        {"iat": int(time.time()) + 86_400},
        {"nbf": int(time.time()) + 86_400},
        {"sub": None},
        {"sub": "1"},
        {"sid": None},
        {"kind": "emperor"},
        {"role": "emperor"},
        {"scope": ["*"]},
    ],
)
async def test_a_wrong_claim_is_refused(other: dict[str, Any]) -> None:
    # PyJWT would not write some of these, so the token is put together by hand.
    parts = [json.dumps({"alg": "ES256", "kid": "one"}).encode(), json.dumps(claims(**other)).encode()]
    text = ".".join(unpadded(part) for part in parts)
    algorithm = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256)
    assert await status_of(f"{text}.{unpadded(algorithm.sign(text.encode(), KEY))}") == 401


async def test_a_signature_of_another_key_is_refused() -> None:
    assert await status_of(signed(claims(), ec.generate_private_key(ec.SECP256R1()))) == 401


async def test_the_algorithm_isnt_the_tokens_to_choose() -> None:
    pem = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head = unpadded(json.dumps({"alg": "HS256", "kid": "one"}).encode())
    text = f"{head}.{unpadded(json.dumps(claims()).encode())}"
    mac = unpadded(hmac.digest(pem, text.encode(), "sha256"))
    assert await status_of(f"{text}.{mac}") == 401
    assert await status_of(jwt.encode(claims(), None, "none", {"kid": "one"})) == 401
    assert await status_of(signed(claims()).rsplit(".", 1)[0] + ".") == 401


async def test_a_header_that_demands_an_extension_is_refused() -> None:
    assert await status_of(signed(claims(), crit=["exp"], exp=1)) == 401


async def test_a_key_that_isnt_published_is_refused() -> None:
    assert await status_of(signed(claims(), kid="two")) == 401
    assert await status_of(signed(claims(), kid="")) == 401


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: "",
        lambda token: ".",
        lambda token: "..",
        lambda token: token + ".",
        lambda token: token + "=",
        lambda token: token + "\n",
        lambda token: token[:-4],
        lambda token: token[:-1] + "é",
        lambda token: token.replace(".", "..", 1),
        lambda token: "e30" + token[token.index(".") :],
        lambda token: "bnVsbA" + token[token.index(".") :],
        lambda token: token[: token.rindex(".")] + "." + "A" * 86,
        lambda token: token[: token.rindex(".")] + "." + "/" * 86,
        lambda token: token[: token.rindex(".")] + "." + "A" * 10_000,
    ],
)
async def test_a_spoilt_token_is_refused(spoil: Any) -> None:
    assert await status_of(spoil(signed(claims()))) == 401


async def test_every_changed_character_spoils_a_token() -> None:
    token, checks = signed(claims()), verifier()
    await checks.subject(token)
    for place in range(0, len(token) - 1, 7):
        other = "B" if token[place] == "A" else "A"
        with pytest.raises(Problem):
            await checks.subject(token[:place] + other + token[place + 1 :])


async def test_without_auth_known_keys_are_used_on_and_unknown_ones_wait() -> None:
    auth = Auth(one=KEY)
    checks = verifier(auth)
    await checks.subject(signed(claims()))
    auth.away = True
    await checks.subject(signed(claims()))
    assert await status_of(signed(claims()), auth) == 503


def unpadded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
