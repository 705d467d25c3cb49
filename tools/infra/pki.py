"""The cluster's certificate authority (CA) and its certificates, in Secrets Manager.

Terraform would store keys in its state; here they go from memory to Secrets Manager. No machine may read the CA's key:
whoever has it can impersonate a server.
"""

import ipaddress
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from tools.infra.cloud import NAMES, CloudError, call, secret_name

AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 365
CA, CA_KEY = "cluster/tls-ca", "cluster/tls-ca-key"


@dataclass(frozen=True)
class Certificate:
    """A certificate that is issued.

    Attributes:
        secret: Where it goes.
        names: DNS names; Consul and Nomad tell servers from clients by them.
        host: Whether it also stands for the machine itself, 127.0.0.1.
    """

    secret: str
    names: tuple[str, ...]
    host: bool = True


def certificates(environment: str) -> list[Certificate]:
    """Return what is issued for an environment."""
    region, datacenter = NAMES["nomad_region"], NAMES["datacenter"].format(environment=environment)
    return [
        Certificate("cluster/tls-server", (f"server.{region}.nomad", f"server.{datacenter}.consul", "localhost")),
        Certificate("cluster/tls-client", (f"client.{region}.nomad", f"client.{datacenter}.consul", "localhost")),
        Certificate("cluster/tls-gateway", (f"gateway.{datacenter}.votewave.internal",), host=False),
    ]


def issue(manager: Any, environment: str, *, new_authority: bool = False) -> list[str]:
    """Issue new certificates and store them; machines read them at their next `first-boot configure`.

    Args:
        manager: A client of Secrets Manager.
        environment: Whose.
        new_authority: Make a new authority as well. Machines then have to be replaced; one that has only the old one
            doesn't trust one that has the new.

    Returns:
        The secrets that were written.

    Raises:
        CloudError: Secrets Manager refuses, or can't be reached.
    """
    found = None if new_authority else _authority(manager, environment)
    written = []
    if found is None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"VoteWave {environment} cluster CA")])
        certificate = (
            _builder(name, name, key.public_key(), AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        _store(manager, environment, CA_KEY, _pem_key(key))
        _store(manager, environment, CA, _pem(certificate))
        written += [CA_KEY, CA]
    else:
        key, certificate = found
    for it in certificates(environment):
        _store(manager, environment, it.secret, json.dumps(_leaf(it, key, certificate)))
        written.append(it.secret)
    return written


def _authority(manager: Any, environment: str) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate] | None:
    texts = []
    for name in (CA_KEY, CA):
        try:
            found = call(manager.get_secret_value, SecretId=secret_name(environment, name))
        except CloudError as error:
            if error.code == "ResourceNotFoundException":  # no such secret, or one without a value
                return None
            raise
        texts.append(str(found["SecretString"]).encode())
    key = serialization.load_pem_private_key(texts[0], password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise CloudError("NotOurs", f"{secret_name(environment, CA_KEY)} isn't a key of an elliptic curve.")
    return key, x509.load_pem_x509_certificate(texts[1])


def _leaf(it: Certificate, ca_key: ec.EllipticCurvePrivateKey, ca: x509.Certificate) -> dict[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    names: list[x509.GeneralName] = [x509.DNSName(name) for name in it.names]
    if it.host:
        names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, it.names[0])])
    certificate = (
        _builder(subject, ca.subject, key.public_key(), CERTIFICATE_DAYS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(ca_key, hashes.SHA256())
    )
    return {"certificate": _pem(certificate), "private_key": _pem_key(key)}


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, days: int
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))  # clocks differ
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        key_cert_sign=signs,
        crl_sign=signs,
        key_encipherment=False,
        content_commitment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _pem_key(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def _store(manager: Any, environment: str, name: str, value: str) -> None:
    call(manager.put_secret_value, SecretId=secret_name(environment, name), SecretString=value)
