"""What the groups of use cases share: issuing tokens, and telling everybody which have ended."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from msgspec import UNSET
from redis.exceptions import RedisError
from sqlalchemy.engine import Row

from services.auth import opaque
from services.auth.models import Account
from services.auth.repository import SessionRepository
from services.auth.schemas import AccountView, Tokens
from services.auth.settings import AuthSettings
from services.auth.signing import Signer
from services.auth.visitor import Visitor
from services.core.data.models import utc_now
from services.core.data.repository import to_schema
from services.core.identity.revocations import announce_revocations
from services.core.identity.subject import Kind, Role
from services.core.ids import new_id
from services.core.kit import Kit

log = structlog.get_logger(__name__)

ALL_SCOPES = "*"
_LEEWAY_SECONDS = 60


class Opening:
    """A session that is about to be stored, and the one thing about it that isn't: its refresh token."""

    def __init__(self, who: Visitor, days: int) -> None:
        self.id = new_id()
        self.token = opaque.make(opaque.REFRESH_PREFIX)
        self.values = {
            "session": self.id,
            "agent": who.agent,
            "network": who.network,
            "seconds": days * 86_400,
            "hash": opaque.digest(self.token),
        }


class Access:
    """Issues access, and announces its end."""

    def __init__(self, kit: Kit[AuthSettings], signer: Signer) -> None:
        self._kit = kit
        self._signer = signer

    def days(self, kind: str) -> int:
        """Return for how many days a session of this kind of account lives without use."""
        settings = self._kit.settings
        return settings.guest_session_days if kind == Kind.GUEST else settings.session_days

    def opening(self, who: Visitor, kind: str) -> Opening:
        """Return a session to be stored."""
        return Opening(who, self.days(kind))

    def tokens(self, account: AccountView, session: UUID, refresh_token: str) -> Tokens:
        """Return what a signed-in client gets."""
        access, seconds = self._signer.sign(account.id, session, account.kind, account.role, ALL_SCOPES)
        return Tokens(account, session, access, seconds, refresh_token=refresh_token)

    def key_tokens(self, account: AccountView, key: UUID, scopes: Iterable[str], until: datetime | None) -> Tokens:
        """Return what an API key is exchanged for: never more than a plain user's rights."""
        access, seconds = self._signer.sign(account.id, key, account.kind, Role.USER, " ".join(scopes), until)
        return Tokens(account, key, access, seconds, refresh_token=UNSET)

    async def announce_end(self, sessions: Iterable[UUID]) -> None:
        """Tell every process that these sessions have ended just now."""
        now = utc_now()
        await self._announce(dict.fromkeys(sessions, now))

    async def announce_recent(self) -> None:
        """Tell it again of all whose tokens could still be good by their time."""
        async with self._kit.db.reading() as session:
            ended = await SessionRepository(session).ended_since(self._signer.token_seconds + _LEEWAY_SECONDS)
        await self._announce(ended)

    async def _announce(self, ended: dict[UUID, datetime]) -> None:
        last = timedelta(seconds=self._signer.token_seconds + _LEEWAY_SECONDS)
        until = {session: (at + last).timestamp() for session, at in ended.items()}
        try:
            await announce_revocations(self._kit.shared.redis, until)
        except (RedisError, OSError, TimeoutError) as exc:
            # It is in the database; the job tells of it when Redis is back.
            log.warning("revocation_waits", sessions=len(until), error=type(exc).__name__)


def account_view(account: Account | Row[*tuple[Any, ...]]) -> AccountView:
    """Return an account as its owner sees it."""
    return to_schema(account, AccountView)
