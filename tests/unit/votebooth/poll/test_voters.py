"""Voters' keys: equal for one voter, different for two, and telling nothing about either."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from services.core.identity.subject import Kind, Role, Subject
from services.core.problems import Problem
from services.votebooth.poll.definition import PollChanged
from services.votebooth.poll.rules import PollRules
from services.votebooth.poll.voters import Claim, Keyring, ballot_id, hash_token, network_of, new_secret, new_token

KEYRING = Keyring("f" * 64)


def rules(**values: Any) -> PollRules:
    base: dict[str, Any] = {"strength": "guest", "eligibility": "anyone", "poll": uuid4(), **values}
    return PollRules(
        PollChanged(
            version=1,
            owner=uuid4(),
            title="t",
            method="single",
            options=(),
            opens_at=datetime(2026, 1, 1, tzinfo=UTC),
            **base,
        )
    )


def claim(
    kind: Kind = Kind.GUEST, token: str | None = None, address: str = "192.0.2.1", who: UUID | None = None
) -> Claim:
    subject = Subject(who or uuid4(), kind, Role.USER, uuid4(), frozenset({"*"}), 0)
    return Claim(subject, token, lambda: address)


def test_an_account_is_its_id() -> None:
    one = claim(Kind.USER)
    assert KEYRING.identify(rules(), one) == (one.subject.id.bytes, None)


def test_a_token_is_the_voter_whoever_brings_it() -> None:
    poll = rules(eligibility="tokens", strength="account")
    token = new_token()
    key, token_hash = KEYRING.identify(poll, claim(token=token))
    assert token_hash == hash_token(token)
    assert key == token_hash[:16]
    assert KEYRING.identify(poll, claim(Kind.USER, token)) == (key, token_hash)


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("unknown", "unknown", True),
    ],
)
def test_a_network_is_an_address_or_a_prefix(first: str, second: str, same: bool) -> None:
    assert (network_of(first) == network_of(second)) == same
    poll = rules(strength="network")
    one, two = (KEYRING.identify(poll, claim(address=address))[0] for address in (first, second))
    assert (one == two) == same
    assert KEYRING.identify(rules(strength="network"), claim(address=first))[0] != one


def test_an_anonymous_voter_has_a_key_that_no_other_poll_knows() -> None:
    one = claim()
    keys = {KEYRING.identify(rules(anonymous=True), one)[0] for _ in range(5)}
    assert len(keys | {one.subject.id.bytes}) == 6
    assert all(len(key) == 16 for key in keys)


def test_the_key_of_a_token_in_an_anonymous_poll_can_be_found_from_its_hash() -> None:
    poll = rules(anonymous=True, eligibility="roll")
    token = new_token()
    key, token_hash = KEYRING.identify(poll, claim(token=token))
    assert token_hash is not None
    assert KEYRING.participation(poll.poll, token_hash) == key


@pytest.mark.parametrize(
    ("values", "who"),
    [
        ({"eligibility": "signed_in"}, claim(Kind.GUEST)),
        ({"strength": "account"}, claim(Kind.GUEST)),
        ({}, claim(Kind.SERVICE)),
        ({"eligibility": "tokens"}, claim(Kind.USER)),
        ({"eligibility": "roll"}, claim(Kind.USER, token="")),
    ],
)
def test_who_isnt_eligible_is_refused(values: dict[str, Any], who: Claim) -> None:
    with pytest.raises(Problem) as refused:
        KEYRING.identify(rules(**values), who)
    assert refused.value.status == 403


def test_a_secret_used_in_two_polls_joins_nothing() -> None:
    secret = new_secret()
    assert len(secret) >= 22
    assert ballot_id(uuid4().bytes, secret) != ballot_id(uuid4().bytes, secret)


def test_a_receipt_is_always_the_same_for_one_voter_and_another_for_each() -> None:
    poll, voter, caster = (uuid4().bytes for _ in range(3))
    made = [
        KEYRING.receipt(poll, voter, None),
        KEYRING.receipt(uuid4().bytes, voter, None),
        KEYRING.receipt(poll, uuid4().bytes, None),
        KEYRING.receipt(poll, voter, caster),
        Keyring("another").receipt(poll, voter, None),
    ]
    assert len(set(made)) == len(made)
    assert {len(receipt) for receipt in made} == {16}
    assert KEYRING.receipt(poll, voter, None) == made[0]


def test_without_the_secret_key_there_is_neither_receipt_nor_salt() -> None:
    shut = Keyring()
    for make in (lambda: shut.receipt(b"poll", b"voter", None), lambda: shut.salt(b"poll", b"nonce")):
        with pytest.raises(Problem) as refused:
            make()
        assert refused.value.status == 503
