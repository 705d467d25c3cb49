"""The services by name: the one place that knows them all."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # commands that need only the names don't wait for a web framework
    from services.core.service import Service

NAMES = (
    "auth",
    "profiles",
    "polls",
    "votebooth",
    "follows",
    "expressions",
    "comments",
    "feed",
    "notifications",
    "messaging",
)
"""In the order in which they are migrated and started."""

WEB = "web"
"""What serves the web client: a program without tables and secrets, released as each service is, after them all."""

PROGRAMS = (*NAMES, WEB)
"""What a cluster runs as a job each."""

SIGNER = "auth"
"""The one that signs access tokens and publishes their keys."""


def load_services(names: tuple[str, ...] | list[str]) -> "list[Service[Any]]":
    """Import the named services; `all` stands for every one.

    Raises:
        ValueError: There is no such service.
    """
    wanted = NAMES if "all" in names else tuple(dict.fromkeys(names))
    unknown = [name for name in wanted if name not in NAMES]
    if unknown:
        raise ValueError(f"no service named {', '.join(unknown)}; there are: {', '.join(NAMES)}")
    # Imported on demand: `run polls` holds polls in memory and nothing else.
    return [importlib.import_module(f"services.{name}.plugin").SERVICE for name in wanted]
