"""Packer's template with the real plugin; what is pinned and how it is verified; names that others share."""

import functools
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import click
import pytest
from moto.server import ThreadedMotoServer
from packer_servers import NAMES, PACKER, ROOT, program
from tools.pipeline import __main__ as cli

PINS: dict[str, Any] = json.loads((PACKER / "versions.json").read_text())
SCRIPTS = sorted(
    path
    for path in [*PACKER.glob("provision/*"), *ROOT.glob("*.sh"), ROOT / "just", ROOT / ".ci/run"]
    if path.is_file() and "python" not in path.read_text().splitlines()[0]
)
FILES = PACKER / "files"


def pipeline(*arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "tools.pipeline", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env={**os.environ, **more}, capture_output=True, text=True, timeout=900, check=False
    )


# ---- the template


@pytest.mark.slow
@pytest.mark.needs("packer", "packer-plugin-amazon")
def test_the_template_is_valid() -> None:
    """For both architectures, with the real plugin, without network and account."""
    done = pipeline("machine-image", "validate")

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("The configuration is valid.") == 2


@pytest.mark.slow
@pytest.mark.needs("packer", "packer-plugin-amazon")
@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ("imds_support", "imds_suport", "imds_suport"),
        ('http_tokens                 = "required"', 'http_tokens                 = "perhaps"', "http_tokens"),
        ("most_recent = true", "most_recent = [1]", "most_recent"),
    ],
)
def test_a_mistake_in_the_template_is_found(tmp_path: Path, right: str, wrong: str, sentence: str) -> None:
    assert pipeline("machine-image", "validate").returncode == 0  # the plugin is there
    folder = tmp_path / "packer"
    shutil.copytree(PACKER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    names = tmp_path / "terraform/modules/naming"
    names.mkdir(parents=True)
    shutil.copy(ROOT / "terraform/modules/naming/names.json", names)
    template = folder / "votewave.pkr.hcl"
    assert right in template.read_text()
    template.write_text(template.read_text().replace(right, wrong))
    state = ROOT / ".tools/packer"
    given = {"environment": "staging", "region": "r", "subnet": "s", "profile": "p", "key": "k", "commit": "0" * 40}

    said = subprocess.run(
        [program("packer"), "validate", *(f"-var={name}={value}" for name, value in given.items()), folder],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "PACKER_PLUGIN_PATH": str(state / "plugins"), "PACKER_CONFIG_DIR": str(state)},
    )

    assert said.returncode != 0
    assert sentence in said.stdout + said.stderr


def test_the_image_is_locked_up_from_its_first_hour() -> None:
    text = (PACKER / "votewave.pkr.hcl").read_text()
    for line in (
        r'http_tokens\s+= "required"',
        r"http_put_response_hop_limit\s+= 1",
        r'imds_support\s+= "v2.0"',
        r"encrypted\s+= true\n\s+kms_key_id\s+= var\.key",
        r"associate_public_ip_address = false",
        r'ssh_interface\s+= "session_manager"',
        r"owners\s+= \[local.debian.owner\]",
    ):
        assert re.search(line, text), line
    # It would copy the image, for which the workflow has no right.
    assert "encrypt_boot" not in text


def test_images_that_are_built_at_once_have_keys_of_their_own() -> None:
    """Server and client start in one minute; a name with the minute in it would be taken. Packer's own is a UUID."""
    assert "temporary_key_pair_name" not in (PACKER / "votewave.pkr.hcl").read_text()
    assert "key-pair/packer_*" in (ROOT / "terraform/modules/identity/github.tf").read_text()


def test_commands_that_the_template_names_are_there() -> None:
    text = (PACKER / "votewave.pkr.hcl").read_text().replace("\\\n#", "")
    named = re.findall(r"^#\s+\./just (.+)$", text, re.MULTILINE)
    assert len(named) == 2
    for line in named:
        words = [word for word in line.split() if word != "…"]
        assert words[:2] == ["pipeline", "machine-image"]
        command = cli.main.commands["machine-image"]
        assert isinstance(command, click.Group)
        options = {option for parameter in command.commands[words[2]].params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options


def test_user_data_fits_and_is_right(tmp_path: Path) -> None:
    """EC2 takes 16 KB; what Packer fills in stays a script."""
    text = (PACKER / "user-data.pkrtpl.sh").read_text()
    for name, value in {
        "architecture": "amd64",
        "fetch": (PACKER / "provision/fetch").read_text(),
        "versions": (PACKER / "versions.json").read_text(),
    }.items():
        text = text.replace(f"${{{name}}}", value)
    assert len(text) < 16 * 1024
    assert "${" not in text.split("VOTEWAVE_END")[-1]
    script = tmp_path / "user-data"
    script.write_text(text)
    assert subprocess.run(["bash", "-n", script], check=False, timeout=30).returncode == 0


def test_scripts_are_clean() -> None:
    shellcheck = Path(sys.executable).with_name("shellcheck")
    assert len(SCRIPTS) >= 8
    said = subprocess.run(
        [shellcheck, "--external-sources", "--source-path=SCRIPTDIR", "--exclude=SC1091", *SCRIPTS],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        cwd=ROOT,
    )
    assert said.returncode == 0, said.stdout


# ---- what is pinned


def test_versions_are_those_that_the_tests_run_with() -> None:
    for name in ("consul", "nomad", "goss"):
        text = (ROOT / f"tools/{name}/go.mod").read_text()
        assert re.search(rf"/{name} v{re.escape(PINS['programs'][name]['version'])}\b", text), name


@pytest.mark.parametrize("name", PINS["programs"])
def test_everything_is_vouched_for(name: str) -> None:
    pin = PINS["programs"][name]
    sums = pin.get("sha256", {})
    for architecture in ("amd64", "arm64"):
        assert pin["files"][architecture].startswith("https://")
        known = sums.get(architecture)
        assert known is None or re.fullmatch(r"[0-9a-f]{64}", known)
        assert known or re.fullmatch(r"[0-9A-F]{40}", pin.get("fingerprint", ""))
    assert "latest" not in pin["version"]
    if "signature" in pin:
        assert pin["key"].startswith("https://")


class Vendor:
    """A vendor's host, with a key, files and signatures."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._gnupg = folder / "gnupg"
        self._gnupg.mkdir(mode=0o700)
        (folder / "www").mkdir()
        handler = functools.partial(Quiet, directory=str(folder / "www"))
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        subprocess.run(["gpgconf", "--homedir", self._gnupg, "--kill", "all"], check=False, capture_output=True)
        self._server.shutdown()
        self._server.server_close()

    def _gpg(self, *arguments: str) -> bytes:
        command = ["gpg", "--homedir", str(self._gnupg), "--batch", "--yes", "--pinentry-mode", "loopback"]
        return subprocess.run([*command, "--passphrase", "", *arguments], check=True, capture_output=True).stdout

    def key(self, name: str) -> str:
        """Make a key; return its fingerprint. It is shown within other text, as AWS does."""
        self._gpg("--quick-generate-key", f"{name}@localhost", "ed25519", "sign", "1d")
        listed = self._gpg("--list-keys", "--with-colons", f"{name}@localhost").decode()
        block = self._gpg("--armor", "--export", f"{name}@localhost").decode()
        (self.folder / "www" / f"{name}.txt").write_text(f"package x\n// ours\nconst key = `{block}`\n")
        return next(line.split(":")[9] for line in listed.splitlines() if line.startswith("fpr"))

    def put(self, name: str, content: bytes) -> Path:
        path = self.folder / "www" / name
        path.write_bytes(content)
        return path

    def sign(self, path: Path, key: str) -> None:
        self._gpg("--local-user", f"{key}@localhost", "--output", f"{path}.sig", "--detach-sign", str(path))


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def vendor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vendor]:
    place = Vendor(tmp_path_factory.mktemp("v"))
    yield place
    place.close()


def fetch(vendor: Vendor, folder: Path, pin: dict[str, Any]) -> "subprocess.CompletedProcess[str]":
    versions = folder / "versions.json"
    versions.write_text(json.dumps({"programs": {"thing": pin}}))
    program_path = str(PACKER / "provision/fetch")
    command = [sys.executable, program_path, "--arch", "amd64", "--versions", str(versions), str(folder / "out")]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.slow
def test_a_file_is_taken_only_with_the_vendors_signature(vendor: Vendor, tmp_path: Path) -> None:
    fingerprint, other = vendor.key("vendor"), vendor.key("mallory")
    file = vendor.put("thing_1.0.deb", b"the thing")
    vendor.sign(file, "vendor")
    pin = {
        "version": "1.0",
        "files": {"amd64": f"{vendor.url}/thing_{{version}}.deb"},
        "signature": "{file}.sig",
        "key": f"{vendor.url}/vendor.txt",
        "fingerprint": fingerprint,
    }

    taken = fetch(vendor, tmp_path, pin)
    assert taken.returncode == 0, taken.stderr
    assert "right by signature" in taken.stdout
    assert (tmp_path / "out/thing.deb").read_bytes() == b"the thing"
    (tmp_path / "out/thing.deb").unlink()

    def refused(because: str, **changed: Any) -> None:
        said = fetch(vendor, tmp_path, {**pin, **changed})
        assert said.returncode == 1, because
        assert because in said.stderr
        assert not (tmp_path / "out/thing.deb").exists()

    file.write_bytes(b"the thinG")
    refused("isn't signed by")
    file.write_bytes(b"the thing")
    vendor.sign(file, "mallory")
    refused("isn't signed by")
    refused("isn't signed by", key=f"{vendor.url}/mallory.txt")
    refused("isn't signed by", fingerprint=other[:-1] + ("0" if other[-1] != "0" else "1"))
    refused("can't be had", files={"amd64": f"{vendor.url}/elsewhere.deb"})


@pytest.mark.slow
def test_a_list_of_checksums_counts_if_it_is_signed_and_names_the_file(vendor: Vendor, tmp_path: Path) -> None:
    fingerprint = vendor.key("sums")
    file = vendor.put("thing_2.0.zip", b"zip")
    right = hashlib.sha256(b"zip").hexdigest()
    sums = vendor.put("sums_2.0", f"{right}  thing_2.0.zip\n".encode())
    vendor.sign(sums, "sums")
    pin = {
        "version": "2.0",
        "files": {"amd64": f"{vendor.url}/thing_{{version}}.zip"},
        "sha256": {"amd64": right},
        "sums": f"{vendor.url}/sums_{{version}}",
        "signature": f"{vendor.url}/sums_{{version}}.sig",
        "key": f"{vendor.url}/sums.txt",
        "fingerprint": fingerprint,
    }

    assert "right by SHA-256 and signature" in fetch(vendor, tmp_path, pin).stdout
    assert "pinned is" in fetch(vendor, tmp_path, {**pin, "sha256": {"amd64": "0" * 64}}).stderr
    file.write_bytes(b"zap")
    unpinned = {name: value for name, value in pin.items() if name != "sha256"}
    assert "isn't what the vendor's signed list of checksums says" in fetch(vendor, tmp_path, unpinned).stderr
    nothing = {"version": "2.0", "files": pin["files"]}
    assert "nothing could vouch for it" in fetch(vendor, tmp_path, nothing).stderr


# ---- names and numbers


def everything(role: str) -> str:
    """Return all of a role's files as one text."""
    paths = [path for part in ("common", role) for path in (FILES / part).rglob("*") if path.is_file()]
    return "\n".join(path.read_text() for path in sorted(paths))


def numbers(text: str, block: str) -> dict[str, int]:
    inside = re.search(rf"^{block} \{{(.*?)^\}}", text, re.MULTILINE | re.DOTALL)
    assert inside, block
    return {name: int(value) for name, value in re.findall(r"(\w+)\s*= (-?\d+)", inside[1])}


def test_ports_are_the_named_ones() -> None:
    ports = NAMES["ports"]
    consul = numbers((FILES / "common/etc/consul.d/10-common.hcl").read_text(), "ports")
    nomad = numbers((FILES / "common/etc/nomad.d/10-common.hcl").read_text(), "ports")
    for setting, name in {
        "http": "http", "https": "https", "dns": "dns", "server": "rpc", "serf_lan": "serf_lan",
        "serf_wan": "serf_wan", "grpc": "grpc", "grpc_tls": "grpc_tls",
    }.items():  # fmt: skip
        assert consul[setting] in {ports[f"consul_{name}"], -1}, setting
    assert nomad == {name: ports[f"nomad_{name}"] for name in ("http", "rpc", "serf")}
    client = (FILES / "client/etc/nomad.d/20-client.hcl").read_text()
    assert f"min_dynamic_port = {ports['tasks_from']}" in client
    assert f"max_dynamic_port = {ports['tasks_to']}" in client
    # Outgoing connections take none of the tasks' ports.
    low = re.search(r"ip_local_port_range = (\d+) ", (FILES / "common/etc/sysctl.d/60-votewave.conf").read_text())
    assert low
    assert int(low[1]) > ports["tasks_to"]


def test_paths_are_the_named_ones() -> None:
    paths = NAMES["paths"]
    scripts = "\n".join(path.read_text() for path in PACKER.glob("provision/*") if path.is_file())
    for role in ("server", "client"):
        text = everything(role)
        for name in ("consul_data", "nomad_data", "consul_config", "nomad_config", "cluster_tls"):
            assert paths[name] in text, name
        for name in ("consul", "nomad"):
            assert f"ExecStart={paths[name]}/bin/{name} agent" in text
        assert f"ExecStart={paths['boot']} configure" in text
    assert paths["boot"] in scripts
    program_text = "\n".join(path.read_text() for path in PACKER.glob("first_boot/*.py"))
    assert paths["boot_values"].lstrip("/") in program_text
    assert f'TLS = Path("{paths["cluster_tls"].lstrip("/")}")' in program_text
    assert paths["gateway_certificate"].startswith(paths["cluster_tls"])


def test_region_roles_secrets_and_jobs_are_the_named_ones() -> None:
    assert (
        f'region               = "{NAMES["nomad_region"]}"' in (FILES / "common/etc/nomad.d/10-common.hcl").read_text()
    )
    values = (PACKER / "first_boot/values.py").read_text()
    assert f"ROLES = {tuple(NAMES['node_roles'])!r}".replace("'", '"') in values
    program_text = "\n".join(path.read_text() for path in PACKER.glob("first_boot/*.py"))
    used = set(re.findall(r'"(cluster/[a-z-]+)"', program_text))
    readable = {name for name, it in NAMES["shared_secrets"].items() if set(it["readers"]) & set(NAMES["node_roles"])}
    assert used == readable
    assert f'AUTH_JOB = "{NAMES["jobs"]["service"].format(service="auth")}"' in program_text
    template = (PACKER / "votewave.pkr.hcl").read_text()
    assert "votewave-build" in template


def test_deployments_may_in_the_cloud_what_they_may_on_a_laptop() -> None:
    """Releases are tested with the local cluster's token: the cloud's gives the same rights."""

    def rules(path: Path, name: str) -> list[str]:
        found = re.search(rf'^{name} = """(.*?)"""', path.read_text(), re.MULTILINE | re.DOTALL)
        assert found, name
        return found[1].split()

    cloud = rules(PACKER / "first_boot/deployers.py", "RULES")
    assert cloud == rules(ROOT / "tools/cluster/agents.py", "_DEPLOY_RULES")


def test_what_runs_at_first_boot_needs_only_debian() -> None:
    """Debian's Python and boto3: nothing is installed from elsewhere on a machine."""
    allowed = {*sys.stdlib_module_names, "boto3", "botocore", "first_boot"}
    for path in PACKER.glob("first_boot/*.py"):
        for found in re.findall(r"^(?:from|import) (\w+)", path.read_text(), re.MULTILINE):
            assert found in allowed, (path.name, found)


# ---- what is built is what machines start from


@pytest.fixture(scope="module")
def account() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.mark.slow
@pytest.mark.parametrize(("image", "roles"), [("server", ["server"]), ("client", ["app", "edge"])])
def test_what_was_built_last_is_the_candidate_and_nothing_starts_from_it(
    account: str, tmp_path: Path, image: str, roles: list[str]
) -> None:
    def build(run: str, ami: str) -> dict[str, Any]:
        about = {"environment": "staging", "role": image, "commit": "0" * 40}
        return {"packer_run_uuid": run, "artifact_id": f"eu-central-1:{ami}", "custom_data": about}

    manifest = tmp_path / "manifest.json"
    builds = [build("one", "ami-00000000000000001"), build("two", "ami-00000000000000002")]
    manifest.write_text(json.dumps({"builds": builds, "last_run_uuid": "two"}))
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "eu-central-1"}
    more = {"AWS_ENDPOINT_URL": account, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}

    said = pipeline("machine-image", "publish", "--manifest", str(manifest), **more)

    assert said.returncode == 0, said.stderr
    ssm = boto3.client("ssm", endpoint_url=account, **keys)
    for role in roles:
        name = NAMES["parameters"]["machine_image_candidate"].format(environment="staging", role=role)
        assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == "ami-00000000000000002"
        live = NAMES["parameters"]["machine_image"].format(environment="staging", role=role)
        with pytest.raises(ssm.exceptions.ParameterNotFound):
            ssm.get_parameter(Name=live)


def test_without_a_build_nothing_is_named(tmp_path: Path) -> None:
    said = pipeline("machine-image", "publish", "--manifest", str(tmp_path / "none.json"))

    assert said.returncode == 1
    assert "doesn't say what was built" in said.stderr


def test_docker_is_given_no_setting_that_stops_it() -> None:
    """Debian's docker.io 26.1 starts with none of these; packer/provision/checks starts it to be sure of the rest."""
    settings = json.loads((FILES / "client/etc/docker/daemon.json").read_text())
    assert "ip6tables" not in settings or settings.get("experimental")
    assert not {"hosts", "storage-opts"} & set(settings), "Debian's unit has its own -H, and both together are refused"
