"""Builds the image with the engine that this machine has, and reports what was built (`./just image`)."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import click

ROOT = Path(__file__).resolve().parents[2]
LIMIT_MB = 250
"""The image's largest size, unpacked, in millions of bytes: a new machine must be able to pull it within seconds."""

PLATFORM = "linux/amd64"
"""What the cloud's machines are (terraform/modules/sizes), whatever the machine that builds."""

LOAD_SUFFIX = str(json.loads((ROOT / "terraform/modules/naming/names.json").read_text())["load_image_suffix"])
"""What the tag of the load tests' image ends in; nomad/jobs/loadtest.nomad.hcl says the same."""

_BUILD_SECONDS = 1800


class ImageError(Exception):
    """The image can't be built; the message says why."""


@dataclass(frozen=True)
class Built:
    """An image that was built.

    Attributes:
        reference: Name and tag.
        id: Its digest, without the algorithm.
        engine: The engine that built it.
        megabytes: Its size unpacked, base included (1 MB is a million bytes).
        user: The user that it runs as, `UID:GID`.
        labels: Its labels.
        seconds: How long the build took.
    """

    reference: str
    id: str
    engine: str
    megabytes: int
    user: str
    labels: dict[str, str]
    seconds: float


@dataclass(frozen=True)
class Engine:
    """A program that builds images.

    Attributes:
        name: `docker`, `podman` or `buildah`.
        options: Its global options, such as where it keeps images.
        building: Options of its build command.
    """

    name: str
    options: tuple[str, ...] = ()
    building: tuple[str, ...] = ()

    def command(self, *arguments: str) -> list[str]:
        """Return a command line."""
        return [self.name, *self.options, *arguments]


def find_engine() -> Engine:
    """Return this machine's engine: Docker if its daemon answers, else Podman, else buildah.

    Raises:
        ImageError: It has none.
    """
    if shutil.which("docker"):
        answer = subprocess.run(["docker", "version"], capture_output=True, timeout=30, check=False)
        if answer.returncode == 0:
            return Engine("docker")
    if shutil.which("podman"):
        return Engine("podman", building=("--format=docker",))
    if shutil.which("buildah"):
        return Engine("buildah", building=("--format=docker",))
    raise ImageError(
        "No engine builds images here: Docker doesn't answer, and neither Podman nor buildah is on PATH. "
        "On Debian and Ubuntu: apt-get install buildah"
    )


def build(
    engine: Engine, reference: str, revision: str, *, version: str = "", source: str = "", base: str | None = None
) -> Built:
    """Build the image from the work tree.

    Args:
        engine: What builds.
        reference: Name and tag that it gets.
        revision: The commit, for its label.
        version: What it is called; the revision if empty.
        source: Where the code is published.
        base: Another base image, by digest.

    Raises:
        ImageError: It fails; the engine has said why on stderr.
    """
    values = {"REVISION": revision, "VERSION": version or revision, "SOURCE": source}
    if base is not None:
        values["BASE"] = base
    return _build(engine, reference, ROOT / "Dockerfile", values)


def build_load(engine: Engine, image: str, *, base: str | None = None) -> Built:
    """Build the image of the load tests on the service's of the same work tree.

    Args:
        engine: What builds.
        image: Name and tag of the service's image: here, or in a registry that the engine may read.
        base: Another base image, by digest; that of the service's image.

    Raises:
        ImageError: It fails; the engine has said why on stderr.
    """
    values = {"IMAGE": image} | ({"BASE": base} if base is not None else {})
    return _build(engine, image + LOAD_SUFFIX, ROOT / "loadtests" / "Dockerfile", values)


def _build(engine: Engine, reference: str, file: Path, values: dict[str, str]) -> Built:
    began = time.monotonic()
    arguments = [f"--build-arg={name}={value}" for name, value in values.items()]
    # Docker finds a Dockerfile's own .dockerignore by itself; the others have to be told.
    ignored = file.with_name(f"{file.name}.dockerignore")
    if engine.name != "docker" and ignored.exists():
        arguments.append(f"--ignorefile={ignored}")
    arguments.append(f"--platform={PLATFORM}")
    command = engine.command("build", *engine.building, *arguments, f"--tag={reference}", f"--file={file}")
    done = subprocess.run([*command, str(ROOT)], stdout=sys.stderr, timeout=_BUILD_SECONDS, check=False)
    if done.returncode != 0:
        raise ImageError(f"{engine.name} couldn't build {reference}; see above.")
    found = _inspect(engine, reference)
    config = found.get("Config") or {}
    return Built(
        reference,
        str(found["Id"]).removeprefix("sha256:"),
        engine.name,
        round(int(found["Size"]) / 1e6),
        str(config.get("User", "")),
        dict(config.get("Labels") or {}),
        round(time.monotonic() - began, 1),
    )


def _inspect(engine: Engine, reference: str) -> dict[str, Any]:
    """Return what `docker image inspect` prints; buildah's answer is brought into the same form."""
    if engine.name != "buildah":
        [found] = _json(engine.command("image", "inspect", reference))
        return dict(found)
    said = _json(engine.command("inspect", "--type=image", reference))
    layers = json.loads(said["Manifest"])["layers"]  # buildah keeps them unpacked
    return {
        "Id": said["FromImageID"],
        "Size": sum(layer["size"] for layer in layers),
        "Config": said["OCIv1"]["config"],
    }


def _json(command: Sequence[str]) -> Any:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        raise ImageError(f"{' '.join(command)}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def revision_of(tree: Path, *, load: bool = False) -> str:
    """Return the commit that a work tree is at, with `-dirty` if it has changes to what is built.

    Args:
        tree: The work tree.
        load: Whether the load tests' image is built, too.

    Raises:
        ImageError: It isn't a clone.
    """
    git = ["git", "-C", str(tree)]
    made_of = ["Dockerfile", ".dockerignore", "pyproject.toml", "uv.lock", "services", "frontend"]
    made_of += ["tools/bring.py"]
    made_of += ["loadtests", "nomad/gateway/routes.map"] if load else []
    head = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    if head.returncode != 0:
        raise ImageError(f"{tree} is no clone of a repository, so the image's revision isn't known.")
    changes = subprocess.run(
        [*git, "status", "--porcelain", "--", *made_of], capture_output=True, text=True, check=True
    ).stdout
    return head.stdout.strip() + ("-dirty" if changes.strip() else "")


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--name", default="votewave", show_default=True, help="The image's name, such as a registry's.")
@click.option("--tag", help="Its tag. Default: the commit.")
@click.option("--base", help="Another base image, by digest: NAME@sha256:…")
@click.option("--source", default="", help="Where the code is published, for the image's label.")
@click.option("--load", is_flag=True, help=f"Also build the load tests' image on it, tagged …{LOAD_SUFFIX}.")
@click.option("--load-only", is_flag=True, help="Build only the load tests' image, on an existing image.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON, one line per image.")
def main(name: str, tag: str | None, base: str | None, source: str, load: bool, load_only: bool, as_json: bool) -> None:
    """Build the image of this work tree with Docker, Podman or buildah.

    Exits with 1 if the image can't be built or is too large.

    \b
    Examples:
      ./just image
      ./just image --load
      ./just image --name REGISTRY/votewave --json
    """  # noqa: D301  (click looks for the character itself)
    try:
        engine, revision = find_engine(), revision_of(ROOT, load=load or load_only)
        image = f"{name}:{tag or revision}"
        if not load_only:
            built = build(engine, image, revision, source=source, base=base)
            _say(built, as_json=as_json)
            if built.megabytes > LIMIT_MB:
                raise click.ClickException(f"it takes {built.megabytes} MB and may take {LIMIT_MB}")
        if load or load_only:
            _say(build_load(engine, image, base=base), as_json=as_json)
    except (ImageError, subprocess.TimeoutExpired) as exc:
        raise click.ClickException(str(exc)) from exc


def _say(built: Built, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(built)))
    else:
        click.echo(f"{built.reference}: {built.megabytes} MB, user {built.user}, {built.engine}, {built.seconds:.0f} s")


if __name__ == "__main__":
    main(prog_name="./just image")
