"""Voting over HTTP: ballots, receipts, voting tokens, the roll."""

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Controller, Request, Response, delete, get, post, put
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.params import FromPath, HeaderParameter, JSONBody, QueryParameter
from litestar.types import ASGIApp
from msgspec import UNSET

from services.core.data.pagination import DEFAULT_LIMIT, MAX_LIMIT, Page, map_page
from services.core.http.dependencies import address_of
from services.core.http.limits import limit as rate
from services.core.identity.subject import Subject
from services.core.problems import ProblemDocument
from services.votebooth.choices import SECRET_PATTERN
from services.votebooth.reading import Answer, BallotOperation, json_of, subject_of, text_of
from services.votebooth.schemas import (
    MAX_RECEIPTS,
    Counted,
    MyBallot,
    Receipt,
    RollNew,
    RollPage,
    RollProgress,
    Tokens,
    TokensNew,
)
from services.votebooth.service import VoteBooth
from services.votebooth.tickets import Outcome
from services.votebooth.voters import SECRET_HEADER, TOKEN_HEADER, Claim

VOTE = "votes:write"
MANAGE = "polls:write"

BallotToken = Annotated[
    str | None,
    HeaderParameter(name=TOKEN_HEADER, max_length=200, description="The voting token, in polls whose voters have one."),
]
BallotSecret = Annotated[
    str | None,
    HeaderParameter(name=SECRET_HEADER, pattern=SECRET_PATTERN, description="The ballot's secret, in anonymous polls."),
]
Cursor = Annotated[str | None, QueryParameter(description="`next` of the page before.")]

_SAID = {
    400: "The request can't be read.",
    401: "There is no good access token.",
    403: "You may not vote in this poll.",
    404: "There is no such poll, or no such ballot.",
    409: "`not-open`: voting opens at `opens_at`. `change-not-allowed`, `withdraw-not-allowed`, `secret-needed`, "
    "`secret-taken`: the stored ballot stays as it is.",
    410: "Voting is over.",
    413: "The body is too large for a ballot.",
    415: "The body isn't said to be JSON.",
    422: "A rule of the poll was broken; `errors` names the field.",
    429: "Too many changes; Retry-After says when to go on.",
    503: "Nothing is known to be stored. Send it again after Retry-After: it counts once in any case.",
}


def _problems(*statuses: int, **said: str) -> dict[int, ResponseSpec]:
    texts = {**{status: _SAID[status] for status in statuses}, **{int(key[1:]): text for key, text in said.items()}}
    return {
        status: ResponseSpec(ProblemDocument, description=text, generate_examples=False)
        for status, text in texts.items()
    }


async def cast_ballot(request: Request[Any, Any, Any], poll_id: UUID) -> ASGIApp:
    """Cast or change the ballot that a request holds.

    The most frequent request by far: read by hand, since Litestar's injection costs as much as the rest.

    Raises:
        Problem: As `Ballots.cast`, or 400, 401, 403, 413, 415.
    """
    headers = dict(request.scope["headers"])
    subject = await subject_of(request, headers)
    subject.require(VOTE)
    claim = Claim(subject, text_of(headers, TOKEN_HEADER), lambda: address_of(request))
    raw = await json_of(request, headers)
    votebooth: VoteBooth = request.app.state["votebooth"]
    outcome = await votebooth.ballots.cast(poll_id, claim, raw, text_of(headers, SECRET_HEADER))
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
            **_problems(400, 401, 403, 404, 409, 410, 413, 415, 422, 429, 503),
        },
    )
    async def cast(self, request: Request[Any, Any, Any]) -> ASGIApp:
        """Set my ballot, whatever it was. The answer leaves after it is stored; sent again it changes nothing.

        In an anonymous poll, send a `secret` of your own: the same request is then recognised when its answer
        was lost, and later you can change or withdraw the ballot.
        """
        return await cast_ballot(request, request.path_params["poll_id"])

    @get(
        operation_id="BallotRead",
        summary="See my ballot",
        responses=_problems(401, 403, 404, _409="`secret-needed`: no ballot has this secret."),
    )
    async def mine(
        self,
        votebooth: NamedDependency[VoteBooth],
        subject: NamedDependency[Subject],
        request: Request[Any, Any, Any],
        poll_id: FromPath[UUID],
        ballot_token: BallotToken = None,
        ballot_secret: BallotSecret = None,
    ) -> Response[MyBallot]:
        """Return my counted ballot; in an anonymous poll its content is told to who has its secret."""
        claim = Claim(subject, ballot_token, lambda: address_of(request))
        found = await votebooth.ballots.mine(poll_id, claim, ballot_secret)
        receipt = None if found.receipt is None else found.receipt.hex()
        view = MyBallot("counted", receipt, found.choice, found.revision, found.cast_at)
        return Response(view, headers={"cache-control": "private, no-store"})

    @delete(
        operation_id="BallotWithdraw",
        summary="Withdraw my ballot",
        responses=_problems(401, 403, 404, 409, 410, 429, 503),
    )
    async def withdraw(
        self,
        votebooth: NamedDependency[VoteBooth],
        subject: NamedDependency[Subject],
        request: Request[Any, Any, Any],
        poll_id: FromPath[UUID],
        ballot_token: BallotToken = None,
        ballot_secret: BallotSecret = None,
    ) -> None:
        """Take my ballot out of the count. While the poll is open I may cast another."""
        subject.require(VOTE)
        claim = Claim(subject, ballot_token, lambda: address_of(request))
        await votebooth.ballots.withdraw(poll_id, claim, ballot_secret)


class ReceiptController(Controller):
    """Receipts: which ballots are counted, not what they say."""

    path = "/polls/{poll_id:uuid}/receipts"
    tags = ("Voting",)

    @get(operation_id="ReceiptList", summary="List the receipts of all counted ballots", responses=_problems(400, 404))
    async def list_all(
        self,
        votebooth: NamedDependency[VoteBooth],
        poll_id: FromPath[UUID],
        cursor: Cursor = None,
        limit: Annotated[int, QueryParameter(ge=1, le=MAX_RECEIPTS)] = 100,
    ) -> Page[Receipt]:
        """Return receipts in the order of their codes, which is nobody's order of voting.

        Below the poll's minimum there is no list: its length would tell how many have voted.
        """
        await votebooth.results.require_minimum(poll_id)
        page = await votebooth.ballots.receipts(poll_id, cursor, limit)
        return map_page(page, lambda receipt: Receipt(receipt.hex()))

    @get("/{code:str}", operation_id="ReceiptRead", summary="Look up a receipt", responses=_problems(400, 404))
    async def read(
        self, votebooth: NamedDependency[VoteBooth], poll_id: FromPath[UUID], code: FromPath[str]
    ) -> Receipt:
        """Return the receipt if a counted ballot has it."""
        await votebooth.ballots.has_receipt(poll_id, code)
        return Receipt(code.lower())


_OWNER = _problems(400, 401, 404, _403="This is somebody else's poll, or the token lacks a scope.")


class CredentialController(Controller):
    """Voting tokens and the roll, for the poll's owner."""

    path = "/polls/{poll_id:uuid}"
    tags = ("Voting",)

    @post(
        "/tokens",
        operation_id="TokenCreate",
        summary="Make voting tokens",
        guards=[rate("tokens", 60, per=60)],
        responses=_OWNER | _problems(_409="The poll doesn't take tokens."),
    )
    async def issue(
        self,
        votebooth: NamedDependency[VoteBooth],
        subject: NamedDependency[Subject],
        poll_id: FromPath[UUID],
        data: JSONBody[TokensNew],
    ) -> Response[Tokens]:
        """Return new tokens, each good for one ballot. They are told this once and can't be looked up."""
        subject.require(MANAGE)
        tokens = await votebooth.credentials.issue(subject, poll_id, data.count)
        return Response(Tokens(tokens), headers={"cache-control": "no-store"})

    @post(
        "/roll",
        operation_id="RollAdd",
        summary="Invite addresses",
        status_code=202,
        guards=[rate("roll", 60, per=60)],
        responses=_OWNER
        | _problems(
            _409="The poll has no roll.",
            _422="Some addresses can't be used, or they are more than a day's.",
            _429="You have invited as many as one account may in a day; Retry-After says when to go on.",
        ),
    )
    async def invite(
        self,
        votebooth: NamedDependency[VoteBooth],
        subject: NamedDependency[Subject],
        poll_id: FromPath[UUID],
        data: JSONBody[RollNew],
    ) -> RollProgress:
        """Put addresses on the roll; each gets a mail with a token of its own, in the background."""
        subject.require(MANAGE)
        return await votebooth.roll.invite(subject, poll_id, data.addresses, resend=data.resend)

    @get(
        "/roll",
        operation_id="RollRead",
        summary="See the roll",
        responses=_OWNER | _problems(_409="The poll has no roll."),
    )
    async def roll(
        self,
        votebooth: NamedDependency[VoteBooth],
        subject: NamedDependency[Subject],
        poll_id: FromPath[UUID],
        cursor: Cursor = None,
        limit: Annotated[int, QueryParameter(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
    ) -> Response[RollPage]:
        """Return who is invited, how far the mails have come and, unless anonymous, who has taken part."""
        subject.require(MANAGE)  # addresses of others, which a key without scopes has no business with
        page = await votebooth.roll.read(subject, poll_id, cursor, limit)
        return Response(page, headers={"cache-control": "private, no-store"})


def _counted(outcome: Outcome) -> bytes:
    return _encode(Counted(outcome.receipt.hex(), "counted", outcome.revision or UNSET, outcome.secret or UNSET))


_encode = msgspec.json.Encoder().encode
