"""A version's way to users, where others are at work as well, and where what it finds isn't what it left."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from fake_nomad import SERVICE, FakeNomad, here, job
from services.registry import PROGRAMS, WEB
from tools.release import release as releasing
from tools.release.errors import ConflictError, RefusedError, RejectedError, ReleaseError, SupersededError
from tools.release.gate import Canaries, Gate
from tools.release.nomad import Plan
from tools.release.release import Release
from tools.release.steps import Say, Steps
from tools.release.target import Target

V1, V2, V3 = "1" * 40, "2" * 40, "3" * 40


@dataclass(frozen=True)
class Judge(Gate):
    """A gate whose verdict is known; something may happen while it looks."""

    says: str = ""
    meanwhile: Callable[[], object] = lambda: None

    def verdict(self, target: Target, canaries: Canaries, over: Callable[[], str | None], say: Say) -> str:
        self.meanwhile()
        return over() or self.says


def release(nomad: FakeNomad, version: str, steps: Steps, gate: Gate | None = None, **settings: object) -> Release:
    target = here(nomad, rendered=lambda version: job(version, **settings))  # type: ignore[arg-type]  # job's own
    return Release(target, SERVICE, version, steps, gate or Judge(), patience=2)


def names(steps: Steps) -> list[str]:
    return [step.name for step in steps.taken]


def test_a_version_goes_by_canary_and_gate_to_all_and_once(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V1))
    assert release(nomad, V2, taken).run(migrated=True) == "released"
    assert names(taken) == ["plan", "run", "canaries", "gate", "promote", "rollout"]
    assert (nomad.newest["Meta"]["version"], nomad.latest["Status"]) == (V2, "successful")
    assert release(nomad, V2, taken).run(migrated=True) == "unchanged"


def test_what_has_tables_is_migrated_first(nomad: FakeNomad, taken: Steps, monkeypatch: pytest.MonkeyPatch) -> None:
    migrated: list[str] = []
    monkeypatch.setattr(releasing, "migrate", lambda _, services, *__, **___: migrated.extend(services))
    for name in ("look", "_resumed", "_planned"):
        monkeypatch.setattr(Release, name, lambda _: None)
    for name in PROGRAMS:
        Release(here(nomad, rendered=job), name, V2, taken, Judge(), patience=2).run()
    assert migrated == [name for name in PROGRAMS if name != WEB]


def test_a_version_that_the_gate_rejects_leaves_the_former_one_alone(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V1))
    with pytest.raises(RejectedError, match="slow") as raised:
        release(nomad, V2, taken, Judge(says="slow")).run(migrated=True)
    assert raised.value.code == 4
    assert names(taken)[-2:] == ["gate", "fail back"]
    assert (nomad.newest["Meta"]["version"], nomad.latest["Status"]) == (V1, "successful")
    assert taken.taken[-1].said == [f"{V1[:12]} runs as before"]


def test_a_canary_that_does_not_get_well_is_taken_back(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V1))
    nomad.unwell = {V2}
    with pytest.raises(RejectedError, match="doesn't get well"):
        release(nomad, V2, taken).run(migrated=True)
    assert nomad.newest["Meta"]["version"] == V1


def test_a_gate_without_a_verdict_leaves_the_canary_for_the_same_command(nomad: FakeNomad, taken: Steps) -> None:
    def stopped() -> None:
        raise ReleaseError("gates.toml is wrong")

    nomad.stable(job(V1))
    with pytest.raises(ReleaseError, match=r"gates\.toml") as raised:
        release(nomad, V2, taken, Judge(meanwhile=stopped)).run(migrated=True)
    assert raised.value.code == 1
    assert nomad.latest["Status"] == "running"
    assert not nomad.latest["TaskGroups"]["service"]["Promoted"]
    assert release(nomad, V2, taken).run(migrated=True) == "released"
    assert names(taken)[-6:] == ["resume", "canaries", "gate", "promote", "rollout", "plan"]


@pytest.mark.parametrize("verdict", ["", "slow"])
def test_what_somebody_else_begins_at_the_gate_is_neither_promoted_nor_ended(
    nomad: FakeNomad, taken: Steps, verdict: str
) -> None:
    nomad.stable(job(V1))
    with pytest.raises(SupersededError, match="superseded") as raised:
        release(nomad, V2, taken, Judge(says=verdict, meanwhile=lambda: nomad.begin(job(V3)))).run(migrated=True)
    assert raised.value.code == 1
    assert (nomad.newest["Meta"]["version"], nomad.latest["Status"]) == (V3, "running")
    assert not nomad.latest["TaskGroups"]["service"]["Promoted"]


def test_what_somebody_else_begins_while_it_is_failed_back_is_left_alone(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V1))
    nomad.meanwhile = {"POST /v1/deployment/fail": lambda: nomad.begin(job(V3))}
    with pytest.raises(SupersededError):
        release(nomad, V2, taken, Judge(says="slow")).run(migrated=True)
    assert (nomad.newest["Meta"]["version"], nomad.latest["Status"]) == (V3, "running")
    assert not nomad.latest["TaskGroups"]["service"]["Promoted"]


def test_what_somebody_else_begins_right_after_is_not_followed(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V1))
    nomad.meanwhile = {"POST /v1/jobs": lambda: nomad.begin(job(V3))}
    with pytest.raises(SupersededError):
        release(nomad, V2, taken).run(migrated=True)
    assert not nomad.latest["TaskGroups"]["service"]["Promoted"]


def test_what_somebody_else_began_during_the_migrations_is_not_overwritten(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V1))
    nomad.meanwhile = {"GET /v1/job/votewave-votebooth/deployment": lambda: nomad.begin(job(V3))}
    with pytest.raises(RefusedError, match="333333333333 is at work"):
        release(nomad, V2, taken).run(migrated=True)
    assert [one["Meta"]["version"] for one in nomad.jobs] == [V1, V3]


def test_another_deployment_at_work_refuses_it(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V1))
    nomad.begin(job(V3))
    with pytest.raises(RefusedError, match="333333333333 is at work"):
        release(nomad, V2, taken).look()


def test_a_return_at_work_is_not_taken_for_a_release(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V1), job(V2))
    marked = job(V1)
    marked["Meta"]["back_from"] = V2
    nomad.begin(marked)
    with pytest.raises(RefusedError, match="return to 111111111111 is at work"):
        release(nomad, V1, taken).run(migrated=True)


def test_a_half_done_rollout_that_fails_is_followed_back_by_its_canary(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V1))
    begun = release(nomad, V2, taken)
    nomad.meanwhile = {"POST /v1/deployment/promote": lambda: nomad.give_up(nomad.latest)}
    with pytest.raises(RejectedError, match="given it up"):
        begun.run(migrated=True)
    assert (nomad.newest["Meta"]["version"], nomad.latest["Status"]) == (V1, "successful")
    assert nomad.latest["TaskGroups"]["service"]["Promoted"]


def test_a_way_back_that_fails_too_is_no_rejection(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V1))

    def ill() -> None:
        nomad.unwell = {V1}
        nomad.give_up(nomad.latest)
        nomad.latest["TaskGroups"]["service"] |= {"DesiredCanaries": 0}

    nomad.meanwhile = {"POST /v1/deployment/promote": ill}
    with pytest.raises(ReleaseError, match="failed, too") as raised:
        release(nomad, V2, taken).run(migrated=True)
    assert raised.value.code == 1


def test_a_first_release_that_fails_has_nothing_to_return_to(nomad: FakeNomad, taken: Steps) -> None:
    nomad.begin(job(V2))
    nomad.unwell = {V2}
    with pytest.raises(ReleaseError, match="no former version") as raised:
        release(nomad, V2, taken).run(migrated=True)
    assert raised.value.code == 1


def test_changed_counts_of_the_same_version_are_waited_for_and_its_changed_settings_applied(
    nomad: FakeNomad, taken: Steps
) -> None:
    nomad.stable(job(V1, scaling=(1, 4)))
    nomad.scale(3)
    assert release(nomad, V1, taken, scaling=(1, 4), setting="new").run(migrated=True) == "released"
    assert names(taken) == ["wait", "plan", "run", "canaries", "gate", "promote", "rollout"]
    assert nomad.newest["TaskGroups"][0]["Tasks"] == [{"Env": {"SETTING": "new"}}]
    assert nomad.newest["TaskGroups"][0]["Count"] == 3


@pytest.mark.parametrize("at_work", [True, False])
@pytest.mark.parametrize("when", ["before", "after"])
def test_counts_that_change_while_it_is_planned_are_kept(
    nomad: FakeNomad, taken: Steps, monkeypatch: pytest.MonkeyPatch, when: str, *, at_work: bool
) -> None:
    moments = [when]

    def scaled(now: str) -> None:
        if now in moments:
            moments.remove(now)
            nomad.scale(4) if at_work else nomad.stable(job(V1, scaling=(1, 4), count=4))

    def plan(planned: dict[str, Any]) -> Plan:
        scaled("before")
        found = FakeNomad.plan(nomad, planned)
        scaled("after")
        return found

    nomad.stable(job(V1, scaling=(1, 4)))
    begun = release(nomad, V2, taken, scaling=(1, 4))
    monkeypatch.setattr(nomad, "plan", plan)
    assert begun.run(migrated=True) == "released"
    assert names(taken).count("plan") == 2
    assert (nomad.newest["Meta"]["version"], nomad.newest["TaskGroups"][0]["Count"]) == (V2, 4)


def test_what_else_changes_while_it_is_planned_is_not_overwritten(
    nomad: FakeNomad, taken: Steps, monkeypatch: pytest.MonkeyPatch
) -> None:
    def plan(planned: dict[str, Any]) -> Plan:
        nomad.stable(job(V1, setting="theirs"))
        return FakeNomad.plan(nomad, planned)

    nomad.stable(job(V1))
    monkeypatch.setattr(nomad, "plan", plan)
    with pytest.raises(ConflictError, match="conflicting job modify index"):
        release(nomad, V2, taken).run(migrated=True)
    assert nomad.newest["TaskGroups"][0]["Tasks"] == [{"Env": {"SETTING": "theirs"}}]


def test_changed_counts_of_what_runs_keep_nobody_from_releasing(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V1, scaling=(1, 4)))
    nomad.scale(3)
    assert release(nomad, V2, taken, scaling=(1, 4)).run(migrated=True) == "released"
    assert names(taken)[0] == "wait"


def test_what_was_begun_with_other_settings_is_finished_and_then_put_right(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V1))
    nomad.begin(job(V2, setting="old"))
    assert release(nomad, V2, taken, setting="new").run(migrated=True) == "released"
    assert names(taken).count("promote") == 2
    assert nomad.newest["TaskGroups"][0]["Tasks"] == [{"Env": {"SETTING": "new"}}]


def test_counts_are_the_jobs_own_unless_they_are_scaled_and_then_within_its_bounds(
    nomad: FakeNomad, taken: Steps
) -> None:
    nomad.stable(job(V1, count=3))
    release(nomad, V2, taken, count=5).run(migrated=True)
    assert nomad.newest["TaskGroups"][0]["Count"] == 5
    for present, bounds, becomes in ((9, (2, 12), 9), (9, (2, 6), 6), (6, (8, 12), 8)):
        nomad.stable(job(V1, count=present, scaling=(1, 12)))
        release(nomad, V2, taken, count=3, scaling=bounds).run(migrated=True)
        assert nomad.newest["TaskGroups"][0]["Count"] == becomes


def test_the_last_good_version_is_kept_also_where_a_bad_one_came_after_it(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V1))
    nomad.begin(job(V3))
    nomad.latest.update(Status="failed")  # with nothing done about it
    release(nomad, V2, taken).run(migrated=True)
    assert nomad.jobs[0]["VersionTag"] == {"Name": V1}
    assert [one["VersionTag"] for one in nomad.jobs[1:]] == [None, None]
