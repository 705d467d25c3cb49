"""One-time tickets that open a WebSocket, so that no token stands in a URL or its log line."""

import secrets
from uuid import UUID

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.core.identity.subject import Subject
from services.core.problems import unauthenticated, unavailable

LIFETIME_SECONDS = 30


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
        content = msgspec.json.encode(Ticket(subject, note))
        try:
            await self._redis.set(_key(ticket, resource), content, ex=LIFETIME_SECONDS, nx=True)
        except (RedisError, OSError, TimeoutError) as exc:
            raise unavailable("Live connections can't be opened right now.", 2) from exc
        return ticket

    async def redeem(self, ticket: str, resource: UUID) -> Ticket:
        """Return what a ticket stands for and use it up.

        Raises:
            Problem: 401 if there is no such ticket, 503 while Redis is away.
        """
        try:
            found = await self._redis.getdel(_key(ticket, resource))
        except (RedisError, OSError, TimeoutError) as exc:
            raise unavailable("Live connections can't be opened right now.", 2) from exc
        if found is None:
            raise unauthenticated("The ticket was used or has expired. Ask for a new one.")
        return msgspec.json.decode(found, type=Ticket)


def _key(ticket: str, resource: UUID) -> str:
    return f"votewave:ticket:{resource}:{ticket}"
