"""Audits: known vulnerabilities of packages, licences of what we ship, workflows, scripts."""

import json
import re
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from tools.pipeline.common import ROOT, PipelineError, run

LICENCES = json.loads((Path(__file__).with_name("licences.json")).read_text())
WORKFLOWS = ROOT / ".github" / "workflows"
_BIN = Path(sys.executable).parent


def packages() -> str:
    """Look up every package of the lock file in the vulnerability database OSV; needs the network.

    Raises:
        PipelineError: A package has a known vulnerability, or OSV can't be reached.
    """
    run(["uv", "audit", "--frozen", "--preview-features", "audit"])
    return "no known hole in any package of uv.lock"


def licences() -> str:
    """Check the licences of the packages in the image, and of those that make and measure the web client.

    Raises:
        PipelineError: One isn't allowed, or unknown.
    """
    text = run(
        ["uv", "export", "--quiet", "--frozen", "--no-default-groups", "--no-emit-project", "--no-hashes",
         "--format", "requirements-txt"],
        capture=True,
    )  # fmt: skip
    # A line that is for another platform has a marker, and its package needn't be here.
    names = re.findall(r"^([A-Za-z0-9_.-]+)==[^ ;]+ *(;.*)?$", text, re.MULTILINE)
    wrong = []
    for name, marker in names:
        try:
            said = licence_of(name)
        except metadata.PackageNotFoundError:
            if not marker:
                wrong.append(f"{name} isn't installed, so its licence can't be read")
            continue
        if not allowed(said) and LICENCES["judged"].get(name, {}).get("said") != said:
            wrong.append(f"{name} says {said!r}")
    locks = [ROOT / folder / "package-lock.json" for folder in ("frontend", "loadtests/pages")]
    made_of = [entry for lock in locks for entry in json.loads(lock.read_text())["packages"].items()]
    built_with = {place.rpartition("node_modules/")[2]: it for place, it in made_of if place}
    for name, it in built_with.items():
        said = it.get("license", "nothing")
        if not allowed(said) and LICENCES["judged"].get(name, {}).get("said") != said:
            wrong.append(f"{name}, of the web client, says {said!r}")
    if wrong:
        raise PipelineError("; ".join(wrong) + ". Allowed: " + ", ".join(LICENCES["allowed"]))
    return f"{len(names) + len(built_with)} packages"


def licence_of(name: str) -> str:
    """Return what a package says of its licence: an SPDX expression, a classifier, or its own words."""
    about = metadata.metadata(name)
    if "License-Expression" in about:
        return about["License-Expression"]
    found = [it for it in about.get_all("Classifier") or [] if it.startswith("License :: ")]
    if found:
        return " OR ".join(it.rsplit(" :: ", 1)[1] for it in found)
    words = about["License"] if "License" in about else ""  # noqa: SIM401  (it is a message, and has no `get`)
    return words.splitlines()[0] if words else "nothing"


def allowed(said: str) -> bool:
    """Whether all that must be met is allowed, or one of what may be chosen."""

    def plain(text: str) -> str:
        return re.sub(r"[()]", "", text).strip().lower()

    known = {plain(it) for it in LICENCES["allowed"]}
    choices = re.split(r"\s+OR\s+", said)
    return any(all(plain(part) in known for part in re.split(r"\s+AND\s+", choice)) for choice in choices)


def workflows() -> str:
    """Check the workflows: grammar (actionlint), and what could be abused (zizmor, offline).

    Raises:
        PipelineError: One finds something.
    """
    found = json.loads(run([sys.executable, ROOT / "tools/build", "--json", "actionlint"], capture=True))
    lint = str(found["actionlint"]["path"])
    run([lint, "-no-color", "-shellcheck", _BIN / "shellcheck", "-pyflakes", "", *sorted(WORKFLOWS.glob("*.yml"))])
    run(
        [
            _BIN / "zizmor",
            "--offline",
            "--no-progress",
            "--quiet",
            "--persona",
            "pedantic",
            "--config",
            WORKFLOWS.parent / "zizmor.yml",
            WORKFLOWS,
        ]
    )
    return f"{len(list(WORKFLOWS.glob('*.yml')))} workflows"


def scripts() -> str:
    """Check the shell scripts.

    Raises:
        PipelineError: Something is found.
    """
    paths = [ROOT / "just", ROOT / ".ci/run", *sorted(ROOT.glob("packer/provision/*"))]
    shell = [path for path in paths if path.is_file() and "python" not in path.read_text().split("\n", 1)[0]]
    run([_BIN / "shellcheck", "--external-sources", "--source-path=SCRIPTDIR", "--exclude=SC1091", *shell])
    return f"{len(shell)} scripts"


AUDITS: dict[str, tuple[Callable[[], str], bool]] = {
    "packages": (packages, True),
    "licences": (licences, False),
    "workflows": (workflows, False),
    "scripts": (scripts, False),
}
"""By name: the check, and whether it needs the network."""
