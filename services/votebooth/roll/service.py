"""The roll: addresses that are invited to a poll, each by a mail with a voting token of its own.

The token exists in the mail alone; here is its hash. An invitation is sent in the background: claimed for a
while, its token stored, the mail handed over, then marked as sent. Cut short anywhere, it is done again with a
new token, which voids the one before unless that was voted with.

Where the owner isn't told who took part, everybody on the roll is treated alike, step by step: a voter who has
voted is mailed like the others, and the link in that mail is good for nothing. Anything else would tell: a mail
that isn't sent neither fails nor takes time.
"""

import asyncio
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.aws.mail import MailError
from services.core.data.models import utc_now
from services.core.data.pagination import decode_cursor, encode_cursor
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.peers.calls import PeerError, PeerMissing
from services.core.problems import Problem
from services.core.spoken import Language, languages, ours
from services.votebooth.audit.repository import AuditRepository
from services.votebooth.poll.projection import Projection
from services.votebooth.poll.rules import PollRules
from services.votebooth.poll.voters import Keyring, hash_token, new_token
from services.votebooth.roll import quota, repository
from services.votebooth.roll.addresses import cleaned
from services.votebooth.roll.mails import mail_of
from services.votebooth.roll.preparing import OwnPolls
from services.votebooth.roll.reminders import RollReminders
from services.votebooth.roll.repository import Due
from services.votebooth.roll.schemas import RollEntryView, RollPage, RollProgress
from services.votebooth.settings import VoteBoothSettings

log = structlog.get_logger(__name__)

_LIST = "roll"  # in its cursors

_AT_ONCE = 10
_PEER_SECONDS = 2.0
_TRIES = 6
_RETRY_SECONDS = 20.0


class Roll:
    """What owners of polls with a roll do, and the sending of invitations."""

    def __init__(
        self,
        kit: Kit[VoteBoothSettings],
        projection: Projection,
        own: OwnPolls,
        keyring: Keyring,
        reminders: RollReminders,
    ) -> None:
        self._kit = kit
        self._reminders = reminders
        self._projection = projection
        self._own = own
        self._keyring = keyring

    async def invite(
        self, subject: Subject, site: str, poll_id: UUID, addresses: list[str], *, resend: bool
    ) -> RollProgress:
        """Put addresses on the roll; their mails leave in the background.

        Args:
            subject: The poll's owner.
            site: The network that this comes from, as limits count.
            poll_id: The poll.
            addresses: Whom to invite. If the poll is a draft, their mails wait until it is published.
            resend: Whether those on the roll already get another mail.

        Raises:
            Problem: 403, 404, 409 if the poll has no roll, 422 if an address can't be written to or they are more
                than a day's, 429 if this account or this network has invited too many today.
        """
        await self._own.find(subject, poll_id, "roll")
        clean = await cleaned(self._kit.shared.apart, addresses, account=subject.id, site=site)
        async with self._own.adding(subject, poll_id, "roll") as (session, own):
            changed = await repository.invite(session, poll_id, clean, resend=resend, draft=own.is_draft)
            await quota.spend(session, subject.id, changed, self._kit.settings.invitations_per_day)
            if own.is_draft:
                await quota.check_prepared(session, subject.id, self._kit.settings.invitations_per_day)
            await quota.spend_at(self._kit.shared.limits, site, changed, self._kit.settings.invitations_per_network)
            details = {"count": changed, "resend": int(resend)}
            await AuditRepository(session).record("roll.invited", subject.id, details, poll_id=poll_id)
            return RollProgress(*await repository.progress(session, poll_id))

    async def read(self, subject: Subject, poll_id: UUID, cursor: str | None, limit: int) -> RollPage:
        """Return a page of the roll for its owner.

        Raises:
            Problem: 403, 404, 409 if the poll has no roll.
        """
        await self._own.find(subject, poll_id, "roll")
        after = decode_cursor(cursor, str, _LIST) or ""
        async with self._kit.db.reading() as session:
            # In this order, or the sums could say that all are sent and a row that one is waiting.
            progress = RollProgress(*await repository.progress(session, poll_id))
            rows = await repository.page(session, poll_id, after, limit + 1)
        items = [RollEntryView(row.address, row.state, row.sent_at, row.took_part) for row in rows[:limit]]
        return RollPage(progress, items, encode_cursor(items[-1].address, _LIST) if len(rows) > limit else None)

    async def send_due(self) -> None:
        """Send the invitations that are due, until none is."""
        while True:
            async with self._kit.db.transaction() as session:
                due = await repository.claim(session, _AT_ONCE)
            if not due:
                return
            leaving = [each for each in due if await self._may_leave(each)]
            spoken = await self._languages({each.owner for each in leaving})
            await asyncio.gather(*(self._send(each, ours([spoken.get(each.owner)])) for each in leaving))

    async def _languages(self, owners: set[UUID]) -> dict[UUID, str]:
        """Return what those who invite have chosen; no mail waits for that, since its link is what counts."""
        try:
            return await languages(self._kit.shared.calls, "profiles", sorted(owners), _PEER_SECONDS)
        except (PeerError, PeerMissing) as exc:
            log.warning("language_unknown", error=str(exc))
            return {}

    async def _may_leave(self, due: Due) -> bool:
        """Say whether a mail may leave now; else it is put off."""
        most = self._kit.settings.invitations_per_address
        wait = await quota.wait_for(self._kit.shared.limits, due.owner, due.address, most)
        if wait:
            async with self._kit.db.transaction() as session:
                await repository.hold(session, due.poll_id, due.address, wait)
        return not wait

    async def _send(self, due: Due, language: Language) -> None:
        poll_id, address, tries = due.poll_id, due.address, due.tries
        try:
            rules = await self._projection.fresh(poll_id)
            code = await self._projection.code_of(poll_id)
        except Problem as problem:
            log.warning("invitation_failed", temporary=True, tries=tries, reason=problem.slug)
            async with self._kit.db.transaction() as session:
                await repository.put_off(session, poll_id, address, _RETRY_SECONDS)
            return
        async with self._kit.db.transaction() as session:
            if due.reminder and not await self._is_to_be_reminded(session, rules, address):
                await repository.mark_failed(session, poll_id, address)  # it stays sent
                return
            token = await self._token(session, rules, address)
        if token is None:
            return
        unsubscribe = self._reminders.link(address) if due.reminder else None
        try:
            await self._kit.shared.mailer.send(
                mail_of(self._kit.core.public_url, rules, code, address, token, unsubscribe, language)
            )
        except MailError as exc:
            given_up = not exc.temporary or tries >= _TRIES
            log.warning("invitation_failed", temporary=exc.temporary, tries=tries)
            async with self._kit.db.transaction() as session:
                if given_up:
                    await repository.mark_failed(session, poll_id, address)
                else:
                    await repository.put_off(session, poll_id, address, _RETRY_SECONDS * 2**tries)
            return
        async with self._kit.db.transaction() as session:
            await repository.mark_sent(session, poll_id, address)

    async def _is_to_be_reminded(self, session: AsyncSession, rules: PollRules, address: str) -> bool:
        ends_at = rules.definition.ends_at
        return ends_at is not None and ends_at > utc_now() and await self._reminders.is_wanted(session, address)

    async def _token(self, session: AsyncSession, rules: PollRules, address: str) -> str | None:
        """Store a new token for an address in place of its last one, unless that was voted with.

        Returns:
            The token to be mailed; None if nothing is.
        """
        poll_id = rules.poll_id
        if await repository.lock_poll(session, poll_id) != rules.version:  # no vote with the last token comes between
            await repository.hold(session, poll_id, address, 0)  # at once again, under the rules as they are now
            return None
        if rules.deleted or rules.definition.archived_at is not None:
            await repository.mark_failed(session, poll_id, address)
            return None
        invited, last = await repository.token_of(session, poll_id, address)
        if not invited:  # the poll has no roll any more
            return None
        used = last is not None and await self._is_used(session, rules, last)
        if used and rules.definition.tells_who_voted:
            await repository.mark_sent(session, poll_id, address)
            return None
        token = new_token()
        good = last if last is not None and used else hash_token(token)
        await repository.replace_token(session, poll_id, address, last, good)
        return token

    async def _is_used(self, session: AsyncSession, rules: PollRules, token_hash: bytes) -> bool:
        key = token_hash[:16]
        if rules.anonymous:
            key = self._keyring.participation(rules.poll, token_hash)
        return await repository.took_part(session, rules.poll_id, key, anonymous=rules.anonymous)
