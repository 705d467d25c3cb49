"""The provisioning scripts make a plain Debian into machines of both kinds; goss and systemd say that they are."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from packer_root import ARTEFACTS, PINS, Root, debian
from packer_servers import PACKER

pytestmark = [pytest.mark.needs("root", "debootstrap", "consul", "nomad", "goss"), pytest.mark.slow]

# systemd's own measure of how much a unit is locked up: 0 is best, 10 is worst. The client runs tasks, so it can't be.
EXPOSURE = {"server": {"consul": 2.0, "nomad": 2.0, "votewave-first-boot": 3.0, "votewave-cluster": 3.0}}
EXPOSURE["client"] = {"consul": 2.0, "votewave-first-boot": 3.0}
for limits in EXPOSURE.values():
    limits["votewave-ready"] = 2.5


@pytest.fixture(scope="module", params=["server", "client"])
def machine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Root]]:
    role: str = request.param
    with debian(tmp_path_factory.mktemp("root") / role) as root:
        assert root.run("dpkg", "-s", "openssh-server").returncode == 0, "there is no SSH daemon to be removed"
        made = root.provision(role)
        assert made.returncode == 0, made.stdout[-3000:] + made.stderr[-3000:]
        assert "Failed: 0" in made.stdout
        yield role, root


def test_goss_finds_nothing_wrong(machine: tuple[str, Root]) -> None:
    role, root = machine

    status, found = root.goss(role)

    assert status == 0, [it["summary-line"] for it in found["results"] if not it["successful"]]
    assert found["summary"]["test-count"] > 100
    assert found["summary"].get("skipped-count", 0) == 0


def test_goss_finds_what_is_wrong(machine: tuple[str, Root]) -> None:
    role, root = machine
    key = root.folder / "root/.ssh/authorized_keys"
    pem = root.folder / "etc/votewave/tls/agent-key.pem"
    account = root.folder / "etc/shadow"
    firewall = root.folder / "etc/nftables.conf"
    before = {path: path.read_text() for path in (account, firewall)}
    try:
        key.parent.mkdir()
        key.write_text("ssh-ed25519 AAAA\n")
        pem.write_text("a key\n")
        account.write_text(before[account] + "mallory::20000:0:99999:7:::\n")
        firewall.write_text(before[firewall].replace("169.254.169.254", "169.254.169.253"))
        (root.folder / "opt/votewave/open").write_text("")
        (root.folder / "opt/votewave/open").chmod(0o666)

        status, found = root.goss(role)
    finally:
        for path in (key, pem, root.folder / "opt/votewave/open"):
            path.unlink()
        key.parent.rmdir()
        for path, text in before.items():
            path.write_text(text)

    assert status == 1
    wrong = " ".join(it["resource-id"] for it in found["results"] if not it["successful"])
    for what in ("authorized_keys", "agent-key.pem", "/etc/shadow", "/etc/nftables.conf", "-perm -0002"):
        assert what in wrong, (what, wrong)


def test_settings_with_which_docker_does_not_start_fail_the_build(machine: tuple[str, Root]) -> None:
    """`dockerd --validate` takes this one; Debian's dockerd then refuses to start without `experimental`."""
    role, root = machine
    if role != "client":
        return
    settings = root.folder / "etc/docker/daemon.json"
    right = settings.read_text()
    settings.write_text(json.dumps({**json.loads(right), "ip6tables": True}))
    try:
        validated = root.run("dockerd", "--validate", "--config-file", "/etc/docker/daemon.json")
        checked = root.provision(role, "checks")
    finally:
        settings.write_text(right)

    assert validated.returncode == 0
    assert checked.returncode != 0
    assert "ip6tables rules are only available if experimental features are enabled" in checked.stderr


def test_the_scripts_can_be_run_again(machine: tuple[str, Root]) -> None:
    role, root = machine

    for step in ("programs", "settings", "checks"):
        again = root.provision(role, step)
        assert again.returncode == 0, (step, again.stderr[-1000:])


def test_without_its_artefacts_a_build_fails(machine: tuple[str, Root]) -> None:
    role, root = machine
    archive = root.folder / ARTEFACTS[1:] / "nomad.zip"
    aside = archive.with_suffix(".aside")
    archive.rename(aside)
    try:
        failed = root.provision(role, "programs")
    finally:
        aside.rename(archive)

    assert failed.returncode != 0
    assert "nomad.zip isn't there; `fetch` brings it." in failed.stderr


def test_units_are_right_and_locked_up(machine: tuple[str, Root]) -> None:
    role, root = machine
    places = [PACKER / f"files/{part}/etc/systemd/system" for part in ("common", role)]
    # A folder is Debian's unit with something of ours.
    units = [path.name.removesuffix(".d") for place in places for path in place.glob("*")]

    verified = root.run("systemd-analyze", "--man=no", "verify", *units)

    assert verified.returncode == 0, verified.stderr
    assert not verified.stderr.strip(), verified.stderr
    for unit, most in EXPOSURE[role].items():
        said = root.run("systemd-analyze", "security", "--offline=true", f"{unit}.service").stdout
        found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
        assert found, said
        assert float(found[1]) <= most, f"{unit}: {found[0]}"


def test_services_start_again_and_have_limits(machine: tuple[str, Root]) -> None:
    role, root = machine
    for unit in ("consul", "nomad"):
        text = (root.folder / f"etc/systemd/system/{unit}.service").read_text()
        for line in ("Restart=always", "StartLimitIntervalSec=0", "LimitNOFILE=", "TasksMax=", "OOMScoreAdjust=-"):
            assert line in text, (unit, line)
        if (role, unit) != ("client", "nomad"):
            assert "MemoryMax=" in text
            assert f"User={unit}" in text


def test_consul_and_nomad_take_the_settings(machine: tuple[str, Root]) -> None:
    _, root = machine
    for command in (["/opt/consul/bin/consul", "validate"], ["/opt/nomad/bin/nomad", "config", "validate"]):
        said = root.run(*command, f"/etc/{Path(command[0]).name}.d")
        assert said.returncode == 0, said.stdout + said.stderr
        assert "Configuration is valid!" in said.stdout + said.stderr


def test_the_firewall_loads_twice(machine: tuple[str, Root]) -> None:
    _, root = machine
    twice = "nft -f /etc/nftables.conf && nft -f /etc/nftables.conf && nft list ruleset"

    said = root.run("sh", "-c", twice, net=False)

    assert said.returncode == 0, said.stderr
    assert said.stdout.count("chain input") == 1
    assert "169.254.169.254" in said.stdout


def test_kernel_settings_are_written_right(machine: tuple[str, Root]) -> None:
    _, root = machine
    for line in (root.folder / "etc/sysctl.d/60-votewave.conf").read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            assert re.fullmatch(r"-?[a-z0-9_.-]+ = [0-9 ]+", line), line
    rules = root.run("sh", "-c", "augenrules --check; grep -c '^-w\\|^-a' /etc/audit/rules.d/60-votewave.rules")
    assert int(rules.stdout.split()[-1]) >= 15


def test_upgrades_are_debians_security_alone(machine: tuple[str, Root]) -> None:
    _, root = machine
    said = root.run("apt-config", "dump").stdout
    origins = [line for line in said.splitlines() if line.startswith("Unattended-Upgrade::Origins-Pattern::")]

    assert len(origins) == 1
    assert "Debian-Security" in origins[0]
    assert 'Unattended-Upgrade::Automatic-Reboot "false";' in said
    assert 'APT::Periodic::Unattended-Upgrade "1";' in said
    assert "docker" in said.split("Package-Blacklist")[2]


def test_the_release_is_the_pinned_one(machine: tuple[str, Root]) -> None:
    _, root = machine
    assert f"VERSION_CODENAME={PINS['debian']['codename']}" in (root.folder / "etc/os-release").read_text()
