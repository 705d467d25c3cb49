"""What mails say: each in its reader's language, in text and in HTML. The words are in `sayings`."""

from collections.abc import Sequence
from html import escape

from services.core.aws.mail import Mail
from services.core.letters import act, page
from services.core.people import PersonView
from services.core.spoken import UNSAID, Language
from services.notifications.sayings import SAYINGS
from services.notifications.schemas import NotificationView

_COUNTED = 100
"""That many people stand for more than can be counted."""

_SAID = "margin: 0; font-weight: 600"
_APART = "margin: 0 0 1.25rem"
_QUOTE = "margin: .25rem 0 1.25rem; padding-left: .75rem; border-left: 3px solid #c8d6da; color: #3b5157"
_SMALL = "margin: 2rem 0 0; font-size: 13px; color: #50666c"


def mail_of(
    told: Sequence[NotificationView],
    *,
    language: Language,
    more: bool,
    address: str,
    public_url: str,
    unsubscribe: str,
    daily: bool,
) -> Mail:
    """Return the mail that tells of some notifications.

    Args:
        told: What it tells of, one at least.
        language: Its reader's.
        more: There are others that it doesn't have room for.
        address: Whose mail it is.
        public_url: Where users reach VoteWave, without a slash at its end.
        unsubscribe: The link that ends mails.
        daily: It is the mail of a day.
    """
    words = SAYINGS[language]
    number = f"{len(told)}{'+' * more}"
    one = len(told) == 1 and not more
    subject = words.subjects[told[0].kind] if one else words.several.format(number=number)
    if daily:
        subject = words.daily.format(number=number)
    link = f"{public_url}/notifications"
    lines = [(sentence(each, language), _quoted(each)) for each in told]
    text = "".join(f"{says}\n" + (f"    {quoted}\n\n" if quoted else "\n") for says, quoted in lines)
    text += f"{words.more}\n\n" * more + f"{words.see}: {link}\n\n-- \n{words.why} {words.less}:\n{unsubscribe}\n"
    items = "".join(
        f'<p style="{_SAID}">{escape(says)}</p><p style="{_QUOTE}">{escape(quoted)}</p>'
        if quoted
        else f'<p style="{_SAID}; {_APART}">{escape(says)}</p>'
        for says, quoted in lines
    )
    html = page(
        language,
        subject,
        items
        + (f'<p style="{_APART}">{words.more}</p>' if more else "")
        + act(words.see, link)
        + f'<p style="{_SMALL}">{words.why} <a href="{escape(unsubscribe)}">{words.less}</a></p>',
    )
    return Mail(to=address, subject=subject, text=text, html=html, unsubscribe=unsubscribe)


def sentence(told: NotificationView, language: Language = UNSAID) -> str:
    """Return what a notification says of its people, without what anybody wrote."""
    words = SAYINGS[language]
    names = [name_of(person, language) for person in told.people]
    others = told.people_count - len(names)
    if others > 0:
        counted = f"{others}{'+' * (told.people_count >= _COUNTED)}"
        names.append((words.other if others == 1 else words.others).format(number=counted))
    who = f"{', '.join(names[:-1])} {words.last} {names[-1]}" if len(names) > 1 else "".join(names) or words.somebody
    one, many = words.says[told.kind]
    return (many if len(names) > 1 else one).format(who=who)


def _quoted(told: NotificationView) -> str:
    """Return what a notification is about, on one line."""
    subject = told.subject
    said = " ".join(subject.text.split())
    on = " ".join(subject.poll_title.split())
    return f"{said} ({on})" if said and on else said or on


def name_of(person: PersonView, language: Language = UNSAID) -> str:
    """Return what somebody is called, on one line."""
    name = " ".join(person.display_name.split())
    if person.handle is None:
        return name or SAYINGS[language].somebody
    return f"{name} (@{person.handle})" if name else f"@{person.handle}"
