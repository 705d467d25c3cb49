"""Ending mails by a link that stands in each of them: it works without signing in, and for nothing else."""

import base64
import binascii
import hashlib
import hmac
import secrets
from uuid import UUID

from services.core.kit import Kit
from services.core.problems import not_found
from services.notifications.repository.mailboxes import MailboxRepository
from services.notifications.settings import NotificationsSettings

LINK_KEY = "link-key"
"""The secret with which links are signed."""

_SIGNED_BYTES = 16


def new_link_key() -> str:
    """Return a new secret."""
    return secrets.token_hex(32)


class Unsubscribing:
    """Links that end an account's mails (RFC 8058)."""

    def __init__(self, kit: Kit[NotificationsSettings]) -> None:
        self._kit = kit

    async def link(self, account: UUID) -> str:
        """Return an account's link."""
        signed = account.bytes + _sign(await self._kit.secret(LINK_KEY), account)
        token = base64.urlsafe_b64encode(signed).decode().rstrip("=")
        return f"{self._kit.core.public_url.rstrip('/')}/v1/notifications/unsubscribe/{token}"

    async def account_of(self, token: str) -> UUID:
        """Return whose link has a token.

        Raises:
            Problem: 404, it is none of ours.
        """
        try:
            signed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (binascii.Error, ValueError) as exc:
            raise not_found("link") from exc
        if len(signed) != 16 + _SIGNED_BYTES:
            raise not_found("link")
        account = UUID(bytes=signed[:16])
        previous = await self._kit.shared.secrets.get_previous(f"{self._kit.name}/{LINK_KEY}")
        for key in (await self._kit.secret(LINK_KEY), previous):  # mails stay for years, so one rotation is survived
            if key is not None and hmac.compare_digest(signed[16:], _sign(key, account)):
                return account
        raise not_found("link")

    async def end(self, token: str) -> None:
        """Send no more mails to whose link it is; again, it does nothing.

        Raises:
            Problem: 404, it is none of ours.
        """
        account = await self.account_of(token)
        async with self._kit.db.transaction() as session:
            await MailboxRepository(session).put(account, {"email": False, "due_at": None})


def _sign(key: str, account: UUID) -> bytes:
    return hmac.digest(key.encode(), b"unsubscribe" + account.bytes, hashlib.sha256)[:_SIGNED_BYTES]
