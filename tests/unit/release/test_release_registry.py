"""A version without an image is refused: in ECR, as moto plays it, and in the local cluster's folder."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from boto3.session import Session
from moto import mock_aws
from tools.release.errors import RefusedError, ReleaseError
from tools.release.nomad import Nomad
from tools.release.target import NAMES, Target, cloud, in_registry, local

COMMIT = "1f" * 20


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield Session().client("ecr")


def test_ecr_says_whether_there_is_an_image(registry: Any) -> None:
    with pytest.raises(ReleaseError, match="RepositoryNotFoundException"):
        in_registry(COMMIT)
    registry.create_repository(repositoryName=NAMES["repository"])
    assert not in_registry(COMMIT)
    layer = {"mediaType": "application/vnd.docker.container.image.v1+json", "size": 1, "digest": "sha256:" + "0" * 64}
    manifest = {
        "schemaVersion": 2,
        "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
        "config": {**layer, "digest": "sha256:" + hashlib.sha256(b"").hexdigest()},
        "layers": [],
    }
    registry.put_image(repositoryName=NAMES["repository"], imageTag=COMMIT, imageManifest=json.dumps(manifest))
    assert in_registry(COMMIT)


def test_the_local_cluster_has_a_folder_for_each_version(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="No local cluster runs"):
        local(tmp_path)
    (tmp_path / "token").write_text("secret\n")
    program = tmp_path / "releases" / COMMIT / "bin" / "votewave"
    program.parent.mkdir(parents=True)
    program.touch()
    said = {
        "nomad_deploy_token_file": str(tmp_path / "token"),
        "nomad_token_file": str(tmp_path / "token"),
        "releases": str(tmp_path / "releases"),
        "nomad_url": "http://127.0.0.1:1",
        "nomad_program": "nomad",
        "var_files": [],
        "gateway_url": "http://127.0.0.1:2",
    }
    (tmp_path / "cluster.json").write_text(json.dumps(said))
    target = local(tmp_path)
    target.check(COMMIT, gated=True)
    for version, why in (
        ("0" * 40, "no image of 0{40} in local"),
        ("v1.2", "is no version"),
        ("../x", "is no version"),
    ):
        with pytest.raises(RefusedError, match=why):
            target.check(version, gated=True)
    target.nomad.close()
    assert target.administrator is not None
    target.administrator.close()


def test_an_environment_in_aws_has_to_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("NOMAD_ADDR", "NOMAD_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ReleaseError, match="NOMAD_ADDR and NOMAD_TOKEN"):
        cloud("staging", tmp_path / "values.hcl")


def test_a_gated_version_needs_the_image_of_its_load_tests_too() -> None:
    images = {COMMIT}
    target = Target("staging", Nomad("http://nomad.invalid", ""), "nomad", (), images.__contains__)
    target.check(COMMIT, gated=False)
    with pytest.raises(RefusedError, match=f"no image of {COMMIT}-load in staging"):
        target.check(COMMIT, gated=True)
    images.add(f"{COMMIT}-load")
    target.check(COMMIT, gated=True)
