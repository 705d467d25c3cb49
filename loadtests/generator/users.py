"""The users: voters, readers and hosts. Viewers are in `viewers`."""

import time

import msgspec
from locust import task
from locust.exception import StopUser
from services.registry import WEB

from loadtests.gate.plan import ReadPath, Tokens, is_of
from loadtests.generator.api_user import Answer, ApiUser
from loadtests.generator.pacing import Arrivals
from loadtests.generator.world import PollState

_FINAL_SECONDS = 5.0
_CAST, _CHANGE = "vote (first)", "vote (change)"


class Receipt(msgspec.Struct, frozen=True):
    """What is read from the answer to a ballot."""

    receipt: str


class Page(msgspec.Struct, frozen=True):
    """What is read from a page of a list: the cursor of the next one."""

    next: str | None


class Made(msgspec.Struct, frozen=True):
    """What is read from the answer to something new, such as a poll."""

    id: str


class Result(msgspec.Struct, frozen=True):
    """What is read from a poll's result."""

    status: str
    ballots: int


class Voter(ApiUser):
    """Casts and changes ballots with voting tokens, or signs in as a guest and votes; one request at a time."""

    @task
    def vote(self) -> None:
        """Vote when the next vote is due."""
        world = self.world
        number, due = next_arrival(world.votes)
        at = world.pace.wait_until(due)
        if world.is_guest():
            self._as_guest(due, at)
        else:
            self._with_token(world.polls[number % len(world.polls)], due, at)

    def _with_token(self, poll: PollState, due: float, at: float) -> None:
        world = self.world
        cast = poll.returning(world.dice) if world.is_change() else None
        first = cast is None
        if cast is None:
            cast = poll.newcomer()
            ballot = cast.voter % len(poll.ballots)
        else:
            ballot = (cast.ballot + 1 + world.dice.randrange(max(1, len(poll.ballots) - 1))) % len(poll.ballots)
        cast.unsure.append(ballot)  # until there is an answer; there may never be one
        if first:
            world.outcome.casts.append(cast)
        sent = time.perf_counter()
        answer = self.call(
            "PUT",
            f"/v1/votebooth/polls/{poll.id}/ballot",
            _CAST if first else _CHANGE,
            wanted=(201, 200) if first else (200,),  # 200: the gateway lost an answer and retried
            at=at,
            token=world.identity().access,
            body=poll.ballots[ballot],
            headers={"Ballot-Token": poll.tokens[cast.voter]},
            gives=Receipt,
        )
        world.voted(due, at, sent, answer.status)
        if answer.status == 0 or answer.status >= 500:
            return  # this ballot isn't used again: it may or may not be stored
        cast.unsure.clear()
        if answer.body is not None:
            receipt = answer.body.receipt
            if first:
                poll.acknowledged_at.append(time.perf_counter())
            if not answer.ok or (cast.receipt and receipt != cast.receipt):
                world.outcome.contradicted.append(cast.receipt or receipt)
            cast.receipt, cast.ballot = receipt, ballot
        if cast.receipt:
            poll.settle(cast)

    def _as_guest(self, due: float, at: float) -> None:
        world = self.world
        signed_in = self.call("POST", "/v1/auth/guests", "sign in as a guest", wanted=(201,), at=at, gives=Tokens)
        world.outcome.sign_ins_ms.append((time.perf_counter() - at) * 1000)
        if not signed_in.ok or signed_in.body is None:
            world.voted(due, at, at, 0)  # there was no vote to answer
            return
        sent = time.perf_counter()
        world.outcome.guests_unsure += 1  # until there is an answer
        answer = self.call(
            "PUT",
            f"/v1/votebooth/polls/{world.plan.guest_poll}/ballot",
            "vote (guest)",
            wanted=(201,),
            at=at,  # a guest's vote includes the wait for signing in
            token=signed_in.body.access_token,
            body=b'{"picks": [%d]}' % world.dice.randint(1, 3),
            gives=Receipt,
        )
        world.voted(due, at, sent, answer.status)
        if answer.status and answer.status < 500:
            world.outcome.guests_unsure -= 1
        if answer.ok and answer.body is not None:
            world.outcome.guests.append(answer.body.receipt)


class Looker(ApiUser):
    """What readers and probers share. It has no task: Locust would have a subclass do it beside its own."""

    def on_start(self) -> None:
        """Start without known ETags."""
        self._etags: dict[str, str] = {}

    def _usual(self, number: int, at: float) -> None:
        """Read the usual pages: lists, polls, results and the known paths."""
        world = self.world
        poll = world.polls[number % len(world.polls)]
        what = number % 5
        if what == 0:
            self._list(at)
        elif what == 1:
            self._conditional(f"/v1/polls/{poll.id}", "read a poll", at)
        elif what == 4 and world.plan.read_paths:
            self._read_path(world.plan.read_paths, number // 5, at)
        else:  # the last poll's result is computed from sums, the most common case on live pages
            counted = world.polls[-1] if what == 2 else poll
            self._conditional(f"/v1/votebooth/polls/{counted.id}/results", "read a result", at)

    def _read_path(self, paths: list[ReadPath], number: int, at: float) -> None:
        """Read the next path whose limit for one account isn't half used up; none, if there is none.

        An account that asks faster than it may is refused by good canaries and stable instances alike, and that would
        hide the errors that are to be found.
        """
        now, resting = time.perf_counter(), self.world.resting
        first = number % len(paths)
        known = next((each for each in paths[first:] + paths[:first] if resting.get(each.path, now) <= now), None)
        if known is None:
            return
        # Pages are anybody's, so that guests ask for them in turn: one account's limit is too low for a gate's probes.
        by = self.world.identity() if is_of(known.path, WEB) else self.world.plan.host
        name, token = f"look at {known.path}", by.access
        answer: Answer[object] = self.call("GET", known.path, name, wanted=known.wanted, at=at, token=token)
        if answer.rest:
            resting[known.path] = now + answer.rest

    def _list(self, at: float) -> None:
        page = self.call("GET", "/v1/polls?status=open&limit=20", "list polls", at=at, gives=Page)
        if page.ok and page.body is not None and page.body.next:
            self.call("GET", f"/v1/polls?status=open&limit=20&cursor={page.body.next}", "list polls (next page)")

    def _conditional(self, path: str, name: str, at: float) -> None:
        known = self._etags.get(path)
        headers = {"If-None-Match": known} if known else {}
        wanted = (200, 304) if known else (200,)
        answer: Answer[object] = self.call(
            "GET", path, name, wanted=wanted, at=at, token=self.world.identity().access, headers=headers
        )
        if answer.ok and answer.etag:
            self._etags[path] = answer.etag


class Reader(Looker):
    """Reads lists page by page, polls and results, and asks again with the ETag that it was given."""

    @task
    def read(self) -> None:
        """Read something when it is due."""
        world = self.world
        number, due = next_arrival(world.reads)
        at = world.pace.wait_until(due)
        self._usual(number, at)
        world.outcome.reads_ms.append((time.perf_counter() - at) * 1000)
        world.reads.finish()


class Prober(Looker):
    """Reads the paths of the tested service, so that canaries and stable instances can be compared."""

    @task
    def read(self) -> None:
        """Read a path when it is due."""
        world = self.world
        number, due = next_arrival(world.probes)
        at = world.pace.wait_until(due)
        self._read_path(world.plan.canary_paths, number, at)
        world.probes.finish()


class Host(ApiUser):
    """Publishes a poll, votes, closes it, reads the final result and deletes it."""

    @task
    def hold(self) -> None:
        """Run through a poll's life cycle when the next one is due."""
        world = self.world
        _, due = next_arrival(world.hosts)
        at = world.pace.wait_until(due)
        self._hold(at)
        world.outcome.hosts_ms.append((time.perf_counter() - at) * 1000)
        world.hosts.finish()

    def _hold(self, at: float) -> None:
        world = self.world
        token = world.plan.host.access
        definition = {
            "title": f"{world.plan.title_prefix}: which one?",
            "method": {"type": "single"},
            "options": [{"label": label} for label in ("This", "That", "Neither")],
            "rules": {"eligibility": "signed_in"},
        }
        draft = self.call(
            "POST",
            "/v1/polls",
            "make a poll",
            wanted=(201,),
            at=at,
            token=token,
            body=msgspec.json.encode(definition),
            gives=Made,
        )
        if not draft.ok or draft.body is None:
            return
        poll = draft.body.id
        self._run(poll, token)
        self.call("DELETE", f"/v1/polls/{poll}", "delete a poll", wanted=(200, 202, 204), token=token)

    def _run(self, poll: str, token: str) -> None:
        booth = f"/v1/votebooth/polls/{poll}"
        steps = (
            ("POST", f"/v1/polls/{poll}/publish", "publish a poll", (200,), None),
            ("PUT", f"{booth}/ballot", "vote (own poll)", (201,), b'{"picks": [1]}'),
            ("GET", f"{booth}/results", "read a result", (200,), None),
            ("POST", f"/v1/polls/{poll}/close", "close a poll", (200, 202), None),
        )
        for method, path, name, wanted, body in steps:
            if not self.call(method, path, name, wanted=wanted, token=token, body=body).ok:
                return
        deadline = time.perf_counter() + _FINAL_SECONDS
        while time.perf_counter() < deadline:
            result = self.call("GET", f"{booth}/results", "read a result", token=token, gives=Result).body
            if result is None or result.status == "final":
                if result is not None and result.ballots != 1:
                    self.world.failures["final result: another number of ballots than were cast"] += 1
                return
            self.wait_a_little()
        self.world.failures[f"final result: not there {_FINAL_SECONDS:.0f} s after the close"] += 1

    @staticmethod
    def wait_a_little() -> None:
        """Wait for VoteBooth to learn of the close."""
        time.sleep(0.2)  # gevent's sleep, which lets other users run


def next_arrival(arrivals: Arrivals) -> tuple[int, float]:
    """Return the next arrival.

    Raises:
        StopUser: There is none; this user is done.
    """
    taken = arrivals.take()
    if taken is None:
        raise StopUser
    return taken
