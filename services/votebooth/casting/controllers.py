"""Voting over HTTP: ballots."""

from typing import Any, Protocol
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, delete, get, put
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath
from litestar.types import ASGIApp
from msgspec import UNSET

from services.core.http.api import problems
from services.core.http.dependencies import address_of
from services.core.http.guards import GUESTS_TOO, requires
from services.core.http.queries import NONE, refuse_others
from services.votebooth.casting.request import Answer, BallotOperation, json_of, subject_of, text_of, version_of
from services.votebooth.casting.schemas import Counted, MyBallot
from services.votebooth.casting.service import Ballots
from services.votebooth.casting.tickets import Outcome
from services.votebooth.description import VOTING, BallotSecret
from services.votebooth.poll.voters import SECRET_HEADER, TOKEN_HEADER, Claim

VOTE = "votes:write"


class _VoteBooth(Protocol):
    """What this needs of the whole."""

    ballots: Ballots


async def cast_ballot(request: Request[Any, Any, Any]) -> ASGIApp:
    """Cast or change the ballot that a request holds.

    The most frequent request by far: read by hand, since Litestar's injection costs as much as the rest.

    Raises:
        Problem: As `Ballots.cast`, or 400, 401, 403, 413, 415.
    """
    if query := request.scope["query_string"]:
        refuse_others(query, NONE)
    headers = dict(request.scope["headers"])
    subject = await subject_of(request, headers)
    subject.require(VOTE)
    claim = Claim(subject, text_of(headers, TOKEN_HEADER), lambda: address_of(request), version_of(headers))
    raw = await json_of(request, headers)
    votebooth: _VoteBooth = request.app.state["votebooth"]
    outcome = await votebooth.ballots.cast(request.path_params["poll_id"], claim, raw, text_of(headers, SECRET_HEADER))
    return Answer(201 if outcome.first else 200, _counted(outcome))


class BallotController(Controller):
    """My ballot in a poll."""

    path = "/polls/{poll_id:uuid}/ballot"
    tags = ("Voting",)

    @put(
        operation_id="BallotPut",
        summary="Cast or change my ballot",
        operation_class=BallotOperation,
        responses={
            200: ResponseSpec(Counted, description="My ballot is counted; I had one before."),
            201: ResponseSpec(Counted, description="My ballot is counted."),
            **problems(VOTING, 400, 401, 403, 404, 409, 410, 413, 415, 422, 429, 503),
        },
    )
    async def cast(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Set my ballot, whatever it was. The answer leaves after it is stored; sent again it changes nothing.

        In an anonymous poll, send a `secret` of your own: the same request is then recognised when its answer
        was lost, and later you can change or withdraw the ballot.
        """
        return await cast_ballot(request)

    @get(
        operation_id="BallotRead",
        summary="See my ballot",
        guards=[GUESTS_TOO],
        responses=problems(VOTING, 401, 403, 404, _409="`secret-needed`: no ballot has this secret."),
    )
    async def mine(
        self,
        ballots: NamedDependency[Ballots],
        claim: NamedDependency[Claim],
        poll_id: FromPath[UUID],
        ballot_secret: BallotSecret = None,
    ) -> Response[MyBallot]:
        """Return my counted ballot; in an anonymous poll its content is told to who has its secret."""
        found = await ballots.mine(poll_id, claim, ballot_secret)
        receipt = None if found.receipt is None else found.receipt.hex()
        view = MyBallot("counted", receipt, found.choice, found.revision, found.cast_at)
        return Response(view, headers={"cache-control": "private, no-store"})

    @delete(
        operation_id="BallotWithdraw",
        summary="Withdraw my ballot",
        guards=[requires(VOTE, guests=True)],
        responses=problems(VOTING, 401, 403, 404, 409, 410, 429, 503),
    )
    async def withdraw(
        self,
        ballots: NamedDependency[Ballots],
        claim: NamedDependency[Claim],
        poll_id: FromPath[UUID],
        ballot_secret: BallotSecret = None,
    ) -> None:
        """Take my ballot out of the count. While the poll is open I may cast another."""
        await ballots.withdraw(poll_id, claim, ballot_secret)


def _counted(outcome: Outcome) -> bytes:
    return _encode(Counted(outcome.receipt.hex(), "counted", outcome.revision or UNSET, outcome.secret or UNSET))


_encode = msgspec.json.Encoder().encode
