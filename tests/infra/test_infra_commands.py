"""The commands beside Terraform, on a local stand-in for AWS."""

import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import ANY, Stubber
from cryptography import x509
from moto import mock_aws
from services.core.redis.client import REDIS_SECRET
from tools.infra import cache_user, pki
from tools.infra.cloud import NAMES, CloudError, call, secret_name

REGION = "eu-central-1"


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Secrets Manager as Terraform leaves it: what is issued is there, without a value."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        client = boto3.client("secretsmanager", region_name=REGION)
        for name in NAMES["shared_secrets"]:
            client.create_secret(Name=secret_name("staging", name))
        yield client


def value(manager: Any, name: str) -> str:
    return str(manager.get_secret_value(SecretId=secret_name("staging", name))["SecretString"])


def test_certificates_are_of_one_authority_and_name_their_role(manager: Any) -> None:
    written = pki.issue(manager, "staging")

    assert set(written) == {name for name in NAMES["shared_secrets"] if name.startswith("cluster/tls-")}
    ca = x509.load_pem_x509_certificate(value(manager, "cluster/tls-ca").encode())
    assert "PRIVATE" not in value(manager, "cluster/tls-ca")
    for it in pki.certificates("staging"):
        pair = json.loads(value(manager, it.secret))
        certificate = x509.load_pem_x509_certificate(pair["certificate"].encode())
        certificate.verify_directly_issued_by(ca)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert tuple(names.get_values_for_type(x509.DNSName)) == it.names
    assert "server.global.nomad" in pki.certificates("staging")[0].names
    assert "server.global.nomad" not in pki.certificates("staging")[1].names


def test_openssl_takes_what_is_issued(manager: Any, tmp_path: Path) -> None:
    pki.issue(manager, "staging")
    pair = json.loads(value(manager, "cluster/tls-server"))
    file = tmp_path / "pair.pem"
    file.write_text(pair["certificate"] + pair["private_key"])
    context = ssl.create_default_context(cadata=value(manager, "cluster/tls-ca"))
    context.load_cert_chain(file)  # refuses a key that isn't the certificate's


def test_new_certificates_are_of_the_same_authority_unless_said(manager: Any) -> None:
    pki.issue(manager, "staging")
    ca, server = value(manager, "cluster/tls-ca"), value(manager, "cluster/tls-server")

    assert "cluster/tls-ca" not in pki.issue(manager, "staging")
    assert value(manager, "cluster/tls-ca") == ca
    assert value(manager, "cluster/tls-server") != server

    assert "cluster/tls-ca" in pki.issue(manager, "staging", new_authority=True)
    assert value(manager, "cluster/tls-ca") != ca


def test_two_environments_have_different_names() -> None:
    staging, production = ({n for it in pki.certificates(e) for n in it.names} for e in ("staging", "production"))
    assert "server.staging.consul" in staging
    assert "server.staging.consul" not in production


def test_the_caches_user_has_the_new_and_the_old_password(manager: Any) -> None:
    for password in ("first", "second"):
        manager.put_secret_value(SecretId=secret_name("staging", REDIS_SECRET), SecretString=password)
    cache = boto3.client("elasticache", region_name=REGION)
    with Stubber(cache) as stub:
        stub.add_response(
            "modify_user",
            {},
            {
                "UserId": "votewave-staging-services",
                "AccessString": ANY,
                "AuthenticationMode": {"Type": "password", "Passwords": ["second", "first"]},
            },
        )
        assert cache_user.give(manager, cache, "staging") == 2
        stub.assert_no_pending_responses()


def test_the_first_password_has_none_before(manager: Any) -> None:
    manager.put_secret_value(SecretId=secret_name("staging", REDIS_SECRET), SecretString="only")
    cache = boto3.client("elasticache", region_name=REGION)
    with Stubber(cache) as stub:
        stub.add_response("modify_user", {}, {"UserId": ANY, "AccessString": ANY, "AuthenticationMode": ANY})
        assert cache_user.give(manager, cache, "staging") == 1


def test_what_aws_refuses_is_said_without_the_secret(manager: Any) -> None:
    with pytest.raises(
        CloudError, match="put_secret_value votewave/staging/no/such: AWS says ResourceNotFound"
    ) as seen:
        call(manager.put_secret_value, SecretId="votewave/staging/no/such", SecretString="hidden")
    assert "hidden" not in str(seen.value)
