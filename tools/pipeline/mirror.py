"""Images of others that jobs run, copied into this account's registry: unchanged, by the digests that jobs name.

So a task starts while their registries are away, count our requests or have lost an image. A job whose variable `image`
names our registry takes them from there.
"""

import re
from pathlib import Path

from tools.pipeline.common import NAMES, ROOT, PipelineError, tell
from tools.pipeline.images import address_of, client, copy, digest_of, log_in

JOBS = ROOT / "nomad" / "jobs"
VALUES = ROOT / "nomad" / "env"
_VARIABLE = re.compile(r'^variable "(\w+_image)" \{\n(.*?)^\}', re.MULTILINE | re.DOTALL)
_DEFAULT = re.compile(r'^  default\s*=\s*"([^"]*)"', re.MULTILINE)
_VALUE = re.compile(r'^(\w+_image)\s*=\s*"([^"]*)"', re.MULTILINE)
_BY_DIGEST = re.compile(r"[\w./-]+@sha256:([0-9a-f]{64})")


def named(environment: str, jobs: Path = JOBS, values: Path = VALUES) -> dict[str, str]:
    """Return the images of others that an environment's jobs run, by their variables; empty where none is set yet.

    Raises:
        PipelineError: One isn't named by its digest.
    """
    found: dict[str, str] = {}
    for job in sorted(jobs.glob("*.nomad.hcl")):
        for variable, body in _VARIABLE.findall(job.read_text()):
            default = _DEFAULT.search(body)
            found[variable] = default[1] if default else ""
    found |= dict(_VALUE.findall((values / f"{environment}.hcl").read_text()))
    if wrong := sorted(name for name, image in found.items() if image and not _BY_DIGEST.fullmatch(image)):
        raise PipelineError(f"{environment}: {', '.join(wrong)} must name an image by its digest, NAME@sha256:…")
    return found


def tag_of(image: str) -> str:
    """Return the tag under which our registry keeps an image of others: the registry forgets what has none."""
    return str(NAMES["mirror_prefix"]) + image.rpartition("@sha256:")[2]


def mirror(environment: str) -> dict[str, str]:
    """Copy what this account's registry hasn't; return the images by their variables.

    Docker is logged in to the registry afterwards.

    Raises:
        PipelineError: One can't be copied, or comes as another one.
    """
    images = named(environment)
    ecr = client("ecr")
    here = address_of(ecr)
    log_in()
    for variable, image in images.items():
        if not image:
            tell(f"{variable}: nomad/env/{environment}.hcl names none; docs/operations/aws.md has how to find it")
            continue
        tag, digest = tag_of(image), image.partition("@")[2]
        if digest_of(ecr, tag) is None:
            copy(image, f"{here}:{tag}")
        if (found := digest_of(ecr, tag)) != digest:
            raise PipelineError(f"{here}:{tag} is {found}, and {image} was to be copied.")
        tell(f"{variable}: {image} is in {here}")
    return images
