"""Use cases of voters: cast, change, withdraw, see one's own ballot."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from msgspec import Struct

from services.core.kit import Kit
from services.core.problems import Problem, conflict, not_found
from services.votebooth.casting import statements as sql
from services.votebooth.casting.booth import Booth
from services.votebooth.casting.guesses import Guesses
from services.votebooth.casting.tickets import Outcome, QuestionChanging, Ticket
from services.votebooth.poll.audience import Audience
from services.votebooth.poll.choices import BallotBody, decode
from services.votebooth.poll.projection import Projection
from services.votebooth.poll.question_lock import QuestionLock
from services.votebooth.poll.rules import PollRules
from services.votebooth.poll.voters import SECRET_HEADER, Claim, Keyring, ballot_id
from services.votebooth.settings import VoteBoothSettings


class Mine(Struct, frozen=True):
    """The voter's own counted ballot, as far as the request can be told.

    Attributes:
        receipt: None in an anonymous poll without the secret; so is `choice`.
        revision: None in an anonymous poll; so is `cast_at`.
    """

    receipt: bytes | None = None
    choice: BallotBody | None = None
    revision: int | None = None
    cast_at: datetime | None = None


class Ballots:
    """What voters do."""

    def __init__(
        self,
        kit: Kit[VoteBoothSettings],
        projection: Projection,
        question_lock: QuestionLock,
        audience: Audience,
        keyring: Keyring,
        booth: Booth,
    ) -> None:
        self._kit = kit
        self._projection = projection
        self._question_lock = question_lock
        self._audience = audience
        self._keyring = keyring
        self._booth = booth
        self._guesses = Guesses()

    async def cast(self, poll_id: UUID, claim: Claim, raw: bytes, secret: str | None = None) -> Outcome:
        """Set the voter's ballot. Done again it changes nothing and says the same.

        Raises:
            Problem: 400, 403, 404, 409, 410, 422, 429 or 503.
        """
        return await self._submit(poll_id, claim, lambda rules: self._booth.ticket(rules, claim, raw, secret))

    async def withdraw(self, poll_id: UUID, claim: Claim, secret: str | None = None) -> Outcome:
        """Take the voter's ballot out of the count.

        Raises:
            Problem: 403, 404, 409, 410, 429 or 503.
        """
        return await self._submit(poll_id, claim, lambda rules: self._booth.ticket(rules, claim, None, secret))

    async def _submit(self, poll_id: UUID, claim: Claim, prepare: Callable[[PollRules], Ticket]) -> Outcome:
        rules = self._projection.known(poll_id) or await self._unknown(poll_id, claim)
        if not self._projection.is_settled(poll_id):
            await self._projection.settle(poll_id, rules.definition.opens_at)
            rules = self._projection.known(poll_id) or await self._projection.rules(poll_id)
        try:
            ticket = await self._prepared(rules, claim, prepare)
        except Problem:
            self._booth.count_refused(claim)
            # Nobody is refused by rules that may be old.
            fresh = await self._projection.fresh(poll_id)
            if fresh.version == rules.version:
                raise
            ticket = await self._prepared(fresh, claim, prepare)
        try:
            return await self._hand_in(ticket, claim)
        except QuestionChanging:
            await self._question_lock.learn_change(poll_id)
            ticket = await self._prepared(await self._projection.fresh(poll_id), claim, prepare)
            return await self._hand_in(ticket, claim)

    async def _prepared(self, rules: PollRules, claim: Claim, prepare: Callable[[PollRules], Ticket]) -> Ticket:
        """Prepare a request, of somebody who may know of the poll: what is wrong with it would tell that there is one.

        Whether they follow the owner is asked again in the transaction that writes the ballot (`batch.py`).
        """
        if rules.asks_follow:
            with self._guesses.guarding(claim, 404):
                await self._audience.require_voter(rules.definition, claim.subject.id)
        return prepare(rules)

    async def _hand_in(self, ticket: Ticket, claim: Claim) -> Outcome:
        if ticket.token_hash is None:
            return await self._booth.submit(ticket)
        with self._guesses.guarding(claim, 403):
            return await self._booth.submit(ticket)

    async def _unknown(self, poll_id: UUID, claim: Claim) -> PollRules:
        """Return the rules of a poll that isn't in memory."""
        with self._guesses.guarding(claim, 404):
            return await self._projection.rules(poll_id)

    async def mine(self, poll_id: UUID, claim: Claim, secret: str | None = None) -> Mine:
        """Return the voter's counted ballot.

        Raises:
            Problem: 404 if there is none, 409 if the secret given isn't a ballot's.
        """
        rules = await self._projection.existing(poll_id)
        await self._audience.require(rules.definition, claim.subject.id)
        key, _ = self._keyring.identify(rules, claim)
        caster = self._keyring.caster(rules, claim)
        pool = await self._kit.db.pool()
        if not rules.anonymous:
            row = await pool.fetchrow(sql.MINE, poll_id, key, caster)
            if row is None:
                raise not_found("ballot")
            return Mine(row["receipt"], decode(row["choice"]), row["revision"], row["cast_at"])
        if await pool.fetchrow(sql.TOOK_PART, poll_id, key, caster) is None:
            raise not_found("ballot")
        if secret is None:
            return Mine()
        receipt = ballot_id(rules.poll, secret)
        row = await pool.fetchrow(sql.MINE_ANONYMOUS, poll_id, receipt)
        if row is None:
            raise conflict("secret-needed", f"No ballot has the secret in '{SECRET_HEADER}'.")
        return Mine(receipt, decode(row["choice"]))
