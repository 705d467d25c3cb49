"""A poll's counts and result in the shape in which everything is shown."""

from services.votebooth import tally
from services.votebooth.poll.definition import PollChanged
from services.votebooth.results import schemas
from services.votebooth.results.counting import Published, seats_of, sums_by_option
from services.votebooth.results.render import Told, counted, counted_by, rendered
from services.votebooth.results.seed import UNTOLD, Seed


def shape(
    poll: PollChanged, published: Published, result: tally.Result, status: schemas.Status, seed: Seed = UNTOLD
) -> schemas.Results:
    """Return a result for the wire.

    Args:
        poll: The poll.
        published: Its counts.
        result: What they were counted to.
        status: Where the poll stands.
        seed: Where the seed it was counted with comes from; without one it is provisional.
    """
    told = Told(
        poll=poll.poll,
        version=poll.version,
        seq=published.seq,
        status=status,
        quorum=quorum(poll, published),
        provisional=seed.receipts is None,
        commitment=seed.commitment,
        receipts=seed.receipts,
        salt=seed.salt,
        owner_notes=tuple(schemas.ResultNote(note.text, note.at) for note in poll.notes),
    )
    return rendered(result, told)


def quorum(poll: PollChanged, published: Published) -> schemas.Quorum | None:
    """Return the poll's quorum and whether these counts reach it; None if it has none."""
    if poll.quorum is None:
        return None
    return schemas.Quorum(poll.quorum, published.ballots >= poll.quorum)


def sums(poll: PollChanged, published: Published, status: schemas.Status) -> schemas.Sums:
    """Return what a poll's ballots add up to, without the count."""
    by_option = sums_by_option(poll, published)
    return schemas.Sums(
        poll=poll.poll,
        version=poll.version,
        status=status,
        seq=published.seq,
        method=counted_by(poll.method, seats_of(poll)),
        ballots=published.ballots,
        abstentions=published.abstentions,
        quorum=quorum(poll, published),
        counted=counted(poll.method),
        options=[schemas.OptionSum(option.id, option.label, by_option[option.id]) for option in poll.options],
    )
