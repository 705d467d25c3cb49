"""Three servers of Consul and Nomad on loopback, set up by `first-boot` with secrets of a local Secrets Manager."""

import datetime
import ipaddress
import json
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from base64 import b64encode
from functools import cache
from pathlib import Path
from typing import Any

import boto3
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from child_processes import end_with_parent

ROOT = Path(__file__).resolve().parents[2]
PACKER = ROOT / "packer"
NAMES: dict[str, Any] = json.loads((ROOT / "terraform/modules/naming/names.json").read_text())
ENVIRONMENT = "staging"
# Loopback has sixteen million addresses: with some of our own, the machines' real ports disturb nobody.
ADDRESSES = ("127.83.0.1", "127.83.0.2", "127.83.0.3")
CLIENT = "127.83.0.4"


@cache
def program(name: str) -> str:
    """Return where a program is; building it may take minutes, once."""
    found = subprocess.run([ROOT / "tools/build", "--json", name], stdout=subprocess.PIPE, check=True)
    return str(json.loads(found.stdout)[name]["path"])


class Authority:
    """A certificate authority of the test's own."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "VoteWave test CA")])
        self.certificate = self._issue(self._name, self._key, [], authority=True)

    @property
    def pem(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def _issue(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, names: list[x509.GeneralName], *, authority: bool
    ) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(minutes=5))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        )
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return builder.sign(self._key, hashes.SHA256())

    def issue(self, *names: str) -> str:
        """Return a certificate and its key, as the secrets have them."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        alternatives: list[x509.GeneralName] = [x509.DNSName(name) for name in (*names, "localhost")]
        alternatives += [x509.IPAddress(ipaddress.ip_address(it)) for it in ("127.0.0.1", *ADDRESSES, CLIENT)]
        certificate = self._issue(subject, key, alternatives, authority=False)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = certificate.public_bytes(serialization.Encoding.PEM)
        return json.dumps({"certificate": public.decode(), "private_key": private.decode()})


def make_secrets(authority: Authority) -> dict[str, str]:
    """Return values for all that machines read, as names.json lists it."""
    made: dict[str, str] = {}
    for name, about in NAMES["shared_secrets"].items():
        if not name.startswith("cluster/") or not about["readers"]:
            continue
        kind = name.removeprefix("cluster/")
        if kind.startswith("gossip-"):
            made[name] = b64encode(os.urandom(32)).decode()
        elif kind.startswith("acl-"):
            made[name] = str(uuid.uuid4())
        elif kind == "tls-ca":
            made[name] = authority.pem
        elif kind == "tls-gateway":
            made[name] = authority.issue("gateway.votewave.internal")
        else:
            end = kind.removeprefix("tls-")
            made[name] = authority.issue(f"{end}.global.nomad", f"{end}.{ENVIRONMENT}.consul")
    return made


class Account:
    """Secrets Manager of an account that exists only here."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.environment = {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_EC2_METADATA_DISABLED": "true",
            "PATH": os.environ["PATH"],
        }
        self._client = self.client("secretsmanager")

    def client(self, service: str) -> Any:
        """Return a client of a service of the account."""
        return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="eu-central-1").client(
            service, endpoint_url=self.url
        )

    def put(self, values: dict[str, str]) -> None:
        """Set secrets of the environment."""
        prefix = NAMES["secret_prefix"].format(environment=ENVIRONMENT)
        for name, value in values.items():
            full = f"{prefix}/{name}"
            try:
                self._client.put_secret_value(SecretId=full, SecretString=value)
            except self._client.exceptions.ResourceNotFoundException:
                self._client.create_secret(Name=full, SecretString=value)

    def drop(self, name: str) -> None:
        """Delete a secret."""
        prefix = NAMES["secret_prefix"].format(environment=ENVIRONMENT)
        self._client.delete_secret(SecretId=f"{prefix}/{name}", ForceDeleteWithoutRecovery=True)


class Machine:
    """A machine's files below a folder, and what runs on them.

    Args:
        folder: Its root.
        role: server, edge or app.
        address: Where it listens.
        account: Where its secrets are.
        github: Who gives deployment jobs their identities.
    """

    def __init__(self, folder: Path, role: str, address: str, account: Account, github: str = "") -> None:
        self.folder = folder
        self.role = role
        self.address = address
        self._account = account
        self._github = github
        self._running: list[subprocess.Popen[bytes]] = []
        self.more: dict[str, str] = {}
        (folder / "run").mkdir(parents=True)
        kind = "server" if role == "server" else "client"
        for part in ("common", kind):
            for name in ("consul.d", "nomad.d"):
                (folder / "etc" / name).mkdir(parents=True, exist_ok=True)
                for file in (PACKER / "files" / part / "etc" / name).glob("*"):
                    (folder / "etc" / name / file.name).write_bytes(file.read_bytes())

    def tell(self, **changed: Any) -> None:
        """Write what cloud-init writes: exactly the values that names.json lists."""
        join = NAMES["join_tag"]
        values = {
            "environment": ENVIRONMENT,
            "role": self.role,
            "region": "eu-central-1",
            "datacenter": NAMES["datacenter"].format(environment=ENVIRONMENT),
            "servers": len(ADDRESSES),
            "join_tag_key": join["key"],
            "join_tag_value": join["value"].format(environment=ENVIRONMENT),
            "secret_prefix": NAMES["secret_prefix"].format(environment=ENVIRONMENT),
            "log_group": NAMES["log_groups"]["node"].format(environment=ENVIRONMENT, role=self.role),
            "oidc_issuer": "https://oidc.votewave.example",
            "drain_hook": NAMES["drain_hook"],
            "launch_hook": NAMES["launch_hook"],
            "github_repository": "votewave@7001/votewave@7002" if self._github else "",
        }
        place = self.folder / NAMES["paths"]["boot_values"].lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps({**values, **changed}))

    def first_boot(self, step: str, *more: str) -> "subprocess.Popen[str]":
        """Start a step."""
        command = [sys.executable, "-m", "first_boot", step, "--root", str(self.folder)]
        command += ["--consul", f"http://{self.address}:{NAMES['ports']['consul_http']}"]
        command += ["--nomad", f"https://{self.address}:{NAMES['ports']['nomad_http']}", "--wait", "60"]
        if self._github:
            command += ["--github", self._github]
        return subprocess.Popen(
            [*command, *more],
            cwd=PACKER,
            env={**self._account.environment, **self.more},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509  (it only sets a flag of the new process)
        )

    def run(self, step: str, *more: str) -> tuple[int, str]:
        """Run a step; return its status and what it said."""
        process = self.first_boot(step, *more)
        said, _ = process.communicate(timeout=120)
        return process.returncode, said

    def start(self, more_nomad: dict[str, Any] | None = None) -> None:
        """Run Consul and Nomad with the files as they are, but for addresses and folders of the test."""
        # There is no EC2 that could be asked for machines with the tag.
        for name, where in (("consul", "retry_join"), ("nomad", "")):
            boot = self.folder / f"etc/{name}.d/boot.json"
            values = json.loads(boot.read_text())
            if where:
                values[where] = [ADDRESSES[0]]
            else:
                kind = "server" if self.role == "server" else "client"
                port = "nomad_serf" if kind == "server" else "nomad_rpc"
                values[kind]["server_join"]["retry_join"] = [f"{ADDRESSES[0]}:{NAMES['ports'][port]}"]
            boot.write_text(json.dumps(values))
        tls = self.folder / "etc/votewave/tls"
        files = {
            "ca_file": str(tls / "ca.pem"),
            "cert_file": str(tls / "agent.pem"),
            "key_file": str(tls / "agent-key.pem"),
        }
        here = dict.fromkeys(("http", "rpc", "serf"), self.address)
        self._spawn(
            "consul",
            ["agent", f"-config-dir={self.folder}/etc/consul.d"],
            {
                "node_name": self.address,
                "bind_addr": self.address,
                "client_addr": self.address,
                "addresses": {"https": self.address},
                "data_dir": str(self.folder / "consul"),
                "log_file": str(self.folder / "consul.log"),
                "tls": {"defaults": files},
            },
            "-config-file",
        )
        self._spawn(
            "nomad",
            ["agent", f"-config={self.folder}/etc/nomad.d"],
            {
                "name": self.address,
                "bind_addr": self.address,
                "advertise": here,
                "data_dir": str(self.folder / "nomad"),
                "log_file": str(self.folder / "nomad.log"),
                "tls": files,
                "consul": {"address": f"{self.address}:{NAMES['ports']['consul_http']}"},
                **(more_nomad or {}),
            },
            "-config",
        )

    def _spawn(self, name: str, arguments: list[str], changed: dict[str, Any], flag: str) -> None:
        override = self.folder / f"{name}-here.json"
        override.write_text(json.dumps(changed))
        with (self.folder / f"{name}.out").open("wb") as log:
            self._running.append(
                subprocess.Popen(
                    [program(name), *arguments, f"{flag}={override}"],
                    stdout=log,
                    stderr=log,
                    env={"PATH": os.environ["PATH"], "HOME": str(self.folder)},
                    preexec_fn=end_with_parent,  # noqa: PLW1509  (likewise)
                )
            )

    def signal(self, number: signal.Signals) -> None:
        """Tell Consul and Nomad to stop, and wait until they have."""
        for process in self._running:
            process.send_signal(number)
        for process in self._running:
            process.wait(timeout=60)
        self._running.clear()

    def stop(self) -> None:
        """End what runs."""
        for process in self._running:
            process.kill()
            process.wait()
        self._running.clear()

    def consul(self, path: str, token: str = "", body: Any = None, method: str = "") -> Any:
        """Ask Consul."""
        url = f"http://{self.address}:{NAMES['ports']['consul_http']}{path}"
        return ask(url, "X-Consul-Token", token, body, method)

    def nomad(self, path: str, token: str = "", body: Any = None, method: str = "") -> Any:
        """Ask Nomad."""
        tls = ssl.create_default_context(cafile=str(self.folder / "etc/votewave/tls/ca.pem"))
        url = f"https://{self.address}:{NAMES['ports']['nomad_http']}{path}"
        return ask(url, "X-Nomad-Token", token, body, method, tls)

    def output(self) -> str:
        """Return all that Consul and Nomad have logged."""
        return "".join(path.read_text(errors="replace") for path in self.folder.glob("*.out"))


class Refusal(int):
    """A status, which knows what was said with it."""

    def __new__(cls, status: int, _: str = "") -> "Refusal":
        return super().__new__(cls, status)

    def __init__(self, _: int, said: str = "") -> None:
        self.said = said


def ask(
    url: str, header: str, token: str, body: Any = None, method: str = "", tls: ssl.SSLContext | None = None
) -> Any:
    """Ask, and return the answer, or the status of a refusal with what it says."""
    data = None if body is None else json.dumps(body).encode()
    headers = {header: token} if token else {}
    request = urllib.request.Request(url, data, headers, method=method or ("GET" if body is None else "PUT"))  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=20, context=tls) as answer:  # noqa: S310
            text = answer.read()
    except urllib.error.HTTPError as exc:
        return Refusal(exc.code, exc.read().decode(errors="replace"))
    return json.loads(text) if text.strip() else None


def eventually(check: Any, seconds: float = 30.0) -> Any:
    """Wait until `check()` gives something true, and return it; what isn't there yet may refuse connections."""
    until = time.monotonic() + seconds
    while True:
        try:
            found = check()
        except OSError as exc:
            found, last = None, exc
        else:
            last = found
        if found:
            return found
        assert time.monotonic() < until, f"still {last!r} after {seconds} s"
        time.sleep(0.2)
