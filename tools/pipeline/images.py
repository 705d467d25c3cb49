"""The service image on its way to the registry: by commit, scanned, with its bill of materials."""

import json
import time
from pathlib import Path
from typing import Any

from tools.pipeline.common import NAMES, ROOT, PipelineError, clean_commit, run, tell
from tools.pipeline.github import given

BAD = ("CRITICAL", "HIGH")
SBOM_IN_IMAGE = "/opt/votewave/share/votewave/sbom.cdx.json"
_SCAN_SECONDS = 600
_POLL_SECONDS = 10


def client(service: str, region: str | None = None) -> Any:
    """Return a client of an AWS service, as the shell says who and where we are.

    Raises:
        PipelineError: It doesn't say.
    """
    from boto3.session import Session  # noqa: PLC0415  (slow to import)
    from botocore.exceptions import BotoCoreError  # noqa: PLC0415  (likewise)

    session: Any = Session(region_name=region)
    try:
        return session.client(service)
    except BotoCoreError as exc:
        raise PipelineError(f"AWS: {exc}") from exc


def call(method: Any, **arguments: Any) -> Any:
    """Ask AWS.

    Raises:
        PipelineError: It says no, or isn't there.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  (slow to import)

    try:
        return method(**arguments)
    except (ClientError, BotoCoreError) as exc:
        raise PipelineError(f"AWS: {exc}") from exc


def push(out: Path) -> tuple[str, str]:
    """Build the images of the commit, the service's and the load tests', and push those that the registry hasn't.

    Docker is logged in to the registry afterwards.

    Args:
        out: Gets name, tag and digest of the service's, for signing.

    Returns:
        The digests: of the service's, of the load tests'.

    Raises:
        PipelineError: One can't be built or pushed.
    """
    version, ecr = clean_commit(), client("ecr")
    load = version + NAMES["load_image_suffix"]
    found = call(ecr.describe_repositories, repositoryNames=[NAMES["repository"]])
    repository = str(found["repositories"][0]["repositoryUri"])
    missing = [tag for tag in (version, load) if _digest(ecr, tag) is None]
    # Even if nothing is to be pushed: what follows reads the image and leaves its signature beside it. By standard
    # input, for an argument could be read by everybody on the machine.
    password = run(["aws", "ecr", "get-login-password"], capture=True)
    run(["docker", "login", "--username", "AWS", "--password-stdin", repository.split("/", 1)[0]], given=password)
    for tag in (version, load):
        if tag not in missing:
            tell(f"{tag} is in the registry: tags are immutable, so it is this very commit's")
            continue
        # On the service's image, which is here by now or comes from the registry.
        only = ["--load-only"] if tag == load else []
        run([ROOT / "just", "image", "--name", repository, "--tag", version, *only])
        run(["docker", "push", "--quiet", f"{repository}:{tag}"])
    digests = [_digest(ecr, tag) for tag in (version, load)]
    if None in digests:
        raise PipelineError(f"The registry doesn't have {version} after the push.")
    digest, load_digest = (str(it) for it in digests)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"name": repository, "digest": digest, "tag": version}) + "\n")
    tell(f"{repository}@{digest}")
    tell(f"{repository}@{load_digest}: the load tests")
    return digest, load_digest


def _digest(ecr: Any, tag: str) -> str | None:
    known = call(ecr.batch_get_image, repositoryName=NAMES["repository"], imageIds=[{"imageTag": tag}])["images"]
    return str(known[0]["imageId"]["imageDigest"]) if known else None


def scan(version: str) -> dict[str, int]:
    """Wait for the registry's scan and judge it; return the counts by severity.

    Raises:
        PipelineError: It found something bad, or doesn't end.
    """
    ecr, until = client("ecr"), time.monotonic() + _SCAN_SECONDS
    image = {"repositoryName": NAMES["repository"], "imageId": {"imageTag": version}}
    while True:
        from botocore.exceptions import ClientError  # noqa: PLC0415  (slow to import)

        try:
            found = ecr.describe_image_scan_findings(**image)
            status = found["imageScanStatus"]["status"]
        except ClientError as exc:
            if exc.response.get("Error", {}).get("Code") != "ScanNotFoundException":
                raise PipelineError(f"AWS: {exc}") from exc
            found, status = {}, "PENDING"
        if status in {"COMPLETE", "ACTIVE"}:
            break
        if status not in {"PENDING", "IN_PROGRESS"} or time.monotonic() >= until:
            raise PipelineError(f"The scan of {version} says {status}.")
        time.sleep(_POLL_SECONDS)
    counts = {str(k): int(v) for k, v in found["imageScanFindings"].get("findingSeverityCounts", {}).items()}
    bad = {severity: counts[severity] for severity in BAD if counts.get(severity)}
    if bad:
        said = ", ".join(f"{number} {severity.lower()}" for severity, number in bad.items())
        raise PipelineError(f"The scan of {version} found {said}. A newer base or package, then a new commit.")
    tell(f"the scan of {version}: {counts or 'nothing'}")
    return counts


def verify(version: str) -> str:
    """Check that this repository's own workflow built the image of a commit; return its digest.

    Raises:
        PipelineError: There is no such image, or nothing proves where it comes from.
    """
    ecr = client("ecr")
    found = call(ecr.describe_images, repositoryName=NAMES["repository"], imageIds=[{"imageTag": version}])
    digest = str(found["imageDetails"][0]["imageDigest"])
    # GitHub keeps the signatures by digest: the image itself needn't come here.
    repository = given("GITHUB_REPOSITORY")
    manifest = call(ecr.batch_get_image, repositoryName=NAMES["repository"], imageIds=[{"imageDigest": digest}])
    place = ROOT / ".tools" / "out" / "manifest.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    # The digest is that of these very bytes, so they are what was signed.
    place.write_bytes(manifest["images"][0]["imageManifest"].encode())
    workflow = f"{repository}/.github/workflows/images.yml"
    run(["gh", "attestation", "verify", place, "--repo", repository, "--signer-workflow", workflow])
    tell(f"{version} ({digest}) was built by {workflow}")
    return digest


def sbom(reference: str, out: Path) -> None:
    """Copy the bill of materials (CycloneDX) out of an image.

    Raises:
        PipelineError: There is no such image, or no bill in it.
    """
    container = run(["docker", "create", reference], capture=True).strip()
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        run(["docker", "cp", f"{container}:{SBOM_IN_IMAGE}", out])
    finally:
        run(["docker", "rm", container], capture=True)
    try:
        parts = json.loads(out.read_text())["components"]
    except (ValueError, KeyError) as exc:
        raise PipelineError(f"{out} is no CycloneDX document.") from exc
    tell(f"{out}: {len(parts)} components")
