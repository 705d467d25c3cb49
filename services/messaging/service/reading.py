"""Conversations and messages as somebody sees them."""

from collections.abc import Sequence
from uuid import UUID

from services.core.data.pagination import Page
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.problems import not_found
from services.core.refusals import Refusals
from services.core.text import clean_line
from services.messaging import schemas
from services.messaging.models import Member
from services.messaging.repository.conversations import ConversationRepository
from services.messaging.repository.members import CONVERSATIONS, REQUESTS, MemberRepository
from services.messaging.repository.messages import FOUND, MESSAGES, MessageRepository
from services.messaging.schemas import ConversationDetail, ConversationView, MessageRevision, MessageView, UnreadCount
from services.messaging.service.steps import other_of
from services.messaging.service.views import Views
from services.messaging.settings import MessagingSettings


class Reading:
    """Lists, one conversation, search."""

    def __init__(self, kit: Kit[MessagingSettings], views: Views) -> None:
        self._db = kit.db
        self._views = views

    async def conversations(self, subject: Subject, cursor: str | None, limit: int) -> Page[ConversationView]:
        """Return a page of my conversations, the last that was written in first."""
        async with self._db.reading() as session:
            page = await MemberRepository(session).listed(CONVERSATIONS.page(cursor, limit), subject.id, "active")
        return Page(await self.views(page.items), page.next)

    async def requests(self, subject: Subject, cursor: str | None, limit: int) -> Page[ConversationView]:
        """Return a page of what waits for me to accept it, the latest first."""
        async with self._db.reading() as session:
            page = await MemberRepository(session).listed(REQUESTS.page(cursor, limit), subject.id, "requested")
        return Page(await self.views(page.items), page.next)

    async def detail(self, subject: Subject, conversation_id: UUID) -> ConversationDetail:
        """Return a conversation, and who is in it.

        Raises:
            Problem: 404.
        """
        async with self._db.reading() as session:
            members = MemberRepository(session)
            mine = await members.reader(conversation_id, subject.id)
            if mine is None:
                raise not_found("conversation")
            rows = await members.shown(conversation_id)
        return ConversationDetail((await self.views([mine]))[0], await self._views.members(rows))

    async def with_person(self, subject: Subject, account: UUID) -> ConversationDetail:
        """Return the conversation with somebody.

        Raises:
            Problem: 404.
        """
        async with self._db.reading() as session:
            found = await ConversationRepository(session).between(subject.id, account)
        if found is None:
            raise not_found("conversation")
        return await self.detail(subject, found)

    async def messages(
        self, subject: Subject, conversation_id: UUID, cursor: str | None, limit: int
    ) -> Page[MessageView]:
        """Return a page of a conversation's messages, the newest first.

        Raises:
            Problem: 404.
        """
        async with self._db.reading() as session:
            mine = await MemberRepository(session).reader(conversation_id, subject.id)
            if mine is None:
                raise not_found("conversation")
            page = await MessageRepository(session).listed(MESSAGES.page(cursor, limit), conversation_id, mine.since)
        return Page(await self._views.messages(page.items), page.next)

    async def message(self, subject: Subject, message_id: UUID) -> MessageView:
        """Return a message.

        Raises:
            Problem: 404.
        """
        async with self._db.reading() as session:
            found = await MessageRepository(session).read(subject.id, message_id)
        if found is None:
            raise not_found("message")
        return (await self._views.messages([found]))[0]

    async def history(self, subject: Subject, message_id: UUID) -> list[MessageRevision]:
        """Return what a message said before it was edited, the earliest first.

        Raises:
            Problem: 404.
        """
        async with self._db.reading() as session:
            messages = MessageRepository(session)
            if await messages.read(subject.id, message_id) is None:
                raise not_found("message")
            rows = await messages.history(message_id)
        return [MessageRevision(row.text, row.at) for row in rows]

    async def search(
        self, subject: Subject, words: str, conversation: UUID | None, cursor: str | None, limit: int
    ) -> Page[MessageView]:
        """Return a page of the messages that somebody may read and that have all these words, the newest first.

        Raises:
            Problem: 422.
        """
        found = Refusals("search-refused")
        words = found.text("q", clean_line, words, schemas.MAX_QUERY)
        found.check()
        async with self._db.reading() as session:
            page = await MessageRepository(session).search(FOUND.page(cursor, limit), subject.id, words, conversation)
        return Page(await self._views.messages(page.items), page.next)

    async def unread(self, subject: Subject) -> UnreadCount:
        """Return how much somebody hasn't read."""
        async with self._db.reading() as session:
            members = MemberRepository(session)
            conversations, messages = await members.unread(subject.id)
            return UnreadCount(conversations, messages, await members.requests(subject.id))

    async def views(self, rows: Sequence[Member]) -> list[ConversationView]:
        """Return conversations, each as the member of its row sees it, by as many statements however many there are."""
        if not rows:
            return []
        async with self._db.reading() as session:
            conversations = await ConversationRepository(session).of({row.conversation for row in rows})
            last_ids = {row.last for row in conversations.values() if row.last is not None}
            lasts = await MessageRepository(session).lasts({row.account for row in rows}, last_ids)
        readers = {message.id: accounts for message, accounts in lasts}
        last = {view.conversation: view for view in await self._views.messages([message for message, _ in lasts])}
        people = await self._views.people.of(other_of(conversations[row.conversation], row.account) for row in rows)
        views = []
        for row in rows:
            conversation = conversations[row.conversation]
            other = other_of(conversation, row.account)
            message = last.get(conversation.id)
            views.append(
                ConversationView(
                    id=conversation.id,
                    kind=conversation.kind,  # type: ignore[arg-type]  # the column has no other values
                    title=conversation.title,
                    other=people[other] if other else None,
                    role=row.role,  # type: ignore[arg-type]  # nor this one
                    state=row.state,  # type: ignore[arg-type]  # nor this one, for who reads
                    waiting=conversation.asked_by == row.account,
                    seq=conversation.seq,
                    read=row.read,
                    unread=row.unread,
                    last=message if message is not None and row.account in readers[message.id] else None,
                )
            )
        return views
