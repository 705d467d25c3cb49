"""Adding comments, editing and deleting one's own."""

import hashlib
from datetime import timedelta
from uuid import UUID

import msgspec
from advanced_alchemy.exceptions import DuplicateKeyError
from sqlalchemy.ext.asyncio import AsyncSession

from services.comments import schemas
from services.comments.models import Comment, Thread
from services.comments.repository import (
    CommentRepository,
    FilterRepository,
    LimitRepository,
    MentionRepository,
    ThreadRepository,
)
from services.comments.schemas import CommentNew
from services.comments.service.following import follow_by_writing
from services.comments.service.keeping import keep_back
from services.comments.service.steps import locked, set_state, tell
from services.comments.service.threads import Threads, may_comment, refuse_apart, refuse_unknown, state_for
from services.comments.settings import CommentsSettings
from services.core.identity.subject import Subject
from services.core.ids import new_id
from services.core.kit import Kit
from services.core.marked import cut, targets
from services.core.problems import conflict, forbidden, not_found, refused
from services.core.refusals import Refusals
from services.core.text import clean_text


class Writing:
    """Adding comments, editing and deleting one's own."""

    def __init__(self, kit: Kit[CommentsSettings], threads: Threads) -> None:
        self._db = kit.db
        self._settings = kit.settings
        self._threads = threads

    async def add(self, subject: Subject, thread_id: UUID, new: CommentNew, key: str | None) -> tuple[UUID, bool]:
        """Add a comment to a thread.

        Args:
            subject: Who says it.
            thread_id: What is commented on.
            new: What is said.
            key: The request's idempotency key.

        Returns:
            The comment, and whether it is new; it isn't if the key has made it before.

        Raises:
            Problem: 403 for guests and in a locked thread, 404 for a thread or parent that isn't there, 409 for a
                parent that is deleted or hidden, or a key that was used for something else, 422.
        """
        subject.require_user()
        text = checked(new.text)
        await self._threads.find(subject, thread_id)
        digest = hashlib.sha256(thread_id.bytes + msgspec.json.encode(new)).digest()
        try:
            async with self._db.transaction() as session:
                await FilterRepository(session).share()
                thread = await ThreadRepository(session).lock(thread_id)
                if thread is None or thread.deleted:
                    raise not_found("poll")
                await refuse_unknown(session, subject, thread, "poll")
                if key and (made := await CommentRepository(session).of_key(subject.id, key)):
                    if made.request_hash != digest:
                        raise _key_used()
                    return made.id, False
                if not may_comment(thread, subject):
                    raise forbidden("This thread is locked: nobody adds to it but its owner.")
                return await self._add(session, subject, thread, new.parent, text, key, digest), True
        except DuplicateKeyError as exc:
            raise _key_used() from exc  # at the same moment, in another thread

    async def _add(
        self,
        session: AsyncSession,
        subject: Subject,
        thread: Thread,
        parent_id: UUID | None,
        text: str,
        key: str | None,
        digest: bytes,
    ) -> UUID:
        comments = CommentRepository(session)
        await LimitRepository(session).hold(subject.id)
        parent = await _parent(comments, thread, parent_id, subject)
        await refuse_apart(session, subject, thread.owner, *([parent.author] if parent else []))
        place = (parent.places if parent else thread.places) + 1
        comment = await comments.add(
            Comment(
                id=new_id(),
                thread=thread.id,
                parent=parent_id,
                path=(parent.path if parent else b"") + place.to_bytes(4, "big"),
                author=subject.id,
                text=text,
                state="shown",
                version=1,
                created_at=await comments.clock(),
                request_key=key,
                request_hash=digest if key else None,
            )
        )
        if parent:
            await comments.change(parent.id, places=Comment.places + 1, replies=Comment.replies + 1)
            await ThreadRepository(session).change(thread.id, comments=Thread.comments + 1)
        else:
            await ThreadRepository(session).change(thread.id, comments=Thread.comments + 1, places=Thread.places + 1)
        await _name(session, comment)
        if not await keep_back(session, thread, comment):
            await tell(session, thread, comment, parent)
        await follow_by_writing(session, thread, subject.id, self._settings)
        return comment.id

    async def edit(self, subject: Subject, comment_id: UUID, text: str) -> None:
        """Say something else in a comment of one's own, for some time after it was written.

        Raises:
            Problem: 403 for guests, 404 for what isn't there or is somebody else's, 409 when the time is over or the
                comment is hidden, 422.
        """
        subject.require_user()
        text = checked(text)
        async with self._db.transaction() as session:
            await FilterRepository(session).share()
            thread, comment = await locked(session, subject, comment_id)
            if comment.author != subject.id or comment.state == "deleted":
                raise not_found("comment")
            await refuse_unknown(session, subject, thread, "comment")
            if state_for(comment, subject) == "hidden":
                raise conflict("comment-hidden", "This comment is hidden, so it can't be edited.")
            if text == comment.text:
                return
            comments = CommentRepository(session)
            now = await comments.clock()
            if now > comment.created_at + timedelta(minutes=self._settings.edit_minutes):
                raise conflict(
                    "edit-window-over",
                    f"A comment can be edited for {self._settings.edit_minutes} minutes. Say more in an answer to it.",
                )
            above = await comments.above(comment)
            changed = await comments.change(comment_id, text=text, edited_at=now, version=Comment.version + 1)
            await _name(session, changed)
            if changed.state == "shown" and not await keep_back(session, thread, changed):
                await tell(session, thread, changed, above[-1] if above else None)

    async def delete(self, subject: Subject, comment_id: UUID) -> None:
        """Delete a comment of one's own; answers to it stay. Again, it does nothing.

        Raises:
            Problem: 403 for guests, 404 for what isn't there or is somebody else's.
        """
        subject.require_user()
        async with self._db.transaction() as session:
            thread, comment = await locked(session, subject, comment_id)
            if comment.author != subject.id:
                raise not_found("comment")
            if comment.state != "deleted":
                await MentionRepository(session).replace(comment_id, {})
                await set_state(session, thread, comment, "deleted", text="", hidden_as=None)


async def _parent(
    comments: CommentRepository, thread: Thread, parent_id: UUID | None, subject: Subject
) -> Comment | None:
    """Return what is answered.

    Raises:
        Problem: 404, 409 or 422.
    """
    if parent_id is None:
        return None
    parent = await comments.get_one_or_none(id=parent_id)
    if parent is None or parent.thread != thread.id:
        raise not_found("comment")
    if state_for(parent, subject) != "shown":
        raise conflict("comment-gone", "This comment is deleted or hidden, so it can't be answered.")
    if len(parent.path) // 4 >= schemas.MAX_DEPTH:
        raise refused("too-deep", f"Threads are {schemas.MAX_DEPTH} answers deep at most. Answer one further up.")
    return parent


async def _name(session: AsyncSession, comment: Comment) -> None:
    """Keep whom a comment names now."""
    mentions = MentionRepository(session)
    await mentions.replace(comment.id, await mentions.called(comment.author, targets(cut(comment.text), "mention")))


def checked(text: str) -> str:
    """Return a comment's text as it is stored.

    Raises:
        Problem: 422.
    """
    found = Refusals("comment-refused")
    cleaned = found.text("text", clean_text, text, schemas.MAX_TEXT)
    if len(targets(cut(cleaned), "mention")) > schemas.MAX_MENTIONS:
        found.add("text", f"names more than {schemas.MAX_MENTIONS} people")
    found.check()
    return cleaned


def _key_used() -> Exception:
    return conflict("idempotency-key-used", "This Idempotency-Key was sent with another comment. Use a new one.")
