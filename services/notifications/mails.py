"""What mails say: each in text and in HTML."""

from collections.abc import Mapping, Sequence
from html import escape

from services.core.aws.mail import Mail
from services.core.people import PersonView
from services.notifications.kinds import Kind
from services.notifications.schemas import NotificationView

SAYS: Mapping[Kind, str] = {
    "follow": "{who} followed you",
    "follow_request": "{who} asked to follow you",
    "mention": "{who} mentioned you",
    "reaction": "{who} reacted to your Wave",
    "ripple": "{who} shared your Wave on",
    "comment": "{who} commented on your poll",
    "reply": "{who} answered your comment",
    "thread": "{who} commented on a poll whose comments you follow",
    "moderation": "A comment of yours was hidden",
    "poll_opened": "A poll that you watch has opened",
    "poll_closing": "A poll that you watch closes soon",
    "poll_closed": "A poll has closed",
    "message": "{who} wrote to you",
    "message_request": "{who} would like to write to you",
}
"""What each kind says of its people."""

_SUBJECTS: Mapping[Kind, str] = {
    "follow": "Somebody followed you",
    "follow_request": "Somebody asked to follow you",
    "mention": "You were mentioned",
    "reaction": "Somebody reacted to your Wave",
    "ripple": "Your Wave was shared on",
    "comment": "Your poll has a new comment",
    "reply": "Your comment was answered",
    "thread": "There are new comments in a thread that you follow",
    "moderation": "A comment of yours was hidden",
    "poll_opened": "A poll that you watch has opened",
    "poll_closing": "A poll that you watch closes soon",
    "poll_closed": "A poll has closed",
    "message": "Somebody wrote to you",
    "message_request": "Somebody would like to write to you",
}
"""Others' words stand in the text, as theirs; a subject would show them in our name."""

_STYLE = "font: 16px/1.5 system-ui, sans-serif; max-width: 36rem; margin: 0 auto; padding: 1rem; color: #1a1a1a"
_QUOTE = "margin: .25rem 0 1rem; padding-left: .75rem; border-left: 3px solid #ccc; color: #444"
_SMALL = "font-size: .875rem; color: #555"


def mail_of(
    told: Sequence[NotificationView], *, more: bool, address: str, public_url: str, unsubscribe: str, daily: bool
) -> Mail:
    """Return the mail that tells of some notifications.

    Args:
        told: What it tells of, one at least.
        more: There are others that it doesn't have room for.
        address: Whose mail it is.
        public_url: Where users reach VoteWave, without a slash at its end.
        unsubscribe: The link that ends mails.
        daily: It is the mail of a day.
    """
    subject = _SUBJECTS[told[0].kind] if len(told) == 1 and not more else f"{len(told)}{'+' * more} new notifications"
    if daily:
        subject = f"Your day on VoteWave: {len(told)}{'+' * more} new"
    link = f"{public_url}/"
    lines = [(sentence(one), _quoted(one)) for one in told]
    and_more = "There is more in VoteWave." if more else ""
    why = "You get this mail because you have an account on VoteWave. Get no more of them:"
    text = "".join(f"{says}\n" + (f"    {quoted}\n\n" if quoted else "\n") for says, quoted in lines)
    text += f"{and_more}\n\n" * more + f"See them: {link}\n\n-- \n{why}\n{unsubscribe}\n"
    items = "".join(
        f'<p style="margin: 0">{escape(says)}</p>' + (f'<p style="{_QUOTE}">{escape(quoted)}</p>' if quoted else "<br>")
        for says, quoted in lines
    )
    html = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(subject)}</title></head>'
        f'<body style="{_STYLE}">{items}<p>{and_more} <a href="{escape(link)}">See them in VoteWave</a></p>'
        f'<p style="{_SMALL}">{why} <a href="{escape(unsubscribe)}">unsubscribe</a></p></body></html>'
    )
    return Mail(to=address, subject=subject, text=text, html=html, unsubscribe=unsubscribe)


def sentence(told: NotificationView) -> str:
    """Return what a notification says of its people, without what anybody wrote."""
    names = [name_of(person) for person in told.people]
    others = told.people_count - len(names)
    if others > 0:
        names.append(f"{others}{'+' * (told.people_count >= 100)} other{'s' * (others > 1)}")
    who = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}" if names else "Somebody"
    return SAYS[told.kind].format(who=who)


def _quoted(told: NotificationView) -> str:
    """Return what a notification is about, on one line."""
    subject = told.subject
    said = " ".join(subject.text.split())
    on = " ".join(subject.poll_title.split())
    return f"{said} ({on})" if said and on else said or on


def name_of(person: PersonView) -> str:
    """Return what somebody is called, on one line."""
    name = " ".join(person.display_name.split())
    if person.handle is None:
        return name or "Somebody"
    return f"{name} (@{person.handle})" if name else f"@{person.handle}"
