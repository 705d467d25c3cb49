"""The words of mails, by language. Others' words stand in the text, as theirs: a subject would show them as ours."""

from collections.abc import Mapping

from msgspec import Struct

from services.core.spoken import Language
from services.notifications.kinds import Kind


class Sayings(Struct, frozen=True, kw_only=True):
    """The words of one language.

    Attributes:
        says: What each kind says of one person, and of several.
        subjects: Of a mail that tells of one notification of a kind.
        several: The subject of a mail that tells of more.
        daily: That of the mail of a day.
        somebody: Who has no name.
        other: One person who isn't named.
        others: Several who aren't.
        last: Stands before the last of several names.
        see: Leads to VoteWave.
        more: There are others that the mail has no room for.
        why: Why one gets it.
        less: Leads to where mails end.
    """

    says: Mapping[Kind, tuple[str, str]]
    subjects: Mapping[Kind, str]
    several: str
    daily: str
    somebody: str
    other: str
    others: str
    last: str
    see: str
    more: str
    why: str
    less: str


def _alike(says: Mapping[Kind, str]) -> dict[Kind, tuple[str, str]]:
    return {kind: (said, said) for kind, said in says.items()}


_ENGLISH = Sayings(
    says=_alike(
        {
            "follow": "{who} followed you",
            "follow_request": "{who} asked to follow you",
            "mention": "{who} mentioned you",
            "reaction": "{who} reacted to your Wave",
            "ripple": "{who} shared your Wave on",
            "comment": "{who} commented on your poll",
            "reply": "{who} answered your comment",
            "thread": "{who} commented on a poll whose comments you follow",
            "moderation": "Something that you wrote was hidden",
            "restored": "Something that you wrote was hidden, and is shown again",
            "poll_opened": "A poll that you watch has opened",
            "poll_closing": "A poll that you watch closes soon",
            "poll_closed": "A poll has closed",
            "message": "{who} wrote to you",
            "message_request": "{who} would like to write to you",
        }
    ),
    subjects={
        "follow": "Somebody followed you",
        "follow_request": "Somebody asked to follow you",
        "mention": "You were mentioned",
        "reaction": "Somebody reacted to your Wave",
        "ripple": "Your Wave was shared on",
        "comment": "Your poll has a new comment",
        "reply": "Your comment was answered",
        "thread": "There are new comments in a thread that you follow",
        "moderation": "Something that you wrote was hidden",
        "restored": "Something that you wrote is shown again",
        "poll_opened": "A poll that you watch has opened",
        "poll_closing": "A poll that you watch closes soon",
        "poll_closed": "A poll has closed",
        "message": "Somebody wrote to you",
        "message_request": "Somebody would like to write to you",
    },
    several="{number} new notifications",
    daily="Your day on VoteWave: {number} new",
    somebody="Somebody",
    other="{number} other",
    others="{number} others",
    last="and",
    see="See it in VoteWave",
    more="There is more in VoteWave.",
    why="You get this mail because you have an account on VoteWave.",
    less="Get no more of them",
)

_GERMAN = Sayings(
    says={
        "follow": ("{who} folgt dir", "{who} folgen dir"),
        "follow_request": ("{who} möchte dir folgen", "{who} möchten dir folgen"),
        "mention": ("{who} hat dich erwähnt", "{who} haben dich erwähnt"),
        "reaction": ("{who} hat auf deine Wave reagiert", "{who} haben auf deine Wave reagiert"),
        "ripple": ("{who} hat deine Wave geteilt", "{who} haben deine Wave geteilt"),
        "comment": ("{who} hat deine Umfrage kommentiert", "{who} haben deine Umfrage kommentiert"),
        "reply": ("{who} hat auf deinen Kommentar geantwortet", "{who} haben auf deinen Kommentar geantwortet"),
        "thread": (
            "{who} hat eine Umfrage kommentiert, deren Kommentaren du folgst",
            "{who} haben eine Umfrage kommentiert, deren Kommentaren du folgst",
        ),
        "message": ("{who} hat dir geschrieben", "{who} haben dir geschrieben"),
        "message_request": ("{who} möchte dir schreiben", "{who} möchten dir schreiben"),
        **_alike(
            {
                "moderation": "Etwas, das du geschrieben hast, wurde ausgeblendet",
                "restored": "Etwas, das du geschrieben hast, war ausgeblendet und ist wieder zu sehen",
                "poll_opened": "Eine Umfrage, die du beobachtest, hat begonnen",
                "poll_closing": "Eine Umfrage, die du beobachtest, endet bald",
                "poll_closed": "Eine Umfrage ist zu Ende",
            }
        ),
    },
    subjects={
        "follow": "Jemand folgt dir",
        "follow_request": "Jemand möchte dir folgen",
        "mention": "Du wurdest erwähnt",
        "reaction": "Jemand hat auf deine Wave reagiert",
        "ripple": "Deine Wave wurde geteilt",
        "comment": "Deine Umfrage hat einen neuen Kommentar",
        "reply": "Jemand hat auf deinen Kommentar geantwortet",
        "thread": "Es gibt neue Kommentare, denen du folgst",
        "moderation": "Etwas, das du geschrieben hast, wurde ausgeblendet",
        "restored": "Etwas, das du geschrieben hast, ist wieder zu sehen",
        "poll_opened": "Eine Umfrage, die du beobachtest, hat begonnen",
        "poll_closing": "Eine Umfrage, die du beobachtest, endet bald",
        "poll_closed": "Eine Umfrage ist zu Ende",
        "message": "Jemand hat dir geschrieben",
        "message_request": "Jemand möchte dir schreiben",
    },
    several="{number} neue Benachrichtigungen",
    daily="Dein Tag bei VoteWave: {number} neu",
    somebody="Jemand",
    other="{number} weitere Person",
    others="{number} weitere",
    last="und",
    see="In VoteWave ansehen",
    more="In VoteWave gibt es noch mehr.",
    why="Du bekommst diese Mail, weil du ein Konto bei VoteWave hast.",
    less="Keine mehr bekommen",
)

SAYINGS: Mapping[Language, Sayings] = {"en": _ENGLISH, "de": _GERMAN}
