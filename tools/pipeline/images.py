"""The service image on its way to the registry: by commit, scanned, with its bill of materials."""

import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tools.pipeline import findings
from tools.pipeline.common import NAMES, ROOT, PipelineError, clean_commit, run, tell
from tools.pipeline.findings import Finding
from tools.pipeline.github import given

BAD = ("CRITICAL", "HIGH")
SBOM_IN_IMAGE = "/opt/votewave/share/votewave/sbom.cdx.json"
_SCAN_SECONDS = 600
_POLL_SECONDS = 10


@dataclass(frozen=True)
class Images:
    """Images of a commit, in a registry.

    Attributes:
        repository: The registry's repository, by its address.
        digests: By tag: the commit's, and its load tests'.
    """

    repository: str
    digests: dict[str, str]


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
    repository = address_of(ecr)
    missing = [tag for tag in (version, load) if digest_of(ecr, tag) is None]
    # Even if nothing is to be pushed: what follows reads the image and leaves its signature beside it.
    _log_in(repository)
    for tag in (version, load):
        if tag not in missing:
            tell(f"{tag} is in the registry: tags are immutable, so it is this very commit's")
            continue
        # On the service's image, which is here by now or comes from the registry.
        only = ["--load-only"] if tag == load else []
        run([ROOT / "just", "image", "--name", repository, "--tag", version, *only])
        run(["docker", "push", "--quiet", f"{repository}:{tag}"])
    digests = [digest_of(ecr, tag) for tag in (version, load)]
    if None in digests:
        raise PipelineError(f"The registry doesn't have {version} after the push.")
    digest, load_digest = (str(it) for it in digests)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps({"name": repository, "digest": digest, "tag": version}) + "\n")
    tell(f"{repository}@{digest}")
    tell(f"{repository}@{load_digest}: the load tests")
    return digest, load_digest


def address_of(ecr: Any, name: str = NAMES["repository"]) -> str:
    """Return the address of a repository of this account.

    Raises:
        PipelineError: There is none.
    """
    return str(call(ecr.describe_repositories, repositoryNames=[name])["repositories"][0]["repositoryUri"])


def log_in() -> None:
    """Log Docker in to this account's registry.

    Raises:
        PipelineError: AWS or Docker says no.
    """
    _log_in(address_of(client("ecr")))


def _log_in(repository: str) -> None:
    # By standard input, for an argument could be read by everybody on the machine.
    password = run(["aws", "ecr", "get-login-password"], capture=True)
    run(["docker", "login", "--username", "AWS", "--password-stdin", repository.split("/", 1)[0]], given=password)


def digest_of(ecr: Any, tag: str) -> str | None:
    """Return the digest of what has a tag; None if nothing has.

    Raises:
        PipelineError: AWS says no.
    """
    known = call(ecr.batch_get_image, repositoryName=NAMES["repository"], imageIds=[{"imageTag": tag}])["images"]
    return str(known[0]["imageId"]["imageDigest"]) if known else None


def scan(version: str, allowed: Path = findings.LIST) -> dict[str, int]:
    """Wait for the registry's scan and judge it; return the counts by severity.

    Args:
        version: The image's tag.
        allowed: The list of findings that may be.

    Raises:
        PipelineError: It found something bad that isn't allowed, an entry of the list has expired, or it doesn't end.
    """
    known = findings.read(allowed)
    ecr, until = client("ecr"), time.monotonic() + _SCAN_SECONDS
    image = {"repositoryName": NAMES["repository"], "imageId": {"imageTag": version}}
    while True:
        from botocore.exceptions import ClientError  # noqa: PLC0415  (slow to import)

        try:
            pages = [ecr.describe_image_scan_findings(**image)]
            status = pages[0]["imageScanStatus"]["status"]
        except ClientError as exc:
            if exc.response.get("Error", {}).get("Code") != "ScanNotFoundException":
                raise PipelineError(f"AWS: {exc}") from exc
            pages, status = [], "PENDING"
        if status in {"COMPLETE", "ACTIVE"}:
            break
        if status not in {"PENDING", "IN_PROGRESS"} or time.monotonic() >= until:
            raise PipelineError(f"The scan of {version} says {status}.")
        time.sleep(_POLL_SECONDS)
    while token := pages[-1].get("nextToken"):
        pages.append(call(ecr.describe_image_scan_findings, **image, nextToken=token))
    counts = {str(k): int(v) for k, v in pages[0]["imageScanFindings"].get("findingSeverityCounts", {}).items()}
    bad = [it for page in pages for it in _bad(page["imageScanFindings"])]
    if len(bad) != sum(counts.get(severity, 0) for severity in BAD):
        raise PipelineError(f"The scan of {version} counts {counts}, and names only {len(bad)} of the bad ones.")
    if left := findings.unknown(bad, known):
        said = ", ".join(sorted(str(it) for it in left))
        raise PipelineError(
            f"The scan of {version} found {said}. A newer base or package, then a new commit; what can't hurt here "
            f"may be allowed for some weeks, in tools/pipeline/{findings.LIST.name}."
        )
    tell(f"the scan of {version}: {counts or 'nothing'}; allowed: {len(bad)}")
    return counts


def _bad(page: dict[str, Any]) -> list[Finding]:
    """Return the bad findings of a page, in the form of basic scanning or of enhanced."""
    basic = [
        Finding(
            str(it["name"]),
            next((str(a["value"]) for a in it.get("attributes", []) if a["key"] == "package_name"), ""),
            str(it["severity"]),
        )
        for it in page.get("findings", [])
    ]
    enhanced = [
        Finding(
            str(it["packageVulnerabilityDetails"]["vulnerabilityId"]),
            ",".join(sorted({str(p["name"]) for p in it["packageVulnerabilityDetails"]["vulnerablePackages"]})),
            str(it["severity"]),
        )
        for it in page.get("enhancedFindings", [])
    ]
    return [it for it in (*basic, *enhanced) if it.severity in BAD]


def verify(version: str, out: Path) -> Images:
    """Check that this repository's own workflow built the images of a commit; return which they are.

    Args:
        version: The commit.
        out: Gets what was verified, for `promote`.

    Raises:
        PipelineError: There is no such image, or nothing proves where it comes from.
    """
    ecr = client("ecr")
    digests = {tag: _verified(ecr, tag) for tag in (version, version + NAMES["load_image_suffix"])}
    images = Images(address_of(ecr), digests)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(asdict(images)) + "\n")
    return images


def _verified(ecr: Any, tag: str) -> str:
    digest = digest_of(ecr, tag)
    if digest is None:
        raise PipelineError(f"The registry has no image {tag}.")
    # GitHub keeps the signatures by digest: the image itself needn't come here.
    repository = given("GITHUB_REPOSITORY")
    manifest = call(ecr.batch_get_image, repositoryName=NAMES["repository"], imageIds=[{"imageDigest": digest}])
    place = ROOT / ".tools" / "out" / "manifest.json"
    place.parent.mkdir(parents=True, exist_ok=True)
    # The digest is that of these very bytes, so they are what was signed.
    place.write_bytes(manifest["images"][0]["imageManifest"].encode())
    workflow = f"{repository}/.github/workflows/images.yml"
    run(["gh", "attestation", "verify", place, "--repo", repository, "--signer-workflow", workflow])
    tell(f"{tag} ({digest}) was built by {workflow}")
    return digest


def promote(verified: Path) -> None:
    """Copy images that `verify` has seen in another account into this account's registry, unchanged: by digest.

    Docker must still be logged in to the registry that they come from.

    Raises:
        PipelineError: Nothing was verified, one can't be copied, or a tag is another image's here.
    """
    try:
        document = json.loads(verified.read_text())
        images = Images(str(document["repository"]), dict(document["digests"]))
    except (OSError, ValueError, KeyError) as exc:
        raise PipelineError(f"{verified} doesn't say what was verified; `image verify` writes it.") from exc
    ecr = client("ecr")
    here = address_of(ecr)
    _log_in(here)
    for tag, digest in images.digests.items():
        if digest_of(ecr, tag) is None:
            copy(f"{images.repository}@{digest}", f"{here}:{tag}")
        if (found := digest_of(ecr, tag)) != digest:
            raise PipelineError(f"{here}:{tag} is {found}, and {images.repository} has {digest}.")
        tell(f"{here}:{tag} is {digest}")


def copy(source: str, target: str) -> None:
    """Copy an image from registry to registry as it is: an index around it would have another digest."""
    run(["docker", "buildx", "imagetools", "create", "--prefer-index=false", "--tag", target, source])


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
