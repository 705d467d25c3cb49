"""API keys: made once shown once, exchanged for short access tokens, ended at once."""

from uuid import UUID

from services.auth import opaque, repository
from services.auth.models import ApiKey
from services.auth.schemas import AccountView, KeyRequest, KeyUse, KeyView, NewKey, Tokens
from services.auth.service.access import Access
from services.auth.settings import AuthSettings
from services.auth.throttle import Throttle
from services.auth.visitor import Visitor
from services.core.data.models import utc_now
from services.core.data.pagination import IdCursor, Page, decode_cursor, map_page, page_of
from services.core.identity.subject import Kind, Role, Subject
from services.core.ids import new_id
from services.core.kit import Kit
from services.core.problems import FieldError, conflict, not_found, refused, unauthenticated
from services.core.text import clean_line

_NAME_CHARS = 80
_START_CHARS = 7


class Keys:
    """Use cases of API keys. Managing them takes a session: a key can't make another."""

    def __init__(self, kit: Kit[AuthSettings], access: Access, throttle: Throttle) -> None:
        self._kit = kit
        self._access = access
        self._throttle = throttle

    async def create(self, subject: Subject, request: KeyRequest) -> NewKey:
        """Make a key and return it, this once.

        Raises:
            Problem: 403 for guests and keys, 409 if there are too many, 422.
        """
        subject.require("account:write")
        subject.require_user()
        try:
            name = clean_line(request.name, _NAME_CHARS)
        except ValueError as exc:
            raise refused("text-refused", f"name: {exc}", FieldError("name", str(exc))) from exc
        if request.expires_at is not None and request.expires_at <= utc_now():
            raise refused("key-expired", "expires_at is over already.", FieldError("expires_at", "in the past"))
        secret = opaque.make(opaque.KEY_PREFIX)
        values = {
            "id": new_id(),
            "account_id": subject.id,
            "name": name,
            "start": secret[:_START_CHARS],
            "hash": opaque.digest(secret),
            "scopes": sorted(set(request.scopes)),
            "expires_at": request.expires_at,
        }
        most = self._kit.settings.keys_per_account
        async with self._kit.db.transaction() as tx:
            # Two at once would both count one too few.
            await repository.lock_account(tx, subject.id)
            if await repository.count_keys(tx, subject.id) >= most:
                raise conflict("too-many-keys", f"An account may have {most} keys. Delete one first.")
            key = await repository.add_key(tx, values)
            await repository.audit(
                tx, "key.created", subject.id, actor=subject.id, target=key.id, scopes=values["scopes"]
            )
        return NewKey(_view(key), secret)

    async def list(self, subject: Subject, cursor: str | None, limit: int) -> Page[KeyView]:
        """Return the subject's good keys, newest first.

        Raises:
            Problem: 400 if the cursor isn't ours, 403 for keys.
        """
        subject.require("account:read")
        before = decode_cursor(cursor, IdCursor)
        async with self._kit.db.reading() as tx:
            rows = await repository.keys_of(tx, subject.id, before, limit)
        return map_page(page_of(rows, limit, lambda row: row.id), _view)

    async def end(self, subject: Subject, key: UUID) -> None:
        """End a key; its access tokens stop working within seconds.

        Raises:
            Problem: 403 for keys, 404.
        """
        subject.require("account:write")
        async with self._kit.db.transaction() as tx:
            if not await repository.end_key(tx, subject.id, key):
                raise not_found("API key")
            await repository.audit(tx, "key.ended", subject.id, actor=subject.id, target=key)
        await self._access.announce_end([key])

    async def exchange(self, use: KeyUse, who: Visitor) -> Tokens:
        """Return a short access token for a key.

        Raises:
            Problem: 401 if the key is unknown, ended or expired; 429.
        """
        await self._throttle.key(who)
        async with self._kit.db.transaction() as tx:
            row = await repository.trade_key(tx, opaque.digest(use.api_key))
        if row is None:
            raise unauthenticated("The API key is not good (any more).")
        account = AccountView(row.id, Kind(row.kind), Role.USER, None, row.created_at)
        return self._access.key_tokens(account, row.key, row.scopes, row.expires_at)


def _view(key: ApiKey) -> KeyView:
    return KeyView(
        id=key.id,
        name=key.name,
        start=key.start,
        scopes=key.scopes,
        created_at=key.created_at,
        last_used_at=key.last_used_at,
        expires_at=key.expires_at,
    )
