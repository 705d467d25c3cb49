"""Supporting comments."""

from uuid import UUID

from services.comments.models import Comment
from services.comments.repository import CommentRepository, SupportRepository, ThreadRepository
from services.comments.service.threads import refuse_apart, refuse_unknown
from services.comments.settings import CommentsSettings
from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.problems import not_found, refused


class Supporting:
    """Supporting comments: once each, and counts are exact."""

    def __init__(self, kit: Kit[CommentsSettings]) -> None:
        self._db = kit.db

    async def support(self, subject: Subject, comment_id: UUID) -> None:
        """Support a comment; again, it does nothing.

        Raises:
            Problem: 403 for guests, 404 for what isn't there to be read, 422 for one's own.
        """
        subject.require_user()
        async with self._db.transaction() as session:
            comments = CommentRepository(session)
            comment = await comments.lock(comment_id)
            if comment is None or comment.state != "shown":
                raise not_found("comment")
            await refuse_unknown(session, subject, await ThreadRepository(session).get(comment.thread), "comment")
            await refuse_apart(session, subject, comment.author)
            if comment.author == subject.id:
                raise refused("own-comment", "You can't support a comment of your own.")
            values = {"comment": comment_id, "account": subject.id}
            if await SupportRepository(session).add_or_ignore(values) is not None:
                await comments.change(comment_id, support=Comment.support + 1)

    async def withdraw(self, subject: Subject, comment_id: UUID) -> None:
        """Support a comment no longer; where there is no support, it does nothing.

        Raises:
            Problem: 403 for guests.
        """
        subject.require_user()
        async with self._db.transaction() as session:
            comments = CommentRepository(session)
            if await comments.lock(comment_id) is None:
                return
            if await SupportRepository(session).remove(comment_id, subject.id):
                await comments.change(comment_id, support=Comment.support - 1)
