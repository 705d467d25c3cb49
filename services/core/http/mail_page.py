"""The page behind a link in a mail: a sentence or a button, without a script or anything from elsewhere."""

from litestar import MediaType, Response

_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
    "referrer-policy": "no-referrer",
    "cache-control": "no-store",
}


def mail_page(about: str, content: str) -> Response[str]:
    """Return a page.

    Args:
        about: What its title says behind VoteWave's name.
        content: HTML of our own.
    """
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>VoteWave: {about}</title></head>"
        f'<body style="font: 16px/1.5 sans-serif; margin: 3rem auto; max-width: 30rem">{content}</body></html>'
    )
    return Response(page, media_type=MediaType.HTML, headers=_HEADERS)
