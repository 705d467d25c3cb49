"""What arrives when, what gates.toml may say, and what a verdict is made of."""

import random
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from loadtests.gate.ballots import elections
from loadtests.gate.checks import Findings, Voters, canonical, differences
from loadtests.gate.config import GATES, Shape, Suite, Thresholds, read
from loadtests.gate.errors import GateError
from loadtests.gate.plan import Cast, Outcome, Vote, Watched
from loadtests.gate.stage import Poll, looks
from loadtests.gate.verdict import Judgement, judge, percentile
from loadtests.generator.pacing import Arrivals, Pace, arrivals
from loadtests.load import main

THRESHOLDS = Thresholds(
    accepted_votes_per_second=9,
    p95_ms=100,
    p99_ms=200,
    error_ratio=0.0,
    stored_equals_acknowledged=True,
    tally_equals_recount=True,
)
SUITE = Suite(what="", shape=Shape.STEADY, seconds=10, votes_per_second=10, thresholds=THRESHOLDS)
FINE = Findings(acknowledged=100, stored=100, read_back=10, recounted=2)


def outcome(ms: float = 10.0, status: int = 201, late: float = 1.0, **more: object) -> Outcome:
    """Return what a generator saw that sent a hundred votes in ten seconds."""
    votes = [Vote(number / 10, ms, ms, status) for number in range(100)]
    failures = {} if status == 201 else {f"vote: {status}": 100}
    parts = {"votes": votes, "requests": {"vote": 100}, "failures": failures, "late_ms": [late] * 100, **more}
    return Outcome(wall_seconds=10, cpu_seconds=1, **parts)  # type: ignore[arg-type]


def failing(seen: Outcome, findings: Findings = FINE, suite: Suite = SUITE) -> set[str]:
    """Return the thresholds that don't hold."""
    return {row.name for row in judge(suite, [seen], findings).rows if row.judgement is Judgement.FAIL}


@pytest.mark.parametrize(("seconds", "rush"), [(40, 10), (240, 60), (600, 60)])
def test_half_of_a_rush_comes_in_the_last_minute_or_quarter(seconds: int, rush: int) -> None:
    due = arrivals(Shape.RUSH, 20_000, seconds, random.Random(1))
    assert due == sorted(due)
    assert due[0] >= 0
    assert due[-1] <= seconds
    assert sum(moment >= seconds - rush for moment in due) == pytest.approx(10_000, rel=0.05)


@pytest.mark.parametrize("shape", [Shape.STEADY, Shape.SOAK])
def test_a_steady_load_is_the_same_at_every_moment(shape: Shape) -> None:
    due = arrivals(shape, 20_000, 100, random.Random(1))
    for second in range(0, 100, 10):
        assert sum(second <= moment < second + 10 for moment in due) == pytest.approx(2_000, rel=0.1)


def test_the_same_seed_gives_the_same_arrivals() -> None:
    assert arrivals(Shape.RUSH, 50, 10, random.Random("7/0")) == arrivals(Shape.RUSH, 50, 10, random.Random("7/0"))
    assert arrivals(Shape.RUSH, 50, 10, random.Random("7/0")) != arrivals(Shape.RUSH, 50, 10, random.Random("7/1"))


def test_each_arrival_is_taken_once() -> None:
    due = Arrivals([0.1, 0.2])
    assert [due.take(), due.take(), due.take()] == [(0, 0.1), (1, 0.2), None]


def test_what_a_busy_user_comes_to_late_isnt_the_generators_fault() -> None:
    pace = Pace()
    pace.start(60)
    assert pace.wait_until(0.02) == pace.start_at + 0.02
    pace.start_at -= 5  # as if five seconds had passed with an answer
    assert pace.wait_until(1.0) == pace.start_at + 1
    assert (len(pace.late_ms), pace.queued) == (1, 1)


def test_the_gates_say_what_holds_in_each_environment() -> None:
    places = read()
    assert set(places) == {"local", "staging", "production"}
    for place in places.values():
        assert {"steady"} <= set(place.suites)
        for suite in place.suite.values():
            asked = suite.thresholds
            assert asked.stored_equals_acknowledged
            assert asked.tally_equals_recount
            assert asked.accepted_votes_per_second <= suite.votes_per_second
    assert places["local"].suite["steady"].thresholds.accepted_votes_per_second >= 300


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("p95_ms =", "p95 ="), "unknown field `p95`"),
        (("error_ratio = 0.0\n", ""), "missing required field `error_ratio`"),
        (("error_ratio = 0.0\n", "error_ratio = 1.5\n"), "<= 1"),
        (('shape = "steady"', 'shape = "calm"'), "calm"),
        (("seconds = 30", 'seconds = "30"'), "seconds"),
        (('suites = ["steady"]', 'suites = ["steady", "none"]'), "none"),
        (("[local]", "[local"), "gates.toml"),
        (("viewers = 50", "viewers = 0"), "nobody who looks at staleness_p95_ms, live_gaps"),
    ],
)
def test_gates_that_cant_be_meant_are_refused(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    path = tmp_path / "gates.toml"
    path.write_text(GATES.read_text().replace(*change))
    with pytest.raises(GateError, match=said):
        read(path)
    done = CliRunner().invoke(main, ["gate", "--gates", str(path)])
    assert done.exit_code == 2
    assert said in done.output


def test_what_is_well_passes() -> None:
    assert judge(SUITE, [outcome()], FINE).judgement is Judgement.PASS


@pytest.mark.parametrize(
    ("seen", "findings", "names"),
    [
        (outcome(ms=150), FINE, {"p95_ms"}),
        (outcome(ms=300), FINE, {"p95_ms", "p99_ms"}),
        (outcome(ms=3_000), FINE, {"accepted_votes_per_second", "p95_ms", "p99_ms"}),
        (outcome(status=503), FINE, {"accepted_votes_per_second", "error_ratio"}),
        (outcome(unsent=1), FINE, {"error_ratio"}),
        (outcome(), Findings(acknowledged=9, stored=8, recounted=1, lost=["one"]), {"stored_equals_acknowledged"}),
        (outcome(), Findings(acknowledged=9, stored=9, recounted=1, miscounted=["x"]), {"tally_equals_recount"}),
        (outcome(), Findings(), {"stored_equals_acknowledged", "tally_equals_recount"}),
    ],
)
def test_what_doesnt_hold_is_named(seen: Outcome, findings: Findings, names: set[str]) -> None:
    assert failing(seen, findings) == names


def test_what_nobody_has_seen_doesnt_hold() -> None:
    asked = msgspec.structs.replace(THRESHOLDS, reads_p95_ms=100, staleness_p95_ms=100, live_gaps=0)
    suite = msgspec.structs.replace(SUITE, thresholds=asked)
    assert failing(outcome(), suite=suite) == {"reads_p95_ms", "staleness_p95_ms", "live_gaps"}
    seen = outcome(reads_ms=[5.0], watched=Watched(messages=3, staleness_ms=[90.0]))
    assert failing(seen, suite=suite) == set()
    assert failing(outcome(reads_ms=[5.0], watched=Watched(3, 1, 0, [190.0])), suite=suite) == {
        "staleness_p95_ms",
        "live_gaps",
    }


def test_a_late_generator_spoils_times_and_no_promises() -> None:
    late = judge(SUITE, [outcome(ms=300, late=500)], FINE)
    assert late.judgement is Judgement.TOO_SLOW
    lossy = Findings(acknowledged=9, stored=8, recounted=1, lost=["one is gone"])
    both = judge(SUITE, [outcome(ms=300, late=500)], lossy)
    assert both.judgement is Judgement.FAIL
    assert "one is gone" in both.details


def test_what_a_late_generator_didnt_get_to_is_no_error_of_the_target() -> None:
    assert judge(SUITE, [outcome(unsent=50, late=500)], FINE).judgement is Judgement.TOO_SLOW
    assert judge(SUITE, [outcome(unsent=50)], FINE).judgement is Judgement.FAIL
    assert judge(SUITE, [outcome(status=500, late=500)], FINE).judgement is Judgement.FAIL


def test_a_generator_with_faults_gives_no_verdict() -> None:
    verdict = judge(SUITE, [outcome(faults=["Voter: KeyError"])], FINE)
    assert verdict.judgement is Judgement.TOO_SLOW
    assert "Voter: KeyError" in " ".join(verdict.details)


def test_what_grows_over_a_soak_is_seen() -> None:
    growing = Outcome(
        votes=[Vote(number / 10, 10 + number, 1, 201) for number in range(100)], requests={"vote": 100}, wall_seconds=10
    )
    suite = msgspec.structs.replace(SUITE, thresholds=msgspec.structs.replace(THRESHOLDS, p95_ms=500, drift=2.0))
    assert failing(growing, suite=suite) == {"drift"}


@pytest.mark.parametrize(("share", "value"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100)])
def test_percentiles_are_by_nearest_rank(share: float, value: int) -> None:
    assert percentile(range(1, 101), share) == value
    assert percentile([], share) == 0


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ({"ranking": [2, 1]}, {"ranking": [[2], [1]]}),
        ({"scores": {"2": 0, "1": 3}}, {"scores": {"1": 3}}),
        ({"picks": [2, 1]}, {"picks": [1, 2]}),
    ],
)
def test_a_choice_has_one_form(sent: object, stored: object) -> None:
    assert canonical(sent) == canonical(stored)


def test_a_vote_without_an_answer_is_neither_acknowledged_nor_lost() -> None:
    poll = Poll("p", "p", "score", 1, ["a", "b", "c"], [b'{"scores": {"1": 1}}', b'{"scores": {"1": 2}}'])
    voters = Voters(
        poll,
        0,
        Outcome(
            casts=[
                Cast(0, 0, "receipt", 0),
                Cast(0, 1, "", -1, [1]),
                Cast(0, 2, "other", 0, [1]),
                Cast(1, 0, "elsewhere", 0),
            ]
        ),
    )
    assert voters.receipts == ["receipt", "other"]
    assert [cast.voter for cast in voters.sure] == [0]
    assert (voters.unsure_ballots, voters.unsure_choices) == (1, 2)


def test_a_result_that_isnt_the_count_is_told() -> None:
    result = {
        "ballots": 3,
        "winners": [1],
        "options": [{"id": 1, "label": "Ada"}, {"id": 2, "label": "Bo"}],
        "rounds": [{"tallies": [{"option": 1, "votes": 2}, {"option": 2, "votes": "1/2"}]}],
    }
    counted = {"ballots": 3, "winners": ["Ada"], "rounds": [{"tallies": {"Ada": 2, "Bo": "1/2"}}]}
    assert differences(result, counted) == []
    assert differences({**result, "ballots": 4}, counted) == ["the result has 4 ballots, the export 3"]
    assert differences({**result, "winners": [2]}, counted) == ["the result elects Bo, a recount Ada"]
    other = [{"tallies": {"Ada": 1, "Bo": "1/2"}}]
    assert differences(result, {**counted, "rounds": other}) == ["round 1 has other tallies than a recount"]
    assert differences(result, {**counted, "rounds": []}) == ["the result has 1 rounds, a recount 0"]


def test_ballots_are_made_up_where_there_are_no_real_ones(tmp_path: Path) -> None:
    ranked, scored = elections(tmp_path, 3)
    assert not ranked.is_real
    assert not scored.is_real
    assert elections(tmp_path, 3)[0].ballots == ranked.ballots
    options = len(ranked.definition["options"])
    for ballot in ranked.ballots[:50]:
        ranking = msgspec.json.decode(ballot)["ranking"]
        assert len(set(ranking)) == len(ranking)
        assert set(ranking) <= set(range(1, options + 1))


def test_a_file_of_ballots_that_cant_be_read_is_said(tmp_path: Path) -> None:
    (tmp_path / "portland_2024_district1.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(GateError, match=r"portland_2024_district1\.csv can't be read"):
        elections(tmp_path, 3)


def test_every_service_that_can_be_looked_at_is() -> None:
    assert {"/v1/auth/me", "/v1/polls", "/v1/profiles/me"} <= set(looks())
    assert not [path for path in looks() if "[" in path]


def test_help_has_examples() -> None:
    for command in (["--help"], ["gate", "--help"], ["run", "--help"], ["users", "--help"]):
        done = CliRunner().invoke(main, command)
        assert done.exit_code == 0
        assert "./just load" in done.output


def test_a_suite_that_isnt_there_is_named() -> None:
    done = CliRunner().invoke(main, ["gate", "--suite", "storm", "--url", "http://127.0.0.1:1"])
    assert done.exit_code == 2
    assert "local has no suite storm" in done.output
    assert CliRunner().invoke(main, ["gate", "--env", "staging"]).exit_code == 2  # it has no URL of its own
