"""Which document of the client's build a request is answered with: its page's, in its reader's language.

The build (`frontend/build/documents.ts`) makes a document for each page and language. It names the scripts that its
page needs, and shows what can be shown before they are there. `documents.json` says which there are.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.json import decode

INDEX = "index.html"
"""Any page's document, in no particular language."""

CHOSEN = "votewave.language"
"""The cookie by which a browser says which language its pages speak (`frontend/src/words/locale.ts`)."""

_PART = re.compile(r"\$\w+")
_MOST_TAGS = 20


class _Built(Struct, frozen=True):
    """What the build says of its documents: languages, and the name of each page's by its path."""

    languages: list[str]
    pages: dict[str, str]


class Documents:
    """The documents of one build.

    Args:
        said: The content of `documents.json`.
    """

    def __init__(self, said: bytes) -> None:
        built = decode(said, type=_Built)
        self._languages = built.languages
        self._exact = {path: name for path, name in built.pages.items() if "$" not in path}
        self._patterns = [
            (re.compile("[^/]+".join(re.escape(part) for part in _PART.split(path))), name)
            for path, name in built.pages.items()
            if "$" in path
        ]

    def of(self, path: str, headers: Mapping[str, str], cookies: Mapping[str, str]) -> str:
        """Return the file for a request, as it is called in the build's folder.

        Args:
            path: One of the client's own.
            headers: The request's.
            cookies: The request's.
        """
        page = self._exact.get(path) or next((name for it, name in self._patterns if it.fullmatch(path)), None)
        if page is None:
            return INDEX
        return f"documents/{page}.{self._language(headers.get('accept-language', ''), cookies.get(CHOSEN))}.html"

    def _language(self, accepted: str, chosen: str | None) -> str:
        """Return the chosen language, else the first of the accepted ones that there is: what the client does, too."""
        if chosen in self._languages:
            return chosen
        tags = (tag.partition(";")[0].strip().partition("-")[0].lower() for tag in accepted.split(",", _MOST_TAGS))
        return next((tag for tag in tags if tag in self._languages), self._languages[0])


def documents_of(folder: Path) -> Documents | None:
    """Return the documents of the build in a folder; None where it has none but the one for all."""
    try:
        return Documents((folder / "documents.json").read_bytes())
    except FileNotFoundError:
        return None
