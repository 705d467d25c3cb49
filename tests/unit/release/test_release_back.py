"""The way back: to what was good, never forward to what wasn't, and repeated without harm."""

from typing import Any

import pytest
from fake_nomad import JOB, SERVICE, FakeNomad, here, job
from tools.release.back import bad_version, roll_back
from tools.release.errors import RefusedError, RejectedError
from tools.release.nomad import Nomad
from tools.release.steps import Steps

V0, V1, V2, V3 = "0" * 40, "1" * 40, "2" * 40, "3" * 40


def back(nomad: FakeNomad, steps: Steps, to: str = "", bad: str = "") -> tuple[str, str]:
    return roll_back(here(nomad), SERVICE, steps, to, bad)


def names(steps: Steps) -> list[str]:
    return [step.name for step in steps.taken]


def test_the_last_good_version_comes_back_by_a_canary_with_todays_counts(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V0), job(V1, count=2), job(V2, count=5))
    nomad.jobs[1]["VersionTag"] = {"Name": V1}
    assert back(nomad, taken) == ("returned", V1)
    assert names(taken) == ["run", "canaries", "promote", "rollout"]
    assert nomad.newest["Meta"]["version"] == V1
    assert nomad.newest["Meta"]["back_from"] == V2
    assert nomad.newest["VersionTag"] is None
    assert nomad.newest["TaskGroups"][0]["Count"] == 5


def test_a_version_that_was_stopped_is_not_returned_to_as_a_stopped_one(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V1))
    nomad.stop()
    nomad.stable(job(V2))
    assert back(nomad, taken) == ("returned", V1)
    assert nomad.newest["Stop"] is False
    nomad.stop()
    assert back(nomad, taken, to=V2) == ("returned", V2)
    assert nomad.newest["Stop"] is False
    tags = [(one["Version"], one["VersionTag"]) for one in nomad.jobs if one["VersionTag"]]
    assert tags == [(2, {"Name": V2}), (3, {"Name": V1})], "what is kept ran"


def test_what_failed_after_a_return_is_what_was_left_last(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V1), job(V2))
    back(nomad, taken)
    nomad.begin(job(V3))
    nomad.give_up(nomad.latest)  # Nomad returns to the marked version
    assert back(nomad, taken, bad=V3) == ("returned", V1)
    assert nomad.newest["Meta"]["back_from"] == V2
    assert back(nomad, taken, bad=V3) == ("unchanged", V1)
    assert names(taken)[-1] == "back"
    assert "333333333333" in taken.taken[-1].said[0]


def test_counts_stay_within_what_the_former_version_allows(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V1, scaling=(1, 4)), job(V2, count=8))
    back(nomad, taken)
    assert nomad.newest["TaskGroups"][0]["Count"] == 4


def test_a_second_time_it_does_not_go_forward_again(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V0), job(V1), job(V2))
    back(nomad, taken)
    assert back(nomad, taken) == ("unchanged", V1)
    nomad.scale(4)
    assert back(nomad, taken) == ("unchanged", V1)
    assert back(nomad, taken, to=V0) == ("returned", V0)
    assert back(nomad, taken, to=V0) == ("unchanged", V0)


def test_what_was_left_as_bad_is_not_returned_to_after_a_later_release(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V1), job(V2))
    back(nomad, taken)
    nomad.stable(job(V3))
    assert back(nomad, taken) == ("returned", V1)


def test_a_version_that_was_left_may_be_released_again_and_left_again(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V1), job(V2))
    back(nomad, taken)
    nomad.stable(job(V2, setting="mended"))
    assert back(nomad, taken) == ("returned", V1)


def test_what_nomad_has_taken_back_by_itself_is_taken_back(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V0), job(V1))
    nomad.begin(job(V2))
    nomad.give_up(nomad.latest)
    assert back(nomad, taken) == ("returned", V1)  # it is at work still
    assert back(nomad, taken) == ("unchanged", V1)
    assert names(taken) == ["rollout", "back"]
    assert back(nomad, taken, bad=V2) == ("unchanged", V1)
    assert back(nomad, taken, bad=V1) == ("returned", V0)


def test_a_deployment_at_work_is_ended_and_its_canary_not_promoted(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V0), job(V1))
    nomad.begin(job(V2))
    assert back(nomad, taken) == ("returned", V1)
    assert names(taken) == ["fail back"]
    assert not nomad.deployments[2]["TaskGroups"]["service"]["Promoted"]
    assert back(nomad, taken) == ("unchanged", V1)


def test_a_canary_of_the_same_version_with_other_settings_is_ended_likewise(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V0), job(V1, setting="good"))
    nomad.begin(job(V1, setting="bad"))
    assert back(nomad, taken) == ("returned", V1)
    assert not nomad.deployments[2]["TaskGroups"]["service"]["Promoted"]
    assert nomad.newest["TaskGroups"][0]["Tasks"] == [{"Env": {"SETTING": "good"}}]


def test_changed_counts_of_the_bad_version_are_no_way_back(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V1), job(V2))
    nomad.scale(4)
    assert back(nomad, taken) == ("returned", V1)
    assert names(taken) == ["wait", "run", "canaries", "promote", "rollout"]
    assert nomad.newest["TaskGroups"][0]["Count"] == 4


def test_a_way_back_that_was_broken_off_goes_on(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V0), job(V1), job(V2))
    marked = job(V1)
    marked["Meta"]["back_from"] = V2
    nomad.begin(marked)
    assert back(nomad, taken) == ("returned", V1)
    assert names(taken) == ["canaries", "promote", "rollout"]
    assert nomad.latest["Status"] == "successful"


def test_a_way_back_that_failed_is_tried_again(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V1), job(V2))
    nomad.unwell = {V1}
    with pytest.raises(RejectedError, match="doesn't get well"):
        back(nomad, taken)
    nomad.give_up(nomad.latest)
    assert nomad.newest["Meta"]["version"] == V2
    nomad.unwell = set()
    assert back(nomad, taken) == ("returned", V1)


def test_only_a_service_that_runs_the_bad_version_is_touched(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V0), job(V1))
    assert back(nomad, taken, bad=V2) == ("unchanged", V1)
    assert names(taken) == []
    nomad.begin(job(V2))
    assert back(nomad, taken, bad=V1) == ("unchanged", V2)
    assert nomad.latest["Status"] == "running"


def test_where_nothing_was_stable_before_it_is_refused(nomad: FakeNomad, taken: Steps) -> None:
    with pytest.raises(RefusedError, match="never released"):
        back(nomad, taken)
    nomad.stable(job(V1))
    with pytest.raises(RefusedError) as refused:
        back(nomad, taken)
    assert str(refused.value) == (
        f"{SERVICE}: there is no earlier stable version to go back to. Release another one: "
        f"./just release --env local --service {SERVICE} --version VERSION"
    )
    with pytest.raises(RefusedError, match="no such version was stable here; those that Nomad still knows: none"):
        back(nomad, taken, to=V3)
    assert names(taken) == []


def test_where_all_before_was_left_as_bad_only_who_names_it_gets_it(nomad: FakeNomad, taken: Steps) -> None:
    nomad.stable(job(V1), job(V2))
    back(nomad, taken)
    back(nomad, taken, to=V2)
    nomad.stable(job(V3))
    with pytest.raises(RefusedError, match=rf"left as a bad one; --to VERSION returns .*: {V2}, {V1}\."):
        back(nomad, taken)
    assert back(nomad, taken, to=V1) == ("returned", V1)


class Several(Nomad):
    """A Nomad with several services, each of which a fake keeps."""

    def __init__(self, services: dict[str, FakeNomad]) -> None:
        super().__init__("http://nomad.invalid", "")
        self._services = services

    def versions(self, name: str) -> Any:
        return self._services[name.removeprefix("votewave-")].versions(JOB)


def test_the_bad_version_of_several_services_is_that_which_came_last(taken: Steps) -> None:
    def service(*versions: str) -> FakeNomad:
        nomad = FakeNomad()
        nomad.stable(*map(job, versions))
        return nomad

    auth, polls, votebooth = service(V1, V2, V3), service(V1, V2, V3), service(V1, V2)
    target = here(Several({"auth": auth, "polls": polls, "votebooth": votebooth}))
    everyone = ["auth", "polls", "votebooth"]
    assert bad_version(target, everyone) == V3
    # Its canary on the last one is rejected: still.
    votebooth.begin(job(V3))
    votebooth.give_up(votebooth.latest)
    assert bad_version(target, everyone) == V3
    # Half taken back, then broken off: still.
    marked = job(V2)
    marked["Meta"]["back_from"] = V3
    polls.stable(marked)
    assert bad_version(target, everyone) == V3
    # Each on a line of its own: nobody can tell.
    other = here(Several({"auth": service(V0, V1), "polls": service(V2, V3)}))
    with pytest.raises(RefusedError, match="auth 111111111111, polls 333333333333"):
        bad_version(other, ["auth", "polls"])
