"""Whatever the poll, its labels and its ballots: each of its files counts to the result that the server shows."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from services.votebooth import tally
from services.votebooth.exchange import files
from services.votebooth.poll.choices import ABSTENTION, PATTERN_METHODS, ChoiceReader
from services.votebooth.poll.definition import PollChanged, PollNote, PollOption
from services.votebooth.results import counting
from services.votebooth.results.counting import Published
from services.votebooth.results.render import RANKED
from services.votebooth.tally import formats
from services.votebooth.tally.formats.names import fold
from tests.results_by_name import by_name

LABELS = (
    "rank1", "rank2", "2026 12 24", "10 30 Uhr", "weight", "Weight", "cast", "count", "overvote", "Over Vote",
    "\\overvote", "skipped", "abstain", "total", "=1+1", "+A", "-B|C", "@D", "\\=E", "\\", "A\\|B", "|", 'say "F", =G',
    '"', ",", "a,b", "line\nbreak", "two  blanks", "no\u00a0break", "# VoteWave: blt", "# options: []", "#", "0", "1 0",
    "{", "ID", "Voter ID", "Timestamp", "sep=;", "; ;", "None", "Ä", "日本", "1st",
)  # fmt: skip

labels = st.one_of(
    st.sampled_from(LABELS),
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn")), min_size=1, max_size=9).map(str.strip),
).filter(fold)

NOTES = ("Bo has withdrawn.", "two\nlines", '# options: ["X"]', "\n0\n", '"', "=1+1", "1 2 0", "3: 1,2", "x" * 1_000)
NOTED = datetime(2026, 1, 2, tzinfo=UTC)

SEED = "0123456789abcdef" * 4


def ballots_of(poll: PollChanged) -> st.SearchStrategy[dict[str, Any]]:
    ids = [option.id for option in poll.options]
    abstain = st.just({"abstain": True})
    if poll.method == "single":
        return abstain | st.sampled_from(ids).map(lambda option: {"picks": [option]})
    if poll.method in {"multiple", "approval"}:
        return abstain | st.sets(st.sampled_from(ids)).map(lambda picks: {"picks": sorted(picks)})
    if poll.method in {"score", "star"}:
        alike = st.integers(0, poll.max_score).map(lambda score: dict.fromkeys(ids, score))
        scores = alike | st.dictionaries(st.sampled_from(ids), st.integers(0, poll.max_score))
        return abstain | scores.map(lambda given: {"scores": {str(option): given[option] for option in given}})
    if poll.method == "points":
        return abstain | st.integers(0, 100).map(
            lambda first: {"points": {str(ids[0]): first, str(ids[1]): 100 - first}}
        )
    if poll.allow_ties:
        ranks = st.lists(st.integers(0, 3), min_size=len(ids), max_size=len(ids))
        return abstain | ranks.map(lambda levels: {"ranking": _levels(ids, levels)})
    return abstain | st.permutations(ids).flatmap(
        lambda order: st.integers(0, len(order)).map(lambda size: {"ranking": list(order[:size])})
    )


def _levels(ids: list[int], levels: list[int]) -> list[list[int]]:
    ranks = [[option for option, level in zip(ids, levels, strict=True) if level == rank] for rank in (1, 2, 3)]
    return [rank for rank in ranks if rank]


@st.composite
def polls(draw: st.DrawFn) -> tuple[PollChanged, list[dict[str, Any]]]:
    names = draw(st.lists(labels, min_size=2, max_size=5, unique_by=fold))
    ids = draw(st.permutations(range(1, len(names) + 3)))
    method = draw(st.sampled_from(list(tally.Method)))
    poll = PollChanged(
        poll=UUID(int=7), version=1, owner=UUID(int=9),
        title=draw(labels),
        method=method,  # type: ignore[arg-type]  (one of its names)
        options=tuple(PollOption(id_, name) for id_, name in zip(ids, names, strict=False)),
        seats=draw(st.integers(1, 3)) if method == "stv" else 1,
        max_score=draw(st.sampled_from([3, 5, 10])),
        max_picks=len(names),
        allow_ties=method in RANKED and draw(st.booleans()),
        abstain=True,
        notes=tuple(PollNote(text, NOTED) for text in draw(st.lists(st.sampled_from(NOTES), max_size=3))),
        opens_at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    return poll, draw(st.lists(ballots_of(poll), max_size=8))


def stored(poll: PollChanged, ballots: list[dict[str, Any]]) -> tuple[Published, list[tuple[bytes, int]], bytes]:
    """Return counters, equal ballots and patterns as the vote path keeps them."""
    reader = ChoiceReader(poll)
    sums = [0] * max(option.id for option in poll.options)
    equal: dict[bytes, int] = {}
    patterns: dict[bytes, int] = {}
    abstentions = 0
    for ballot in ballots:
        choice, _ = reader.read(json.dumps(ballot).encode())
        abstentions += choice.abstains
        equal[choice.encoded] = equal.get(choice.encoded, 0) + 1
        for option, amount in choice.marks:
            sums[option - 1] += amount
        if choice.pattern is not None:
            patterns[choice.encoded] = patterns.get(choice.encoded, 0) + 1
    glued = b"[" + b",".join(b"[%b,%d]" % item for item in patterns.items()) + b"]"
    return Published(1, len(ballots), abstentions, tuple(sums)), sorted(equal.items()), glued


def exported(poll: PollChanged, equal: list[tuple[bytes, int]], form: str) -> bytes:
    async def pages() -> AsyncIterator[files.Page]:
        for ballot in equal:
            yield [ballot]

    async def whole(content: AsyncIterator[str]) -> bytes:
        return "".join([piece async for piece in content]).encode()

    rankings = [ranking for choice, _ in equal if (ranking := json.loads(choice).get("ranking"))]
    abstentions = sum(dict(equal).get(choice, 0) for choice in (ABSTENTION, b'{"ranking":[]}'))
    head = files.header(poll, form, SEED, abstentions if form == "preflib" else 0)
    content = {
        "ranks": lambda: files.ranks_csv(head, poll, pages(), max(map(len, rankings), default=0)),
        "scores": lambda: files.scores_csv(head, poll, pages()),
        "blt": lambda: files.blt(head, poll, pages()),
        "preflib": lambda: files.preflib(
            head,
            poll,
            pages(),
            "toi" if poll.allow_ties else "soi",
            len(rankings),
            sum(n for _, n in equal) - abstentions,
        ),
        "json": lambda: files.json(head, poll, pages(), b"null"),
    }[form]()
    return asyncio.run(whole(content))


def told(result: tally.Result) -> dict[str, Any]:
    """Return a result by labels: ids may differ between a poll and its files."""
    told = by_name(result)
    del told["notes"]
    for each in told["rounds"]:
        each["transfers"].sort(key=str)
        each["notes"].sort()
    return told


@settings(max_examples=300, deadline=None)
@given(polls())
def test_every_file_counts_to_the_servers_result(made: tuple[PollChanged, list[dict[str, Any]]]) -> None:
    poll, ballots = made
    published, equal, patterns = stored(poll, ballots)
    result = told(counting.count(poll, published, patterns if poll.method in PATTERN_METHODS else None, SEED))
    assert result["abstentions"] == published.abstentions
    if poll.method in {"score", "star"}:
        sums = {option.label: published.sums[option.id - 1] for option in poll.options}
        assert result["rounds"][0]["tallies"] == sums
    for form in ("ranks", "blt", "preflib", "json") if poll.method in RANKED else ("scores", "json"):
        data = exported(poll, equal, form)
        election = formats.read(data)
        assert (election.format, list(election.names.values())) == (form, [option.label for option in poll.options])
        assert told(election.count()) == result, data.decode()
        if not any("\n" in name for name in election.names.values()):  # as some editors save it
            assert told(formats.read(b"\xef\xbb\xbf" + data.replace(b"\n", b"\r\n")).count()) == result


@pytest.mark.parametrize("form", ["ranks", "blt", "preflib", "json"])
def test_an_option_that_nobody_ranked_takes_its_seat(form: str) -> None:
    poll = PollChanged(
        poll=UUID(int=7), version=1, owner=UUID(int=9), title="Two seats", method="stv", seats=2,
        options=tuple(PollOption(number, name) for number, name in enumerate("ABC", 1)),
        opens_at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    published, equal, patterns = stored(poll, [{"ranking": [1]}] * 2)
    winners = counting.count(poll, published, patterns, SEED).winners
    assert len(winners) == 2
    assert formats.read(exported(poll, equal, form)).count().winners == winners


@pytest.mark.parametrize("form", ["ranks", "blt", "json"])
def test_each_row_says_how_its_ballots_were_cast(form: str) -> None:
    poll = PollChanged(
        poll=UUID(int=7), version=1, owner=UUID(int=9), title="T", method="irv", abstain=True, allow_ties=True,
        options=(PollOption(1, "Ada"), PollOption(2, "abstain")), opens_at=datetime(2026, 1, 1, tzinfo=UTC),
    )  # fmt: skip
    _, equal, _ = stored(
        poll, [{"abstain": True}, {"abstain": True}, {"ranking": []}, {"ranking": [[2, 1]]}, {"ranking": [2]}]
    )
    text = exported(poll, equal, form).decode()
    rows = {
        "ranks": [",abstain,2", ",empty,1", "Ada|\\abstain,equal,1", "\\abstain,marks,1"],
        "blt": ["2 0 # abstain", "1 0 # empty", "1 1=2 0 # equal", "1 2 0"],
        "json": [
            '{"choice":{"abstain":true},"cast":"abstain","count":2}',
            '{"choice":{"ranking":[]},"cast":"empty","count":1}',
            '{"choice":{"ranking":[[1,2]]},"cast":"equal","count":1}',
        ],
    }
    for row in rows[form]:
        assert row in text.splitlines() or (form == "json" and row in text)
    result = formats.read(text.encode()).count()
    assert (result.ballots, result.abstentions) == (5, 4)
    assert [result.names[option] for option in result.winners] == ["abstain"]
