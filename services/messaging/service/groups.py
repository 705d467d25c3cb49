"""Groups: who is in them, and as what."""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import msgspec
from advanced_alchemy.exceptions import DuplicateKeyError
from sqlalchemy.ext.asyncio import AsyncSession

from services.core.identity.subject import Subject
from services.core.ids import new_id
from services.core.kit import Kit
from services.core.peers.calls import PeerError
from services.core.people import People, PersonView
from services.core.problems import FieldError, conflict, forbidden, key_used, over_quota, refused, unavailable
from services.core.refusals import Refusals
from services.core.text import clean_line
from services.messaging import schemas
from services.messaging.models import Conversation, Member
from services.messaging.repository.circles import apart, followers
from services.messaging.repository.conversations import ConversationRepository
from services.messaging.repository.members import READERS, MemberRepository
from services.messaging.schemas import GroupNew, Role
from services.messaging.service.pokes import Pokes
from services.messaging.service.steps import happen, locked, readers, seen, tell
from services.messaging.settings import MessagingSettings

_NOBODY = "There is no such person, or they can't be added."


class Groups:
    """Groups: who is in them, and as what."""

    def __init__(self, kit: Kit[MessagingSettings], pokes: Pokes, people: People) -> None:
        self._pokes = pokes
        self._settings = kit.settings
        self._people = people

    async def create(self, subject: Subject, new: GroupNew, key: str | None) -> tuple[UUID, bool]:
        """Make a group. Who doesn't follow its owner is asked first.

        Returns:
            The conversation, and whether it is new; it isn't if the key has made it before.

        Raises:
            Problem: 403 for guests, 409 if the key was used for another group, 422, 429 if the account owns as many
                groups as it may, 503.
        """
        subject.require_user()
        title, accounts = await self._checked(subject, new)
        digest = hashlib.sha256(msgspec.json.encode(new)).digest()
        try:
            async with self._pokes.transaction() as session:
                return await self._create(session, subject, title, accounts, key, digest)
        except DuplicateKeyError as exc:
            raise key_used("group") from exc  # at the same moment

    async def _create(
        self,
        session: AsyncSession,
        subject: Subject,
        title: str,
        accounts: Sequence[UUID],
        key: str | None,
        digest: bytes,
    ) -> tuple[UUID, bool]:
        conversations = ConversationRepository(session)
        if key and (made := await conversations.of_key(subject.id, key)):
            if made.request_hash != digest:
                raise key_used("group")
            return made.id, False
        if await conversations.owned(subject.id) >= self._settings.groups_per_account:
            raise over_quota(f"You own {self._settings.groups_per_account} groups, all that one account may.")
        conversation = await conversations.add(
            Conversation(
                id=new_id(),
                kind="group",
                title=title,
                seq=0,
                made_by=subject.id,
                request_key=key,
                request_hash=digest if key else None,
            )
        )
        await self._refuse_apart(session, subject, accounts)
        following = await followers(session, subject.id, accounts)
        now = await conversations.clock()
        for account in (subject.id, *accounts):
            state = "active" if account == subject.id or account in following else "requested"
            role = "owner" if account == subject.id else "member"
            session.add(_member(conversation.id, account, role, state, since=0, at=now))
        await tell(session, conversation.id, [subject.id, *accounts])
        return conversation.id, True

    async def rename(self, subject: Subject, conversation_id: UUID, title: str) -> None:
        """Call a group something else.

        Raises:
            Problem: 403 for whoever doesn't lead it, 404, 409 if it isn't a group, 422.
        """
        subject.require_user()
        found = Refusals("group-refused")
        title = found.text("title", clean_line, title, schemas.MAX_TITLE)
        found.check()
        async with self._pokes.transaction() as session:
            conversation, _ = await _led(session, conversation_id, subject)
            if title == conversation.title:
                return
            conversation.title = title
            await happen(session, conversation, "title")
            await tell(session, conversation.id, await readers(session, conversation.id))

    async def put(self, subject: Subject, conversation_id: UUID, account: UUID, role: Role) -> None:
        """Add somebody to a group, or give them another role; `owner` hands the group over.

        Raises:
            Problem: 403 for whoever may not do this, 404 if there is no such conversation, 409 if it isn't a group or
                they haven't accepted yet, 422 if they can't be added or the group is full; 503.
        """
        subject.require_user()
        person = await self._find(account)
        async with self._pokes.transaction() as session:
            conversation, mine = await _led(session, conversation_id, subject)
            members = MemberRepository(session)
            theirs = await members.one(conversation.id, account)
            if role != (theirs.role if theirs and theirs.state in READERS else "member") and mine.role != "owner":
                raise forbidden("Only the owner of a group gives roles.")
            is_new = theirs is None or theirs.state not in READERS
            if theirs is None or is_new:
                if person is None or person.deleted:
                    raise _unfit("account", _NOBODY)
                theirs = await self._add(session, subject, conversation, account, theirs)
                await happen(session, conversation, "member", account=account)
                await tell(session, conversation.id, [account])
            if role == theirs.role:
                return
            if theirs.state != "active":
                raise conflict("not-accepted", "They haven't accepted yet. Give them a role when they have.")
            await _give(session, conversation, mine, theirs, role)

    async def remove(self, subject: Subject, conversation_id: UUID, account: UUID) -> None:
        """Remove somebody from a group, or leave it; where they aren't in it, do nothing.

        They read nothing of it from then on. Whoever leaves a group that they own hands it to the admin who has been
        there longest, or else to the member.

        Raises:
            Problem: 403 for whoever may not do this, 404, 409 if it isn't a group.
        """
        subject.require_user()
        async with self._pokes.transaction() as session:
            conversation, mine = await _in_group(session, conversation_id, subject)
            theirs = await MemberRepository(session).reader(conversation.id, account)
            if account != subject.id and not _outranks(mine, theirs):
                raise forbidden("Only the owner and admins remove members, and only the owner removes admins.")
            if theirs is None:
                return
            was_owner = theirs.role == "owner"
            theirs.role, theirs.state, theirs.unread = "member", "left", 0
            await happen(session, conversation, "member", account=account)
            await seen(session, conversation, account, left=True)
            concerned = [account]
            if was_owner:
                concerned += await _hand_on(session, conversation)
            await tell(session, conversation.id, concerned)

    async def _checked(self, subject: Subject, new: GroupNew) -> tuple[str, list[UUID]]:
        found = Refusals("group-refused")
        title = found.text("title", clean_line, new.title, schemas.MAX_TITLE)
        accounts = [account for account in dict.fromkeys(new.members) if account != subject.id]
        if len(new.members) > schemas.MAX_MEMBERS - 1:
            found.add(
                "members",
                f"A group has {schemas.MAX_MEMBERS} members at most.",
                max_length=schemas.MAX_MEMBERS - 1,
            )
        found.check()
        for number, account in enumerate(new.members):
            person = await self._find(account)
            if person is None or person.deleted:
                found.add(f"members.{number}", _NOBODY)
        found.check()
        return title, accounts

    async def _find(self, account: UUID) -> PersonView | None:
        try:
            return await self._people.find(account)
        except PeerError as exc:
            raise unavailable("Whether there is such a person isn't known right now. Try again.") from exc

    async def _refuse_apart(self, session: AsyncSession, subject: Subject, accounts: Collection[UUID]) -> None:
        if accounts and await apart(session, subject.id, accounts):
            raise _unfit("members", "Some of them can't be added.")

    async def _add(
        self, session: AsyncSession, subject: Subject, conversation: Conversation, account: UUID, before: Member | None
    ) -> Member:
        members = MemberRepository(session)
        if len(await members.readers(conversation.id)) >= schemas.MAX_MEMBERS:
            raise refused("group-full", f"A group has {schemas.MAX_MEMBERS} members at most.")
        if await apart(session, subject.id, [account]):
            raise _unfit("account", _NOBODY)
        state = "active" if await followers(session, subject.id, [account]) else "requested"
        now = await members.clock()
        if before is None:
            before = _member(conversation.id, account, "member", state, since=conversation.seq, at=now)
            session.add(before)
        else:
            before.state, before.since, before.read, before.shown = state, conversation.seq, conversation.seq, None
            before.unread, before.latest, before.joined_at = 0, new_id(), now
        return before


def _member(conversation: UUID, account: UUID, role: str, state: str, *, since: int, at: datetime) -> Member:
    return Member(
        conversation=conversation,
        account=account,
        role=role,
        state=state,
        since=since,
        read=since,
        latest=new_id(),
        joined_at=at,
    )


async def _in_group(session: AsyncSession, conversation_id: UUID, subject: Subject) -> tuple[Conversation, Member]:
    conversation, member = await locked(session, conversation_id, subject.id)
    if conversation.kind != "group":
        raise conflict("not-a-group", "This is a conversation of two people, and stays one.")
    return conversation, member


async def _led(session: AsyncSession, conversation_id: UUID, subject: Subject) -> tuple[Conversation, Member]:
    conversation, member = await _in_group(session, conversation_id, subject)
    if member.role == "member":
        raise forbidden("Only the owner and admins of a group do this.")
    return conversation, member


def _outranks(mine: Member, theirs: Member | None) -> bool:
    rank = {"member": 0, "admin": 1, "owner": 2}
    return rank[mine.role] > (rank[theirs.role] if theirs else 0)


async def _give(session: AsyncSession, conversation: Conversation, mine: Member, theirs: Member, role: Role) -> None:
    """Give somebody else a role; who hands a group over is an admin of it then."""
    if theirs.account == mine.account:
        raise conflict("sole-owner", "A group has an owner. Make somebody else the owner first.")
    if role == "owner":
        mine.role = "admin"
        await happen(session, conversation, "member", account=mine.account)
        await session.flush()  # there is one owner at any moment
    theirs.role = role
    await happen(session, conversation, "member", account=theirs.account)
    await tell(session, conversation.id, [mine.account, theirs.account])


async def _hand_on(session: AsyncSession, conversation: Conversation) -> list[UUID]:
    """Give a group without an owner to who comes next; return them."""
    await session.flush()
    there = [row for row in await MemberRepository(session).readers(conversation.id) if row.state == "active"]
    if not there:
        return []
    heir = next((row for row in there if row.role == "admin"), there[0])
    heir.role = "owner"
    await happen(session, conversation, "member", account=heir.account)
    return [heir.account]


def _unfit(field: str, message: str) -> Exception:
    return refused("group-refused", f"{field}: {message}", FieldError(field, message))
