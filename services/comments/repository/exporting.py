"""What an account is given of what is kept here."""

from uuid import UUID

from sqlalchemy import select

from services.comments.models import Comment, Following, Report, Support
from services.core.personal import Part


def exported(account: UUID) -> list[Part]:
    """Return what an account is given of what is kept here."""
    comments = select(
        Comment.id, Comment.thread, Comment.parent, Comment.text, Comment.state, Comment.created_at, Comment.edited_at
    ).where(Comment.author == account, Comment.state != "deleted")
    support = select(Support.comment, Support.at).where(Support.account == account)
    reports = select(Report.about.label("comment"), Report.reason, Report.note, Report.at).where(
        Report.reporter == account
    )
    followed = select(Following.thread, Following.following).where(Following.account == account)
    return [
        Part("comments", comments, Comment.id),
        Part("followed_threads", followed, Following.ordinal),
        Part("support", support, Support.comment),
        Part("reports", reports, Report.about),
    ]
