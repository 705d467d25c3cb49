"""Ballots of a place that is filled for development: cast in the booth, as all are."""

import asyncio
import hashlib

import msgspec

from services.core.identity.subject import Kind, Role, Subject
from services.core.seeding import Network, Tell, Vote, parts
from services.votebooth.poll.voters import Claim
from services.votebooth.service import VoteBooth

_AT_ONCE = 2_000


async def seed_votes(votebooth: VoteBooth, network: Network, tell: Tell) -> None:
    """Cast ballots. Again, they change nothing: also an anonymous one has a secret that follows from poll and voter.

    A poll that its owner has closed has all of its ballots: closing comes afterwards.

    Raises:
        Problem: A ballot is refused.
    """
    at_once = min(_AT_ONCE, votebooth.kit.settings.queue // 2)
    for votes in parts(network.votes(), at_once):
        await asyncio.gather(*(_cast(votebooth, vote) for vote in votes))
        await tell([], done=len(votes))


async def _cast(votebooth: VoteBooth, vote: Vote) -> None:
    rules = await votebooth.projection.existing(vote.poll)
    if rules.definition.closed_at is not None:
        return
    subject = Subject(vote.voter, Kind.USER, Role.USER, vote.voter, frozenset(), 0)
    secret = hashlib.sha256(b"seed" + vote.poll.bytes + vote.voter.bytes).hexdigest() if rules.anonymous else None
    ticket = votebooth.booth.ticket(rules, Claim(subject, None, str), msgspec.json.encode(vote.ballot), secret)
    await votebooth.booth.submit(ticket)
