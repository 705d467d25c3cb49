"""A change of Nomad's leader in the middle of a release."""

import json
from collections.abc import Callable, Iterator

import httpx
import pytest
from tools.release import nomad as module
from tools.release.errors import ConflictError, ReleaseError
from tools.release.nomad import Nomad

_LOST = "rpc error: leadership lost while committing log"
_CONFLICT = "rpc error: Enforcing job modify index 7: job exists with conflicting job modify index: 8"
_JOB = {"ID": "votewave-polls", "Meta": {"version": "two"}}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again without a pause."""
    monkeypatch.setattr(module, "_LOOK_AGAIN_SECONDS", 0.0)


def _nomad(answers: list[tuple[int, str]], present: str = "two") -> tuple[Nomad, list[str]]:
    """Return a client of a Nomad that answers writes so, one after another, and what it was asked."""
    asked: list[str] = []
    left: Iterator[tuple[int, str]] = iter(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url.path}")
        if request.method == "GET":
            body = {"ID": "votewave-polls", "Version": 1, "JobModifyIndex": 8, "Meta": {"version": present}}
            return httpx.Response(200, json=body)
        status, text = next(left)
        return httpx.Response(status, text=text)

    client = Nomad("http://nomad.invalid", "")
    client._client = httpx.Client(base_url=client.url, transport=httpx.MockTransport(answer))
    return client, asked


def test_a_job_is_registered_once_there_is_a_leader_again() -> None:
    nomad, asked = _nomad([(500, "No cluster leader"), (500, _LOST), (200, json.dumps({"JobModifyIndex": 9}))])
    assert nomad.register(_JOB, 7) == 9
    assert asked == ["POST /v1/jobs"] * 3


def test_a_job_that_the_lost_leader_has_taken_is_ours() -> None:
    nomad, asked = _nomad([(500, _LOST), (500, _CONFLICT)])
    assert nomad.register(_JOB, 7) == 8
    assert asked[-1] == "GET /v1/job/votewave-polls"


@pytest.mark.parametrize(
    ("answers", "present"),
    [([(500, _CONFLICT)], "two"), ([(500, _LOST), (500, _CONFLICT)], "somebody else's")],
    ids=["without-election", "of-another-release"],
)
def test_anothers_change_stays_a_conflict(answers: list[tuple[int, str]], present: str) -> None:
    nomad, _ = _nomad(answers, present)
    with pytest.raises(ConflictError):
        nomad.register(_JOB, 7)


@pytest.mark.parametrize("write", [lambda it: it.promote("d"), lambda it: it.fail("d")], ids=["promote", "fail"])
def test_what_cant_be_done_twice_is_sent_again_only_if_it_wasnt_done(write: Callable[[Nomad], None]) -> None:
    nomad, asked = _nomad([(500, "No cluster leader"), (200, "{}")])
    write(nomad)
    assert len(asked) == 2
    nomad, asked = _nomad([(500, _LOST)])
    with pytest.raises(ReleaseError, match="leadership lost"):
        write(nomad)


def test_an_election_without_end_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ELECTION_SECONDS", -1.0)
    nomad, _ = _nomad([(500, "No cluster leader")])
    with pytest.raises(ReleaseError, match="no leader"):
        nomad.register(_JOB, 7)
