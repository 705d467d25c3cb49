"""What `./just pipeline image push` builds and pushes, by what the registry has; the registry is moto's."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from tools.pipeline import images
from tools.pipeline.common import NAMES

COMMIT = "0123456789abcdef0123456789abcdef01234567"
KIND = "application/vnd.docker.distribution.manifest.v2+json"
LOAD = COMMIT + NAMES["load_image_suffix"]


class Machine:
    """Runs no program; a push is one to the registry."""

    def __init__(self, ecr: Any) -> None:
        self.ecr = ecr
        self.lines: list[str] = []

    def put(self, tag: str) -> None:
        manifest = json.dumps({"schemaVersion": 2, "mediaType": KIND, "config": {}, "layers": [], "for": tag})
        digest = f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"
        self.ecr.put_image(repositoryName=NAMES["repository"], imageTag=tag, imageManifest=manifest, imageDigest=digest)

    def run(self, command: list[str | Path], **_: object) -> str:
        words = [str(word) for word in command]
        self.lines.append(" ".join([Path(words[0]).name, *words[1:]]))
        if words[:2] == ["docker", "push"]:
            self.put(words[-1].rsplit(":", 1)[1])
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
