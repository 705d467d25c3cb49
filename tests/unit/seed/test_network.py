"""The network that `votewave seed` writes: the same each time, few with many followers, ballots that count."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from click.testing import CliRunner
from services.cli import main
from services.core.seeding import Wave
from services.polls import definition as definitions
from services.polls.schemas import PollNew
from services.seed.filling import STEPS
from services.seed.network import DicedNetwork, size_of
from tests.conftest import ROOT

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def network(people: int = 300, seed: int = 1, now: datetime = NOW) -> DicedNetwork:
    return DicedNetwork(size_of(people), seed, now, "a boat and 3 keys")


def everything(of: DicedNetwork) -> list[object]:
    return [*of.people, *of.blocks(), *of.follows(), *of.polls, *of.votes(), *of.waves(), *of.threads()]


def test_the_same_numbers_make_the_same_network() -> None:
    assert everything(network()) == everything(network())
    texts = [[wave.text for wave in network(seed=seed).waves()] for seed in (1, 2)]
    assert texts[0] != texts[1]
    assert not {person.handle for person in network().people} & {person.handle for person in network(seed=2).people}


def test_another_day_moves_it_as_a_whole() -> None:
    day = timedelta(days=1)
    later = network(now=NOW + day)
    assert everything(network().later(day)) == everything(later)
    for one, other in zip(network().waves(), later.waves(), strict=True):
        assert (other.at - one.at, other.text) == (day, one.text)
        assert one.id.int & (1 << 62) - 1 == other.id.int & (1 << 62) - 1


def test_few_are_followed_by_many_and_nobody_follows_themselves() -> None:
    made = network(2_000)
    pairs = [(one.follower, followee) for one in made.follows() for followee, _ in one.followees]
    assert len(set(pairs)) == len(pairs) == pytest.approx(made.size.follows, rel=0.05)
    assert all(follower != followee for follower, followee in pairs)
    followers = sorted(Counter(followee for _, followee in pairs).values(), reverse=True)
    assert followers[0] > 50 * followers[len(followers) // 2]
    assert made.people[0].id == Counter(followee for _, followee in pairs).most_common(1)[0][0]


def test_everything_is_as_a_request_may_have_it_and_happens_in_order() -> None:
    made = network()
    assert {poll.method["type"] for poll in made.polls} == {
        *("single", "multiple", "approval", "score", "star", "irv", "stv", "schulze", "ranked_robin", "points")
    }
    joined = {person.id: person.joined_at for person in made.people}
    published = {poll.id: poll.published_at for poll in made.polls}
    for poll in made.polls:
        body = {"title": poll.title, "options": [{"label": label} for label in poll.options], "method": poll.method}
        definitions.checked(msgspec.convert({**body, "rules": poll.rules}, PollNew))
        assert joined[poll.owner] < poll.published_at < NOW
    cast = [(vote.poll, vote.voter) for vote in made.votes()]
    assert len(set(cast)) == len(cast) == pytest.approx(made.size.votes, rel=0.2)
    waves = list(made.waves())
    assert [wave.at for wave in waves] == sorted(wave.at for wave in waves)
    assert len(waves) == made.size.waves
    assert all(_reactions_fit(wave) for wave in waves)
    ripples = [(wave.at, ripple) for wave in waves for ripple in wave.ripples]
    assert ripples
    assert all(at <= ripple.at <= made.now for at, ripple in ripples)
    assert len({(at, ripple.account) for at, ripple in ripples}) == len(ripples)
    assert all(published[wave.poll] < wave.at for wave in waves if wave.poll)
    for thread in made.threads():
        for number, comment in enumerate(thread.comments):
            assert comment.answers is None or comment.answers < number
            assert published[thread.poll] <= comment.at <= NOW
            assert comment.author not in comment.supporters


def _reactions_fit(wave: Wave) -> bool:
    given = [(reaction.account, reaction.kind) for reaction in wave.reactions]
    return len(set(given)) == len(given) and all((r.kind == "emoji") == bool(r.emoji) for r in wave.reactions)


def test_each_step_is_some_services() -> None:
    with_seeding = {path.parent.name for path in (ROOT / "services").glob("*/seeding.py")} - {"core"}
    assert {service for service, _ in STEPS.values()} == with_seeding


def test_it_refuses_where_there_may_be_real_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VOTEWAVE_ENVIRONMENT", "staging")
    answer = CliRunner().invoke(main, ["seed", "--people", "20", "--json"])
    assert answer.exit_code == 1
    assert "'staging'" in answer.output
    assert not answer.output.startswith("{")


def test_its_help_has_examples() -> None:
    answer = CliRunner().invoke(main, ["seed", "--help"])
    assert answer.exit_code == 0
    assert "--people 100000 --follows 1000000" in answer.output
    assert json.dumps("a boat and 3 keys")[1:-1] in answer.output
