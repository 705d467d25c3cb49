"""Whether the jobs in nomad/ are written as `nomad fmt` writes them; a part of `./just lint`, in one line.

Takes the Nomad of PATH or one that `./just tools nomad` has brought; builds none.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FORMATTED = ("nomad/jobs", "nomad/env", "nomad/autoscaler/policy.hcl")
"""autoscaler.hcl isn't among them: it is a template, and HCL only once Nomad has filled it in."""

_BROUGHT = re.compile(r"nomad-\d+\.\d+\.\d+-[0-9a-f]+")


def nomad() -> str | None:
    """Return where Nomad is, if it is anywhere."""
    if (found := shutil.which("nomad")) is not None:
        return found
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    for folder in (ROOT / ".tools/bin-cluster", ROOT / ".tools/vendor", cache / "votewave/tools"):
        if brought := sorted(it for it in folder.glob("nomad-*") if it.is_file() and _BROUGHT.fullmatch(it.name)):
            return str(brought[-1])
    return None


def main(root: Path = ROOT) -> int:
    """Check; return the exit status."""
    program = nomad()
    if program is None:
        sys.stdout.write("nomad fmt: left out, for Nomad isn't here; `./just tools nomad` brings it\n")
        return 0
    command = [program, "fmt", "-check", "-recursive", *FORMATTED]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=False)
    if done.returncode != 0:
        said = (done.stdout + done.stderr).strip()
        sys.stderr.write(f"{said}\nnomad fmt failed; `nomad fmt -recursive nomad/jobs nomad/env` mends it\n")
        return 1
    sys.stdout.write("nomad fmt: fine\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
