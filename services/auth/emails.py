"""E-mail addresses: what is accepted, and when two are the same.

Accepted is the dot-atom form of RFC 5322, with letters beyond ASCII as RFC 6531 has them; no quoted local
parts, no address literals, nothing that could end a header line. Two addresses are the same if they
differ only in case, in compatibility forms (NFKC) or in how the domain is written (IDNA). RFC 5321 lets a
host tell `Ada@` from `ada@`; none that matters does, and two accounts so close would fool people.
"""

import re
import unicodedata

from services.core.text import is_stacked

MAX_LOCAL_BYTES = 64
MAX_DOMAIN_CHARS = 253

_ATEXT = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~\-\u0080-\U0010ffff]"
_LOCAL = re.compile(rf"{_ATEXT}+(?:\.{_ATEXT}+)*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def normalise(address: str) -> tuple[str, str]:
    """Return an address as it is kept and as it is compared.

    Raises:
        ValueError: It isn't an address that mail can be sent to.
    """
    if is_stacked(address):
        raise ValueError("not an e-mail address")
    local, at, domain = unicodedata.normalize("NFC", address.strip(" ")).rpartition("@")
    if not at or not _LOCAL.fullmatch(local):
        raise ValueError("not an e-mail address")
    # Separators, controls, formats, surrogates, private use: invisible, or worse in a header.
    if any(unicodedata.category(char)[0] in "CZ" for char in local):
        raise ValueError("not an e-mail address: it contains invisible characters")
    if len(local.encode()) > MAX_LOCAL_BYTES:
        raise ValueError("not an e-mail address: the part before @ is too long")
    host = _domain(domain)
    key = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", local).casefold())
    return f"{local}@{host}", f"{key}@{host}"


def _domain(domain: str) -> str:
    try:
        host = domain.encode("idna").decode().lower()
    except UnicodeError as exc:
        raise ValueError("not an e-mail address: the domain can't exist") from exc
    labels = host.split(".")
    if len(host) > MAX_DOMAIN_CHARS or len(labels) < 2 or not all(map(_LABEL.fullmatch, labels)):
        raise ValueError("not an e-mail address: the domain can't exist")
    if labels[-1].isdigit():
        raise ValueError("not an e-mail address: a number isn't a domain")
    return host
