"""What others tell of, made into notifications. Events may come twice and in any order: the newest version holds.

Whether something still stands (a Wave that was deleted, somebody whom it doesn't name any more, a comment that was
hidden) is asked of `thing` when somebody looks. Follows and reactions are no things: their notifications say it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.ext.asyncio import AsyncSession

from services.core.closing import remind_at
from services.core.data.models import utc_now
from services.core.kit import Kit
from services.notifications.events import (
    BlockChanged,
    CommentChanged,
    ConversationSeen,
    FollowChanged,
    MessageSent,
    MuteChanged,
    PollChanged,
    PollClosed,
    PollOpened,
    ReactionChanged,
    ThreadFollowed,
    WaveChanged,
    WaveModerated,
)
from services.notifications.kinds import Kind
from services.notifications.repository.accounts import WatchRepository
from services.notifications.repository.followers import FollowerRepository
from services.notifications.repository.letters import LetterRepository
from services.notifications.repository.mailboxes import MailboxRepository
from services.notifications.repository.notifications import NotificationRepository, Told
from services.notifications.repository.sends import SendRepository
from services.notifications.repository.things import ThingRepository
from services.notifications.service.ringing import ring
from services.notifications.settings import NotificationsSettings

_MODERATED: dict[Kind, bool] = {"moderation": True, "restored": False}
"""What tells somebody that something of theirs is hidden, or isn't any more."""

_SHARD = 5_000
"""How many of those who watch a poll, or follow a thread, are told by one process in one go."""


class Hearing:
    """Handles events, each in the consumer's transaction."""

    def __init__(self, kit: Kit[NotificationsSettings]) -> None:
        self._settings = kit.settings

    async def follow(self, session: AsyncSession, event: FollowChanged) -> None:
        """Tell somebody who follows them, or asks to."""
        kinds: dict[Kind, str] = {"follow": "accepted", "follow_request": "requested"}
        for kind, state in kinds.items():
            told = Told(event.followee, kind, event.followee, event.follower)
            await self._keep(session, told, event.version, present=event.state == state)

    async def wave(self, session: AsyncSession, event: WaveChanged) -> None:
        """Tell those whom a Wave names, and whose Wave it shares on."""
        things = ThingRepository(session)
        if not await things.keep(_wave(event)):
            return
        for account in sorted(set(event.mentions) - {event.author}):
            await self._keep(session, Told(account, "mention", event.wave, event.author))
        owner = None if event.ripple_of is None else await things.owner(event.ripple_of)
        if owner is not None and event.ripple_of is not None:
            await self._ripple(session, owner, event.ripple_of, event.author, event.wave)
        for ripple in await things.ripples(event.wave):  # those that were heard of before what they share on
            await self._ripple(session, event.author, event.wave, ripple.owner, ripple.id)

    async def moderated(self, session: AsyncSession, event: WaveModerated) -> None:
        """Tell whose Wave was hidden, and that it is shown again, each time anew."""
        await self._moderated(session, event.author, event.wave, event.version, hidden=event.hidden)

    async def reaction(self, session: AsyncSession, event: ReactionChanged) -> None:
        """Tell somebody who reacts to their Wave."""
        if event.account != event.author:
            told = Told(event.author, "reaction", event.wave, event.account, uuid5(event.wave, event.kind))
            await self._keep(session, told, event.version, present=event.present)

    async def comment(self, session: AsyncSession, event: CommentChanged) -> None:
        """Tell whose comment is answered, whom one names, whose poll is commented on, and who follows its thread.

        Each is told once, of what concerns them most. Whose comment was hidden is told, and that it is shown again.
        """
        is_new = await ThingRepository(session).keep(_comment(event))
        if event.state == "hidden":
            await self._comment_hidden(session, event, is_new=is_new)
        if not is_new or event.state != "shown":
            return
        if event.version > 1 and await NotificationRepository(session).has(event.author, "moderation", event.comment):
            await self._moderated(session, event.author, event.comment, event.version, hidden=False)
        if event.answered is not None and event.answered != event.author:
            await self._keep(session, Told(event.answered, "reply", event.comment, event.author))
        named = sorted(set(event.mentions) - {event.author, event.answered})
        for account in named:
            await self._keep(session, Told(account, "mention", event.comment, event.author))
        followers = FollowerRepository(session)
        if event.owner not in (event.author, event.answered, *named) and not await followers.left(
            event.thread, event.owner
        ):
            await self._keep(session, Told(event.owner, "comment", event.thread, event.author, event.comment))
        ends, people = await followers.boundaries(event.thread, _SHARD)
        about = ("thread", event.comment, event.author, event.created_at)
        await SendRepository(session).begin(*about, ends, people)

    async def _comment_hidden(self, session: AsyncSession, event: CommentChanged, *, is_new: bool) -> None:
        """Tell whose comment was hidden; where it is heard of late, that it is shown again."""
        version, hidden = event.version, True
        if not is_new:
            now = await ThingRepository(session).shown(event.comment)
            if now is None:
                return
            version, hidden = now.version, False
        await self._moderated(session, event.author, event.comment, version, hidden=hidden)

    async def _moderated(
        self, session: AsyncSession, author: UUID, subject: UUID, version: int, *, hidden: bool
    ) -> None:
        """Tell an author how something of theirs stands: of the two that tell of it, one holds at a time."""
        for kind, present in _MODERATED.items():
            told = Told(author, kind, subject, author)
            await self._keep(session, told, version, present=present is hidden, anew=True)

    async def thread_followed(self, session: AsyncSession, *events: ThreadFollowed) -> None:
        """Keep who wants to be told of what is said in a thread."""
        await FollowerRepository(session).keep(events)

    async def message(self, session: AsyncSession, event: MessageSent) -> None:
        """Tell those to whom somebody wrote, and those whom it asks first."""
        people: dict[Kind, list[UUID]] = {"message": event.recipients, "message_request": event.requested}
        for kind, recipients in people.items():
            arrived = await LetterRepository(session).arrive(
                kind, event.conversation, event.sender, recipients, event.seq
            )
            for account in arrived.made:
                await NotificationRepository(session).trim(account, self._settings.kept_per_account)
            await MailboxRepository(session).advance(arrived.told)
            await ring(session, kind, arrived.news)

    async def seen(self, session: AsyncSession, event: ConversationSeen) -> None:
        """Let nobody be told of what they have read, or of a conversation that they aren't in any more."""
        if await LetterRepository(session).see(event.account, event.conversation, event.seq, left=event.left):
            await MailboxRepository(session).advance([event.account])

    async def apart(self, session: AsyncSession, event: BlockChanged | MuteChanged) -> None:
        """Let those between whom something has changed look again."""
        await MailboxRepository(session).advance([event.account, event.other])

    async def poll(self, session: AsyncSession, event: PollChanged) -> None:
        """Keep who may see a poll, and its title."""
        await ThingRepository(session).keep(_poll(event))

    async def past_things(
        self, session: AsyncSession, events: Sequence[WaveChanged | CommentChanged | PollChanged]
    ) -> None:
        """Keep what things of long ago are; nobody is told of them."""
        await ThingRepository(session).keep_past([_thing(event) for event in events])

    async def opened(self, session: AsyncSession, event: PollOpened) -> None:
        """Tell those who watch a poll that it has opened."""
        await self._send(session, "poll_opened", event)

    async def closed(self, session: AsyncSession, event: PollClosed) -> None:
        """Tell those who watch a poll, and its owner, that it has closed."""
        await self._keep(session, Told(event.owner, "poll_closed", event.poll, event.owner))
        await self._send(session, "poll_closed", event)

    async def closing(self, session: AsyncSession, poll: UUID, owner: UUID) -> None:
        """Tell those who watch a poll, and may vote in it yet, that it closes soon."""
        await _send(session, "poll_closing", poll, owner, utc_now())

    async def _send(self, session: AsyncSession, kind: Kind, event: PollOpened | PollClosed) -> None:
        await _send(session, kind, event.poll, event.owner, event.at)

    async def _ripple(self, session: AsyncSession, owner: UUID, wave: UUID, actor: UUID, ripple: UUID) -> None:
        if owner != actor:
            await self._keep(session, Told(owner, "ripple", wave, actor, ripple))

    async def _keep(
        self, session: AsyncSession, told: Told, version: int = 1, *, present: bool = True, anew: bool = False
    ) -> None:
        notifications = NotificationRepository(session)
        kept = await notifications.keep(told, version, present=present, anew=anew)
        if kept.made:
            await notifications.trim(told.recipient, self._settings.kept_per_account)
        await MailboxRepository(session).advance([told.recipient])
        if kept.news:
            await ring(session, told.kind, [told.recipient])


async def _send(session: AsyncSession, kind: Kind, poll: UUID, owner: UUID, at: datetime) -> None:
    ends, people = await WatchRepository(session).boundaries(poll, at, _SHARD)
    await SendRepository(session).begin(kind, poll, owner, at, ends, people)


def _thing(event: WaveChanged | CommentChanged | PollChanged) -> dict[str, Any]:
    if isinstance(event, WaveChanged):
        return _wave(event)
    return _comment(event) if isinstance(event, CommentChanged) else _poll(event)


def _wave(event: WaveChanged) -> dict[str, Any]:
    return {
        "id": event.wave,
        "type": "wave",
        "version": event.version,
        "owner": event.author,
        "of": event.ripple_of,
        "audience": event.visibility,
        "names": event.mentions,
        "text": event.text,
        "gone": event.deleted,
    }


def _comment(event: CommentChanged) -> dict[str, Any]:
    return {
        "id": event.comment,
        "type": "comment",
        "version": event.version,
        "owner": event.author,
        "of": event.thread,
        "audience": event.state,
        "names": event.mentions,
        "text": event.text,
        "gone": event.state == "deleted",
    }


def _poll(event: PollChanged) -> dict[str, Any]:
    over = event.deleted or event.closed_at is not None or event.archived_at is not None
    return {
        "closes_at": None if over else event.closes_at,
        "remind_at": None if over or event.opens_at is None else remind_at(event.opens_at, event.closes_at),
        "id": event.poll,
        "type": "poll",
        "version": event.version,
        "owner": event.owner,
        "of": None,
        "audience": event.listing,
        "text": "" if event.deleted else event.title,
        "gone": event.deleted,
    }
