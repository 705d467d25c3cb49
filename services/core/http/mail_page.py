"""The pages behind a link that ends mails: a button, then a sentence, without a script or anything from elsewhere."""

from collections.abc import Mapping
from typing import Any

from litestar import MediaType, Request, Response
from msgspec import Struct

from services.core.spoken import Language, accepted, ours

_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


class Ending(Struct, frozen=True):
    """What the pages say in one language.

    Attributes:
        about: Which mails, in the title.
        ask: What the button says.
        ended: What is said once it was pressed.
    """

    about: str
    ask: str
    ended: str


class EndingPages:
    """The pages of one kind of mail, in the language of the browser: whoever has the link may be signed in nowhere.

    Args:
        words: What they say.
    """

    def __init__(self, words: Mapping[Language, Ending]) -> None:
        self._words = words

    def asking(self, request: Request[Any, Any, Any]) -> Response[str]:
        """Return the page with the button."""
        language = _language(request)
        says = self._words[language]
        return _page(language, says.about, f'<form method="post"><button>{says.ask}</button></form>')

    def ended(self, request: Request[Any, Any, Any]) -> Response[str]:
        """Return the page that comes after it."""
        language = _language(request)
        says = self._words[language]
        return _page(language, says.about, f"<p>{says.ended}</p>")


def _language(request: Request[Any, Any, Any]) -> Language:
    return ours(accepted(request.headers.get("accept-language", "")))


def _page(language: Language, about: str, content: str) -> Response[str]:
    page = (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>VoteWave: {about}</title></head>'
        f'<body style="font: 16px/1.5 sans-serif; margin: 3rem auto; max-width: 30rem">{content}</body></html>'
    )
    return Response(page, media_type=MediaType.HTML, headers=_HEADERS)
