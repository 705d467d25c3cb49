import base64
import re

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from services.auth import opaque
from services.auth.schemas import JWK
from services.auth.signing import LEAD, new_seal_key, public_jwk, seal, thumbprint, unseal
from services.auth.visitor import visitor
from services.core.identity import keys


def test_secrets_are_known_by_their_prefix_and_hold_256_random_bits() -> None:
    made = {opaque.make(prefix) for prefix in ("vr_", "vw_") for _ in range(50)}
    assert len(made) == 100
    assert all(re.fullmatch(r"v[rw]_[A-Za-z0-9_-]{43}", secret) for secret in made)
    assert {len(opaque.digest(secret)) for secret in made} == {32}


def test_a_successor_follows_from_token_and_salt_together_and_from_neither_alone() -> None:
    token, salt = opaque.make(opaque.REFRESH_PREFIX), opaque.new_salt()
    following = opaque.successor(token, salt)
    assert following == opaque.successor(token, salt)
    assert re.fullmatch(r"vr_[A-Za-z0-9_-]{43}", following)
    assert len({following, opaque.successor(token, opaque.new_salt()), opaque.successor(token + "x", salt)}) == 3


def test_half_a_character_in_a_secret_is_just_wrong() -> None:
    assert opaque.digest("vw_\ud800") != opaque.digest("vw_")


def test_a_key_id_is_the_thumbprint_of_rfc_7638() -> None:
    # The key and its thumbprint in RFC 9449, sections 4 and 6.
    jwk = JWK("", "l8tFrhx-34tV3hRICRDY9zCkDlpBhF42UQUfWVAWBFs", "9VE4jf_Ok_o64zbTTlcuNJajHmt6v9TDVrU0CdvGRDA")
    assert thumbprint(jwk) == "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"


def test_a_sealed_key_opens_with_its_own_seal_and_name_only() -> None:
    private = ec.generate_private_key(ec.SECP256R1())
    jwk = public_jwk(private)
    key, other = (base64.urlsafe_b64decode(new_seal_key()) for _ in range(2))
    sealed = seal(private, jwk.kid, key)
    assert public_jwk(unseal(sealed, jwk.kid, key)) == jwk
    assert seal(private, jwk.kid, key) != sealed, "a nonce of its own each time"
    broken = bytes([*sealed[:-1], sealed[-1] ^ 1])
    for attempt in ((sealed, jwk.kid, other), (sealed, "another", key), (broken, jwk.kid, key)):
        with pytest.raises(InvalidTag):
            unseal(*attempt)


def test_a_next_key_is_published_longer_than_any_copy_of_the_keys_is_kept() -> None:
    assert LEAD.total_seconds() >= 60 + keys.MAX_AGE_SECONDS


@pytest.mark.parametrize(
    ("address", "site", "network"),
    [
        ("203.0.113.7", "203.0.113.7/32", "203.0.113.0/24"),
        ("::ffff:203.0.113.7", "203.0.113.7/32", "203.0.113.0/24"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("unknown", "unknown", "unknown"),
        ("'; DROP TABLE", "unknown", "unknown"),
    ],
)
def test_addresses_are_coarsened(address: str, site: str, network: str) -> None:
    assert (visitor(address, None).site, visitor(address, None).network) == (site, network)


def test_a_user_agent_is_cut_and_cleaned() -> None:
    agent = visitor("::1", "Fire\x00fox\r\nEvil: \u202e1" + "x" * 500).agent
    assert agent.startswith("FirefoxEvil: 1xx")
    assert len(agent) == 160
