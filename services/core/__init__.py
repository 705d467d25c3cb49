"""The kit every service is built from; it knows no service.

Start at `service.Service` (what a service is), then `app.create_app` (how services become one
application) and `kit.Kit` (what a running service is given).
"""

import sys
from typing import Any

# structlog imports rich where it can, to draw tracebacks in colour. Servers log JSON: without it a process
# is 3 MB smaller and 0.1 s sooner ready (measured). None here means "not installed" to the import system.
_modules: dict[str, Any] = sys.modules
_modules.setdefault("rich", None)
