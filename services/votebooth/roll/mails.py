"""What mails to addresses on a roll say."""

from services.core.aws.mail import Mail
from services.votebooth.poll.rules import PollRules
from services.votebooth.poll.voters import TOKEN_HEADER

# The owner's words stand in the text, as theirs; a subject would show them in our name.
_INVITED = "You are invited to vote"
_REMINDED = "Voting ends soon in a poll that you are invited to"


def mail_of(
    public_url: str, rules: PollRules, code: str, address: str, token: str, unsubscribe: str | None = None
) -> Mail:
    """Return the mail with an address's voting token.

    Args:
        public_url: Where users reach VoteWave.
        rules: The poll's.
        code: The poll's.
        address: Whose mail it is.
        token: The token.
        unsubscribe: The link that ends reminders, of a reminder; None invites.
    """
    poll, ends_at = rules.definition, rules.definition.ends_at
    title = f"    {' '.join(poll.title.split())}\n\n"
    voted = (
        ""
        if poll.tells_who_voted
        else "If you have voted already, keep the mail whose link you voted with; this one is of no use to you then. "
        "It was sent to you as well because nobody is told who has voted.\n\n"
    )
    if unsubscribe is None:
        begins = f"Somebody who gave us your address invites you to vote in their poll. They call it:\n\n{title}"
        ends = "If you don't know what this is about, leave it: nothing happens.\n"
    else:
        until = f" at {ends_at:%Y-%m-%d %H:%M} UTC" if ends_at is not None else ""
        begins = f"Voting ends{until} in the poll that you were invited to. Its owner calls it:\n\n{title}"
        begins += "Vote by this link; those in earlier mails are good no more:\n\n"
        ends = f"-- \nGet no more reminders at this address:\n{unsubscribe}\n"
    text = (
        f"{begins}{public_url.rstrip('/')}/p/{code}#token={token}\n\n"
        "The link is yours alone and counts once: who has it can vote in your place. "
        f"Programs send the part after '#token=' in the header {TOKEN_HEADER}.\n\n"
        f"{voted}{ends}"
    )
    return Mail(to=address, subject=_INVITED if unsubscribe is None else _REMINDED, text=text, unsubscribe=unsubscribe)
