"""API keys: made once shown once, exchanged for short access tokens, ended at once."""

import hashlib
from uuid import UUID

import msgspec

from services.auth import opaque
from services.auth.models import ApiKey
from services.auth.repository import KEYS, AccountRepository, AuditRepository, KeyRepository, SessionRepository
from services.auth.schemas import AccountView, KeyRequest, KeyUse, KeyView, NewKey, Tokens
from services.auth.service.access import Access
from services.auth.settings import AuthSettings
from services.core.data.models import utc_now
from services.core.data.pagination import Page, map_page
from services.core.data.repository import to_schema
from services.core.identity.subject import Kind, Role, Subject
from services.core.ids import new_id
from services.core.kit import Kit
from services.core.problems import (
    FieldError,
    Problem,
    already_done,
    conflict,
    key_used,
    not_found,
    refused,
    session_ended,
)
from services.core.text import clean_line

_NAME_CHARS = 80
_START_CHARS = 7


class Keys:
    """Use cases of API keys. Managing them takes a session: a key can't make another."""

    def __init__(self, kit: Kit[AuthSettings], access: Access) -> None:
        self._kit = kit
        self._access = access

    async def create(self, subject: Subject, request: KeyRequest, request_key: str | None = None) -> NewKey:
        """Make a key and return it, this once.

        Args:
            subject: Whose it will be.
            request: What is asked for.
            request_key: The request's idempotency key.

        Raises:
            Problem: 401 if the session has ended, 403 for guests and keys, 409 if there are too many or the
                idempotency key has made one before, 422.
        """
        subject.require_user()
        is_past = request.expires_at is not None and request.expires_at <= utc_now()
        past = (FieldError("expires_at", "in the past"),) if is_past else ()
        try:
            name = clean_line(request.name, _NAME_CHARS)
        except ValueError as exc:
            raise refused("text-refused", f"name: {exc}", FieldError("name", str(exc)), *past) from exc
        if past:
            raise refused("key-expired", "expires_at is in the past.", *past)
        secret = opaque.make(opaque.KEY_PREFIX)
        key = ApiKey(
            id=new_id(),
            account_id=subject.id,
            name=name,
            start=secret[:_START_CHARS],
            hash=opaque.digest(secret),
            scopes=sorted(set(request.scopes)),
            expires_at=request.expires_at,
            request_key=request_key,
            request_hash=hashlib.sha256(msgspec.json.encode(request)).digest() if request_key else None,
        )
        most = self._kit.settings.keys_per_account
        async with self._kit.db.transaction() as session:
            # Two at once would both count one too few.
            await AccountRepository(session).lock(subject.id)
            # A thief whose session a new password has just ended mustn't leave a key behind.
            if not await SessionRepository(session).is_live(subject.id, subject.session):
                raise session_ended()
            keys = KeyRepository(session)
            if request_key and (made := await keys.of_request(subject.id, request_key)):
                if made.request_hash != key.request_hash:
                    raise key_used("API key")
                raise already_done(
                    f"This Idempotency-Key has made the key {made.id}, which is told once. If you don't have it, "
                    "delete it and make another one."
                )
            if await keys.count(*keys.good(subject.id)) >= most:
                raise conflict("too-many-keys", f"An account may have {most} keys. Delete one first.")
            await keys.add(key)
            concerns = {"account": subject.id, "target": key.id}
            await AuditRepository(session).record("key.created", subject.id, {"scopes": key.scopes}, **concerns)
        return NewKey(to_schema(key, KeyView), secret)

    async def list(self, subject: Subject, cursor: str | None, limit: int) -> Page[KeyView]:
        """Return the subject's good keys, newest first.

        Raises:
            Problem: 400 if the cursor isn't ours, 403 for keys.
        """
        wanted = KEYS.page(cursor, limit)
        async with self._kit.db.reading() as session:
            keys = KeyRepository(session)
            page = await keys.page(wanted, *keys.good(subject.id))
        return map_page(page, lambda key: to_schema(key, KeyView))

    async def end(self, subject: Subject, key: UUID) -> None:
        """End a key; its access tokens stop working within seconds.

        Raises:
            Problem: 403 for keys, 404.
        """
        async with self._kit.db.transaction() as session:
            ended = await KeyRepository(session).end(subject.id, only=key)
            if not ended:
                raise not_found("API key")
            await AuditRepository(session).record("key.ended", subject.id, account=subject.id, target=key)
        await self._access.announce_end(ended)

    async def exchange(self, use: KeyUse) -> Tokens:
        """Return a short access token for a key.

        Raises:
            Problem: 401 if the key is unknown, ended or expired.
        """
        async with self._kit.db.transaction() as session:
            row = await KeyRepository(session).trade(opaque.digest(use.api_key))
        if row is None:
            raise Problem(401, "bad-key", "This API key isn't valid", "This API key is invalid, expired or deleted.")
        account = AccountView(row.id, Kind(row.kind), Role.USER, None, False, row.created_at)
        return self._access.key_tokens(account, row.key, row.scopes, row.expires_at)
