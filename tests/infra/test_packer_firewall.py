"""The firewall, with packets: who reaches the metadata service, and what is asked from outside.

A network namespace plays the machine; a veth pair leads to one that plays the network (with the metadata service in
it), another to one that plays a container behind a bridge.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from packer_servers import NAMES, PACKER

METADATA = "169.254.169.254"
pytestmark = pytest.mark.needs("root", "ip", "nft")

ACCOUNTS = {"root": 0, "consul": 64001, "nomad": 64002, "cwagent": 64003, "nobody": 65534}
CONNECT = "import socket,sys; socket.create_connection((sys.argv[1], int(sys.argv[2])), timeout=1).close()"
AS = """
import os, sys
os.setgroups([])
os.setgid(int(sys.argv[1]))
os.setuid(int(sys.argv[1]))
os.execvp(sys.argv[2], sys.argv[2:])
"""
LISTEN = """
import selectors, socket, sys
chosen = selectors.DefaultSelector()
for port in sys.argv[1:]:
    one = socket.create_server(("0.0.0.0", int(port)))
    chosen.register(one, selectors.EVENT_READ)
print("listening", flush=True)
while True:
    for key, _ in chosen.select():
        key.fileobj.accept()[0].close()
"""


# Of Debian's own unit, /usr/lib/systemd/system/nftables.service.
DEBIANS = """
[Service]
ExecStart=/usr/sbin/nft -f /etc/nftables.conf
ExecReload=/usr/sbin/nft -f /etc/nftables.conf
ExecStop=/usr/sbin/nft flush ruleset
"""
OURS = PACKER / "files/common/etc/systemd/system/nftables.service.d/votewave.conf"


def unit(name: str) -> list[str]:
    """Return what systemd would run: Debian's lines, then ours; an empty one forgets those before."""
    found: list[str] = []
    for line in [*DEBIANS.splitlines(), *OURS.read_text().splitlines()]:
        if line.startswith(f"{name}="):
            value = line.partition("=")[2]
            found = [*found, value] if value else []
    return found


class Place:
    """Three network namespaces: the machine, the network around it, a container on it."""

    def __init__(self, folder: Path, role: str) -> None:
        self.role = role
        self._id = uuid4().hex[:6]
        self._folder = folder
        self._running: list[subprocess.Popen[str]] = []
        self.names = {name: f"vw{self._id}{name}" for name in ("machine", "around", "task")}

    def open(self) -> None:
        for name in self.names.values():
            self._ip("netns", "add", name)
        for name in self.names:
            self._ip("-n", self.names[name], "link", "set", "lo", "up")
        self._link("machine", "ens5", "10.9.0.2/24", "around", "up0", "10.9.0.1/24")
        self._ip("-n", self.names["around"], "addr", "add", f"{METADATA}/32", "dev", "lo")
        self._ip("-n", self.names["machine"], "route", "add", "default", "via", "10.9.0.1")
        self._link("machine", "docker0", "172.17.0.1/16", "task", "eth0", "172.17.0.2/16")
        self._ip("-n", self.names["task"], "route", "add", "default", "via", "172.17.0.1")
        self._ip("-n", self.names["around"], "route", "add", "172.17.0.0/16", "via", "10.9.0.2")
        self.run("machine", "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward")
        self._listen("around", [80, 443])
        self._listen("machine", [22, *sorted({int(port) for port in NAMES["ports"].values()}), 20500])
        # nft looks accounts up by name; this machine needn't have them.
        text = (PACKER / f"files/{self.role}/etc/nftables.conf").read_text()
        for name, number in ACCOUNTS.items():
            text = text.replace(f'"{name}"', str(number))
        self.rules = self._folder / "rules.nft"
        self.rules.write_text(text)
        loaded = self.run("machine", "nft", "-f", str(self.rules))
        assert loaded.returncode == 0, loaded.stderr

    def close(self) -> None:
        for process in self._running:
            process.kill()
            process.wait()
        for name in self.names.values():
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)

    def run(self, where: str, *command: str) -> "subprocess.CompletedProcess[str]":
        full = ["ip", "netns", "exec", self.names[where], *command]
        return subprocess.run(full, capture_output=True, text=True, timeout=30, check=False)

    def reaches(self, where: str, address: str, port: int, account: str = "root") -> bool:
        python = "/usr/bin/python3"
        return (
            self.run(
                where, python, "-c", AS, str(ACCOUNTS[account]), python, "-c", CONNECT, address, str(port)
            ).returncode
            == 0
        )

    def _ip(self, *arguments: str) -> None:
        subprocess.run(["ip", *arguments], check=True, capture_output=True, timeout=30)

    def _link(self, here: str, name: str, address: str, there: str, other: str, other_address: str) -> None:
        one, two = f"v{self._id}a{name[:2]}", f"v{self._id}b{name[:2]}"
        self._ip("link", "add", one, "type", "veth", "peer", "name", two)
        ends = ((one, here, name, address), (two, there, other, other_address))
        for temporary, where, final, own in ends:
            self._ip("link", "set", temporary, "netns", self.names[where])
            self._ip("-n", self.names[where], "link", "set", temporary, "name", final)
            self._ip("-n", self.names[where], "addr", "add", own, "dev", final)
            self._ip("-n", self.names[where], "link", "set", final, "up")

    def _listen(self, where: str, ports: list[int]) -> None:
        command = ["ip", "netns", "exec", self.names[where], "/usr/bin/python3", "-c", LISTEN, *map(str, ports)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self._running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline().strip() == "listening"
        process.stdout.close()


def opened(folder: Path, role: str) -> Iterator[Place]:
    place = Place(folder, role)
    try:
        place.open()
        yield place
    finally:
        place.close()


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    yield from opened(tmp_path_factory.mktemp("client"), "client")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    yield from opened(tmp_path_factory.mktemp("server"), "server")


def test_a_task_reaches_the_network_and_not_the_metadata_service(client: Place) -> None:
    assert client.reaches("task", "10.9.0.1", 443)
    assert not client.reaches("task", METADATA, 80)


@pytest.mark.parametrize(("account", "may"), [("root", True), ("consul", True), ("cwagent", True), ("nobody", False)])
def test_on_a_client_only_who_needs_it_reaches_the_metadata_service(client: Place, account: str, may: bool) -> None:
    assert client.reaches("machine", METADATA, 80, account) == may
    assert client.reaches("machine", "10.9.0.1", 443, account)


def test_a_servers_nomad_finds_others_by_their_tag(server: Place) -> None:
    assert server.reaches("machine", METADATA, 80, "nomad")
    assert not server.reaches("machine", METADATA, 80, "nobody")


@pytest.mark.parametrize("name", ["gateway_http", "gateway_https", "gateway_metrics", "consul_serf_lan", "nomad_http"])
def test_a_client_is_asked_for_what_it_is_there_for(client: Place, name: str) -> None:
    assert client.reaches("around", "10.9.0.2", NAMES["ports"][name])
    assert client.reaches("around", "10.9.0.2", 20500), "a task's port"


@pytest.mark.parametrize("name", ["consul_http", "consul_dns", "consul_rpc", "nomad_rpc", "prometheus", "postgres"])
def test_a_client_is_asked_for_nothing_else(client: Place, name: str) -> None:
    assert not client.reaches("around", "10.9.0.2", NAMES["ports"][name])
    assert not client.reaches("around", "10.9.0.2", 22)


@pytest.mark.parametrize("address", ["172.17.0.1", "10.9.0.2"])
def test_tasks_ask_their_machines_consul(client: Place, address: str) -> None:
    """By Docker's bridge or by the machine's address."""
    assert client.reaches("task", address, NAMES["ports"]["consul_http"])
    assert client.reaches("task", address, NAMES["ports"]["consul_dns"])
    assert not client.reaches("task", address, 22)


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("consul_rpc", True),
        ("consul_serf_lan", True),
        ("consul_https", True),
        ("nomad_http", True),
        ("nomad_rpc", True),
        ("nomad_serf", True),
        ("consul_http", False),
        ("gateway_http", False),
        ("tasks_from", False),
    ],
)
def test_a_server_is_asked_for_what_it_is_there_for(server: Place, name: str, may: bool) -> None:
    assert server.reaches("around", "10.9.0.2", NAMES["ports"][name]) == may
    assert not server.reaches("around", "10.9.0.2", 22)


@pytest.mark.parametrize("what", [("ExecReload",), ("ExecStop", "ExecStart")], ids=["reload", "restart"])
def test_dockers_tables_outlive_the_firewalls_restart(client: Place, what: tuple[str, ...]) -> None:
    docker = "table ip nat { chain DOCKER { type nat hook prerouting priority dstnat; tcp dport 20000 counter; }; }"
    assert client.run("machine", "nft", docker).returncode == 0
    try:
        for name in what:
            for line in unit(name):
                command = line.replace("/etc/nftables.conf", str(client.rules)).split()
                assert client.run("machine", *command).returncode == 0, line
            # Not for a moment open.
            assert not client.reaches("task", METADATA, 80), name
        rules = client.run("machine", "nft", "list", "ruleset").stdout
    finally:
        client.run("machine", "nft", "delete", "table", "ip", "nat")

    assert "chain DOCKER" in rules
    assert rules.count("table inet votewave {") == 1


def test_a_task_with_the_machines_network_is_told_apart_by_its_control_group(client: Place, tmp_path: Path) -> None:
    """A container with `network_mode = "host"` may be root, and is not forwarded."""
    mount = tmp_path / "groups"
    mount.mkdir()
    rules = PACKER / "files/client/etc/votewave-task-guard.nft"
    inside = f"""
        set -e
        mount --bind {mount} /sys/fs/cgroup 2>/dev/null || true
        umount -R /sys/fs/cgroup 2>/dev/null || true
        mount -t cgroup2 none /sys/fs/cgroup
        group=/sys/fs/cgroup/tasks.slice
        mkdir -p $group/one
        trap 'echo $$ >/sys/fs/cgroup/cgroup.procs; rmdir $group/one $group' EXIT
        nft -f {rules}
        /usr/bin/python3 -c '{CONNECT}' {METADATA} 80 && echo outside may
        echo $$ >$group/one/cgroup.procs
        /usr/bin/python3 -c '{CONNECT}' {METADATA} 80 2>/dev/null || echo inside may not
        /usr/bin/python3 -c '{CONNECT}' 10.9.0.1 443 && echo inside may elsewhere
    """
    said = client.run("machine", "unshare", "--mount", "sh", "-c", inside)

    assert said.stdout.splitlines() == ["outside may", "inside may not", "inside may elsewhere"], said.stderr
