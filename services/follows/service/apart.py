"""Blocking and muting people."""

from uuid import UUID

from services.core.events.outbox import publish
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.people import People
from services.core.problems import over_quota
from services.core.service import NoSettings
from services.follows.events import BlockChanged, MuteChanged
from services.follows.models import Block, Mute
from services.follows.repository import AccountRepository, BlockRepository, MuteRepository
from services.follows.service.steps import end_follow, refuse_if_blocked, require_other

MOST_BLOCKED = 5_000
MOST_MUTED = 5_000


class Blocks:
    """Blocking: it holds in both directions at once, and ends what was between the two."""

    def __init__(self, kit: Kit[NoSettings], people: People) -> None:
        self._db = kit.db
        self._people = people

    async def block(self, subject: Subject, account: UUID) -> None:
        """Block somebody, and end follows and requests of either; again, it does nothing.

        Raises:
            Problem: 403 for guests, 404 for somebody who isn't there or blocks the subject, 422 for oneself, 429 for
                one too many.
        """
        subject.require_user()
        await require_other(self._people, subject, account, "block")
        async with self._db.transaction() as session:
            accounts, blocks = AccountRepository(session), BlockRepository(session)
            locked = await accounts.lock([subject.id, account])
            if await blocks.between(subject.id, account):
                return
            await refuse_if_blocked(session, subject, account)
            if locked[subject.id].blocks >= MOST_BLOCKED:
                raise over_quota(f"One account may block {MOST_BLOCKED:,} people.")
            await end_follow(session, subject.id, account)
            await end_follow(session, account, subject.id)
            await blocks.add(Block(account=subject.id, other=account))
            version = await accounts.change(subject.id, blocks=1)
            await publish(session, BlockChanged(account=subject.id, other=account, blocked=True, version=version))

    async def unblock(self, subject: Subject, account: UUID) -> None:
        """Block somebody no longer; where there is no block, it does nothing.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        async with self._db.transaction() as session:
            accounts = AccountRepository(session)
            await accounts.lock([subject.id])
            if await BlockRepository(session).remove(subject.id, account):
                version = await accounts.change(subject.id, blocks=-1)
                await publish(session, BlockChanged(account=subject.id, other=account, blocked=False, version=version))


class Mutes:
    """Muting: it is the subject's own affair, and nobody else learns of it."""

    def __init__(self, kit: Kit[NoSettings], people: People) -> None:
        self._db = kit.db
        self._people = people

    async def mute(self, subject: Subject, account: UUID) -> None:
        """Mute somebody; again, it does nothing.

        Raises:
            Problem: 403 for guests, 404 for somebody who isn't there or blocks the subject, 422 for oneself, 429 for
                one too many.
        """
        subject.require_user()
        await require_other(self._people, subject, account, "mute")
        async with self._db.transaction() as session:
            accounts, mutes = AccountRepository(session), MuteRepository(session)
            locked = await accounts.lock([subject.id])
            await refuse_if_blocked(session, subject, account)
            if await mutes.between(subject.id, account):
                return
            if locked[subject.id].mutes >= MOST_MUTED:
                raise over_quota(f"One account may mute {MOST_MUTED:,} people.")
            await mutes.add(Mute(account=subject.id, other=account))
            version = await accounts.change(subject.id, mutes=1)
            await publish(session, MuteChanged(account=subject.id, other=account, muted=True, version=version))

    async def unmute(self, subject: Subject, account: UUID) -> None:
        """Mute somebody no longer; where there is nothing to take back, it does nothing.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        async with self._db.transaction() as session:
            accounts = AccountRepository(session)
            await accounts.lock([subject.id])
            if await MuteRepository(session).remove(subject.id, account):
                version = await accounts.change(subject.id, mutes=-1)
                await publish(session, MuteChanged(account=subject.id, other=account, muted=False, version=version))
