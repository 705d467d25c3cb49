"""Messages are encrypted and signed as the RFCs say, and strangers' URLs lead outside."""

import asyncio
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from services.core.peers.outside import Outside, OutsideError, check_url, is_public
from services.notifications.service.pushing import asked_wait
from services.notifications.webpush import (
    LONGEST,
    authorization,
    encrypted,
    from_text,
    is_point,
    public_bytes,
    signing_key,
    to_text,
)

NOW = datetime(2026, 11, 29, tzinfo=UTC)

# RFC 8291, section 5 and appendix A.
SAID = b"When I grow up, I want to be a watermelon"
SECRET = "BTBZMqHH6r4Tts7J_aSIgg"
OURS = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
THEIRS = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_"
    "yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def raw(text: str, length: int) -> bytes:
    data = from_text(text, length)
    assert data is not None
    return data


def test_a_message_is_encrypted_as_in_the_rfcs_example() -> None:
    own = ec.derive_private_key(int.from_bytes(raw(OURS, 32)), ec.SECP256R1())
    body = encrypted(SAID, raw(THEIRS, 65), raw(SECRET, 16), own=own, salt=raw(SALT, 16), padded_to=1)
    assert to_text(body) == BODY


def test_a_messages_length_doesnt_say_what_it_is() -> None:
    lengths = {len(encrypted(bytes(number), raw(THEIRS, 65), raw(SECRET, 16))) for number in (1, 100, 254, 255)}
    assert lengths == {16 + 4 + 1 + 65 + 256 + 16}
    assert len(encrypted(bytes(LONGEST), raw(THEIRS, 65), raw(SECRET, 16))) <= 4_096
    with pytest.raises(ValueError, match="bytes at most"):
        encrypted(bytes(LONGEST + 1), raw(THEIRS, 65), raw(SECRET, 16))


def test_we_are_known_by_a_signature_for_the_service_alone() -> None:
    key = signing_key("a secret")
    assert public_bytes(key) == public_bytes(signing_key("a secret")) != public_bytes(signing_key("another"))
    scheme, _, rest = authorization(key, "https://push.example.net/a?b", "mailto:a@example.org", NOW).partition(" ")
    token, shown = (part.partition("=")[2] for part in rest.split(", "))
    assert (scheme, shown) == ("vapid", to_text(public_bytes(key)))
    claims = jwt.decode(
        token,
        key.public_key(),
        algorithms=["ES256"],
        audience="https://push.example.net",
        options={"verify_exp": False},
    )
    assert claims["sub"] == "mailto:a@example.org"
    assert timedelta(0) < datetime.fromtimestamp(claims["exp"], UTC) - NOW <= timedelta(days=1)


@pytest.mark.parametrize("text", ["", "AAAA", THEIRS + "A", "é" * 87, "A" * 87, "!" * 87])
def test_what_is_no_key_isnt_taken(text: str) -> None:
    data = from_text(text, 65)
    assert data is None or not is_point(data)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.0.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104 - an address that a name may lead to
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "fd00:ec2::254",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "2002:7f00:1::",
        "no address",
    ],
)
def test_addresses_that_strangers_have_no_business_with(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "2606:4700:4700::1111"])
def test_addresses_of_the_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "http://push.example.net/a",
        "https://127.0.0.1/a",
        "https://[::1]/a",
        "https://2130706433/a",
        "https://0x7f.1/a",
        "https://127.1/a",
        "https://127.0.0.1./a",
        "https://localhost/a",
        "https://push/a",
        "https:///a",
        "https://push.example.net:22/a",
        "https://push.example.net:99999/a",
        "https://somebody@push.example.net/a",
        "https://push.example.net\\@evil.example/a",
        "https://push.example.net/a#b",
        "https://push.example.net/a b",
        "https://push.example.net/a\r\nhost: evil",
        "https://pu\u0455h.example.net/a",
        "ftp://push.example.net/a",
        "//push.example.net/a",
        "https://[push.example.net/a",
        "https://push.example.net/" + 1_000 * "a",
        "",
    ],
)
def test_urls_that_arent_asked(url: str) -> None:
    with pytest.raises(ValueError, match="https"):
        check_url(url)


@pytest.mark.parametrize("url", ["https://push.example.net/a?b=c", "https://push.example.net:443/a"])
def test_urls_that_are(url: str) -> None:
    assert check_url(url) == url


async def test_a_name_that_leads_to_a_private_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    outside, loop = Outside(), asyncio.get_running_loop()

    async def leads_to(*_: object, **__: object) -> list[object]:
        return [(2, 1, 6, "", ("1.1.1.1", 443)), (2, 1, 6, "", ("169.254.169.254", 443))]

    monkeypatch.setattr(loop, "getaddrinfo", leads_to)
    try:
        with pytest.raises(OutsideError, match="isn't public") as refused:
            await outside.post("https://inside.example.net/a", b"", {})
        assert refused.value.refused
    finally:
        await outside.close()


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (None, 0),
        ("", 0),
        ("120", 120),
        ("-5", 0),
        ("soon", 0),
        ("99999999999999999999", 0),
        ("Sun, 29 Nov 2026 00:01:00 GMT", 60),
        ("Sun, 29 Nov 2026 00:01:00 -0000", 60),
        ("Sat, 28 Nov 2026 00:00:00 GMT", 0),
    ],
)
def test_how_long_a_service_asks_to_wait(said: str | None, seconds: int) -> None:
    assert asked_wait(said, NOW) == timedelta(seconds=seconds)
