"""The gateway, as Nomad runs it: what gets past it, what doesn't, and that it goes on while things change."""

import asyncio
import base64
import json
import os
import re
import ssl
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import asyncpg
import httpx
import jwt
import pytest
from cluster_place import LEAST, ROOT, Instance, Nomad, program
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from gateway_place import JOB, KEYS, DnsConsul, Echo, Gateway
from services.auth.signing import unseal
from services.registry import NAMES
from tests.conftest import eventually

POLL = "01890000-0000-7000-8000-000000000000"
BALLOT = f"/v1/votebooth/polls/{POLL}/ballot"
ORIGIN = "https://app.example.org"
ADDRESS_LIMIT = 400
SUBJECT_LIMIT, BALLOT_LIMIT = 100, 40
AT_A_TIME = 16
ADDRESS_STREAMS, SUBJECT_STREAMS, STREAMS = 6, 3, 10
PUBLIC = 1_900  # of the 2,000 connections that gateways take here (gateway_place)


@dataclass
class Site:
    """All that stands behind the gateway.

    Attributes:
        gateway: The job.
        services: The real ones, each a process.
        echo: An instance of `echo`, of which nobody has heard before.
        key: The private key that Auth signs with, and what it is called.
    """

    gateway: Gateway
    consul: DnsConsul
    services: dict[str, Instance]
    echo: Echo
    key: tuple[str, ec.EllipticCurvePrivateKey]
    database: str

    def token(self, *, kid: str = "", key: Any = None, alg: str = "ES256", headers: Any = None, **claims: Any) -> str:
        """Return a token as Auth would sign it, but for what is given; a claim of None is left out."""
        now = int(time.time())
        said = {
            "iss": "votewave",
            "aud": "votewave",
            "sub": str(uuid4()),
            "sid": str(uuid4()),
            "kind": "guest",
            "role": "user",
            "scope": "*",
            "iat": now,
            "exp": now + 600,
            **claims,
        }
        said = {name: value for name, value in said.items() if value is not None}
        return jwt.encode(said, key or self.key[1], alg, {"kid": kid or self.key[0], **(headers or {})})

    def bearer(self, **how: Any) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token(**how)}"}


@pytest.fixture(scope="module")
async def site(votewave: Any, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """Real services that register in a real Consul, and a gateway in front of them under a real Nomad."""
    folder = tmp_path_factory.mktemp("gateway")
    consul = DnsConsul(folder)
    nomad = Nomad(folder, consul)
    echo = Echo("first")
    services: dict[str, Instance] = {}
    try:
        await consul.start()
        for name in NAMES:
            may = LEAST % name + (f'key "{KEYS}" {{ policy = "write" }}' if name == "auth" else "")
            path = folder / f"{name}.token"
            path.write_text(await consul.token(name, may))
            services[name] = Instance(name, folder, _environment(votewave, consul, path))
            services[name].begin()
        await asyncio.gather(nomad.start(), echo.start(), *(consul.passing(name, 1) for name in NAMES))
        await consul.add("echo", echo.port, "stable")
        gateway = Gateway(nomad, consul, folder)
        await gateway.run(
            services=[*NAMES, "echo", "web"],
            gateway_trusted_proxies=1,
            gateway_origins=[ORIGIN],
            gateway_limits={
                "address": ADDRESS_LIMIT,
                "subject": SUBJECT_LIMIT,
                "ballots": BALLOT_LIMIT,
                "address_streams": ADDRESS_STREAMS,
                "subject_streams": SUBJECT_STREAMS,
            },
            gateway_streams=STREAMS,
            gateway_instance_requests=AT_A_TIME,
            gateway_drain=3,
            gateway_finish=5,
        )
        key = await _signing_key(votewave)
        made = Site(gateway, consul, services, echo, key, votewave.admin_dsn)
        await eventually(lambda: _all_answer(made), 120)
        yield made
    finally:
        nomad.stop()
        for one in services.values():
            one.stop()
        await echo.stop()
        consul.stop()


def _environment(votewave: Any, consul: DnsConsul, token: Path) -> dict[str, str]:
    base = {name: value for name, value in os.environ.items() if not name.startswith(("VOTEWAVE_", "CONSUL_"))}
    base.pop("PYTHONDONTWRITEBYTECODE", None)
    return {
        **base,
        "VOTEWAVE_DATABASE_URL": votewave.admin_dsn.replace("postgres@", ""),
        "VOTEWAVE_REDIS_URL": votewave.redis_url,
        "VOTEWAVE_SECRETS": f"file://{votewave.data_dir}/secrets.json",
        "VOTEWAVE_STORAGE": f"file://{votewave.data_dir}/files",
        "VOTEWAVE_DATABASE_POOL": "2",
        "VOTEWAVE_PEERS": "consul",
        "VOTEWAVE_CONSUL_REGISTRATION": "self",
        "VOTEWAVE_CONSUL_URL": consul.url,
        "VOTEWAVE_CONSUL_TOKEN_FROM": f"file://{token}",
        "VOTEWAVE_TRUSTED_PROXIES": "1",
        "VOTEWAVE_AUTH_GATEWAY_KEYS": KEYS,
    }


async def _signing_key(votewave: Any, ahead: bool = False) -> tuple[str, ec.EllipticCurvePrivateKey]:
    """Return the key in use, or the next one."""
    rows = await votewave.sql(
        "SELECT kid, sealed FROM auth.signing_key WHERE (active_from > now()) = $1 ORDER BY active_from", ahead
    )
    sealed_with = json.loads((votewave.data_dir / "secrets.json").read_bytes())["auth/key-encryption"]
    row = rows[-1]
    return row["kid"], unseal(row["sealed"], row["kid"], base64.urlsafe_b64decode(sealed_with))


async def _all_answer(site: Site) -> bool:
    async with httpx.AsyncClient(base_url=site.gateway.url, headers=site.bearer(), timeout=10) as client:
        paths = ["/.well-known/jwks.json", "/v1/profiles/nobody_here", "/v1/polls", BALLOT, "/v1/echo/hello"]
        answers = [await client.get(path) for path in paths]
        return all(answer.status_code < 500 for answer in answers)


@pytest.fixture
async def client(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A client at an address of the test's own, so that none uses up another's limit."""
    number = uuid4().bytes
    headers = {"x-forwarded-for": f"198.18.{number[0]}.{number[1]}"}
    async with httpx.AsyncClient(base_url=site.gateway.url, headers=headers, timeout=20) as client:
        yield client


def is_problem(answer: httpx.Response, status: int, slug: str) -> dict[str, Any]:
    """Say that an answer is a problem document as services make them, and return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert document["type"] == f"https://votewave.dev/problems/{slug}"
    assert document["status"] == status
    assert document["title"]
    assert document["trace"] == answer.headers["x-trace-id"]
    return document


def shown(answer: httpx.Response) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what `Echo` says that it has received, and the headers of it."""
    assert answer.status_code == 200, answer.text
    said = answer.json()
    return said, dict(said["headers"])


# What gets past it


def forged(site: Site) -> dict[str, str]:
    """Return tokens that aren't good, by what is wrong with them."""
    other = ec.generate_private_key(ec.SECP256R1())
    public = (
        site.key[1]
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    good = site.token()
    head, payload, signature = good.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    changed = base64.urlsafe_b64encode(json.dumps({**claims, "role": "admin"}).encode()).decode().rstrip("=")
    unsigned = base64.urlsafe_b64encode(json.dumps({"alg": "none", "kid": site.key[0]}).encode()).decode().rstrip("=")
    # PyJWT refuses to sign with a public key, as an attacker wouldn't.
    hs256 = jwt.encode({**claims}, base64.b64encode(public).decode(), "HS256", {"kid": site.key[0]})
    now = int(time.time())
    return {
        "another's key": site.token(key=other),
        "an unknown key": site.token(key=other, kid="elsewhere"),
        "no key named": site.token(headers={"kid": ""}),
        "claims changed": f"{head}.{changed}.{signature}",
        "unsigned": f"{unsigned}.{payload}.",
        "unsigned, with a signature": f"{unsigned}.{payload}.{signature}",
        "symmetric": hs256,
        "another audience": site.token(aud="elsewhere"),
        "audiences": site.token(aud=["votewave", "elsewhere"]),
        "no audience": site.token(aud=None),
        "another issuer": site.token(iss="https://elsewhere.example.org"),
        "no issuer": site.token(iss=None),
        "expired": site.token(exp=now - 1),
        "without an end": site.token(exp=None),
        "an end that is no number": site.token(exp="never"),
        "not begun": site.token(nbf=now + 600),
        "an extension": site.token(headers={"crit": ["b64"], "b64": False}),
        "cut short": good[:-10],
        "no token": "x",
        "dots": "..",
    }


async def test_a_token_that_is_not_good_passes_neither_the_gateway_nor_a_service(
    site: Site, client: httpx.AsyncClient
) -> None:
    votebooth = site.services["votebooth"]
    before = await votebooth.answered("/v1/votebooth/polls/{poll_id}/ballot")
    for wrong, token in forged(site).items():
        headers = {"authorization": f"Bearer {token}"}
        answer = await client.put(BALLOT, json={"picks": [1]}, headers=headers)
        assert answer.status_code == 401, (wrong, answer.text)
        assert answer.json()["type"].rsplit("/")[-1] == ("expired-token" if wrong == "expired" else "bad-token"), wrong
        is_problem(answer, 401, "expired-token" if wrong == "expired" else "bad-token")
        assert 'error="invalid_token"' in answer.headers["www-authenticate"], wrong
        answer = await client.get("/v1/polls", headers=headers)
        assert answer.status_code == 401, f"{wrong}: where none is needed, a bad one is refused too"
    assert await votebooth.answered("/v1/votebooth/polls/{poll_id}/ballot") == before, "none has got there"
    async with httpx.AsyncClient(base_url=votebooth.url) as direct:
        for wrong, token in forged(site).items():
            answer = await direct.put(BALLOT, json={"picks": [1]}, headers={"authorization": f"Bearer {token}"})
            assert answer.status_code == 401, (wrong, answer.text)


async def test_without_a_token_neither_the_gateway_nor_a_service_lets_in(site: Site, client: httpx.AsyncClient) -> None:
    async with httpx.AsyncClient(base_url=site.services["votebooth"].url) as direct:
        for way in (client, direct):
            for headers in ({}, {"authorization": ""}, {"authorization": "Bearer"}, {"x-forwarded-for": "127.0.0.1"}):
                answer = await way.put(BALLOT, json={"picks": [1]}, headers=headers)
                is_problem(answer, 401, "unauthenticated")
                assert answer.headers["www-authenticate"].startswith("Bearer"), headers


async def test_an_expired_token_is_told_apart_for_clients_refresh_it(site: Site, client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/auth/me", headers=site.bearer(exp=int(time.time()) - 5))
    assert "Refresh it" in is_problem(answer, 401, "expired-token")["detail"]


async def test_a_good_token_passes_and_the_service_decides(site: Site, client: httpx.AsyncClient) -> None:
    answer = await client.put(BALLOT, json={"picks": [1]}, headers=site.bearer())
    assert answer.status_code == 404, answer.text  # there is no such poll
    assert "poll" in answer.json()["detail"]
    assert (await client.get("/v1/polls", headers=site.bearer(nbf=int(time.time())))).status_code == 200
    assert (await client.get("/v1/echo/x", headers={"authorization": f"bearer {site.token()}"})).status_code == 200


async def test_other_forms_of_authorization_are_refused(site: Site, client: httpx.AsyncClient) -> None:
    good = site.token()
    for value in (f"Basic {good}", good, "Bearer", f"Bearer {good}, Bearer {good}", f"Token {good}"):
        answer = await client.put(BALLOT, json={"picks": [1]}, headers={"authorization": value})
        assert answer.status_code == 401, (value[:10], answer.text)
        said = "Send an access token" in answer.text
        assert said is not value.startswith("Bearer "), (value[:10], answer.text)
    twice = [("authorization", f"Bearer {good}"), ("authorization", f"Bearer {site.token()}")]
    is_problem(await client.get("/v1/auth/me", headers=twice), 400, "malformed-request")


async def test_what_is_open_without_a_token_is_what_the_services_say(site: Site, client: httpx.AsyncClient) -> None:
    seen = Counter[str]()
    for name in NAMES:
        async with httpx.AsyncClient(base_url=site.services[name].url) as direct:
            document = (await direct.get("/openapi.json")).json()
        for template, item in document["paths"].items():
            if template.startswith(("/health", "/docs")):
                continue
            path = template.replace("{handle}", "nobody_here").replace("{code}", "ABCDEF")
            path = re.sub(r"\{[^}]+\}", POLL, path)
            for method, operation in item.items():
                is_open = {} in operation.get("security", [{}])
                answer = await client.request(method, path, json={} if method in {"post", "put", "patch"} else None)
                by_gateway = answer.headers.get("www-authenticate") and "ratelimit" not in answer.headers
                assert bool(by_gateway) != is_open, (method, template, answer.status_code, answer.text)
                if not is_open:
                    is_problem(answer, 401, "unauthenticated")
                seen["open" if is_open else "token"] += 1
    assert seen["open"] >= 15
    assert seen["token"] >= 25


async def test_a_service_of_which_the_gateway_has_only_the_name_is_reached_with_a_token(
    site: Site, client: httpx.AsyncClient
) -> None:
    said, _ = shown(await client.get("/v1/echo/a/b?c=d", headers=site.bearer()))
    assert (said["name"], said["path"]) == ("first", "/v1/echo/a/b?c=d")
    is_problem(await client.get("/v1/echo/a/b?c=d"), 401, "unauthenticated")


async def test_what_is_inside_is_not_there(site: Site, client: httpx.AsyncClient) -> None:
    inside = [
        f"/internal/polls/{POLL}/rules",
        "/internal",
        "/health/live",
        "/health/ready",
        "/metrics",
        "/openapi.json",
        "/docs",
        "/made-of",
        "/assets/",
        "/assets/a/b.js",
        "/v1",
        "/v1/",
        "/v1/nobody/x",
        "/v1/polls-canary/x",
        "/v1/polls-live/x",
        "/V1/polls",
        "//internal/polls",
        f"/v1/polls/../../internal/polls/{POLL}/rules",
        f"/v1/polls/%2e%2e/%2e%2e/internal/polls/{POLL}/rules",
        f"/v1/polls/..%2f..%2finternal/polls/{POLL}/rules",
        f"/v1/polls/.%2E/.%2e/internal/polls/{POLL}/rules",
        "/v1/polls/..%5c..%5cinternal",
        "/v1/polls/%00",
        "/v1//polls",
        "/v1/polls//x",
        "/v1/echo//internal/x",
        "/v1/echo/a\\b",
        f"/%69nternal/polls/{POLL}/rules",
    ]
    site.echo.seen = 0
    host = httpx.URL(site.gateway.url)
    for path in inside:
        for headers in ({}, site.bearer(), {"votewave-service": "polls"}):
            # As it stands: a client would tidy it up.
            status, body = await raw(str(host.host), int(host.port or 0), path, headers)
            assert status == 404, (path, status)
            assert body["type"].endswith("/not-found"), path
    async with httpx.AsyncClient(base_url=site.services["polls"].url) as direct:
        for headers in ({}, site.bearer(), {"votewave-service": site.token()}):
            assert (await direct.get(f"/internal/polls/{POLL}/rules", headers=headers)).status_code == 404


async def raw(host: str, port: int, path: str, headers: dict[str, str]) -> tuple[int, Any]:
    """Send a request byte by byte; return the status and the document."""
    reader, writer = await asyncio.open_connection(host, port)
    lines = [f"GET {path} HTTP/1.1", f"host: {host}", "connection: close", *(f"{k}: {v}" for k, v in headers.items())]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body) if body else None


async def test_nothing_but_http_1_is_spoken(site: Site) -> None:
    url = httpx.URL(site.gateway.url)
    reader, writer = await asyncio.open_connection(str(url.host), url.port)
    writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")  # as HTTP/2 in clear begins
    answer = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    assert answer.startswith(b"HTTP/1.1 400 "), answer[:60]


async def test_methods_that_nobody_serves_are_refused(site: Site, client: httpx.AsyncClient) -> None:
    for method in ("TRACE", "PROPFIND"):
        is_problem(await client.request(method, "/v1/polls", headers=site.bearer()), 405, "method-not-allowed")


# What services are told


async def test_services_are_told_the_clients_address_and_nothing_that_it_has_made_up(
    site: Site, client: httpx.AsyncClient
) -> None:
    headers = {
        **site.bearer(),
        "x-forwarded-for": "6.6.6.6, 7.7.7.7, 198.51.100.7",  # the last is the load balancer's word
        "forwarded": "for=6.6.6.6",
        "x-real-ip": "6.6.6.6",
        "x-forwarded-host": "evil.example.org",
        "x-forwarded-proto": "gopher",
        "votewave-service": "polls",
        "votewave-deadline-ms": "1",
        "x-votewave-canary": "polls",
        "x_forwarded_for": "6.6.6.6",
    }
    said, got = shown(await client.get("/v1/echo/x", headers=headers))
    assert [value for name, value in said["headers"] if name == "x-forwarded-for"] == ["198.51.100.7"]
    assert got["x-forwarded-proto"] == "http"
    assert not {"forwarded", "x-real-ip", "x-forwarded-host", "votewave-service", "votewave-deadline-ms"} & got.keys()
    assert not {"x-votewave-canary", "x_forwarded_for"} & got.keys()
    assert got["votewave-wanted"] == "echo", "so that another service, where this one was, can tell"
    _, got = shown(await client.get("/v1/echo/x", headers={**site.bearer(), "x-forwarded-for": "no address"}))
    assert got["x-forwarded-for"] == "127.0.0.1", "the connection's, where nothing better is said"


async def test_a_trace_goes_through_or_begins_here(site: Site, client: httpx.AsyncClient) -> None:
    given = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    answer = await client.get("/v1/echo/x", headers={**site.bearer(), "traceparent": given, "x-request-id": "mine-1"})
    _, got = shown(answer)
    assert (got["traceparent"], got["x-request-id"]) == (given, "mine-1")
    assert answer.headers["x-trace-id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert answer.headers["x-request-id"] == "mine-1"
    for wrong in ("", "00-zz-00f067aa0ba902b7-01", f"00-{'0' * 32}-00f067aa0ba902b7-01", f"{given}, {given}"):
        answer = await client.get("/v1/echo/x", headers={**site.bearer(), "traceparent": wrong, "x-request-id": "a b"})
        _, got = shown(answer)
        version, trace, span, flags = got["traceparent"].split("-")
        assert (version, len(trace), len(span), flags) == ("00", 32, 16, "01")
        assert int(trace, 16)
        assert int(span, 16)
        assert trace not in wrong
        assert got["x-request-id"] == trace
    # A real service takes it over, so that logs of both can be joined.
    answer = await client.get("/v1/polls", headers={"traceparent": given})
    assert answer.headers["x-trace-id"] == "4bf92f3577b34da6a3ce929d0e0e4736"


# What pages and browsers are told


async def test_every_answer_has_the_headers_that_keep_browsers_safe(site: Site, client: httpx.AsyncClient) -> None:
    for answer in (await client.get("/v1/polls"), await client.get("/internal"), await client.get("/v1/auth/me")):
        assert answer.headers.get_list("x-content-type-options") == ["nosniff"]
        assert answer.headers["referrer-policy"] == "strict-origin-when-cross-origin"
        assert "camera=()" in answer.headers["permissions-policy"]
        assert answer.headers["x-frame-options"] == "DENY"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "strict-transport-security" not in answer.headers, "there is no TLS in front"
        assert "server" not in answer.headers


async def test_pages_of_listed_sites_alone_may_call(site: Site, client: httpx.AsyncClient) -> None:
    ask = {"access-control-request-method": "PUT", "access-control-request-headers": "authorization,content-type"}
    answer = await client.options(BALLOT, headers={"origin": ORIGIN, **ask})
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert "PUT" in answer.headers["access-control-allow-methods"]
    assert {"authorization", "content-type", "ballot-token", "ballot-secret"} <= {
        name.strip().lower() for name in answer.headers["access-control-allow-headers"].split(",")
    }
    foreign = await client.options(BALLOT, headers={"origin": "https://evil.example.org", **ask})
    is_problem(foreign, 403, "foreign-page")
    assert "access-control-allow-origin" not in foreign.headers
    for path in ("/v1/polls", "/v1/auth/me"):  # an answer, and a refusal that a page has to be able to read
        answer = await client.get(path, headers={"origin": ORIGIN})
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        assert "Origin" in answer.headers["vary"]
        assert "Retry-After" in answer.headers["access-control-expose-headers"]
        answer = await client.get(path, headers={"origin": f"{ORIGIN}.evil.example.org"})
        assert "access-control-allow-origin" not in answer.headers
    assert "access-control-allow-origin" not in (await client.get("/v1/polls")).headers


# How much


async def test_what_is_too_large_is_refused(site: Site, client: httpx.AsyncClient) -> None:
    as_much = await client.post("/v1/echo/x", content=b"x" * 1_000_000, headers=site.bearer())
    assert shown(as_much)[0]["bytes"] == 1_000_000
    before = site.echo.seen
    is_problem(await client.post("/v1/echo/x", content=b"x" * 1_000_001, headers=site.bearer()), 413, "too-large")
    is_problem(await client.get("/v1/echo/x", headers={**site.bearer(), "x-big": "x" * 17_000}), 431, "too-large")
    is_problem(await client.get(f"/v1/echo/{'x' * 4200}", headers=site.bearer()), 414, "too-large")
    huge = await client.get("/v1/echo/x", headers={**site.bearer(), "x-big": "x" * 40_000})
    assert huge.status_code == 400
    assert site.echo.seen == before

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(20):
            yield b"x" * 100_000

    # Its length isn't said: the service counts.
    answer = await client.post(
        "/v1/votebooth/count?method=irv",
        content=pieces(),
        headers={**site.bearer(kind="user"), "content-type": "text/csv"},
    )
    assert answer.status_code == 413, answer.text


async def test_who_sends_slowly_is_cut_off(site: Site) -> None:
    url = httpx.URL(site.gateway.url)

    async def dribble(head: str) -> bytes:
        reader, writer = await asyncio.open_connection(str(url.host), url.port)
        writer.write(head.encode())
        answer = asyncio.create_task(reader.read())
        while not answer.done():
            writer.write(b"x")
            await asyncio.sleep(0.5)
        writer.close()
        return answer.result()

    lines = f"host: x\r\nauthorization: Bearer {site.token()}\r\n"
    async with asyncio.timeout(25):
        headers, body = await asyncio.gather(
            dribble(f"GET /v1/echo/x HTTP/1.1\r\n{lines}x-slow: "),
            dribble(f"POST /v1/echo/x HTTP/1.1\r\n{lines}content-length: 5000\r\n\r\n"),
        )
    assert headers.startswith(b"HTTP/1.1 408 "), headers[:100]
    assert body.startswith(b"HTTP/1.1 408 "), body[:100]
    assert b"problems/too-slow" in body


async def at_once(site: Site, count: int, request: Callable[[int], str]) -> bytes:
    """Send so many requests down one connection; return the answers. They have to come within ten seconds."""
    url = httpx.URL(site.gateway.url)
    reader, writer = await asyncio.open_connection(str(url.host), url.port)
    writer.write("".join(request(number) for number in range(count)).encode())
    writer.write(b"GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
    answers = await asyncio.wait_for(reader.read(), 60)
    writer.close()
    return answers


def statuses_in(answers: bytes) -> Counter[int]:
    """Count the statuses, but for the last, which is the health's."""
    return Counter(int(found) for found in re.findall(rb"HTTP/1\.1 (\d+) ", answers)[:-1])


BY_GATEWAY = b"Try again in 10 s."


async def test_a_subject_sends_so_much_and_ballots_are_counted_apart(site: Site, client: httpx.AsyncClient) -> None:
    mine = site.bearer()
    answer = await client.get("/v1/echo/x", headers=mine)
    assert answer.headers["ratelimit-policy"] == f'"subject";q={SUBJECT_LIMIT};w=10'
    assert answer.headers["ratelimit"] == f'"subject";r={SUBJECT_LIMIT - 1};t=10'
    lines = f"host: x\r\nx-forwarded-for: 198.19.0.1\r\nauthorization: {mine['authorization']}\r\n"
    read = f"GET /v1/echo/x HTTP/1.1\r\n{lines}\r\n"
    statuses = statuses_in(await at_once(site, SUBJECT_LIMIT + 20, lambda _: read))
    assert statuses[200] >= SUBJECT_LIMIT - 1
    assert statuses[429] > 0, statuses
    answer = await client.get("/v1/echo/x", headers=mine)
    is_problem(answer, 429, "too-many-requests")
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.headers["ratelimit"] == '"subject";r=0;t=10'
    # Ballots still pass, up to a limit of their own.
    body = '{"picks":[1]}'
    lines += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
    cast = f"PUT {BALLOT} HTTP/1.1\r\n{lines}\r\n{body}"
    answers = await at_once(site, BALLOT_LIMIT + 10, lambda _: cast)
    assert answers.count(f'"ballots";q={BALLOT_LIMIT};w=10'.encode()) == BALLOT_LIMIT + 10
    assert 0 < answers.count(BY_GATEWAY) <= 10
    # Others aren't concerned.
    assert (await client.get("/v1/echo/x", headers=site.bearer())).status_code == 200


async def test_an_address_sends_so_much_whoever_it_says_it_is(site: Site, client: httpx.AsyncClient) -> None:
    def read(number: int) -> str:  # refused, and counted
        return f"GET /v1/echo/x HTTP/1.1\r\nhost: x\r\nx-forwarded-for: {number % 200}.1.1.1, 203.0.113.9\r\n\r\n"

    statuses = statuses_in(await at_once(site, ADDRESS_LIMIT + 20, read))
    assert set(statuses) == {401, 429}, statuses
    assert statuses[401] >= ADDRESS_LIMIT
    answer = await client.get("/v1/echo/x", headers={"x-forwarded-for": "203.0.113.9"})
    is_problem(answer, 429, "too-many-requests")
    assert int(answer.headers["retry-after"]) >= 1
    assert (await client.get("/v1/echo/x", headers={"x-forwarded-for": "203.0.113.10"})).status_code == 401

    def from_one_network(number: int) -> str:
        return f"GET /v1/echo/x HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 2001:db8::{number + 1:x}\r\n\r\n"

    statuses = statuses_in(await at_once(site, ADDRESS_LIMIT + 20, from_one_network))
    assert statuses[429] > 0, "an address of IPv6 is its network's"


async def test_a_hall_behind_one_address_loads_the_client(site: Site, client: httpx.AsyncClient) -> None:
    """Assets aren't counted, neither against the address nor for it; whatever else it asks for is."""
    web = Echo("web")
    await web.start()
    await site.consul.add("web", web.port, "stable")
    address = {"x-forwarded-for": "203.0.113.77"}
    try:

        async def served() -> bool:
            return (await client.get("/assets/a.js", headers=address)).status_code == 200

        await eventually(served, 30)

        def asset(_: int) -> str:
            return "GET /assets/a.js HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 203.0.113.77\r\n\r\n"

        statuses = statuses_in(await at_once(site, ADDRESS_LIMIT + 50, asset))
        assert 429 not in statuses, statuses
        said = await client.get("/assets/a.js", headers=address)
        assert said.status_code == 200
        assert not [name for name in said.headers if name.startswith("ratelimit")]
        assert (await client.get("/v1/echo/x", headers=address)).status_code == 401

        def sent(_: int) -> str:  # nobody needs that of an asset
            return "POST /assets/a.js HTTP/1.1\r\nhost: x\r\nx-forwarded-for: 203.0.113.78\r\ncontent-length: 0\r\n\r\n"

        statuses = statuses_in(await at_once(site, ADDRESS_LIMIT + 20, sent))
        assert statuses[429] > 0, statuses
    finally:
        await site.consul.remove("web", web.port)
        await web.stop()


async def test_an_instance_gets_so_much_at_a_time_and_the_rest_is_told_to_come_back(
    site: Site, client: httpx.AsyncClient
) -> None:
    count = AT_A_TIME + 10
    unbounded = httpx.Limits(max_connections=count)
    async with httpx.AsyncClient(base_url=site.gateway.url, timeout=30, limits=unbounded) as crowd:
        headers = {"x-forwarded-for": "198.19.1.1"}
        asked = [crowd.get("/v1/echo/x?slow=8", headers={**site.bearer(), **headers}) for _ in range(count)]
        answers = await asyncio.gather(*asked)
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses == {200: AT_A_TIME, 503: 10}
    for answer in answers:
        if answer.status_code == 503:
            is_problem(answer, 503, "unavailable")
            assert int(answer.headers["retry-after"]) >= 1
    assert (await client.get("/v1/echo/x", headers=site.bearer())).status_code == 200


# What stays open


async def test_websockets_and_event_streams_pass(site: Site) -> None:
    async with aiohttp.ClientSession(headers=site.bearer()) as session:
        async with session.ws_connect(f"{site.gateway.url}/v1/echo/socket") as socket:
            await socket.send_str("hello")
            assert (await socket.receive_str(timeout=5)) == "first: hello"
        async with session.get(f"{site.gateway.url}/v1/echo/stream", headers={"accept": "text/event-stream"}) as stream:
            assert stream.headers["content-type"] == "text/event-stream"
            arrived = [time.monotonic() async for line in stream.content if line.startswith(b"data")]
        assert len(arrived) == 3
        assert arrived[2] - arrived[0] > 0.5, "each as it was sent, not all at the end"


async def _poll(client: httpx.AsyncClient) -> tuple[str, dict[str, str]]:
    """Publish a poll; return where it is at VoteBooth, and its owner's headers."""
    account = {"email": f"{uuid4().hex}@example.org", "password": "correct horse battery staple"}
    made = await client.post("/v1/auth/accounts", json=account)
    assert made.status_code == 201, made.text
    owner = {"authorization": f"Bearer {made.json()['access_token']}"}
    options = [{"label": "Yes"}, {"label": "No"}]
    rules = {"eligibility": "anyone", "results": "always"}
    body = {
        "title": "Through the gateway",
        "method": {"type": "single"},
        "publish": True,
        "options": options,
        "rules": rules,
    }
    poll = (await client.post("/v1/polls", json=body, headers=owner)).json()["id"]
    at = f"/v1/votebooth/polls/{poll}"

    async def voted() -> bool:
        return (await client.put(f"{at}/ballot", json={"picks": [1]}, headers=owner)).status_code in {200, 201}

    await eventually(voted, 20)
    return at, owner


def _events(at: str) -> str:
    """Return the path of a poll's event stream."""
    return f"/v1/votebooth/live/events?stream=poll:{at.rpartition('/')[2]}"


async def test_live_results_come_through(site: Site, client: httpx.AsyncClient) -> None:
    at, owner = await _poll(client)
    ticket = (await client.post("/v1/votebooth/live/tickets", json={}, headers=owner)).json()["ticket"]
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(f"{site.gateway.url}/v1/votebooth/live?ticket={ticket}") as socket:
            await socket.send_json({"type": "follow", "stream": f"poll:{at.rpartition('/')[2]}"})
            assert await socket.receive_json(timeout=5)
        async with session.get(f"{site.gateway.url}{_events(at)}") as answer:
            assert answer.status == 200
            assert b"retry" in await asyncio.wait_for(answer.content.readline(), 5)
    assert ticket not in site.gateway.log(), "neither query nor path is logged"


class Streams:
    """WebSockets that somebody keeps open."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._url = f"{site.gateway.url}/v1/votebooth/live"
        self._session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        self._open: list[aiohttp.ClientWebSocketResponse] = []

    async def __aenter__(self) -> "Streams":
        async def others_are_closed() -> bool:  # an event stream's end shows when the next heartbeat can't be sent
            return await _sessions(self._site, "votebooth-live", "current") == 0

        await eventually(others_are_closed, 60)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def open(self, address: str, **headers: str) -> int:
        """Ask for one more; return the status."""
        try:
            self._open.append(
                await self._session.ws_connect(self._url, headers={"x-forwarded-for": address, **headers})
            )
        except aiohttp.WSServerHandshakeError as exc:
            return exc.status
        return 101

    async def close_one(self) -> None:
        """Hang up on the one that was opened first."""
        await self._open.pop(0).close()


async def test_an_address_and_a_subject_keep_so_many_streams_open(site: Site, client: httpx.AsyncClient) -> None:
    at, _ = await _poll(client)
    hall = "198.19.2.1"
    async with Streams(site) as streams:
        assert [await streams.open(hall) for _ in range(ADDRESS_STREAMS + 1)] == [101] * ADDRESS_STREAMS + [429]
        answer = await client.get(_events(at), headers={"x-forwarded-for": hall})
        assert is_problem(answer, 429, "too-many-requests")["title"] == "Too many open streams", "of either kind"
        assert answer.headers["retry-after"] == "10"
        answer = await client.get("/v1/polls", headers={"x-forwarded-for": hall})
        assert answer.status_code == 200, "who watches can vote"
        assert await streams.open("198.19.2.2") == 101, "others aren't concerned"
        await streams.close_one()

        async def one_more() -> bool:
            return await streams.open(hall) == 101

        await eventually(one_more, 5)
    account = (await client.post("/v1/auth/guests", json={})).json()["access_token"]
    async with Streams(site) as streams:
        opened = [
            await streams.open(f"198.19.3.{number}", authorization=f"Bearer {account}")
            for number in range(SUBJECT_STREAMS + 1)
        ]
        assert opened == [101] * SUBJECT_STREAMS + [429], "from whatever address"


async def test_streams_leave_connections_for_votes(site: Site, client: httpx.AsyncClient) -> None:
    at, owner = await _poll(client)
    async with Streams(site) as streams:
        opened = [await streams.open(f"198.19.4.{number}") for number in range(STREAMS + 1)]
        assert opened == [101] * STREAMS + [503]
        answer = await client.get(_events(at))
        is_problem(answer, 503, "unavailable")
        assert answer.headers["retry-after"] == "10"
        assert (await client.put(f"{at}/ballot", json={"picks": [2]}, headers=owner)).status_code == 200


async def _sessions(site: Site, backend: str, which: str) -> int:
    """Return how many sessions a backend has (`current`) or has had (`total`)."""
    async with httpx.AsyncClient() as inside:
        text = (await inside.get(f"{site.gateway.metrics}/metrics")).text
    found = re.search(
        rf'^haproxy_backend_(?:{which}_sessions|sessions_{which}){{proxy="{backend}"}} (\d+)', text, re.MULTILINE
    )
    assert found is not None, backend
    return int(found[1])


async def test_only_a_get_of_a_stream_gets_a_place_of_a_stream(site: Site, client: httpx.AsyncClient) -> None:
    at, owner = await _poll(client)
    before = await _sessions(site, "votebooth-live", "total")
    wanted = {**owner, "accept": "text/event-stream"}
    assert (await client.put(f"{at}/ballot", json={"picks": [1]}, headers=wanted)).status_code == 200
    assert (await client.get(f"{at}/results", headers=wanted)).status_code == 200
    assert (await client.head(_events(at), headers=wanted)).status_code in {200, 405}
    upgrade = {
        "connection": "upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "a" * 24,
    }
    await client.get(f"{at}/results", headers={**owner, **upgrade})
    assert await _sessions(site, "votebooth-live", "total") == before
    async with client.stream("GET", _events(at), headers={"accept": "*/*"}) as stream:
        assert stream.status_code == 200, "whatever it says that it takes"
    assert await _sessions(site, "votebooth-live", "total") == before + 1


# Instances come, go and fail


async def test_instances_are_found_and_lost_ones_left(site: Site, client: httpx.AsyncClient) -> None:
    async def names() -> set[str]:
        await asyncio.sleep(0.3)  # not to be too many requests
        return {shown(await client.get("/v1/echo/x", headers=site.bearer()))[0]["name"] for _ in range(8)}

    second = Echo("second")
    await second.start()
    await site.consul.add("echo", second.port, "stable")
    try:

        async def both() -> bool:
            return await names() == {"first", "second"}

        await eventually(both, 5)
        await site.consul.remove("echo", second.port)

        async def one() -> bool:
            return await names() == {"first"}

        await eventually(one, 10)  # while it serves on, so that nobody who came in between is turned away
    finally:
        await second.stop()


async def test_what_may_be_sent_twice_is_when_an_instance_hangs_up(site: Site, client: httpx.AsyncClient) -> None:
    mute = Echo("mute")
    mute.mute = True
    await mute.start()
    await site.consul.add("echo", mute.port, "stable")
    try:

        async def asked() -> bool:
            await client.get("/v1/echo/x", headers=site.bearer())
            return mute.seen > 0

        await eventually(asked, 5)
        for _ in range(10):
            assert (await client.get("/v1/echo/x", headers=site.bearer())).status_code == 200
        before, statuses = mute.seen + site.echo.seen, Counter[int]()
        for _ in range(10):
            try:
                answer = await client.post("/v1/echo/x", json={}, headers=site.bearer())
            except httpx.RemoteProtocolError:  # as on any connection that is used again: closed without a word
                statuses[0] += 1
                continue
            statuses[answer.status_code] += 1
            if answer.status_code != 200:
                is_problem(answer, 502, "no-answer")
        assert statuses[0] + statuses[502] > 0, statuses
        assert mute.seen + site.echo.seen == before + 10, "each was sent once"
        # One that isn't there any more, and of which Consul doesn't know yet: nothing was sent, so all are tried again.
        await mute.stop()
        for _ in range(10):
            assert (await client.post("/v1/echo/x", json={}, headers=site.bearer())).status_code == 200
    finally:
        await mute.stop()
        await site.consul.remove("echo", mute.port)


async def test_pages_need_no_token_and_an_asset_that_one_instance_lacks_is_had_from_another(
    site: Site, client: httpx.AsyncClient
) -> None:
    """While the web client is released, instances of two versions serve beside each other."""
    old, new = Echo("old"), Echo("new")
    old.lacks, new.lacks = {"/assets/new.js", "/assets/gone.js"}, {"/assets/old.js", "/assets/gone.js"}
    is_problem(await client.get("/"), 503, "unavailable")
    try:
        for one in (old, new):
            await one.start()
            await site.consul.add("web", one.port, "stable")

        async def both_serve() -> bool:
            names = {(await client.get(path)).json().get("name") for path in ("/", "/p/7KQ3MX", "/r/A/screen", "/join")}
            return names == {"old", "new"}

        await eventually(both_serve, 30)
        for _ in range(10):
            for name in ("old", "new"):
                said, _ = shown(await client.get(f"/assets/{name}.js"))
                assert said["name"] == name
        old.seen = new.seen = 0
        assert (await client.get("/assets/gone.js")).status_code == 404
        assert 2 <= old.seen + new.seen <= 3
    finally:
        for one in (old, new):
            await site.consul.remove("web", one.port)
            await one.stop()


async def test_an_error_of_a_service_is_passed_on_as_it_is(site: Site, client: httpx.AsyncClient) -> None:
    for status in (500, 503, 404, 422):
        answer = await client.get(f"/v1/echo/x?status={status}", headers=site.bearer())
        assert (answer.status_code, answer.json()["name"]) == (status, "first")


async def test_what_another_service_says_where_one_was_is_not_passed_on(site: Site, client: httpx.AsyncClient) -> None:
    polls = site.services["polls"]
    await site.consul.add("echo", polls.port, "stable")  # as if the port had been an instance's of `echo`
    try:
        statuses = Counter[int]()
        until = time.monotonic() + 5
        while time.monotonic() < until:
            answer = await client.get("/v1/echo/x", headers=site.bearer())
            statuses[answer.status_code] += 1
            if answer.status_code != 200:
                is_problem(answer, 503, "unavailable")
                assert "retry-after" in answer.headers
            await asyncio.sleep(0.05)
        assert set(statuses) <= {200, 503}
        for _ in range(20):
            assert (await client.get("/v1/echo/x", headers=site.bearer())).status_code == 200, "it is left alone now"
    finally:
        await site.consul.remove("echo", polls.port)


async def test_nor_is_it_to_those_who_watch_nor_to_a_gate(site: Site, client: httpx.AsyncClient) -> None:
    at, _ = await _poll(client)
    polls = site.services["polls"]
    await site.consul.add("votebooth", polls.port, "stable")
    await site.consul.add("auth", polls.port, "canary")
    gate = {"x-votewave-canary": "auth", "x-forwarded-for": "10.0.0.1"}
    watching = Counter[int]()
    try:
        async with aiohttp.ClientSession() as session:
            until = time.monotonic() + 5
            while time.monotonic() < until:
                headers = {"x-forwarded-for": f"100.67.0.{watching.total()}"}
                async with session.get(f"{site.gateway.url}{_events(at)}", headers=headers) as stream:
                    watching[stream.status] += 1
                is_problem(await client.get("/.well-known/jwks.json", headers=gate), 503, "unavailable")
                await asyncio.sleep(0.8)
    finally:
        await site.consul.remove("votebooth", polls.port)
        await site.consul.remove("auth", polls.port)
    assert set(watching) <= {200, 503}, watching


async def test_without_an_instance_it_says_when_to_come_back(site: Site, client: httpx.AsyncClient) -> None:
    headers = {**site.bearer(), "x-votewave-canary": "echo", "x-forwarded-for": "10.0.0.1"}  # there is no canary
    answer = await client.get("/v1/echo/x", headers=headers)
    is_problem(answer, 503, "unavailable")
    assert int(answer.headers["retry-after"]) >= 1


async def test_canaries_get_what_a_gate_sends_and_nothing_else(site: Site, client: httpx.AsyncClient) -> None:
    canary = Echo("canary")
    await canary.start()
    await site.consul.add("echo", canary.port, "canary")
    gate = {**site.bearer(), "x-votewave-canary": "echo", "x-forwarded-for": "10.0.0.1"}
    try:

        async def reached() -> bool:
            return (await client.get("/v1/echo/x", headers=gate)).status_code == 200

        await eventually(reached, 5)
        for _ in range(10):
            answer = await client.get("/v1/echo/x", headers=gate)
            assert shown(answer)[0]["name"] == "canary"
            assert answer.headers["x-votewave-canary"] == "echo"
            answer = await client.get("/v1/echo/x", headers={**site.bearer(), "x-forwarded-for": "10.0.0.1"})
            assert shown(answer)[0]["name"] == "first"
            outside = await client.get("/v1/echo/x", headers={**gate, "x-forwarded-for": "10.0.0.1, 8.8.8.8"})
            assert shown(outside)[0]["name"] == "first", "the public can't choose"
            assert "x-votewave-canary" not in outside.headers
        # The same header on other services' routes changes nothing, so a gate sends it everywhere.
        assert (await client.get("/v1/polls", headers=gate)).status_code == 200
        # Its errors are the gate's to see.
        assert (await client.get("/v1/echo/x?status=500", headers=gate)).status_code == 500
    finally:
        await canary.stop()
        await site.consul.remove("echo", canary.port)


async def test_it_serves_on_while_consul_is_away(site: Site, client: httpx.AsyncClient) -> None:
    async def all_is_served(seconds: float) -> None:
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            answers = await asyncio.gather(
                client.get("/v1/polls"), client.get("/v1/echo/x", headers=site.bearer()), client.get("/healthz")
            )
            assert [answer.status_code for answer in answers] == [200, 200, 200]
            await asyncio.sleep(0.2)

    async def unhealthy() -> bool:
        return await site.consul.instances("echo") == {f"echo-{site.echo.port}": "critical"}

    # Consul takes nobody for healthy whom it hasn't asked since it started, and here it never gets a good answer.
    listening = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    await site.consul.add("echo", site.echo.port, "stable", checked=listening.sockets[0].getsockname()[1])
    try:
        await site.consul.passing("echo", 1)
        listening.close()
        await eventually(unhealthy, 20)
        site.consul.kill()
        try:
            await all_is_served(33)  # longer than HAProxy keeps what it is told that isn't there
        finally:
            await site.consul.start()
        await eventually(unhealthy, 20)
        await all_is_served(8)  # longer than it keeps one that has left
        site.consul.kill()
        try:
            await site.gateway.reload()  # the new process has nobody to ask
            await all_is_served(4)
        finally:
            await site.consul.start()
        for name in NAMES:
            await site.consul.passing(name, 1)
    finally:
        await site.consul.add("echo", site.echo.port, "stable")


# Keys, and itself


async def published(site: Site) -> list[str]:
    """Return which keys the gateway is given."""
    [row] = await site.consul.get(f"/v1/kv/{KEYS}")
    return [key["kid"] for key in json.loads(base64.b64decode(row["Value"]))["keys"]]


async def test_keys_change_under_traffic_and_no_request_fails(
    site: Site, client: httpx.AsyncClient, votewave: Any
) -> None:
    async def sign_up() -> str:
        made = await client.post("/v1/auth/guests", json={})
        assert made.status_code == 201, made.text
        return str(made.json()["access_token"])

    old = await sign_up()
    before = await published(site)
    statuses: Counter[int] = Counter()
    done = asyncio.Event()

    async def traffic(token: str) -> None:
        limits = httpx.Limits(max_keepalive_connections=4)
        async with httpx.AsyncClient(base_url=site.gateway.url, timeout=20, limits=limits) as own:
            number = 0
            while not done.is_set():
                number += 1
                headers = {"authorization": f"Bearer {token}", "x-forwarded-for": f"100.64.{number % 200}.1"}
                statuses[(await own.get("/v1/auth/me", headers=headers)).status_code] += 1
                await asyncio.sleep(0.2)

    async def new_connections(token: str) -> None:
        while not done.is_set():
            headers = {"authorization": f"Bearer {token}", "x-forwarded-for": "100.65.0.1"}
            async with httpx.AsyncClient(base_url=site.gateway.url, timeout=20) as own:
                statuses[(await own.get("/v1/auth/me", headers=headers)).status_code] += 1
            await asyncio.sleep(0.2)

    async def rush(lane: int, new_connection: bool) -> None:
        """Send all that comes in meanwhile: 40 requests a second, each lane with subjects of its own."""
        tokens = [site.bearer() for _ in range(8)]
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=new_connection)) as session:
            began, number = time.monotonic(), 0
            while not done.is_set():
                number += 1
                headers = {**tokens[number % 8], "x-forwarded-for": f"100.68.{lane}.{number % 8}"}
                async with session.get(f"{site.gateway.url}/v1/echo/x", headers=headers) as answer:
                    await answer.read()
                    statuses[answer.status] += 1
                await asyncio.sleep(max(0, began + number / 40 - time.monotonic()))

    tasks = [asyncio.create_task(traffic(old)), asyncio.create_task(new_connections(await sign_up()))]
    tasks += [asyncio.create_task(rush(lane, new_connection=lane % 2 == 0)) for lane in range(8)]
    try:
        await _rotate(site)  # the next key is in use now, and a new next one is made

        async def one_more() -> bool:
            return len(await published(site)) == len(before) + 1

        await eventually(one_more, 20)
        assert (await published(site))[: len(before)] == before

        async def by_another_key() -> str | None:
            token = await sign_up()
            return token if jwt.get_unverified_header(token)["kid"] != jwt.get_unverified_header(old)["kid"] else None

        new = await eventually(by_another_key, 20)
        tasks.append(asyncio.create_task(traffic(new)))
        kid, key = await _signing_key(votewave, ahead=True)
        assert kid == (await published(site))[-1]

        async def knows_the_next_key() -> bool:
            headers = site.bearer(kid=kid, key=key)
            return (await client.get("/v1/echo/x", headers=headers)).status_code == 200

        await eventually(knows_the_next_key, 30)  # before anybody has a token of it
        await asyncio.sleep(6)  # the process with the old keys ends
    finally:
        done.set()
        await asyncio.gather(*tasks)
    assert set(statuses) == {200}, statuses
    assert statuses[200] > 1_500


async def test_who_has_sent_too_much_has_so_after_a_reload_too(site: Site, client: httpx.AsyncClient) -> None:
    async def up_for() -> int:
        async with httpx.AsyncClient() as inside:
            text = (await inside.get(f"{site.gateway.metrics}/metrics")).text
        found = re.search(r"^haproxy_process_uptime_seconds (\d+)", text, re.MULTILINE)
        assert found is not None
        return int(found[1])

    async def settled() -> bool:  # it has looked for what others know, and found none: from then on it tells
        return await up_for() > 11

    await eventually(settled, 30)
    mine = site.bearer()
    lines = f"host: x\r\nx-forwarded-for: 198.19.0.2\r\nauthorization: {mine['authorization']}\r\n"
    await at_once(site, SUBJECT_LIMIT - 10, lambda _: f"GET /v1/echo/x HTTP/1.1\r\n{lines}\r\n")
    await site.gateway.reload()

    async def is_another() -> bool:
        return await up_for() < 5

    await eventually(is_another, 5)
    left = int((await client.get("/v1/echo/x", headers=mine)).headers["ratelimit"].split("r=")[1].partition(";")[0])
    assert left < SUBJECT_LIMIT / 2, left


async def _rotate(site: Site) -> None:
    """Do what `votewave rotate-key` does, without its twelve minutes."""
    connection = await asyncpg.connect(site.database)
    try:
        await connection.execute(
            "UPDATE auth.signing_key SET active_from = now() WHERE active_from > now() + $1::interval",
            timedelta(seconds=0),
        )
    finally:
        await connection.close()


async def test_metrics_are_told_inside_only(site: Site, client: httpx.AsyncClient) -> None:
    async with httpx.AsyncClient(base_url=site.gateway.metrics) as inside:
        text = (await inside.get("/metrics")).text
        assert "haproxy_frontend_http_requests_total" in text
        assert 'proxy="votebooth"' in text
        assert (await inside.get("/healthz")).status_code == 200
        assert (await inside.get("/v1/polls")).status_code == 404


async def test_a_full_gateway_is_asked_how_it_is(site: Site) -> None:
    url = httpx.URL(site.gateway.url)
    idle = [await asyncio.open_connection(str(url.host), url.port) for _ in range(PUBLIC + 1)]
    try:
        reader, writer = idle[-1]
        writer.write(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 1)
        async with httpx.AsyncClient(base_url=site.gateway.metrics, timeout=2) as inside:
            assert (await inside.get("/healthz")).status_code == 200
            full = (await inside.get("/metrics")).text
        assert f'haproxy_frontend_current_sessions{{proxy="public"}} {PUBLIC}' in full
    finally:
        for _, writer in idle:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for _, writer in idle), return_exceptions=True)


async def test_it_says_that_it_stops_then_finishes_then_ends(site: Site, client: httpx.AsyncClient) -> None:
    token = site.bearer()
    health: list[int] = []
    slow = asyncio.create_task(client.get("/v1/echo/x?slow=5", headers=token))
    await asyncio.sleep(0.2)
    await asyncio.to_thread(site.gateway.nomad.run, "job", "stop", "-detach", "votewave-gateway")
    said_at = ended_at = 0.0
    while not ended_at:
        try:
            async with httpx.AsyncClient(base_url=site.gateway.url, timeout=5) as fresh:
                health.append((await fresh.get("/healthz")).status_code)
                answer = await fresh.get("/v1/echo/x", headers={**token, "x-forwarded-for": "100.66.0.1"})
        except httpx.TransportError:
            ended_at = time.monotonic()
            break
        assert answer.status_code == 200, "whoever still comes is served"
        if health[-1] == 503 and not said_at:
            said_at = time.monotonic()
        await asyncio.sleep(0.1)
    assert said_at, "it said that it stops"
    assert ended_at - said_at > 2, "and only then it did"
    assert (await slow).status_code == 200, "what was begun is finished"

    async def over() -> bool:
        found = await site.gateway.nomad.get(f"/v1/allocation/{site.gateway.allocation}")
        return bool(found["ClientStatus"] == "complete")

    await eventually(over, 20)


async def test_behind_tls_browsers_are_told_to_stay_there(site: Site, tmp_path: Path) -> None:
    await site.gateway.run(
        services=[*NAMES, "echo"],
        gateway_scheme="https",
        gateway_certificate=str(_certificate(tmp_path)),
        gateway_drain=1,
        gateway_finish=1,
    )
    trusting = ssl.create_default_context(cafile=str(tmp_path / "certificate.pem"))
    async with httpx.AsyncClient(verify=trusting, timeout=10) as client:
        assert (await client.get(f"{site.gateway.https}/healthz")).status_code == 200

        async def there() -> Any:
            answer = await client.get(f"{site.gateway.https}/v1/echo/x", headers=site.bearer())
            return answer if answer.status_code == 200 else None

        answer = await eventually(there, 10)
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    assert shown(answer)[1]["x-forwarded-proto"] == "https"


def _certificate(folder: Path) -> Path:
    """Make a certificate for 127.0.0.1, with its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "gateway")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "certificate.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(*form))
    return path


# The job


@pytest.mark.parametrize("driver", ["docker", "raw_exec"])
def test_the_job_renders_for_either_driver(tmp_path: Path, driver: str) -> None:
    image = "haproxy@sha256:" + "0" * 64
    job = _rendered(tmp_path, driver=driver, gateway_image=image)
    assert (job["ID"], job["Type"]) == ("votewave-gateway", "system")
    assert not job["Update"]["AutoRevert"], "Nomad 1.11.2 would undo rollouts that went well (docs/decisions/0019)"
    [group] = job["TaskGroups"]
    for task in group["Tasks"]:
        expected = {"command", "args"}
        if driver == "docker":
            expected |= {"image", "auth_soft_fail", "network_mode", "readonly_rootfs", "cap_drop"}
            expected |= {"ulimit"} if task["Name"] == "gateway" else set()
            assert task["Config"]["image"] == image
            assert task["User"] == "haproxy:root", "nobody who may do anything, in the group of the certificate"
        assert set(task["Config"]) == expected
        assert task["KillSignal"] == "SIGUSR1"
        left = set(re.findall(r"\$\{([^}]*)\}", json.dumps([task["Config"], task["Env"], group["Constraints"]])))
        assert left <= {
            "NOMAD_ADDR_http",
            "NOMAD_ADDR_metrics",
            "NOMAD_PORT_leader",
            "NOMAD_PORT_peers",
            "NOMAD_TASK_DIR",
            "node.class",
        }
    gateway = next(task for task in group["Tasks"] if task["Name"] == "gateway")
    main = next(one["EmbeddedTmpl"] for one in gateway["Templates"] if one["DestPath"] == "local/haproxy.cfg")
    for name in NAMES:
        assert f"\nbackend {name}\n" in main
    assert "SERVICE" not in main
    assert set(re.findall(r"\$\{(\w+)\}", main)) <= {
        *gateway["Env"],
        "GATEWAY_HTTPS",
        "GATEWAY_CERTIFICATE",
    }


def _rendered(folder: Path, **values: Any) -> dict[str, Any]:
    path = folder / "values.hcl"
    path.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in values.items()))
    command = [program("nomad"), "job", "run", "-output", f"-var-file={path}", str(JOB)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    job: dict[str, Any] = json.loads(done.stdout)["Job"]
    return job


@pytest.mark.parametrize("wrong", [{"gateway_image": "haproxy:latest"}, {"gateway_scheme": "ftp"}, {"driver": "exec"}])
def test_a_wrong_variable_of_the_gateway_is_refused_in_words(tmp_path: Path, wrong: dict[str, str]) -> None:
    with pytest.raises(AssertionError, match=r"The (gateway|scheme|driver) "):
        _rendered(tmp_path, **wrong)
