"""Voting tokens and the roll over HTTP."""

from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody

from services.core.data.pagination import DEFAULT_LIMIT
from services.core.http.api import Cursor, IdempotencyKey, Limit, problems
from services.core.http.dependencies import site_of
from services.core.http.guards import requires
from services.core.http.limits import LARGE_BODY_BYTES, ByteLimit
from services.core.http.limits import limit as rate
from services.core.identity.subject import Subject
from services.votebooth.description import VOTING
from services.votebooth.roll.schemas import IssuedTokens, RollNew, RollPage, RollProgress, TokensNew
from services.votebooth.roll.service import Roll
from services.votebooth.roll.tokens import VotingTokens

MANAGING = requires("polls:write")
MAKING = rate("tokens-made", 100_000, per=3_600, unit="tokens")
WEIGHING = ByteLimit("roll-bytes", subject=5_000_000, address=20_000_000, per=600)

_OWNER = problems(VOTING, 400, 401, 404, _403="`not-the-owner`: of the poll. `missing-scope`: of the token.")


class RollController(Controller):
    """Voting tokens and the roll, for the poll's owner."""

    path = "/polls/{poll_id:uuid}"
    tags = ("Voting",)

    @post(
        "/tokens",
        operation_id="TokenCreate",
        summary="Make voting tokens",
        guards=[MANAGING, rate("tokens", 60, per=60)],
        responses=_OWNER
        | problems(
            VOTING,
            _409="`other-eligibility`: the poll doesn't take tokens. `already-done`, `idempotency-key-used`.",
            _429="`over-quota`: as many as a poll may have.",
        ),
    )
    async def issue(
        self,
        request: Request[Any, Any, Any],
        tokens: NamedDependency[VotingTokens],
        subject: NamedDependency[Subject],
        poll_id: FromPath[UUID],
        data: JSONBody[TokensNew],
        key: IdempotencyKey = None,
    ) -> Response[IssuedTokens]:
        """Return new tokens, each good for one ballot. They are told this once and can't be looked up.

        The same Idempotency-Key again makes none and gets 409 `already-done`.
        Those of a draft are good once it is published and open.
        """
        await MAKING.take(request, data.count)
        issued = await tokens.issue(subject, poll_id, data.count, key)
        return Response(IssuedTokens(issued), headers={"cache-control": "no-store"})

    @post(
        "/roll",
        operation_id="RollAdd",
        summary="Invite addresses",
        status_code=202,
        guards=[MANAGING, rate("roll", 60, per=60), WEIGHING],
        request_max_body_size=LARGE_BODY_BYTES,
        responses=_OWNER
        | problems(
            VOTING,
            _409="`other-eligibility`: the poll has no roll.",
            _422="`addresses-refused`: some can't be used. `invitations-over-quota`: they are more than a day's.",
            _429="`over-quota`: as many as an account or a network may invite in a day.",
        ),
    )
    async def invite(
        self,
        request: Request[Any, Any, Any],
        roll: NamedDependency[Roll],
        subject: NamedDependency[Subject],
        poll_id: FromPath[UUID],
        data: JSONBody[RollNew],
    ) -> RollProgress:
        """Put addresses on the roll; each gets a mail with a token of its own, in the background.

        While the poll is a draft the mails wait; they leave when it is published.
        """
        return await roll.invite(subject, site_of(request), poll_id, data.addresses, resend=data.resend)

    @get(
        "/roll",
        operation_id="RollRead",
        summary="See the roll",
        guards=[MANAGING],  # addresses of others, which a key without scopes has no business with
        responses=_OWNER | problems(VOTING, _409="`other-eligibility`: the poll has no roll."),
    )
    async def read(
        self,
        roll: NamedDependency[Roll],
        subject: NamedDependency[Subject],
        poll_id: FromPath[UUID],
        cursor: Cursor = None,
        limit: Limit = DEFAULT_LIMIT,
    ) -> Response[RollPage]:
        """Return who is invited, how far the mails have come and, where that may be known, who has taken part."""
        page = await roll.read(subject, poll_id, cursor, limit)
        return Response(page, headers={"cache-control": "private, no-store"})
