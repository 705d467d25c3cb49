"""The agents' certificates: what a real Consul says of their end is what the alarm counts."""

import json
import subprocess
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

import pytest
from packer_servers import ENVIRONMENT, NAMES, PACKER, ask, eventually, program
from tools.infra import pki
from tools.infra.cloud import secret_name
from tools.infra.plan import Plan

from child_processes import end_with_parent

pytestmark = [pytest.mark.needs("consul"), pytest.mark.slow]

ENDING, FRESH = "127.83.1.1", "127.83.1.2"
WARNED = 28
"""Days before the end."""


class Secrets(dict[str, str]):
    """What the command writes; it reads nothing when it makes a new authority."""

    def put_secret_value(self, *, SecretId: str, SecretString: str) -> dict[str, Any]:  # noqa: N803  (AWS's names)
        self[SecretId] = SecretString
        return {}


def issued(left: int, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Return what `./just infra pki` issued so long ago that some days are left."""
    ago = timedelta(days=pki.CERTIFICATE_DAYS - left)

    class Then(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Then":
            return super().now(tz) - ago

    made = Secrets()
    with monkeypatch.context() as then:
        then.setattr(pki, "datetime", Then)
        pki.issue(made, ENVIRONMENT, new_authority=True)
    pair = json.loads(made[secret_name(ENVIRONMENT, "cluster/tls-client")])
    authority = made[secret_name(ENVIRONMENT, "cluster/tls-ca")]
    return {"ca_file": authority, "cert_file": pair["certificate"], "key_file": pair["private_key"]}


class Agent:
    """Consul with the images' settings, on an address of its own.

    Args:
        folder: Where its files are.
        address: Where it listens.
        tls: Its authority, certificate and key.
    """

    def __init__(self, folder: Path, address: str, tls: dict[str, str]) -> None:
        folder.mkdir()
        for name, text in tls.items():
            (folder / name).write_text(text)
        self._address = address
        self._log = folder / "consul.log"
        here: dict[str, Any] = {
            "node_name": address,
            "bind_addr": address,
            "client_addr": address,
            "data_dir": str(folder / "data"),
            "log_file": str(self._log),
            "tls": {"defaults": {name: str(folder / name) for name in tls}},
            "acl": {"enabled": False},  # so that it can be asked for its metrics
        }
        (folder / "here.json").write_text(json.dumps(here))
        settings = [PACKER / "files/common/etc/consul.d/10-common.hcl", folder / "here.json"]
        with (folder / "out").open("wb") as out:
            self._process = subprocess.Popen(
                [program("consul"), "agent", *(f"-config-file={it}" for it in settings)],
                stdout=out,
                stderr=out,
                preexec_fn=end_with_parent,  # noqa: PLW1509  (it only sets a flag of the new process)
            )

    def said(self) -> str:
        """Return its log, once it has looked at its certificate."""
        url = f"http://{self._address}:{NAMES['ports']['consul_http']}/v1/agent/metrics"

        def looked() -> bool:
            gauges = ask(url, "", "")["Gauges"]
            return any(it["Name"] == "consul.agent.tls.cert.expiry" and it["Value"] > 0 for it in gauges)

        eventually(looked)
        return self._log.read_text()

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


@pytest.fixture
def agents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Agent]]:
    started: dict[str, Agent] = {}
    try:
        started["ending"] = Agent(tmp_path / "ending", ENDING, issued(WARNED - 1, monkeypatch))
        started["fresh"] = Agent(tmp_path / "fresh", FRESH, issued(WARNED + 1, monkeypatch))
        yield started
    finally:
        for it in started.values():
            it.stop()


def test_four_weeks_before_their_end_consul_says_what_the_alarm_counts(
    agents: dict[str, Agent], plans: dict[str, Plan]
) -> None:
    filters = [
        it.values
        for it in plans[ENVIRONMENT].of_kind("aws_cloudwatch_log_metric_filter")
        if it.values["metric_transformation"][0]["name"] == "CertificatesEnd"
    ]
    [pattern] = {it["pattern"] for it in filters}
    wanted = json.loads(pattern)  # a filter takes what is between quotation marks as it stands

    assert len([line for line in agents["ending"].said().splitlines() if wanted in line]) == 1
    assert wanted not in agents["fresh"].said()
