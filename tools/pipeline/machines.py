"""Machine images: Packer with the pinned plugin, and which image is the newest. renewal.py brings them to machines."""

import json
import sys
from pathlib import Path
from typing import Any

from tools.pipeline.common import NAMES, ROOT, PipelineError, clean_commit, run, tell
from tools.pipeline.images import call, client

PACKER = ROOT / "packer"
STATE = ROOT / ".tools" / "packer"
MANIFEST = STATE / "manifest.json"
# Of which image the machines of a role are born.
IMAGES = {"server": ("server",), "client": ("edge", "app")}
PLACEHOLDERS = {
    "environment": "staging",
    "region": "eu-central-1",
    "subnet": "subnet-0",
    "profile": "profile",
    "key": "alias/key",
    "commit": "0" * 40,
}


def _packer() -> tuple[str, dict[str, str]]:
    """Return Packer, and an environment in which it has its plugin and asks nobody for newer versions."""
    found = json.loads(
        run([sys.executable, ROOT / "tools/build", "--json", "packer", "packer-plugin-amazon"], capture=True)
    )
    STATE.mkdir(parents=True, exist_ok=True)
    environment = {
        "PACKER_PLUGIN_PATH": str(STATE / "plugins"),
        "PACKER_CONFIG_DIR": str(STATE),
        "CHECKPOINT_DISABLE": "1",
    }
    program = str(found["packer"]["path"])
    plugin = str(found["packer-plugin-amazon"]["path"])
    run(
        [program, "plugins", "install", "--path", plugin, "github.com/hashicorp/amazon"], more=environment, capture=True
    )
    return program, environment


def _variables(values: dict[str, str]) -> list[str]:
    return [f"-var={name}={value}" for name, value in values.items()]


def validate() -> None:
    """Check the template with the real plugin: format, types, every argument. No network, no account.

    Raises:
        PipelineError: Something is wrong.
    """
    program, environment = _packer()
    run([program, "fmt", "-check", "-diff", PACKER], more=environment)
    for architecture in ("amd64", "arm64"):
        run(
            [program, "validate", *_variables({**PLACEHOLDERS, "architecture": architecture}), PACKER], more=environment
        )


def build(environment: str, role: str, architecture: str, values: dict[str, str]) -> None:
    """Build an image of the commit that is checked out.

    Raises:
        PipelineError: It can't be built.
    """
    program, more = _packer()
    given = {**values, "environment": environment, "commit": clean_commit(), "architecture": architecture}
    MANIFEST.unlink(missing_ok=True)
    command = [program, "build", "-color=false", f'-var=roles=["{role}"]', f"-var=manifest={MANIFEST}"]
    run([*command, *_variables(given), PACKER], more=more)
    tell(f"built: {MANIFEST.read_text().strip()}")


def publish(manifest: Path = MANIFEST) -> dict[str, str]:
    """Name what was built in Parameter Store, as the candidate of its environment; return the parameters.

    No machine starts from it before it is accepted (renewal.py).

    Raises:
        PipelineError: Nothing was built, or AWS says no.
    """
    try:
        document: dict[str, Any] = json.loads(manifest.read_text())
        built = [it for it in document["builds"] if it["packer_run_uuid"] == document["last_run_uuid"]]
    except (OSError, ValueError, KeyError) as exc:
        raise PipelineError(f"{manifest} doesn't say what was built; `machine-image build` writes it.") from exc
    done: dict[str, str] = {}
    for it in built:
        region, image = str(it["artifact_id"]).split(":", 1)
        ssm = client("ssm", region)
        for role in IMAGES[it["custom_data"]["role"]]:
            environment = it["custom_data"]["environment"]
            name = NAMES["parameters"]["machine_image_candidate"].format(environment=environment, role=role)
            call(ssm.put_parameter, Name=name, Value=image, Type="String", DataType="aws:ec2:image", Overwrite=True)
            done[name] = image
            tell(f"{name}: {image}")
    return done
