"""What controllers of ballots ask of a request."""

from typing import Any

from litestar import Request
from litestar.di import NamedDependency

from services.core.http.dependencies import address_of
from services.core.identity.subject import Subject
from services.votebooth.description import BallotToken
from services.votebooth.poll.voters import Claim


async def provide_claim(
    request: Request[Any, Any, Any], subject: NamedDependency[Subject], ballot_token: BallotToken = None
) -> Claim:
    """Dependency `claim`: who the request says it comes from; 401 without an access token."""
    return Claim(subject, ballot_token, lambda: address_of(request))
