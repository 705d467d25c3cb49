"""`./just pipeline`: the workflows' steps as commands."""

import json
import sys
from pathlib import Path

import click
from tools.pipeline import audit as audits
from tools.pipeline import github, images, machines, mirror, programs, reach, renewal, terraform
from tools.pipeline.common import ENVIRONMENTS, ROOT, PipelineError

_ENVIRONMENT = click.option("--env", "environment", required=True, type=click.Choice(ENVIRONMENTS), help="Where.")
_OUT = ROOT / ".tools" / "out"


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
def main() -> None:
    """Run a step of a workflow on this machine.

    \b
    Exit codes:
      0  done
      1  it failed, or found a problem; the last line says what
      2  the command is wrong

    \b
    Examples:
      ./just pipeline audit --offline
      ./just pipeline machine-image validate
      ./just pipeline nomad --env staging --operator -- nomad node status
    """  # noqa: D301  (click looks for the character itself)


@main.command("programs")
@click.argument("names", nargs=-1, required=True, type=click.Choice(list(programs.PINS)))
def bring(names: tuple[str, ...]) -> None:
    """Download programs from their vendor into .tools/vendor, verified; a workflow's next steps have them on PATH."""
    click.echo(programs.bring(names))


@main.command("packages")
@click.argument("names", nargs=-1, required=True)
def system_packages(names: tuple[str, ...]) -> None:
    """Install packages of the system (Debian, Ubuntu), as on a workflow's machine."""
    programs.install(names)


@main.command("proven")
@_ENVIRONMENT
@click.argument("version")
def proven(environment: str, version: str) -> None:
    """Fail unless a commit has passed an environment's gate."""
    github.proven(environment, version)


@main.command("passed")
@_ENVIRONMENT
@click.argument("version")
def passed(environment: str, version: str) -> None:
    """Record on a commit that it has passed an environment's gate; `proven` checks this."""
    github.passed(environment, version)


@main.command()
@click.option("--offline", is_flag=True, help="Leave out what asks a database of known holes.")
@click.argument("names", nargs=-1, type=click.Choice(list(audits.AUDITS)))
def audit(*, offline: bool, names: tuple[str, ...]) -> None:
    """Look for known vulnerabilities, licences that aren't allowed, and mistakes in workflows and scripts."""
    failed = []
    for name, (check, online) in audits.AUDITS.items():
        if names and name not in names:
            continue
        if online and offline:
            click.echo(f"{name:10} left out: it needs the network")
            continue
        try:
            said = check()
        except PipelineError as exc:
            failed.append(name)
            click.echo(f"{name:10} FAILED: {exc}", err=True)
        else:
            click.echo(f"{name:10} fine: {said}")
    if failed:
        raise PipelineError(f"{len(failed)} failed: {', '.join(failed)}")


@main.group()
def image() -> None:
    """Images that jobs run: push, scan, verify, promote, mirror, bill of materials."""


@image.command("push")
@click.option("--out", type=click.Path(path_type=Path), default=_OUT / "image.json", show_default=False)
def image_push(out: Path) -> None:
    """Build the checked-out commit's images and push them to this account's registry; prints the service's digest."""
    digest, load_digest = images.push(out)
    click.echo(digest)
    _tell_workflow(digest=digest, load_digest=load_digest, name=_name_of(out))


@image.command("scan")
@click.option("--version", required=True, help="The commit; with -load behind it, its load tests.")
def image_scan(version: str) -> None:
    """Wait for the registry's scan; fail on critical and high findings that findings.toml doesn't allow."""
    click.echo(images.scan(version))


@image.command("verify")
@click.option("--version", required=True, help="The commit.")
@click.option("--login", is_flag=True, help="Log Docker in to this registry, so that `promote` can copy from it.")
@click.option("--out", type=click.Path(path_type=Path), default=_OUT / "verified.json", show_default=False)
def image_verify(*, version: str, login: bool, out: Path) -> None:
    """Check that the images workflow of this repository built a commit's images (GitHub's signature)."""
    images.verify(version, out)
    if login:
        images.log_in()


@image.command("promote")
@click.option("--verified", type=click.Path(path_type=Path), default=_OUT / "verified.json", show_default=False)
def image_promote(verified: Path) -> None:
    """Copy the images that were verified in another account into this account's registry, by digest."""
    images.promote(verified)


@image.command("mirror")
@_ENVIRONMENT
def image_mirror(environment: str) -> None:
    """Copy the images of others that an environment's jobs run into this account's registry, by digest."""
    click.echo(json.dumps(mirror.mirror(environment)))


@image.command("sbom")
@click.argument("reference")
@click.option("--out", type=click.Path(path_type=Path), default=_OUT / "sbom.cdx.json", show_default=False)
def image_sbom(reference: str, out: Path) -> None:
    """Copy the bill of materials out of an image."""
    images.sbom(reference, out)


@main.group("machine-image")
def machine_image() -> None:
    """Machine images: validate, build, publish; then accept, refresh, prove."""


@machine_image.command("validate")
def machine_validate() -> None:
    """Check Packer's template with the real plugin, without network and account."""
    machines.validate()


@machine_image.command("build")
@_ENVIRONMENT
@click.option("--role", required=True, type=click.Choice(list(machines.IMAGES)))
@click.option("--arch", "architecture", default="amd64", show_default=True, type=click.Choice(["amd64", "arm64"]))
@click.option("--region", required=True)
@click.option("--subnet", required=True, help="A private subnet with a way to the internet.")
@click.option("--profile", required=True, help="Instance profile of the build machine.")
@click.option("--key", required=True, help="KMS key of the images.")
@click.option("--source-ami", default="", help="An image of Debian's to build from again.")
def machine_build(*, environment: str, role: str, architecture: str, **values: str) -> None:
    """Build an image of the checked-out commit in this account."""
    machines.build(environment, role, architecture, values)


@machine_image.command("publish")
@click.option("--manifest", type=click.Path(path_type=Path), default=machines.MANIFEST, show_default=False)
def machine_publish(manifest: Path) -> None:
    """Name the image that was built last as a candidate; `accept` makes machines start from it."""
    machines.publish(manifest)


@machine_image.command("accept")
@_ENVIRONMENT
@click.option(
    "--like", default="", metavar="JSON", help="What `prove` said of staging: the images are to be made alike."
)
@click.option("--skip-staging", default="", metavar="REASON", help="Images that staging hasn't run on; it is printed.")
def machine_accept(*, environment: str, like: str, skip_staging: str) -> None:
    """Make new machines start from the candidates; production takes only what staging has run on."""
    click.echo(json.dumps(renewal.accept(environment, like, skip_staging)))


@machine_image.command("refresh")
@_ENVIRONMENT
def machine_refresh(environment: str) -> None:
    """Replace all machines, servers first, and wait until they are; it may take two hours."""
    renewal.refresh(environment)


@machine_image.command("prove")
@_ENVIRONMENT
def machine_prove(environment: str) -> None:
    """Record that all machines run on the accepted images; run it once they have passed a test."""
    proven_of = json.dumps(renewal.prove(environment), separators=(",", ":"))
    click.echo(proven_of)
    _tell_workflow(proven=proven_of)


@main.group("terraform")
def terraform_group() -> None:
    """Terraform in an environment's folder."""


@terraform_group.command("lock")
@_ENVIRONMENT
@click.option("--platform", "platforms", multiple=True, default=terraform.PLATFORMS, show_default=True)
@click.option(
    "--mirror",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder with the providers, where their registry isn't reached (`terraform providers mirror` fills one).",
)
def terraform_lock(environment: str, platforms: tuple[str, ...], mirror: Path | None) -> None:
    """Write the lock file: which providers, by checksum; plan and apply take no others. Commit it."""
    click.echo(terraform.lock(environment, platforms, mirror))


@terraform_group.command("plan")
@_ENVIRONMENT
@click.option("--comment", is_flag=True, help="Show it at the pull request, too.")
def terraform_plan(*, environment: str, comment: bool) -> None:
    """Plan."""
    click.echo(terraform.plan(environment, None, comment=comment))


@terraform_group.command("apply")
@_ENVIRONMENT
def terraform_apply(environment: str) -> None:
    """Plan, and apply that plan."""
    terraform.apply(environment)


@main.command("nomad", context_settings={"ignore_unknown_options": True})
@_ENVIRONMENT
@click.option("--operator", is_flag=True, help="With the management token, which your AWS login may read.")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
def nomad(environment: str, *, operator: bool, command: tuple[str, ...]) -> None:
    """Run COMMAND with NOMAD_ADDR, NOMAD_TOKEN and NOMAD_CACERT of an environment.

    `@values` in it stands for a file with Terraform's values of the jobs.

    \b
    Examples:
      ./just pipeline nomad --env staging --operator -- nomad job status
      ./just pipeline nomad --env staging -- ./just release --env staging --service all
          --version $(git rev-parse HEAD) --values @values
    """  # noqa: D301  (likewise)
    sys.exit(reach.within(environment, command, operator=operator))


def _name_of(out: Path) -> str:
    return str(json.loads(out.read_text())["name"])


def _tell_workflow(**outputs: str) -> None:
    """Hand values to a workflow's next steps."""
    import os  # noqa: PLC0415

    if (path := os.environ.get("GITHUB_OUTPUT")) is not None:
        with Path(path).open("a") as file:
            file.writelines(f"{name}={value}\n" for name, value in outputs.items())


if __name__ == "__main__":
    try:
        main(prog_name="./just pipeline")
    except PipelineError as exc:
        sys.stderr.write(f"{exc}\n")
        sys.exit(1)
