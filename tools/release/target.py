"""The target of a release: the local cluster, or an environment in AWS."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.release.errors import RefusedError, ReleaseError
from tools.release.nomad import Nomad

ROOT = Path(__file__).resolve().parents[2]
JOBS = ROOT / "nomad" / "jobs"
NAMES: dict[str, Any] = json.loads((ROOT / "terraform" / "modules" / "naming" / "names.json").read_text())
LOCAL = "local"

_COMMIT = re.compile(r"[0-9a-f]{40}")
_LOCAL_VERSION = re.compile(r"[0-9a-f]{40}(-[a-z0-9][a-z0-9.-]{0,40})?")


@dataclass(frozen=True)
class Target:
    """An environment.

    Attributes:
        environment: Its name.
        nomad: Its Nomad.
        program: The `nomad` command, which renders jobspecs.
        var_files: Variables of jobs: nomad/env's first, then those that are known once the environment exists.
        has_image: Returns whether there is an image of a version.
        gate_url: The gateway's address; None where canaries can be reached only from inside the cluster.
        administrator: Nomad with a management token; None where `nomad` has the operator's own token.
    """

    environment: str
    nomad: Nomad
    program: str
    var_files: tuple[Path, ...]
    has_image: Callable[[str], bool]
    gate_url: str | None = None
    administrator: Nomad | None = None

    def check(self, version: str, *, gated: bool) -> None:
        """Refuse a version that can't be run.

        Args:
            version: The version.
            gated: Whether the load tests' image is needed, too.

        Raises:
            RefusedError: It isn't a version, or there is no image of it.
        """
        local = self.environment == LOCAL
        if not (_LOCAL_VERSION if local else _COMMIT).fullmatch(version):
            also = ", perhaps with -SUFFIX" if local else ""
            raise RefusedError(f"{version!r} is no version: that is a commit, 40 hexadecimal digits{also}.")
        needed = [version, version + NAMES["load_image_suffix"]] if gated and not local else [version]
        for image in needed:
            if not self.has_image(image):
                make = (
                    f"make it: ./just cluster image {version}"
                    if local
                    else "the images workflow pushes one for each commit."
                )
                raise RefusedError(f"There is no image of {image} in {self.environment}: {make}")

    def render(self, jobspec: str, **variables: str) -> dict[str, Any]:
        """Render one of our jobspecs for this environment.

        Raises:
            ReleaseError: The jobspec or the values are wrong.
        """
        # All jobs share the variable files, and each ignores variables that only others need.
        command = [self.program, "job", "run", "-output", "-hcl2-strict=false"]
        command += [f"-var-file={path}" for path in self.var_files]
        command += [f"-var={name}={value}" for name, value in variables.items()]
        # Jobspecs read files of the repository.
        command.append(str(JOBS / f"{jobspec}.nomad.hcl"))
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise ReleaseError(f"{jobspec}.nomad.hcl can't be rendered: {done.stderr.strip()}")
        job: dict[str, Any] = json.loads(done.stdout)["Job"]
        return job


def job_of(what: str, service: str = "") -> str:
    """Return a job's id."""
    return str(NAMES["jobs"][what]).format(service=service)


def local(folder: Path) -> Target:
    """Return the local cluster that runs in a folder.

    Raises:
        ReleaseError: No cluster runs there.
    """
    try:
        said = json.loads((folder / "cluster.json").read_bytes())
        token = Path(said["nomad_deploy_token_file"]).read_text().strip()
    except (OSError, ValueError, KeyError) as exc:
        raise ReleaseError(f"No local cluster runs on {folder}. `./just cluster up` starts one.") from exc
    releases = Path(said["releases"])
    return Target(
        LOCAL,
        Nomad(said["nomad_url"], token),
        said["nomad_program"],
        tuple(Path(path) for path in said["var_files"]),
        lambda version: (releases / version / "bin" / "votewave").exists(),
        said["gateway_url"],
        Nomad(said["nomad_url"], Path(said["nomad_token_file"]).read_text().strip()),
    )


def cloud(environment: str, values: Path) -> Target:
    """Return an environment in AWS, from the shell's NOMAD_ADDR, NOMAD_TOKEN, NOMAD_CACERT and AWS_… variables.

    Args:
        environment: Its name.
        values: The file with Terraform's outputs, which are job variables.

    Raises:
        ReleaseError: Something is missing.
    """
    url, token = os.environ.get("NOMAD_ADDR"), os.environ.get("NOMAD_TOKEN")
    if not url or not token:
        raise ReleaseError(f"Say where Nomad of {environment} is and who you are: NOMAD_ADDR and NOMAD_TOKEN.")
    program = shutil.which("nomad")
    if program is None:
        raise ReleaseError("nomad isn't on PATH; it turns jobspecs into jobs.")
    if not values.exists():
        raise ReleaseError(f"There is no file {values}: --values names the one with Terraform's outputs.")
    decided = ROOT / "nomad" / "env" / f"{environment}.hcl"
    ca = os.environ.get("NOMAD_CACERT")
    return Target(environment, Nomad(url, token, ca), program, (decided, values), in_registry)


def in_registry(version: str) -> bool:
    """Return whether ECR has an image of a version.

    Raises:
        ReleaseError: ECR can't be asked, or refuses.
    """
    from boto3.session import Session  # noqa: PLC0415  (slow to import)
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  (likewise)

    try:
        found = (
            Session()
            .client("ecr")
            .describe_images(repositoryName=NAMES["repository"], imageIds=[{"imageTag": version}])
        )
    except ClientError as exc:
        code = exc.response.get("Error", {}).get("Code")
        if code == "ImageNotFoundException":
            return False
        raise ReleaseError(f"ECR can't say whether there is an image ({code}).") from exc
    except BotoCoreError as exc:
        raise ReleaseError(f"ECR can't be asked: {exc}") from exc
    return bool(found["imageDetails"])
