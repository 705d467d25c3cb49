"""API keys, and the keys that tokens are signed with."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, text
from sqlalchemy.engine import Row

from services.auth.models import ApiKey, SigningKey
from services.auth.repository.sessions import tell_of_ended
from services.core.data.pagination import Keyset
from services.core.data.repository import Repository

KEYS = Keyset("api-keys", ApiKey.id)
_TRADE = text(
    """
    UPDATE api_key k SET last_used_at = now()
    FROM account a
    WHERE k.hash = :hash AND k.ended_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())
      AND a.id = k.account_id
    RETURNING k.id AS key, k.scopes, k.expires_at, a.id, a.kind, a.role, a.created_at
    """
)
_LOCK_SIGNING_KEYS = text("SELECT pg_advisory_xact_lock(hashtext('auth.signing_key'))")


class KeyRepository(Repository[ApiKey]):
    """API keys."""

    model_type = ApiKey

    @staticmethod
    def good(account: UUID) -> tuple[ColumnElement[bool], ...]:
        """Say which are an account's good API keys."""
        unexpired = or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > func.now())
        return ApiKey.account_id == account, ApiKey.ended_at.is_(None), unexpired

    async def end(self, account: UUID, *, only: UUID | None = None) -> list[UUID]:
        """End an account's API keys: all, or only one; tell of it. Return those that ended now."""
        where = [ApiKey.account_id == account, ApiKey.ended_at.is_(None)]
        if only is not None:
            where.append(ApiKey.id == only)
        ended = [row.id for row in await self.update_where(*where, values={"ended_at": func.now()})]
        await tell_of_ended(self.session, account, ended)
        return ended

    async def of_request(self, account: UUID, key: str) -> ApiKey | None:
        """Return the API key, ended or not, that an account's idempotency key has made."""
        return await self.get_one_or_none(ApiKey.account_id == account, ApiKey.request_key == key)

    async def trade(self, digest: bytes) -> Row[*tuple[Any, ...]] | None:
        """Return the good API key with this hash and its account, and note that it was used."""
        return (await self.session.execute(_TRADE, {"hash": digest})).first()


class SigningKeyRepository(Repository[SigningKey]):
    """Signing keys. One instance at a time changes them."""

    model_type = SigningKey

    async def lock(self) -> datetime:
        """Wait for the other instances' changes to signing keys; return the database's time."""
        await self.session.execute(_LOCK_SIGNING_KEYS)
        return await self.clock()

    async def all(self) -> Sequence[SigningKey]:
        """Return the signing keys in the order of their use."""
        return await self.get_many(order_by=(SigningKey.active_from, False))

    async def remove(self, kids: list[str]) -> None:
        """Delete keys whose tokens have all expired."""
        await self.delete_where(SigningKey.kid.in_(kids))

    async def bring_forward(self, active_from: datetime) -> str | None:
        """Use the next key from `active_from` on; None if its time comes sooner anyway."""
        changed = await self.update_where(SigningKey.active_from > active_from, values={"active_from": active_from})
        return next((key.kid for key in changed), None)
