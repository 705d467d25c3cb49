"""What a gate asks of the web client: that its page opens, which is a document and all that the document names."""

import re
from itertools import chain

from loadtests.gate.api import Api
from loadtests.gate.errors import TargetError

READ = ("/", "/explore", "/sign-in")
"""Pages that are asked for under load. Not assets: the names of one version's aren't those of another's."""

_ASSET = re.compile(r'"(/assets/[^"]+)"')
_PART = re.compile(r'["\'`](?:\./|assets/)([A-Za-z0-9_.-]+\.(?:js|css))["\'`]')
"""How a script names those that it loads when they are needed."""


async def must_open(api: Api) -> None:
    """Ask for the first page, what it names, and what that names in turn; with assets of another version it is blank.

    Args:
        api: Asks canaries, if the gate is for canaries.

    Raises:
        TargetError: Something of it isn't there.
    """
    document = (await api.send("GET", "/", wanted=[200])).decode()
    wanted = set(_ASSET.findall(document))
    if not any(path.endswith(".js") for path in wanted):
        raise TargetError(f"{api.url} answers GET / with a document that names no script")
    seen: set[str] = set()
    while wanted - seen:
        found = [
            (await api.send("GET", path, wanted=[200])).decode(errors="ignore")  # some are pictures, which name nothing
            for path in sorted(wanted - seen)
        ]
        seen |= wanted
        wanted = {f"/assets/{name}" for name in chain.from_iterable(_PART.findall(text) for text in found)}
