"""A service that carries web push, over TLS, and browsers that read what it brings."""

import datetime
import ipaddress
import socket
import ssl
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

import jwt
import msgspec
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from services.core.ids import new_id
from services.notifications.webpush import from_text, to_text

HOST = "push.example.net"
_CURVE = ec.SECP256R1()


@dataclass
class Browser:
    """One browser's subscription: it decrypts by RFC 8291 what it gets, step by step as the RFC tells receivers."""

    path: str = field(default_factory=lambda: new_id().hex)
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(_CURVE))
    auth: bytes = field(default_factory=lambda: new_id().bytes)

    @property
    def public(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def subscription(self, **more: Any) -> dict[str, Any]:
        keys = {"p256dh": to_text(self.public), "auth": to_text(self.auth)}
        return {"endpoint": f"https://{HOST}/{self.path}", "keys": keys, "label": "A browser", **more}

    def read(self, body: bytes) -> dict[str, Any]:
        salt, size, length = body[:16], int.from_bytes(body[16:20]), body[20]
        theirs, sealed = body[21 : 21 + length], body[21 + length :]
        assert len(body) <= 4_096
        assert len(sealed) <= size
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, theirs))
        info = b"WebPush: info\x00" + self.public + theirs
        material = HKDF(SHA256(), 32, self.auth, info).derive(shared)
        content_key = HKDF(SHA256(), 16, salt, b"Content-Encoding: aes128gcm\x00").derive(material)
        nonce = HKDF(SHA256(), 12, salt, b"Content-Encoding: nonce\x00").derive(material)
        padded = AESGCM(content_key).decrypt(nonce, sealed, None).rstrip(b"\x00")
        assert padded[-1] == 2
        return dict(msgspec.json.decode(padded[:-1]))


@dataclass
class Brought:
    """A message as it came to the service."""

    headers: dict[str, str]
    claims: dict[str, Any]
    body: bytes


class PushService:
    """Listens on this machine under the name `HOST`.

    Attributes:
        brought: What came, by path.
        answers: What it answers next, by path: status and headers; then 201.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._runner: web.AppRunner | None = None
        self.port = 0
        self.brought: dict[str, list[Brought]] = defaultdict(list)
        self.answers: dict[str, list[tuple[int, dict[str, str]]]] = defaultdict(list)

    async def __aenter__(self) -> "PushService":
        app = web.Application()
        app.router.add_post("/{path}", self._take)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(self._certificate())
        listening = socket.create_server(("127.0.0.1", 0))
        self.port = listening.getsockname()[1]
        await web.SockSite(self._runner, listening, ssl_context=tls).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, where: TracebackType | None
    ) -> None:
        assert self._runner is not None
        await self._runner.cleanup()

    def trusted(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self._folder / "push.pem"))

    def resolver(self) -> AbstractResolver:
        """Return what leads `HOST` here, and no other name anywhere."""
        here = self.port

        class Here(AbstractResolver):
            async def resolve(
                self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
            ) -> list[ResolveResult]:
                assert (host, port) == (HOST, 443)
                return [
                    ResolveResult(
                        hostname=host, host="127.0.0.1", port=here, family=family or socket.AF_INET, proto=0, flags=0
                    )
                ]

            async def close(self) -> None:
                pass

        return Here()

    async def _take(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        scheme, _, rest = request.headers["authorization"].partition(" ")
        assert scheme == "vapid"
        token, shown = (part.partition("=")[2] for part in rest.split(", "))
        public = from_text(shown, 65)
        assert public is not None
        signer = ec.EllipticCurvePublicKey.from_encoded_point(_CURVE, public)
        claims = jwt.decode(token, signer, algorithms=["ES256"], audience=f"https://{HOST}")
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.brought[path].append(Brought({**headers, "k": shown}, claims, await request.read()))
        status, more = self.answers[path].pop(0) if self.answers[path] else (201, {})
        return web.Response(status=status, headers=more)

    def _certificate(self) -> Path:
        key = ec.generate_private_key(_CURVE)
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, HOST)])
        now = datetime.datetime.now(datetime.UTC)
        names = x509.SubjectAlternativeName([x509.DNSName(HOST), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
        built = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(names, critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, SHA256())
        )
        path = self._folder / "push.pem"
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(built.public_bytes(Encoding.PEM) + secret)
        return path
