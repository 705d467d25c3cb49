"""What `./just pipeline image` builds, pushes, verifies, promotes and judges; the registry is moto's."""

import hashlib
import json
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from tools.pipeline import findings, images, mirror
from tools.pipeline.common import NAMES, PipelineError

COMMIT = "0123456789abcdef0123456789abcdef01234567"
KIND = "application/vnd.docker.distribution.manifest.v2+json"
LOAD = COMMIT + NAMES["load_image_suffix"]


class Machine:
    """Runs no program; a push is one to the registry."""

    def __init__(self, ecr: Any) -> None:
        self.ecr = ecr
        self.lines: list[str] = []
        self.others: dict[str, str] = {}
        """What other registries have: manifests by digest."""

    def put(self, tag: str, *, as_it_is: bool = True) -> None:
        content = {"schemaVersion": 2, "mediaType": KIND, "config": {}, "layers": [], "for": tag}
        manifest = json.dumps(content if as_it_is else {**content, "index": True})
        digest = f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"
        self.ecr.put_image(repositoryName=NAMES["repository"], imageTag=tag, imageManifest=manifest, imageDigest=digest)

    def run(self, command: list[str | Path], **_: object) -> str:
        words = [str(word) for word in command]
        self.lines.append(" ".join([Path(words[0]).name, *words[1:]]))
        if words[:2] == ["docker", "push"]:
            self.put(words[-1].rsplit(":", 1)[1])
        digest = words[-1].partition("@")[2]
        if words[:4] == ["docker", "buildx", "imagetools", "create"] and digest in self.others:
            self.ecr.put_image(
                repositoryName=NAMES["repository"],
                imageTag=words[-2].rsplit(":", 1)[1],
                imageManifest=self.others[digest],
                imageDigest=digest,
            )
        elif words[:4] == ["docker", "buildx", "imagetools", "create"]:
            # As it is, unless told to put an index around it: then it is another image.
            self.put(words[-2].rsplit(":", 1)[1], as_it_is="--prefer-index=false" in words)
        return "password"

    def did(self, start: str) -> list[str]:
        return [line for line in self.lines if line.startswith(start)]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Machine]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    with mock_aws():
        ecr = boto3.client("ecr", region_name="eu-central-1")
        ecr.create_repository(repositoryName=NAMES["repository"])
        found = Machine(ecr)
        monkeypatch.setattr(images, "run", found.run)
        monkeypatch.setattr(images, "clean_commit", lambda: COMMIT)
        yield found


def test_a_commit_s_two_images_are_pushed_once(machine: Machine, tmp_path: Path) -> None:
    digest, load_digest = images.push(tmp_path / "pushed.json")

    assert digest != load_digest
    assert json.loads((tmp_path / "pushed.json").read_text())["digest"] == digest
    built = machine.did("just image")
    assert [line.endswith("--load-only") for line in built] == [False, True]
    assert [line.rsplit(":", 1)[1] for line in machine.did("docker push")] == [COMMIT, LOAD]

    machine.lines.clear()
    assert images.push(tmp_path / "pushed.json") == (digest, load_digest)
    # Broken off after the push and run again: signing and the bill of materials need the registry all the same.
    assert [line.split()[:2] for line in machine.lines] == [["aws", "ecr"], ["docker", "login"]]


def test_what_was_broken_off_between_the_two_is_finished(machine: Machine, tmp_path: Path) -> None:
    machine.put(COMMIT)

    images.push(tmp_path / "pushed.json")

    assert [line.rsplit(":", 1)[1] for line in machine.did("docker push")] == [LOAD]
    # Logged in before it is built: the service's image comes from the registry.
    kinds = [line.split()[:2] for line in machine.lines]
    assert kinds.index(["docker", "login"]) < kinds.index(["just", "image"])


@pytest.fixture
def staging(machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A commit's images are verified in staging; the registry is then production's, which is empty."""
    monkeypatch.setenv("GITHUB_REPOSITORY", "example/votewave")
    for tag in (COMMIT, LOAD):
        machine.put(tag)
    found = images.verify(COMMIT, tmp_path / "verified.json").digests
    machine.ecr.batch_delete_image(
        repositoryName=NAMES["repository"], imageIds=[{"imageTag": COMMIT}, {"imageTag": LOAD}]
    )
    machine.lines.clear()
    return found


def test_both_images_of_a_commit_are_verified(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_REPOSITORY", "example/votewave")
    machine.put(COMMIT)
    with pytest.raises(PipelineError, match=f"no image {LOAD}"):
        images.verify(COMMIT, tmp_path / "verified.json")
    assert not (tmp_path / "verified.json").exists()

    machine.put(LOAD)
    found = images.verify(COMMIT, tmp_path / "verified.json")

    assert set(found.digests) == {COMMIT, LOAD}
    asked = machine.did("gh attestation verify")[-2:]
    assert all("--signer-workflow example/votewave/.github/workflows/images.yml" in it for it in asked)


def test_what_staging_ran_is_copied_by_digest_and_nothing_is_built(
    machine: Machine, staging: dict[str, str], tmp_path: Path
) -> None:
    images.promote(tmp_path / "verified.json")
    images.promote(tmp_path / "verified.json")  # broken off and run again

    copied = machine.did("docker buildx imagetools create")
    assert [it.rsplit("@", 1)[1] for it in copied] == [staging[COMMIT], staging[LOAD]]
    assert not machine.did("just")
    assert not machine.did("docker push")


def test_a_tag_that_is_another_images_here_is_refused(
    machine: Machine, staging: dict[str, str], tmp_path: Path
) -> None:
    machine.put(COMMIT, as_it_is=False)

    with pytest.raises(PipelineError, match=f"and .* has {staging[COMMIT]}"):
        images.promote(tmp_path / "verified.json")


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch, machine: Machine) -> str:
    """A job with an image of others, which their registry has; return its name."""
    manifest = json.dumps({"schemaVersion": 2, "mediaType": KIND, "config": {}, "layers": [], "of": "haproxy"})
    digest = f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"
    machine.others[digest] = manifest
    image = f"docker.io/library/haproxy@{digest}"
    monkeypatch.setattr(mirror, "named", lambda _: {"autoscaler_image": "", "gateway_image": image})
    monkeypatch.setattr(mirror, "log_in", lambda: machine.lines.append("login"))
    return image


def test_images_of_others_are_copied_once_and_as_they_are(
    machine: Machine, jobs: str, capfd: pytest.CaptureFixture[str]
) -> None:
    mirror.mirror("staging")
    mirror.mirror("staging")

    [copied] = machine.did("docker buildx imagetools create")
    assert copied.endswith(f" {jobs}")
    assert machine.lines[0] == "login"
    tag = {"imageTag": mirror.tag_of(jobs)}
    [there] = machine.ecr.batch_get_image(repositoryName=NAMES["repository"], imageIds=[tag])["images"]
    assert there["imageId"]["imageDigest"] == jobs.partition("@")[2]
    assert "autoscaler_image: nomad/env/staging.hcl names none" in capfd.readouterr().err


def test_what_comes_as_another_image_is_refused(machine: Machine, jobs: str) -> None:
    machine.others.clear()  # what comes is what Machine makes up

    with pytest.raises(PipelineError, match="was to be copied"):
        mirror.mirror("staging")


def test_images_of_others_are_those_that_jobs_name(tmp_path: Path) -> None:
    digest = "sha256:" + "1" * 64
    job = 'variable "a_image" {\n  type = string\n}\n\nvariable "b_image" {\n  default = "docker.io/b@%s" # 1.0\n}\n'
    (tmp_path / "one.nomad.hcl").write_text(job % digest)
    (tmp_path / "staging.hcl").write_text("")
    (tmp_path / "production.hcl").write_text(f'a_image = "docker.io/a/a@{digest}"\n')

    assert mirror.named("staging", tmp_path, tmp_path) == {"a_image": "", "b_image": f"docker.io/b@{digest}"}
    assert mirror.named("production", tmp_path, tmp_path)["a_image"] == f"docker.io/a/a@{digest}"
    (tmp_path / "production.hcl").write_text('a_image = "docker.io/a/a:latest"\n')
    with pytest.raises(PipelineError, match="production: a_image must name an image by its digest"):
        mirror.named("production", tmp_path, tmp_path)


class Scanned:
    """A registry whose scan found things, over two pages."""

    def __init__(self, *found: tuple[str, str, str]) -> None:
        self._found = found

    def describe_image_scan_findings(self, **asked: Any) -> dict[str, Any]:
        counts: dict[str, int] = {}
        for _, _, severity in self._found:
            counts[severity] = counts.get(severity, 0) + 1
        half = self._found[:1] if "nextToken" not in asked else self._found[1:]
        listed = [
            {"name": it, "severity": severity, "attributes": [{"key": "package_name", "value": package}]}
            for it, package, severity in half
        ]
        more = {"nextToken": "more"} if "nextToken" not in asked and self._found[1:] else {}
        content = {"findingSeverityCounts": counts, "findings": listed}
        return {"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": content, **more}


def allow(place: Path, *entries: tuple[str, str, str]) -> Path:
    path = place / "findings.toml"
    lines = "".join(
        f'[[allowed]]\nid = "{it}"\npackage = "{package}"\nreason = "not reached"\nexpires = {day}\n'
        for it, package, day in entries
    )
    path.write_text(lines or "allowed = []\n")
    return path


def day(ahead: int) -> str:
    return str(datetime.now(UTC).date() + timedelta(days=ahead))


def test_a_finding_stops_an_image_unless_it_is_allowed_in_that_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = (("CVE-1", "zlib", "LOW"), ("CVE-2", "expat", "HIGH"), ("CVE-3", "zlib", "CRITICAL"))
    monkeypatch.setattr(images, "client", lambda _: Scanned(*found))

    with pytest.raises(PipelineError, match=r"found CVE-2 \(high, expat\), CVE-3 \(critical, zlib\)\."):
        images.scan(COMMIT, allow(tmp_path))
    with pytest.raises(PipelineError, match=r"found CVE-3 \(critical, zlib\)\."):
        images.scan(COMMIT, allow(tmp_path, ("CVE-2", "expat", day(9)), ("CVE-3", "expat", day(9))))
    both = allow(tmp_path, ("CVE-2", "expat", day(9)), ("CVE-3", "zlib", day(0)))
    assert images.scan(COMMIT, both)["CRITICAL"] == 1


def test_a_scan_that_counts_more_than_it_names_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Scanned(("CVE-2", "expat", "HIGH"))
    page = registry.describe_image_scan_findings()
    page["imageScanFindings"]["findings"] = []
    monkeypatch.setattr(registry, "describe_image_scan_findings", lambda **_: page)
    monkeypatch.setattr(images, "client", lambda _: registry)
    with pytest.raises(PipelineError, match="names only 0"):
        images.scan(COMMIT, allow(tmp_path))


@pytest.mark.parametrize(
    ("ahead", "sentence"), [(-1, "look at it again"), (findings.MOST_DAYS + 1, "longer than 90 days")]
)
def test_an_entry_holds_for_a_while_and_then_fails(tmp_path: Path, ahead: int, sentence: str) -> None:
    with pytest.raises(PipelineError, match=sentence):
        findings.read(allow(tmp_path, ("CVE-2", "expat", day(ahead))))


def test_an_entry_says_why(tmp_path: Path) -> None:
    path = allow(tmp_path, ("CVE-2", "expat", day(1)))
    path.write_text(path.read_text().replace("not reached", " "))
    with pytest.raises(PipelineError, match="reason"):
        findings.read(path)


def test_the_list_is_one() -> None:
    """When an entry of it expires is the scan's to say, not this test's."""
    assert isinstance(tomllib.loads(findings.LIST.read_text())["allowed"], list)
