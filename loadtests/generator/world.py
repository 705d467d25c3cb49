"""State shared by the users of one generator: the plan, the clock, and the results so far."""

import random
import time
from collections import Counter

from loadtests.gate.config import Shape
from loadtests.gate.plan import Answered, Cast, Identity, Outcome, Plan, Vote, is_of
from loadtests.generator.pacing import Arrivals, Pace, arrivals


class PollState:
    """A poll and its voters so far."""

    def __init__(self, place: int, plan: Plan) -> None:
        self.place = place
        self.id = plan.polls[place].poll
        self.tokens = plan.polls[place].tokens
        self.ballots = plan.polls[place].ballots
        self.acknowledged_at: list[float] = []
        """When each first ballot was acknowledged, in order; to compute how stale live results are."""
        self._next = 0
        self._settled: list[Cast] = []

    def newcomer(self) -> Cast:
        """Return a voter who hasn't voted yet."""
        self._next += 1
        return Cast(self.place, self._next - 1)

    def returning(self, dice: random.Random) -> Cast | None:
        """Return an idle voter whose ballot is acknowledged; None if there is none."""
        if not self._settled:
            return None
        place = dice.randrange(len(self._settled))
        self._settled[place], self._settled[-1] = self._settled[-1], self._settled[place]
        return self._settled.pop()

    def settle(self, cast: Cast) -> None:
        """Make a voter available for changes again."""
        self._settled.append(cast)


class World:
    """One generator's run.

    Attributes:
        resting: Until when paths aren't asked for, as of `time.perf_counter`, since their limit is nearly used up.
    """

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.pace = Pace()
        self.outcome = Outcome()
        self.requests: Counter[str] = Counter()
        self.failures: Counter[str] = Counter()
        self.dice = random.Random(f"{plan.seed}/{plan.share}")  # noqa: S311  (a load, not a secret)
        self.polls = [PollState(place, plan) for place in range(len(plan.polls))]
        suite, seconds = plan.suite, plan.suite.seconds
        self.votes = self._arrivals(suite.votes_per_second * seconds)
        self.reads = self._arrivals(suite.reads_per_second * seconds, even=True)
        self.hosts = self._arrivals(suite.hosts_per_minute * seconds / 60, even=True)
        self.friends = self._arrivals(suite.friends_per_minute * seconds / 60, even=True)
        self.probes = self._arrivals(plan.probes_per_second * seconds, even=True)
        self.resting: dict[str, float] = {}
        self._dealt: dict[str, float] = {}
        self._turn = self.dice.randrange(len(plan.identities))
        self._guest_share = min(1.0, suite.guests_per_second / suite.votes_per_second) if plan.guest_poll else 0.0

    def _arrivals(self, count: float, *, even: bool = False) -> Arrivals:
        plan = self.plan
        mine = round(count * (plan.share + 1) / plan.shares) - round(count * plan.share / plan.shares)
        return Arrivals(arrivals(Shape.STEADY if even else plan.suite.shape, mine, plan.suite.seconds, self.dice))

    def identity(self) -> Identity:
        """Return the next guest in turn."""
        self._turn = (self._turn + 1) % len(self.plan.identities)
        return self.plan.identities[self._turn]

    def is_guest(self) -> bool:
        """Say whether the next voter signs in as a guest."""
        return self.dice.random() < self._guest_share

    def is_change(self) -> bool:
        """Say whether the next vote is a change."""
        return self.dice.random() < self.plan.suite.changes

    def asks_canary(self, path: str, name: str) -> bool | None:
        """Say whether the next request of a name is to go to a canary; None if it isn't for the tested service.

        Each name's requests are dealt evenly, so that canaries and stable instances are asked the same at all times.
        """
        if not self.plan.canary or not is_of(path, self.plan.canary):
            return None
        dealt = self._dealt.get(name)
        dealt = self.dice.random() if dealt is None else dealt
        dealt += self.plan.canary_share
        self._dealt[name] = dealt % 1.0
        return dealt >= 1.0

    def answered(self, name: str, by: str | None, due: float, *, canary: bool, ok: bool) -> None:
        """Record the outcome of a request to the tested service.

        Args:
            name: The request's.
            by: The service whose canary answered, by the header that the gateway puts on it; empty if none did, None
                if there was no answer, which is the fault of who was asked then.
            due: When it was due, as of `time.perf_counter`.
            canary: Whether a canary was asked.
            ok: Whether the answer is one that was to be had.
        """
        if by is not None and (by == self.plan.canary) != canary:
            self.outcome.misrouted += 1
            return
        ms = (time.perf_counter() - due) * 1000
        self.outcome.tested.append(Answered(name, due - self.pace.start_at, ms, ok, canary))

    def voted(self, due: float, at: float, sent: float, status: int) -> None:
        """Record a vote's answer."""
        now = time.perf_counter()
        self.outcome.votes.append(Vote(due, (now - at) * 1000, (now - sent) * 1000, status))

    @property
    def is_done(self) -> bool:
        """Whether all that was due has been answered."""
        return len(self.outcome.votes) == len(self.votes) and not self._unfinished

    @property
    def _unfinished(self) -> int:
        return sum(each.unfinished for each in (self.reads, self.hosts, self.friends, self.probes))

    def close(self) -> Outcome:
        """Return the results."""
        outcome = self.outcome
        outcome.requests, outcome.failures = dict(self.requests), dict(self.failures)
        outcome.unsent = len(self.votes) - len(outcome.votes)
        outcome.unfinished = self._unfinished
        outcome.late_ms, outcome.queued = self.pace.late_ms, self.pace.queued
        return outcome
