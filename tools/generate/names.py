"""What Terraform, Packer and Nomad know of services, from the registry: a part of the naming module's names.json."""

import json
import re
from pathlib import Path

from services.registry import load_services

PATH = "terraform/modules/naming/names.json"
_BLOCK = re.compile(r'^  "services": \{\n.*?^  \}', re.MULTILINE | re.DOTALL)


def contents(root: Path) -> dict[str, str]:
    """Return the file with each service's secrets, and whether it sends mail, as the services say themselves."""
    lines = [
        f"    {json.dumps(service.name)}: "
        f'{{ "secrets": {json.dumps(["database", *service.secrets])}, "mail": {json.dumps(service.mail)} }}'
        for service in load_services(["all"])
    ]
    block = '  "services": {\n' + ",\n".join(lines) + "\n  }"
    return {PATH: _BLOCK.sub(lambda _: block, (root / PATH).read_text(), count=1)}
