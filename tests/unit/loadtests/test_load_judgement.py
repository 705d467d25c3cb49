"""What arrives when, what gates.toml may say, and what a verdict is made of."""

import json
import math
import random
import re
import socket
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner
from loadtests.gate import setup
from loadtests.gate.ballots import elections
from loadtests.gate.checks import Findings, Voters, canonical, differences
from loadtests.gate.compare import compare, rank_sum
from loadtests.gate.config import GATES, Canary, Shape, Suite, Thresholds, read
from loadtests.gate.errors import GateError
from loadtests.gate.plan import Answered, Cast, Identity, Outcome, Plan, Vote, Watched
from loadtests.gate.setup import Poll, read_paths
from loadtests.gate.verdict import Judgement, Verdict, judge, percentile
from loadtests.generator.pacing import Arrivals, Pace, arrivals
from loadtests.generator.world import World
from loadtests.load import INTERRUPTED, NO_VERDICT, PASSED, UNREACHABLE, exit_code, main, running_cluster

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
    return Outcome(wall_seconds=10, cpu_seconds=1, **parts)  # type: ignore[arg-type]  (named and typed as in `Outcome`)


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
    for name, place in places.items():
        assert {"steady"} <= set(place.suites)
        # Limits in milliseconds stand where machines are of a known kind.
        known = name != "local"
        assert (place.canary.p50_ms is not None) == (place.canary.p95_ms is not None) == known
        assert place.canary.slower_ms <= 25, "half of the 50 ms that have to be found"
        # Failing one request in a hundred must be found by the canaries' answers of the shortest run.
        answers = place.canary.share * place.canary.probes_per_second * min(it.seconds for it in place.suite.values())
        allowed = int(place.canary.error_ratio * answers)
        missed = sum(math.comb(int(answers), k) * 0.01**k * 0.99 ** (answers - k) for k in range(allowed + 1))
        assert missed < 0.001, (name, answers)
        assert answers >= 2 * place.canary.answers
        for suite in place.suite.values():
            asked = suite.thresholds
            assert asked.stored_equals_acknowledged
            assert asked.tally_equals_recount
            assert asked.accepted_votes_per_second <= suite.votes_per_second
            assert (asked.p95_ms is not None) == (asked.p99_ms is not None) == known


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("p95_ms =", "p95 ="), "unknown field `p95`"),
        (("error_ratio = 0.0\n", ""), "missing required field `error_ratio`"),
        (("error_ratio = 0.0\n", "error_ratio = 1.5\n"), "<= 1"),
        (('shape = "steady"', 'shape = "calm"'), "calm"),
        (("seconds = 30", 'seconds = "30"'), "seconds"),
        (('suites = ["steady"]', 'suites = ["steady", "none"]'), "none"),
        (('suites = ["steady"]', "suites = []"), "length >= 1"),
        (("answers = 300", "answers = 0"), ">= 1"),
        (("[local]", "[local"), "gates.toml"),
        (("viewers = 50", "viewers = 0"), "nobody who looks at live_gaps"),
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
        (outcome(unfinished=1), FINE, {"error_ratio"}),
        (outcome(), Findings(acknowledged=9, stored=8, recounted=1, lost=["one"]), {"stored_equals_acknowledged"}),
        (outcome(), Findings(acknowledged=9, stored=9, recounted=1, miscounted=["x"]), {"tally_equals_recount"}),
        (outcome(), Findings(), {"stored_equals_acknowledged", "tally_equals_recount"}),
    ],
)
def test_what_doesnt_hold_is_named(seen: Outcome, findings: Findings, names: set[str]) -> None:
    assert failing(seen, findings) == names


def test_one_vote_that_is_late_doesnt_stretch_the_seconds_of_the_others() -> None:
    votes = [Vote(number / 10, 10.0, 10.0, 201) for number in range(99)]
    votes.append(Vote(9.9, 10_000.0, 10_000.0, 0))
    asked = msgspec.structs.replace(THRESHOLDS, accepted_votes_per_second=9.9, p99_ms=20_000, error_ratio=0.01)
    suite = msgspec.structs.replace(SUITE, thresholds=asked)
    seen = outcome(votes=votes, failures={"vote: TimeoutError": 1})
    assert failing(seen, suite=suite) == set()
    votes[:2] = [Vote(0.1, 11_000.0, 10.0, 201)] * 2  # acknowledged, but after the time
    assert failing(seen, suite=suite) == {"accepted_votes_per_second"}


CANARY = Canary(answers=200, error_ratio=0.002, p50_ms=60, p95_ms=200)


def answers(ms: list[float], failures: int = 0, *, canary: bool = True) -> list[Answered]:
    """Return answers of ten seconds; the first ones are failures."""
    return [
        Answered("look", 10 * place / len(ms), each, place >= failures, canary=canary) for place, each in enumerate(ms)
    ]


def canaries(
    ms: list[float], failures: int = 0, misrouted: int = 0, stable: list[float] | None = None, theirs: int = 0
) -> Verdict:
    """Judge canaries of a service that gets no votes, beside votes that are well."""
    others = answers(stable or ms, theirs, canary=False)
    seen = outcome(tested=[*answers(ms, failures), *others], misrouted=misrouted)
    return judge(SUITE, [seen], FINE, "profiles", CANARY)


@pytest.mark.parametrize(
    ("verdict", "names"),
    [
        (canaries([10.0] * 600, 1), set()),
        (canaries([210.0] * 600), {"canary_p50_ms", "canary_p95_ms"}),
        (canaries([10.0] * 540 + [210.0] * 60), {"canary_p95_ms"}),
        (canaries([10.0] * 600, 2), {"canary_error_ratio"}),
        # Where others fail as well, the version isn't the cause; a third of its failures would be something else.
        (canaries([10.0] * 600, 6, theirs=6), set()),
        (canaries([10.0] * 600, 6, theirs=2), {"canary_error_ratio"}),
        (canaries([10.0] * 600, misrouted=1), {"canaries_answer"}),
        (canaries([10.0] * 199, 10), {"canary_error_ratio"}),
        (canaries([50.0] * 600, stable=[10.0] * 600), {"canary_slower_ms"}),
        (canaries([25.0] * 600, stable=[10.0] * 600), set()),
        (canaries([10.0] * 600, stable=[50.0] * 600), set()),
    ],
)
def test_canaries_are_judged_by_what_they_and_others_answered(verdict: Verdict, names: set[str]) -> None:
    assert {row.name for row in verdict.rows if row.judgement is Judgement.FAIL} == names
    assert verdict.judgement is (Judgement.FAIL if names else Judgement.PASS)


@pytest.mark.parametrize(
    ("ms", "stable"),
    [([], [10.0] * 600), ([10.0] * 199, [10.0] * 600), ([300.0] * 199, [10.0] * 600), ([10.0] * 600, [10.0] * 199)],
)
def test_too_few_answers_are_no_verdict(ms: list[float], stable: list[float]) -> None:
    assert canaries(ms, stable=stable).judgement is Judgement.TOO_FEW


def test_ranks_are_those_of_the_textbook() -> None:
    """1, 4 against 2, 3: sums of ranks 5 and 5. 3, 4 against 1, 2: 7, two above the expected 5. Ties share ranks."""
    assert rank_sum([1, 4], [2, 3]) == (0, pytest.approx(2 * 2 * 5 / 12))
    assert rank_sum([3, 4], [1, 2])[0] == 2
    assert rank_sum([1, 2], [1, 2]) == (0, pytest.approx(2 * 2 / 12 * (5 - 12 / 12)))


def busy_machine(dice: random.Random, slower: float = 0.0) -> list[Answered]:
    """Answers of a machine on which now nothing and then much else runs: 20 ms to 400 ms, with a long tail."""
    found = []
    for second in range(30):
        load = dice.choice([1, 1, 1, 5, 20])
        for place in range(60):
            canary = place % 3 == 0
            ms = load * 20 * dice.lognormvariate(0, 0.6) + (slower if canary else 0)
            found.append(Answered(f"kind {place % 2}", second + place / 60, ms, ok=True, canary=canary))
    return found


def test_a_busy_machine_neither_condemns_a_good_canary_nor_hides_a_slow_one() -> None:
    """A threshold in milliseconds would do the one or the other: the median is what the machine makes of it."""
    dice = random.Random(1)
    good = [compare(busy_machine(dice), 20).chance for _ in range(100)]
    slow = [compare(busy_machine(dice, 50), 20).chance for _ in range(100)]
    assert min(good) > CANARY.chance
    assert max(slow) < CANARY.chance


def test_what_slows_both_for_a_while_is_not_held_against_whom_it_met_more_often() -> None:
    """The canary happens to be asked mostly while the machine is slow: each moment is compared with itself."""
    calm = [Answered("look", at / 10, 20, ok=True, canary=at % 5 == 0) for at in range(100)]
    slow = [Answered("look", 10 + at / 10, 500, ok=True, canary=at % 5 != 0) for at in range(100)]
    found = compare([*calm, *slow], 20)
    assert found.chance > 0.5
    assert found.slower_ms == 0


def canary_world() -> World:
    """Return the world of a generator that asks canaries of Profiles."""
    somebody = Identity("", "", 0.0)
    plan = Plan(
        url="",
        headers={},
        suite=SUITE,
        seed=1,
        share=0,
        shares=1,
        polls=[],
        guest_poll="",
        identities=[somebody],
        host=somebody,
        friend=somebody,
        friend_account="",
        canary="profiles",
        read_paths=[],
        canary_paths=[],
        probes_per_second=2.0,
        canary_share=0.25,
        title_prefix="",
        html="",
        shows_progress=False,
    )
    return World(plan)


def test_no_answer_is_the_fault_of_whom_was_asked() -> None:
    world = canary_world()
    now = time.perf_counter()
    world.answered("look", "profiles", now, canary=True, ok=True)
    world.answered("look", None, now - 10, canary=True, ok=False)
    world.answered("look", "", now, canary=False, ok=True)
    world.answered("look", "", now, canary=True, ok=True)
    world.answered("look", "profiles", now, canary=False, ok=True)
    assert [(each.canary, each.ok) for each in world.outcome.tested] == [(True, True), (True, False), (False, True)]
    assert world.outcome.tested[1].ms > 10_000
    assert world.outcome.misrouted == 2


def test_each_kind_of_request_is_dealt_evenly() -> None:
    world = canary_world()
    for name in ("one", "other"):
        dealt = [world.asks_canary("/v1/profiles/me?x=1", name) for _ in range(40)]
        assert all(dealt[place : place + 4].count(True) == 1 for place in range(0, 40, 4)), dealt
    assert world.asks_canary("/v1/polls", "list polls") is None
    assert world.asks_canary("/v1/profilesque", "look") is None


def test_what_was_due_is_unfinished_until_somebody_says_otherwise() -> None:
    world = canary_world()
    assert (len(world.reads), len(world.hosts)) == (100, 1)
    for arrivals_ in (world.reads, world.hosts):
        while arrivals_.take():
            pass
    assert not world.is_done
    for _ in range(99):
        world.reads.finish()
    seen = world.close()
    assert (seen.unsent, seen.unfinished) == (100, 2 + 20)


@pytest.mark.parametrize(
    ("judgements", "stopped", "code"),
    [
        ([Judgement.PASS, Judgement.PASS], None, PASSED),
        ([Judgement.PASS, Judgement.FAIL, Judgement.TOO_SLOW], None, 1),
        ([Judgement.FAIL], UNREACHABLE, 1),
        ([Judgement.PASS], UNREACHABLE, UNREACHABLE),
        ([Judgement.PASS, Judgement.TOO_SLOW], None, NO_VERDICT),
        ([Judgement.TOO_FEW], None, NO_VERDICT),
        ([], None, NO_VERDICT),
        ([Judgement.FAIL], INTERRUPTED, 130),
    ],
)
def test_only_what_was_seen_to_hold_is_a_pass(judgements: list[Judgement], stopped: int | None, code: int) -> None:
    assert exit_code(judgements, stopped) == code


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


HALF = {"exact": "1/2", "decimal": "0.500000"}


def test_a_result_that_isnt_the_count_is_told() -> None:
    result: dict[str, Any] = {
        "ballots": 3,
        "winners": [{"id": 1, "label": "Ada"}],
        "options": [{"id": 1, "label": "Ada"}, {"id": 2, "label": "Bo"}],
        "rounds": [{"tallies": [{"option": 1, "votes": 2}, {"option": 2, "votes": HALF}]}],
    }
    counted: dict[str, Any] = {**result, "options": [{"id": 1, "label": "Bo"}, {"id": 2, "label": "Ada"}]}
    counted["winners"] = [{"id": 2, "label": "Ada"}]
    counted["rounds"] = [{"tallies": [{"option": 1, "votes": HALF}, {"option": 2, "votes": 2}]}]
    assert differences(result, counted) == []
    assert differences({**result, "ballots": 4}, counted) == ["the result has 4 ballots, the export 3"]
    assert differences({**result, "winners": [{"id": 2, "label": "Bo"}]}, counted) == [
        "the result elects Bo, a recount Ada"
    ]
    rounds = [{"tallies": [{"option": 1, "votes": HALF}, {"option": 2, "votes": 1}]}]
    assert differences(result, {**counted, "rounds": rounds}) == ["round 1 has other tallies than a recount"]
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
    assert {"/v1/auth/me", "/v1/polls", "/v1/profiles/me"} <= set(read_paths())
    assert not [path for path in read_paths() if "[" in path]
    assert set(read_paths("profiles")) == {"/v1/profiles/me", "/v1/profiles/me/preferences"}
    assert read_paths("poll") == []


def test_gaps_in_the_paths_of_a_service_that_has_no_others_are_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "/v1/votebooth/live.asyncapi.json" in read_paths("votebooth")
    kept = ("asyncapi", "/rooms")
    lines = [line for line in setup.ROUTES.read_text("utf-8").splitlines() if not any(it in line for it in kept)]
    monkeypatch.setattr(setup, "ROUTES", tmp_path / "routes.map")
    setup.ROUTES.write_text("\n".join(lines), "utf-8")
    path = next(path for path in read_paths("votebooth") if path.endswith("/results"))
    assert re.fullmatch(r"/v1/votebooth/polls/[0-9a-f-]{36}/results", path)


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


def test_a_local_gate_goes_where_the_cluster_listens(tmp_path: Path) -> None:
    assert running_cluster(tmp_path) is None, "none was started"
    known = tmp_path / "cluster.json"
    with socket.create_server(("127.0.0.1", 0)) as gateway:
        url = f"http://127.0.0.1:{gateway.getsockname()[1]}"
        known.write_text(json.dumps({"gateway_url": url}))
        assert running_cluster(tmp_path) == url
    assert running_cluster(tmp_path) is None, "it is down"
