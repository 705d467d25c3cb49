"""Connects to an environment's Nomad, which has no public address: by a port forwarded through Session Manager."""

import contextlib
import json
import os
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tools.pipeline.common import NAMES, PipelineError, tell
from tools.pipeline.images import call, client

_WAIT_SECONDS = 60
PLACEHOLDER = "@values"
DOCUMENT = "AWS-StartPortForwardingSession"


def within(environment: str, command: Sequence[str], *, operator: bool) -> int:
    """Run a command that finds Nomad in NOMAD_ADDR, NOMAD_TOKEN and NOMAD_CACERT, and `values.json` in VOTEWAVE_VALUES.

    Args:
        environment: Whose Nomad.
        command: What to run.
        operator: Take the management token from Secrets Manager; else GitHub's identity of this job is shown.

    Returns:
        The command's exit status.

    Raises:
        PipelineError: Nomad can't be reached, or doesn't know us.
    """
    with tempfile.TemporaryDirectory(prefix="votewave-") as name, tunnel(environment) as port:
        place = Path(name)
        ca = place / "ca.pem"
        ca.write_text(_secret(environment, "cluster/tls-ca") if operator else _given("NOMAD_CA"))
        address = f"https://localhost:{port}"
        token = _secret(environment, "cluster/acl-nomad") if operator else login(address, ca, environment)
        values = place / "values.json"
        found = call(
            client("ssm").get_parameter,
            Name=NAMES["parameters"]["nomad_values"].format(environment=environment),
        )
        values.write_text(found["Parameter"]["Value"])
        known = {"NOMAD_ADDR": address, "NOMAD_TOKEN": token, "NOMAD_CACERT": str(ca), "VOTEWAVE_VALUES": str(values)}
        words = [str(values) if word == PLACEHOLDER else word for word in command]
        return run(words, {**os.environ, **known})


def run(words: Sequence[str], environment: dict[str, str]) -> int:
    """Run a command that ends in order when we are told to end: while it needs its port, that stays."""
    process = subprocess.Popen(words, env=environment)

    def pass_on(number: int, _frame: object) -> None:
        process.send_signal(number)

    before = {number: signal.signal(number, pass_on) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        return process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _given(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise PipelineError(f"{name} isn't set: the environment's variable at GitHub has the cluster's CA certificate.")
    return value


def _secret(environment: str, name: str) -> str:
    full = f"{NAMES['secret_prefix'].format(environment=environment)}/{name}"
    return str(call(client("secretsmanager").get_secret_value, SecretId=full)["SecretString"])


@contextlib.contextmanager
def tunnel(environment: str) -> Iterator[int]:
    """Open a local port that leads to Nomad on a server.

    Raises:
        PipelineError: There is no server, or Session Manager doesn't get there.
    """
    tags = {
        NAMES["join_tag"]["key"]: NAMES["join_tag"]["value"].format(environment=environment),
        NAMES["tags"]["role"]: "server",
    }
    filters = [{"Name": f"tag:{key}", "Values": [value]} for key, value in tags.items()]
    filters.append({"Name": "instance-state-name", "Values": ["running"]})
    found = call(client("ec2").describe_instances, Filters=filters)["Reservations"]
    servers = sorted(it["InstanceId"] for reservation in found for it in reservation["Instances"])
    if not servers:
        raise PipelineError(f"No server of {environment} runs.")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    parameters = {"portNumber": [str(NAMES["ports"]["nomad_http"])], "localPortNumber": [str(port)]}
    command = ["aws", "ssm", "start-session", "--target", servers[0], "--document-name", DOCUMENT]
    try:
        process = subprocess.Popen(
            [*command, "--parameters", json.dumps(parameters)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,  # not ended by Ctrl-C: what runs within may still have something to put away
        )
    except FileNotFoundError:
        raise PipelineError("aws isn't on PATH; its Session Manager plugin is needed as well.") from None
    try:
        _await(port, process)
        tell(f"Nomad of {environment}, through {servers[0]}")
        yield port
    finally:
        process.terminate()
        process.wait()


def _await(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + _WAIT_SECONDS
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        if process.poll() is not None or time.monotonic() >= until:
            raise PipelineError("Session Manager doesn't open the port; is its plugin installed?")
        time.sleep(0.5)


def login(address: str, ca: Path, environment: str) -> str:
    """Show GitHub's identity of this job to Nomad; return its token, good for three hours.

    Raises:
        PipelineError: There is no such identity, or Nomad doesn't take it.
    """
    try:
        url, request_token = os.environ["ACTIONS_ID_TOKEN_REQUEST_URL"], os.environ["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]
    except KeyError:
        raise PipelineError(
            "This is no job of a workflow with `id-token: write`. On a laptop: --operator, with your own AWS login."
        ) from None
    separator = "&" if urllib.parse.urlsplit(url).query else "?"
    meant_for = urllib.parse.quote(f"votewave-{environment}")
    identity = _ask(f"{url}{separator}audience={meant_for}", {"Authorization": f"Bearer {request_token}"})["value"]
    tls = ssl.create_default_context(cafile=str(ca))
    answer = _ask(f"{address}/v1/acl/login", {}, {"AuthMethodName": "github", "LoginToken": identity}, tls)
    token = str(answer["SecretID"])
    if os.environ.get("GITHUB_ACTIONS"):
        print(f"::add-mask::{token}", flush=True)  # noqa: T201  (GitHub's runner reads it from here)
    return token


def _ask(url: str, headers: dict[str, str], body: object = None, tls: ssl.SSLContext | None = None) -> dict[str, Any]:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers, method="GET" if body is None else "POST")  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=30, context=tls) as answer:  # noqa: S310
            found: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as exc:
        raise PipelineError(f"{urllib.parse.urlsplit(url).netloc} refused the identity ({exc.code}).") from None
    except (OSError, ValueError) as exc:
        raise PipelineError(f"{urllib.parse.urlsplit(url).netloc} doesn't answer: {exc}") from exc
    return found
