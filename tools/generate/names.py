"""What Terraform, Packer and Nomad know of services, from the registry: a part of the naming module's names.json."""

import json
import re
from pathlib import Path

from services.registry import NAMES, PROGRAMS, load_services

PATH = "terraform/modules/naming/names.json"
_BLOCK = re.compile(r'^  "services": \{\n.*?^  \}(,\n  "without_role": \[.*?\])?', re.MULTILINE | re.DOTALL)


def contents(root: Path) -> dict[str, str]:
    """Return the file with each service's secrets, and whether it sends mail, as the services say themselves.

    `without_role` are programs that are run as services are and read nothing of AWS: no secrets, no files.
    """
    lines = [
        f"    {json.dumps(service.name)}: "
        f'{{ "secrets": {json.dumps(["database", *service.secrets])}, "mail": {json.dumps(service.mail)} }}'
        for service in load_services(["all"])
    ]
    others = [name for name in PROGRAMS if name not in NAMES]
    block = '  "services": {\n' + ",\n".join(lines) + '\n  },\n  "without_role": ' + json.dumps(others)
    return {PATH: _BLOCK.sub(lambda _: block, (root / PATH).read_text(), count=1)}
