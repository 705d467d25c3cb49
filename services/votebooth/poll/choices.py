"""Choices: what a voter marks. Read from the wire, held against the poll's rules, written in one form.

Equal choices become equal bytes, so that a repeated request is recognised and equal ballots can be counted
together. The canonical form is the wire's: options in ascending order where order means nothing, zeros left
out, each rank a list.

    {"picks":[2,5]}   {"scores":{"1":5}}   {"ranking":[[3],[1],[2,4]]}   {"points":{"1":60,"4":40}}
    {"abstain":true}

A ballot that expresses no preference abstains, however it is written. One that marks nothing is taken where the poll
takes abstentions, and refused where it doesn't, whatever the method; marks that prefer nothing are taken everywhere.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from services.core.http.request import check_json
from services.core.misfits import BODY, read_again
from services.core.problems import FieldError, Problem, malformed, refused
from services.core.refusals import Refusals
from services.votebooth.poll.definition import PollChanged

ABSTENTION = b'{"abstain":true}'
"""A stored choice that says of itself that it abstains."""

REMEMBERED_BYTES = 60_000
"""About what the ballots take that a `ChoiceReader` remembers; four times as much if they are as long as may be."""

_SLUG = "ballot-refused"
SECRET_PATTERN = r"^[A-Za-z0-9_-]{22,128}$"  # noqa: S105  (a pattern)

Points = dict[int, int]
Marks = tuple[tuple[int, int], ...]


class BallotBody(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """A ballot: exactly one of the marks that the poll's method takes, or an abstention.

    Attributes:
        picks: For single, multiple and approval: the options chosen.
        scores: For score and star: points by option; an option left out has 0.
        ranking: For irv, stv, schulze and ranked_robin: ranks, best first; each is an option or, where ties
            are allowed, a list of options. Options left out are not ranked.
        points: For points: how the poll's points are divided.
        abstain: `true`, where abstaining is allowed. A ballot without a mark, such as `{"picks": []}` or scores of 0
            alone, is taken there, too, and nowhere else.
        secret: For anonymous polls: 22 to 128 characters of base64url that only you know. With it you change
            or withdraw the ballot later, and a repeated request is recognised. Left out at the first cast, one
            is made for you.
    """

    picks: Annotated[list[int], Meta(examples=[[2]])] | UnsetType = UNSET
    scores: Points | UnsetType = UNSET
    ranking: list[int | list[int]] | UnsetType = UNSET
    points: Points | UnsetType = UNSET
    abstain: bool | UnsetType = UNSET
    secret: Annotated[str, Meta(pattern=SECRET_PATTERN)] | UnsetType = UNSET


class Choice:
    """A valid choice and what it adds to the counters.

    Attributes:
        encoded: Its canonical JSON.
        marks: What it adds to the sums: pairs of option and amount; none if it abstains.
        pattern: The first 16 bytes of the SHA-256 of `encoded` where the method counts patterns, else None; None
            also for `{"abstain":true}`.
        abstains: Whether it expresses no preference, whatever it marks.
    """

    __slots__ = ("abstains", "encoded", "marks", "pattern")

    def __init__(self, body: BallotBody, rules: PollChanged) -> None:
        self.encoded = _encode(body)
        self.marks = _preference(body, rules)
        self.abstains = not self.marks
        patterns = rules.method in PATTERN_METHODS and body.abstain is UNSET
        self.pattern = pattern_id(self.encoded) if patterns else None


def pattern_id(encoded: bytes) -> bytes:
    """Return the key of equal ballots."""
    return hashlib.sha256(encoded).digest()[:16]


def decode(encoded: bytes) -> BallotBody:
    """Read a stored choice; its `ranking` is a list of lists."""
    return _decoder.decode(encoded)


def _preference(body: BallotBody, rules: PollChanged) -> Marks:
    """Return what a ballot adds to the sums; nothing if it expresses no preference, as the tally has it."""
    if body.picks is not UNSET:
        return tuple((option, 1) for option in body.picks)
    given = body.scores if body.scores is not UNSET else body.points
    if given is not UNSET:
        alike = len(given) == len(rules.options) and len(set(given.values())) == 1
        return () if alike else tuple(given.items())
    if body.ranking is not UNSET:
        return tuple((option, 1) for option in _first(body.ranking, rules))
    return ()


def _first(ranking: list[int | list[int]], rules: PollChanged) -> list[int]:
    """Return a ballot's first preference."""
    ranks = [rank if isinstance(rank, list) else [rank] for rank in ranking]
    if rules.method in _TRANSFERRED:  # equal ranks are overvotes there, and skipped
        return next((rank for rank in ranks if len(rank) == 1), [])
    return ranks[0] if ranks and len(ranks[0]) < len(rules.options) else []


def how_cast(body: BallotBody, rules: PollChanged) -> str:
    """Return how a ballot was cast.

    Returns:
        `marks`; or, if it expresses no preference, `abstain` where it says so, `empty` where it marks nothing, and
        `equal` where its marks prefer nothing.
    """
    if _preference(body, rules):
        return "marks"
    if body.abstain is not UNSET:
        return "abstain"
    return "equal" if body.scores or body.points or body.ranking else "empty"


class ChoiceReader:
    """Reads choices under one version of a poll's rules."""

    _REMEMBERED = 128
    _REMEMBERED_BYTES = 256
    _REMEMBERED_MARKS = 8

    def __init__(self, definition: PollChanged) -> None:
        self._definition = definition
        self._options = frozenset(option.id for option in definition.options)
        self._field, self._check = _METHODS[definition.method]
        # Bodies that were read before: with few options most votes are equal to one of them.
        self._read: dict[bytes, Choice] = {}
        self._stored: dict[bytes, Choice] = {}

    def read(self, raw: bytes) -> tuple[Choice, str | None]:
        """Read a request's body; return the choice, and the secret if there is one.

        Raises:
            Problem: 400 if it isn't JSON of the right shape, 422 if it breaks one of the poll's rules.
        """
        known = self._read.get(raw)
        if known is not None:
            return known, None
        check_json(raw)
        body = parse(raw)
        secret = None if body.secret is UNSET else body.secret
        body.secret = UNSET
        choice = Choice(self._canonical(body), self._definition)
        if secret is None and len(raw) <= self._REMEMBERED_BYTES and len(choice.marks) <= self._REMEMBERED_MARKS:
            _remember(self._read, raw, choice, self._REMEMBERED)
        return choice, secret

    def stored(self, encoded: bytes) -> Choice:
        """Return the choice that is stored as `encoded`, valid or not under today's rules."""
        known = self._stored.get(encoded)
        if known is None:
            known = Choice(decode(encoded), self._definition)
            if len(encoded) <= self._REMEMBERED_BYTES and len(known.marks) <= self._REMEMBERED_MARKS:
                _remember(self._stored, encoded, known, self._REMEMBERED)
        return known

    def _canonical(self, body: BallotBody) -> BallotBody:
        given = [name for name in _MARKS if getattr(body, name) is not UNSET]
        if len(given) != 1:
            raise _refused(BODY, f"Send exactly one of {self._field} and abstain.")
        if body.abstain is not UNSET:
            if not self._definition.abstain:
                raise _refused("abstain", "This poll doesn't allow abstentions.")
            if not body.abstain:
                raise _refused("abstain", "It is true or left out.")
            return body
        if given[0] != self._field:
            method = self._definition.method
            raise _refused(given[0], f"A poll of the method '{method}' takes {self._field}.")
        if getattr(body, self._field):
            body = self._check(body, self._definition, self._options)
        if not getattr(body, self._field) and not self._definition.abstain:
            raise _refused(self._field, "Mark at least one option: this poll doesn't allow abstentions.")
        return body


def parse(raw: bytes) -> BallotBody:
    """Decode a body, whatever the poll.

    Raises:
        Problem: 400.
    """
    try:
        return _decoder.decode(raw)
    except msgspec.ValidationError:
        body: BallotBody = read_again(raw, BallotBody)
        return body
    except (msgspec.DecodeError, UnicodeError) as exc:
        raise malformed("The body isn't valid JSON.") from exc


def _refused(field: str, message: str, **limits: Any) -> Problem:
    """Refuse a field; `limits` are `FieldError`'s."""
    return refused(_SLUG, f"{field}: {message}", FieldError(field, message, **limits))


def _remember(memory: dict[bytes, Choice], key: bytes, choice: Choice, most: int) -> None:
    if len(memory) >= most:
        memory.clear()
    memory[key] = choice


def _picks(body: BallotBody, rules: PollChanged, options: frozenset[int]) -> BallotBody:
    picks = body.picks or []
    found = Refusals(_SLUG)
    _known(found, "picks", enumerate(picks), options)
    _once(found, "picks", picks)
    least, most = (1, 1) if rules.method == "single" else (rules.min_picks, rules.max_picks)
    if not least <= len(picks) <= most:
        wanted = f"{least}" if least == most else f"{least} to {most}"
        found.add("picks", f"Pick {wanted}, not {len(picks)}.", min_length=least, max_length=most)
    found.check()
    return BallotBody(picks=sorted(picks))


def _scores(body: BallotBody, rules: PollChanged, options: frozenset[int]) -> BallotBody:
    scores = body.scores or {}
    found = Refusals(_SLUG)
    _known(found, "scores", zip(scores, scores, strict=True), options)
    for option, score in scores.items():
        if not 0 <= score <= rules.max_score:
            reason = f"A score is from 0 to {rules.max_score}, not {score}."
            found.add(f"scores.{option}", reason, minimum=0, maximum=rules.max_score)
    found.check()
    return BallotBody(scores=_without_zeros(scores))


def _points(body: BallotBody, rules: PollChanged, options: frozenset[int]) -> BallotBody:
    points = body.points or {}
    found = Refusals(_SLUG)
    _known(found, "points", zip(points, points, strict=True), options)
    for option, given in points.items():
        if not 0 <= given <= rules.points:
            reason = f"An option gets from 0 to {rules.points} points, not {given}."
            found.add(f"points.{option}", reason, minimum=0, maximum=rules.points)
    total = sum(points.values())
    if total != rules.points:
        found.add("points", f"Divide exactly {rules.points} points; these are {total}.")
    found.check()
    return BallotBody(points=_without_zeros(points))


def _ranking(body: BallotBody, rules: PollChanged, options: frozenset[int]) -> BallotBody:
    ranks = [rank if isinstance(rank, list) else [rank] for rank in body.ranking or []]
    found = Refusals(_SLUG)
    if rules.max_ranks is not None and len(ranks) > rules.max_ranks:
        found.add("ranking", f"At most {rules.max_ranks} ranks, not {len(ranks)}.", max_length=rules.max_ranks)
    for place, rank in enumerate(ranks):
        if not rank:
            found.add(f"ranking.{place}", "A rank can't be empty.")
        if len(rank) > 1 and not rules.allow_ties:
            found.add(f"ranking.{place}", "This poll doesn't allow equal ranks: give each rank one option.")
        _known(found, "ranking", ((place, option) for option in rank), options)
    _once(found, "ranking", [option for rank in ranks for option in rank])
    found.check()
    return BallotBody(ranking=[sorted(rank) for rank in ranks])


def _known(found: Refusals, field: str, given: Iterable[tuple[int, int]], options: frozenset[int]) -> None:
    """Refuse options that the poll hasn't; `given` are pairs of a place in `field` and the option there."""
    for place, option in given:
        if option not in options:
            found.add(f"{field}.{str(place)[:20]}", f"Option {str(option)[:20]} isn't one of this poll's.")


def _once(found: Refusals, field: str, given: list[int]) -> None:
    if len(set(given)) != len(given):
        twice = min(option for option, times in Counter(given).items() if times > 1)
        found.add(field, f"Option {str(twice)[:20]} stands there twice.")


def _without_zeros(points: Points) -> Points:
    return {option: points[option] for option in sorted(points) if points[option]}


Check = Callable[[BallotBody, PollChanged, frozenset[int]], BallotBody]

_METHODS: dict[str, tuple[str, Check]] = {
    "single": ("picks", _picks),
    "multiple": ("picks", _picks),
    "approval": ("picks", _picks),
    "score": ("scores", _scores),
    "star": ("scores", _scores),
    "irv": ("ranking", _ranking),
    "stv": ("ranking", _ranking),
    "schulze": ("ranking", _ranking),
    "ranked_robin": ("ranking", _ranking),
    "points": ("points", _points),
}
_MARKS = ("picks", "scores", "ranking", "points", "abstain")

PATTERN_METHODS = frozenset({"star", "irv", "stv", "schulze", "ranked_robin"})
"""Methods that sums don't decide: equal ballots are counted."""

_TRANSFERRED = frozenset({"irv", "stv"})

_decoder = msgspec.json.Decoder(BallotBody)
_encode = msgspec.json.Encoder().encode
