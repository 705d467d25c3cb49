"""Reminders: those on a roll who may not know that voting ends soon get one more mail, if they want such.

It is sent as invitations are (`roll/service.py`), with a new token, and to all on the roll alike where nobody is told
who has voted. A poll whose end is put off by half of the notice or more reminds again.
"""

import base64
import binascii
import hmac
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Interval, bindparam, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.closing import LONGEST, SHARE, SHORTEST
from services.core.kit import Kit
from services.core.problems import not_found
from services.votebooth.models import Unreminded
from services.votebooth.poll.voters import Keyring
from services.votebooth.settings import VoteBoothSettings

_POLLS_AT_ONCE = 20

# `core.closing.remind_at`, as SQL.
_NOTICE = "least(:longest, (closes_at - opens_at) / :share)"

_CLOSING = text(
    f"""
    SELECT poll_id FROM polls
    WHERE eligibility = 'roll' AND closes_at > now() AND closes_at <= now() + :longest
      AND closed_at IS NULL AND archived_at IS NULL AND NOT deleted
      AND {_NOTICE} >= :shortest AND closes_at - {_NOTICE} <= now()
      AND (roll_reminded IS NULL OR closes_at - roll_reminded >= {_NOTICE} / 2)
    ORDER BY closes_at LIMIT :most FOR NO KEY UPDATE SKIP LOCKED
    """  # noqa: S608  (constants)
).bindparams(bindparam("longest", type_=Interval), bindparam("shortest", type_=Interval))

# Whose last mail has only just left knows it.
_REMIND = text(
    f"""
    UPDATE roll SET state = 'waiting', tries = 0, due_at = now(), reminder = true
    FROM polls WHERE polls.poll_id = roll.poll_id AND roll.poll_id = ANY(:polls)
      AND state = 'sent' AND sent_at < now() - {_NOTICE} / 2
    """  # noqa: S608  (constants)
).bindparams(bindparam("longest", type_=Interval))

_REMINDED = text("UPDATE polls SET roll_reminded = closes_at WHERE poll_id = ANY(:polls)")

_WANTED = text("SELECT NOT EXISTS (SELECT FROM unreminded WHERE key = :key)")

_KEY_BYTES = 16


class RollReminders:
    """Plans reminders, and ends them for who wants none."""

    def __init__(self, kit: Kit[VoteBoothSettings], keyring: Keyring) -> None:
        self._kit = kit
        self._keyring = keyring

    async def plan(self) -> None:
        """Let the rolls of polls that close soon be mailed, each once."""
        while True:
            async with self._kit.db.transaction() as session:
                polls = await _plan(session)
            if len(polls) < _POLLS_AT_ONCE:
                return

    async def is_wanted(self, session: AsyncSession, address: str) -> bool:
        """Say whether an address takes reminders."""
        return bool((await session.execute(_WANTED, {"key": self._keyring.address(address)})).scalar_one())

    def link(self, address: str) -> str:
        """Return the link that ends an address's reminders, and does nothing else."""
        key = self._keyring.address(address)
        token = base64.urlsafe_b64encode(key + self._keyring.address_signature(key)).decode().rstrip("=")
        return f"{self._kit.core.public_url.rstrip('/')}/v1/votebooth/unsubscribe/{token}"

    def key_of(self, token: str) -> bytes:
        """Return the key of the address whose link has a token.

        Raises:
            Problem: 404, it is none of ours.
        """
        try:
            signed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (binascii.Error, ValueError) as exc:
            raise not_found("link") from exc
        key, signature = signed[:_KEY_BYTES], signed[_KEY_BYTES:]
        if not hmac.compare_digest(signature, self._keyring.address_signature(key)):
            raise not_found("link")
        return key

    async def end(self, token: str) -> None:
        """Send no more reminders to whose link it is; again, it does nothing.

        Raises:
            Problem: 404, it is none of ours.
        """
        key = self.key_of(token)
        async with self._kit.db.transaction() as session:
            await session.execute(insert(Unreminded).values(key=key).on_conflict_do_nothing())


async def _plan(session: AsyncSession) -> Sequence[UUID]:
    """Let some rolls be mailed; return whose."""
    times = {"longest": LONGEST, "share": SHARE}
    found = await session.scalars(_CLOSING, {**times, "shortest": SHORTEST, "most": _POLLS_AT_ONCE})
    polls = list(found)
    if polls:
        await session.execute(_REMIND, {**times, "polls": polls})
        await session.execute(_REMINDED, {"polls": polls})
    return polls
