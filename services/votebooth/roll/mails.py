"""What mails to addresses on a roll say: in the language of who invites, since of those addresses nothing is known."""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct

from services.core.aws.mail import Mail
from services.core.spoken import UNSAID, Language
from services.votebooth.poll.rules import PollRules
from services.votebooth.poll.voters import TOKEN_HEADER


class _Words(Struct, frozen=True, kw_only=True):
    """The words of one language. The owner's stand in the text, as theirs; a subject would show them in our name.

    Attributes:
        invited: The subject of an invitation.
        reminded: That of a reminder.
        invites: Before the title, in an invitation.
        ends: Before it in a reminder, with `{until}`.
        until: What `{until}` says of a moment, by `strftime`.
        again: After it in a reminder.
        alone: What the link is.
        voted: What it is to those who have voted, where nobody is told who has.
        unknown: For those who know nothing of it.
        no_more: Leads to the end of reminders.
    """

    invited: str
    reminded: str
    invites: str
    ends: str
    until: str
    again: str
    alone: str
    voted: str
    unknown: str
    no_more: str


_WORDS: Mapping[Language, _Words] = {
    "en": _Words(
        invited="You are invited to vote",
        reminded="Voting ends soon in a poll that you are invited to",
        invites="Somebody who gave us your address invites you to vote in their poll. They call it:",
        ends="Voting ends{until} in the poll that you were invited to. Its owner calls it:",
        until=" at %Y-%m-%d %H:%M UTC",
        again="Vote by this link; those in earlier mails are good no more:",
        alone="The link is yours alone and counts once: who has it can vote in your place. "
        f"Programs send the part after '#token=' in the header {TOKEN_HEADER}.",
        voted="If you have voted already, keep the mail whose link you voted with; this one is of no use to you then. "
        "It was sent to you as well because nobody is told who has voted.",
        unknown="If you don't know what this is about, leave it: nothing happens.",
        no_more="Get no more reminders at this address:",
    ),
    "de": _Words(
        invited="Du bist zu einer Abstimmung eingeladen",
        reminded="Eine Umfrage, zu der du eingeladen bist, endet bald",
        invites="Jemand, der uns deine Adresse gegeben hat, lädt dich ein, in einer Umfrage abzustimmen. Sie heißt:",
        ends="Die Umfrage, zu der du eingeladen wurdest, endet{until}. Wer sie gemacht hat, nennt sie:",
        until=" am %d.%m.%Y um %H:%M UTC",
        again="Stimme über diesen Link ab; die in früheren Mails gelten nicht mehr:",
        alone="Der Link gehört dir allein und zählt einmal: Wer ihn hat, kann an deiner Stelle abstimmen. "
        f"Programme senden den Teil nach '#token=' im Header {TOKEN_HEADER}.",
        voted="Wenn du schon abgestimmt hast, behalte die Mail, über deren Link du es getan hast; diese nützt dir dann "
        "nichts. Du hast sie auch bekommen, weil niemand erfährt, wer abgestimmt hat.",
        unknown="Wenn du nicht weißt, worum es geht, lass es sein: Dann geschieht nichts.",
        no_more="An diese Adresse keine Erinnerungen mehr bekommen:",
    ),
}


def mail_of(
    public_url: str,
    rules: PollRules,
    code: str,
    address: str,
    token: str,
    unsubscribe: str | None = None,
    language: Language = UNSAID,
) -> Mail:
    """Return the mail with an address's voting token.

    Args:
        public_url: Where users reach VoteWave.
        rules: The poll's.
        code: The poll's.
        address: Whose mail it is.
        token: The token.
        unsubscribe: The link that ends reminders, of a reminder; None invites.
        language: What it is written in.
    """
    words, poll = _WORDS[language], rules.definition
    link = f"{public_url.rstrip('/')}/p/{code}#token={token}"
    called = f"    {' '.join(poll.title.split())}"
    voted = [] if poll.tells_who_voted else [words.voted]
    if unsubscribe is None:
        parts = [words.invites, called, link, words.alone, *voted, words.unknown]
    else:
        ends = words.ends.format(until=_until(poll.ends_at, words))
        end = f"-- \n{words.no_more}\n{unsubscribe}"
        parts = [ends, called, words.again, link, words.alone, *voted, end]
    subject = words.invited if unsubscribe is None else words.reminded
    return Mail(to=address, subject=subject, text="\n\n".join(parts) + "\n", unsubscribe=unsubscribe)


def _until(ends_at: datetime | None, words: _Words) -> str:
    return "" if ends_at is None else f"{ends_at:{words.until}}"
