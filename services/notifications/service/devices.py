"""Browsers in which people want to be told by web push."""

import hashlib
import secrets
from datetime import UTC
from urllib.parse import urlsplit
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.data.models import utc_now
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.peers.outside import check_url
from services.core.problems import not_found, over_quota
from services.core.refusals import Refusals
from services.core.text import clean_line
from services.notifications.events import SessionsEnded
from services.notifications.models import Device
from services.notifications.moments import last_of, moment_of
from services.notifications.repository.devices import DeviceRepository
from services.notifications.schemas import MAX_LABEL, DeviceNew, DeviceView, PushKey
from services.notifications.schemas import Devices as DeviceList
from services.notifications.settings import NotificationsSettings
from services.notifications.webpush import (
    AUTH_BYTES,
    PUBLIC_BYTES,
    from_text,
    is_point,
    public_bytes,
    signing_key,
    to_text,
)

PUSH_KEY = "push-key"
"""The secret from which the key is made by which browsers know us."""


def new_push_key() -> str:
    """Return a new secret."""
    return secrets.token_hex(32)


async def signing_keys(kit: Kit[NotificationsSettings]) -> dict[bytes, EllipticCurvePrivateKey]:
    """Return our key, and the one before it, by their public halves; ours is the first."""
    previous = await kit.shared.secrets.get_previous(f"{kit.name}/{PUSH_KEY}")
    keys = [signing_key(each) for each in (await kit.secret(PUSH_KEY), previous) if each is not None]
    return {public_bytes(key): key for key in keys}


class Devices:
    """Devices of accounts."""

    def __init__(self, kit: Kit[NotificationsSettings]) -> None:
        self._kit = kit

    async def key(self, subject: Subject) -> PushKey:
        """Return the key by which a browser is to know us."""
        subject.require_user()
        return PushKey(to_text(next(iter(await signing_keys(self._kit)))))

    async def mine(self, subject: Subject) -> DeviceList:
        """Return the subject's devices, the latest first."""
        subject.require_user()
        async with self._kit.db.reading() as session:
            return DeviceList([_view(row) for row in await DeviceRepository(session).of(subject.id)])

    async def put(self, subject: Subject, new: DeviceNew) -> DeviceView:
        """Add a device, in place of one that it was before, if it says so.

        Again, it changes what it is seen as; if it was another account's, it is that no more.

        Raises:
            Problem: 403 for guests, 422, 429 for too many.
        """
        subject.require_user()
        found = Refusals("device-refused")
        try:
            check_url(new.endpoint)
        except ValueError as exc:
            found.add("endpoint", str(exc))
        public_key, auth = from_text(new.keys.p256dh, PUBLIC_BYTES), from_text(new.keys.auth, AUTH_BYTES)
        if public_key is None or not is_point(public_key):
            found.add("keys.p256dh", "This is no public key of the curve P-256 in base64url.")
        if auth is None:
            found.add("keys.auth", f"This isn't {AUTH_BYTES} bytes in base64url.")
        label = found.text("label", clean_line, new.label, MAX_LABEL, required=False)
        found.check()
        assert public_key is not None and auth is not None  # noqa: PT018, S101 - both were refused otherwise
        same = hashlib.sha256(public_key + auth + new.endpoint.encode()).digest()
        values = {
            "endpoint": new.endpoint,
            "public_key": public_key,
            "auth": auth,
            "signer": next(iter(await signing_keys(self._kit))),
            "label": label,
            "session": subject.session,
            "told": last_of(utc_now()),
        }
        most = self._kit.settings.devices_per_account
        async with self._kit.db.transaction() as session:
            row, number = await DeviceRepository(session).put(subject.id, same, values, new.replaces)
            if number > most:
                raise over_quota(f"You are told in {most} browsers, all that one account may have. Remove one of them.")
            return _view(row)

    async def forget(self, session: AsyncSession, event: SessionsEnded) -> None:
        """Tell nothing to the devices of sessions that have ended: whoever has them may not be who signed in there."""
        await DeviceRepository(session).forget(event.account, event.sessions)

    async def take_back(self, subject: Subject, device: UUID) -> None:
        """Tell nothing to a device any more.

        Raises:
            Problem: 404, the subject has no such device.
        """
        subject.require_user()
        async with self._kit.db.transaction() as session:
            if not await DeviceRepository(session).take_back(subject.id, device):
                raise not_found("device")


def _view(row: Device) -> DeviceView:
    return DeviceView(row.id, row.label, urlsplit(row.endpoint).hostname or "", moment_of(row.id).astimezone(UTC))
