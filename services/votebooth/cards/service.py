"""Reading many polls at a glance, for one viewer."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec
import structlog

from services.core.identity.subject import Subject
from services.core.kit import Kit
from services.core.problems import Problem
from services.core.sized_cache import SizedCache
from services.core.tasks import end
from services.votebooth.cards import repository
from services.votebooth.cards.obstacles import obstacle
from services.votebooth.cards.schemas import (
    CARD_OPTIONS,
    CardCounts,
    CardSum,
    CardsWanted,
    MyVote,
    SeeResults,
    VotingCard,
)
from services.votebooth.cards.standings import Standings
from services.votebooth.poll.choices import PATTERN_METHODS
from services.votebooth.poll.definition import PollChanged, PollOption
from services.votebooth.poll.projection import Projection
from services.votebooth.poll.rules import PollRules
from services.votebooth.poll.voters import Claim, Keyring, hash_token
from services.votebooth.results.counting import Published, sums_by_option
from services.votebooth.results.hidden import hidden_details
from services.votebooth.results.releases import is_due
from services.votebooth.results.render import counted
from services.votebooth.results.service import Results
from services.votebooth.results.shown import quorum
from services.votebooth.results.state import State
from services.votebooth.results.visibility import Hidden, Reason, may_see
from services.votebooth.settings import VoteBoothSettings

log = structlog.get_logger(__name__)

_KEPT_BYTES = 16_000_000
_RULES_BYTES = 3_000
"""What a poll's rules take in memory without its options, generously."""

_KEY_BYTES = 16
_MOST_DUE = 1_000


@dataclass(frozen=True, slots=True)
class _Mine:
    """What is known of the viewer in a poll.

    Attributes:
        key: What their ballot would be kept under, with the caster; None if there can't be one.
        counted: The same of the ballot that is counted under that key, which by network may be another's.
        token: Whether their voting token is good; None if none came.
    """

    key: bytes | None = None
    counted: bytes | None = None
    token: bool | None = None

    @property
    def has_voted(self) -> bool:
        return self.key is not None and self.key == self.counted

    @property
    def network_voted(self) -> bool:
        return self.counted is not None and self.counted != self.key


class Cards:
    """Polls at a glance.

    Args:
        kit: The service's.
        projection: Polls' rules.
        results: Where polls stand, and what was counted of them.
        keyring: Makes voters' keys.
    """

    def __init__(self, kit: Kit[VoteBoothSettings], projection: Projection, results: Results, keyring: Keyring) -> None:
        self._kit = kit
        self._standings = Standings(kit, projection)
        self._results = results
        self._keyring = keyring
        self._rules: SizedCache[tuple[UUID, int], PollRules] = SizedCache(_KEPT_BYTES, lambda _: _RULES_BYTES)
        self._due: dict[UUID, None] = {}
        self._releasing: asyncio.Task[None] | None = None

    async def read(self, wanted: CardsWanted, subject: Subject | None, address: Callable[[], str]) -> list[VotingCard]:
        """Return the polls that are known here and that the subject may know of, in the order asked for.

        Args:
            wanted: Which, and the voting tokens for them.
            subject: Who looks; None without an access token.
            address: Says the client's address, when asked.
        """
        polls = list(dict.fromkeys(wanted.polls))
        states = await self._standings.of(polls, self._definitions)
        account = None if subject is None else subject.id
        followed = await self._results.audience.followed((state.poll for state in states.values()), account)
        states = {
            poll: state
            for poll, state in states.items()
            if not state.poll.for_followers or state.poll.owner in followed
        }
        rules = {poll: self._rules_of(state.poll) for poll, state in states.items()}
        mine = await self._mine(rules, wanted.tokens, subject, address)
        self._release_soon([poll for poll, state in states.items() if _is_due(state)])
        return [
            self._card(state, rules[poll], mine[poll], subject, follows=state.poll.owner in followed)
            for poll in polls
            if (state := states.get(poll)) is not None
        ]

    async def _definitions(self, versions: Mapping[UUID, int]) -> dict[UUID, PollChanged]:
        """Return polls' definitions, of these versions or newer, with their first options alone and without labels."""
        found = {poll: rules for poll, version in versions.items() if (rules := self._rules.get((poll, version)))}
        if missing := versions.keys() - found.keys():
            async with self._kit.db.reading() as session:
                stored = await repository.definitions(session, missing)
            for each in stored:
                whole = msgspec.json.decode(each, type=PollChanged)
                first = tuple(PollOption(option.id, "") for option in whole.options[:CARD_OPTIONS])
                rules = PollRules(msgspec.structs.replace(whole, title="", options=first))
                self._rules.put((whole.poll, whole.version), rules)
                found[whole.poll] = rules
        return {poll: rules.definition for poll, rules in found.items()}

    def _rules_of(self, poll: PollChanged) -> PollRules:
        return self._rules.get((poll.poll, poll.version)) or PollRules(poll)

    async def _mine(
        self,
        rules: Mapping[UUID, PollRules],
        tokens: Mapping[UUID, str],
        subject: Subject | None,
        address: Callable[[], str],
    ) -> dict[UUID, _Mine]:
        if subject is None:
            return dict.fromkeys(rules, _Mine())
        keys: dict[UUID, bytes] = {}
        for poll, each in rules.items():
            claim = Claim(subject, tokens.get(poll), address)
            try:
                key, _ = self._keyring.identify(each, claim)
            except Problem:  # who may not vote has no ballot
                continue
            keys[poll] = key + (self._keyring.caster(each, claim) or b"")
        hashes = {poll: hash_token(tokens[poll]) for poll, each in rules.items() if each.by_token and poll in tokens}
        async with self._kit.db.reading() as session:
            heads = {poll: key[:_KEY_BYTES] for poll, key in keys.items()}
            found = await repository.voted(session, heads) if keys else {}
            good = await repository.good_tokens(session, hashes) if hashes else set()
        return {
            poll: _Mine(keys.get(poll), found.get(poll), poll in good if poll in hashes else None) for poll in rules
        }

    def _card(
        self, state: State, rules: PollRules, mine: _Mine, subject: Subject | None, *, follows: bool
    ) -> VotingCard:
        poll = state.poll
        account = None if subject is None else subject.id
        verdict = may_see(state.rules, account, has_voted=mine.has_voted, is_over=state.is_over, ballots=state.ballots)
        reason = verdict.reason if isinstance(verdict, Hidden) else None
        if reason is None and state.published is None:
            reason = Reason.MINIMUM
        why_not = obstacle(
            rules,
            subject,
            state.status,
            token=mine.token,
            follows=follows,
            has_voted=mine.has_voted,
            network_voted=mine.network_voted,
        )
        untold = rules.by_token and mine.token is None
        published = state.published if reason is None else None
        return VotingCard(
            poll=poll.poll,
            version=poll.version,
            status=state.status,
            vote=MyVote(why_not is None, why_not, None if untold else mine.has_voted),
            results=SeeResults(reason is None, reason, None if reason is None else hidden_details(poll, reason)[1]),
            counts=None if published is None else self._counts(state, published),
        )

    def _counts(self, state: State, published: Published) -> CardCounts:
        poll = state.poll
        sums = sums_by_option(poll, published)
        return CardCounts(
            seq=published.seq,
            ballots=published.ballots,
            abstentions=published.abstentions,
            quorum=quorum(poll, published),
            counted=counted(poll.method),
            options=[CardSum(option, total) for option, total in sums.items()],
            leaders=self._leaders(state, published),
        )

    def _leaders(self, state: State, published: Published) -> list[int] | None:
        """Return who leads by the sums where they decide, else who won if these very counts were counted already."""
        if state.poll.method in PATTERN_METHODS:
            return self._results.winners(state, published)
        most = max(published.sums, default=0)
        return [option for option, total in enumerate(published.sums, 1) if total == most] if most else []

    def _release_soon(self, due: Sequence[UUID]) -> None:
        """See to it that polls with a minimum show their next step, to who looks next."""
        self._due.update(dict.fromkeys(due[: _MOST_DUE - len(self._due)]))
        if self._due and (self._releasing is None or self._releasing.done()):
            self._releasing = asyncio.create_task(self._release())

    async def _release(self) -> None:
        while self._due:
            poll = next(iter(self._due))
            del self._due[poll]
            try:
                await self._results.state(poll)
            except Exception as exc:  # noqa: BLE001  (whatever it was, the next look tries again)
                log.warning("release_failed", error=type(exc).__name__)

    async def stop(self) -> None:
        """End what is under way."""
        await end(self._releasing)


def _is_due(state: State) -> bool:
    released = None if state.published is None else state.published.ballots
    return state.in_steps and is_due(state.poll.minimum, state.ballots, released)
