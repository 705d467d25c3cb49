"""One-time tickets that open a WebSocket, so that no token stands in a URL or its log line.

A ticket's content is encrypted with the ticket, and kept under a hash of it. So who reads Redis can neither use a
ticket nor see that a voter's key in an anonymous poll is this account's.
"""

import hashlib
import secrets
from typing import Any
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.core.identity.subject import Subject
from services.core.problems import unauthenticated, unavailable

LIFETIME_SECONDS = 30
_NONCE = bytes(12)  # each key encrypts once


class Ticket(msgspec.Struct, frozen=True):
    """Who may open a connection, and what the issuer wants to know again then."""

    subject: Subject
    note: bytes = b""


class Tickets:
    """Issues and redeems tickets, kept in Redis for 30 seconds."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis

    async def issue(self, subject: Subject, resource: UUID, note: bytes = b"") -> str:
        """Return a ticket with which `subject` may open a connection to `resource` once.

        Args:
            subject: Who.
            resource: To what.
            note: Given back by `redeem`.

        Raises:
            Problem: 503 while Redis is away.
        """
        ticket = secrets.token_urlsafe(24)
        name, cipher = _opened(ticket, resource)
        content = cipher.encrypt(_NONCE, msgspec.json.encode(Ticket(subject, note)), None)
        try:
            await self._redis.set(name, content, ex=LIFETIME_SECONDS, nx=True)
        except (RedisError, OSError, TimeoutError) as exc:
            raise unavailable("Live connections can't be opened right now.", 2) from exc
        return ticket

    async def redeem(self, ticket: str, resource: UUID) -> Ticket:
        """Return what a ticket stands for and use it up.

        Raises:
            Problem: 401 if there is no such ticket, 503 while Redis is away.
        """
        name, cipher = _opened(ticket, resource)
        try:
            found: Any = await self._redis.getdel(name)
        except (RedisError, OSError, TimeoutError) as exc:
            raise unavailable("Live connections can't be opened right now.", 2) from exc
        if found is None:
            raise unauthenticated("The ticket was used or has expired. Ask for a new one.")
        return msgspec.json.decode(cipher.decrypt(_NONCE, found, None), type=Ticket)


def _opened(ticket: str, resource: UUID) -> tuple[str, AESGCM]:
    """Return under which name a ticket is kept, and what its content is encrypted with."""
    digest = hashlib.sha512(resource.bytes + ticket.encode("utf-8", "surrogatepass")).digest()
    return f"votewave:ticket:{digest[:32].hex()}", AESGCM(digest[32:])
