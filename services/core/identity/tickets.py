"""Tickets that open a live connection, so that no token stands in a URL or its log line.

A browser can send no header with a WebSocket or an EventSource. A WebSocket's ticket is used up when it opens; an
EventSource comes back to its URL by itself, so its ticket lasts as long as the token it was got with. Either is good
for one kind of connection to one resource and for nothing else.

A ticket's content is encrypted with the ticket, and kept under a hash of it. So who reads Redis can neither use a
ticket nor see that a voter's key in an anonymous poll is this account's.
"""

import hashlib
import secrets
import time
from enum import StrEnum
from typing import Any
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.core.identity.subject import Subject
from services.core.problems import bad_ticket, unavailable

ONCE_SECONDS = 30
"""How long a ticket that opens one connection waits for it."""
_NONCE = bytes(12)  # each key encrypts once


class Use(StrEnum):
    """What a ticket opens."""

    SOCKET = "socket"
    """A WebSocket, once."""
    STREAM = "stream"
    """A stream of server-sent events, as often as it comes back."""


class Ticket(msgspec.Struct, frozen=True):
    """Who may open a connection, and what the issuer wants to know again then."""

    subject: Subject
    note: bytes = b""


class Tickets:
    """Issues and redeems tickets, which are kept in Redis."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def issue(self, use: Use, subject: Subject, resource: UUID, note: bytes = b"") -> tuple[str, int]:
        """Return a ticket with which `subject` may open `resource`, and how many seconds it is good for.

        Args:
            use: What it opens.
            subject: Who.
            resource: To what.
            note: Given back by `redeem`.

        Raises:
            Problem: 503 while Redis is away.
        """
        ticket = secrets.token_urlsafe(24)
        seconds = ONCE_SECONDS if use is Use.SOCKET else max(1, subject.expires - int(time.time()))
        name, cipher = _opened(ticket, use, resource)
        content = cipher.encrypt(_NONCE, msgspec.json.encode(Ticket(subject, note)), None)
        try:
            await self._redis.set(name, content, ex=seconds, nx=True)
        except (RedisError, OSError, TimeoutError) as exc:
            raise unavailable("Live connections can't be opened right now.", 2) from exc
        return ticket, seconds

    async def redeem(self, use: Use, ticket: str, resource: UUID) -> Ticket:
        """Return what a ticket stands for; a WebSocket's is used up by it.

        Whether its token is still good (its session may have been ended) is for the caller to ask.

        Raises:
            Problem: 401 if there is no such ticket, 503 while Redis is away.
        """
        name, cipher = _opened(ticket, use, resource)
        take = self._redis.getdel if use is Use.SOCKET else self._redis.get
        try:
            found: Any = await take(name)
        except (RedisError, OSError, TimeoutError) as exc:
            raise unavailable("Live connections can't be opened right now.", 2) from exc
        if found is None:
            raise bad_ticket()
        return msgspec.json.decode(cipher.decrypt(_NONCE, found, None), type=Ticket)


def _opened(ticket: str, use: Use, resource: UUID) -> tuple[str, AESGCM]:
    """Return under which name a ticket is kept, and what its content is encrypted with."""
    bound = use.encode() + b"\0" + resource.bytes
    digest = hashlib.sha512(bound + ticket.encode("utf-8", "surrogatepass")).digest()
    return f"votewave:ticket:{digest[:32].hex()}", AESGCM(digest[32:])
