"""`votewave seed`: after it, everything is as if it had happened through the API."""

import json
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote
from uuid import UUID

import httpx
import pytest
from services.cli import environment_of
from services.core.operations import operating
from services.core.seeding import SeedError
from services.core.settings import CoreSettings, load
from services.registry import load_services
from services.seed.filling import fill
from services.seed.network import DicedNetwork, size_of
from services.votebooth.recount.compare import recount
from tests.conftest import ENVIRONMENT, VoteWave

PEOPLE, SEED = 40, 77
PASSWORD = "seven boats and 3 keys"

# What each pair of statements counts is the same.
PROJECTIONS = {
    "SELECT id, handle, display_name FROM {}.person WHERE id = ANY($1)": (
        "SELECT account_id, handle, display_name FROM profiles.profile WHERE account_id = ANY($1)",
        ("polls", "votebooth", "follows", "expressions", "comments", "feed", "notifications", "messaging"),
    ),
    "SELECT follower, followee FROM {}.follow WHERE accepted AND follower = ANY($1)": (
        "SELECT follower, followee FROM follows.follow WHERE state = 'accepted' AND follower = ANY($1)",
        ("expressions", "feed", "notifications", "messaging"),
    ),
    "SELECT follower, followee FROM {}.follow WHERE NOT accepted AND follower = ANY($1)": (
        "SELECT follower, followee FROM follows.follow WHERE state = 'requested' AND follower = ANY($1)",
        ("expressions", "feed", "notifications", "messaging"),
    ),
    "SELECT account, other FROM {}.block WHERE blocked AND account = ANY($1)": (
        "SELECT account, other FROM follows.block WHERE account = ANY($1)",
        ("expressions", "comments", "feed", "notifications", "messaging"),
    ),
    "SELECT poll_id, closed_at FROM {}.polls WHERE owner_id = ANY($1)": (
        "SELECT id, closed_at FROM polls.poll WHERE owner = ANY($1)",
        ("votebooth",),
    ),
    "SELECT id, author, text FROM {}.entry WHERE kind = 'poll' AND author = ANY($1)": (
        "SELECT id, owner, title FROM polls.poll WHERE owner = ANY($1)",
        ("feed",),
    ),
    "SELECT id, author, text, created_at FROM {}.entry WHERE kind = 'wave' AND author = ANY($1)": (
        "SELECT id, author, text, created_at FROM expressions.wave WHERE NOT bare AND author = ANY($1)",
        ("feed",),
    ),
    "SELECT id, account, original, created_at FROM {}.ripple WHERE shown AND account = ANY($1)": (
        "SELECT id, author, ripple_of, created_at FROM expressions.wave WHERE bare AND author = ANY($1)",
        ("feed",),
    ),
    "SELECT id, owner, text FROM {}.thing WHERE type = 'comment' AND owner = ANY($1)": (
        "SELECT id, author, text FROM comments.comment WHERE author = ANY($1)",
        ("notifications",),
    ),
}


def the_network() -> DicedNetwork:
    return DicedNetwork(size_of(PEOPLE), SEED, datetime.now(UTC), PASSWORD)


@pytest.fixture(scope="module")
def made(votewave: VoteWave) -> dict[str, Any]:
    """What the command says that it has made."""
    command = [
        "seed",
        "--people",
        str(PEOPLE),
        "--seed",
        str(SEED),
        "--password",
        PASSWORD,
        "--processes",
        "2",
        "--json",
    ]
    ran = subprocess.run(
        [sys.executable, "-m", "services.cli", "--data-dir", str(votewave.data_dir), *command],
        env=ENVIRONMENT,
        capture_output=True,
        timeout=120,
        check=False,
    )
    said = [line for line in ran.stderr.splitlines() if b" of about " not in line]  # how far it is, where it takes long
    assert (ran.returncode, said) == (0, [])
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


@pytest.fixture
async def me(made: dict[str, Any], client: httpx.AsyncClient) -> httpx.AsyncClient:
    """A client of the person whom the command names."""
    signed_in = await client.post("/v1/auth/sessions", json={"email": made["email"], "password": made["password"]})
    assert signed_in.status_code == 201, signed_in.text
    client.headers["authorization"] = f"Bearer {signed_in.json()['access_token']}"
    return client


async def all_of(client: httpx.AsyncClient, path: str) -> list[Any]:
    items: list[Any] = []
    query: dict[str, Any] | None = {"limit": 100}
    while query:
        page = (await client.get(str(httpx.URL(path).copy_merge_params(query)))).json()
        items += page["items"]
        query = page["next"] and {"limit": 100, "cursor": page["next"]}
    return items


async def test_a_person_finds_people_feeds_and_results(
    me: httpx.AsyncClient, made: dict[str, Any], votewave: VoteWave
) -> None:
    assert made["made"]["accounts"] == PEOPLE
    my_id = (await me.get("/v1/auth/me")).json()["id"]

    # Counts are those of the lists.
    relation = (await me.get(f"/v1/follows/people/{my_id}")).json()
    followers = await all_of(me, f"/v1/follows/people/{my_id}/followers")
    following = await all_of(me, f"/v1/follows/people/{my_id}/following")
    assert (relation["followers"], relation["following"]) == (len(followers), len(following))
    assert len(followers) > PEOPLE / 5  # the most followed one

    # The feed has what those who are followed have published or share on; search finds people and polls.
    home = await all_of(me, "/v1/feed/home")
    published = await votewave.sql(
        "SELECT id FROM polls.poll WHERE owner = $2 OR owner = ANY($1)"
        " UNION SELECT id FROM expressions.wave WHERE NOT bare AND (author = $2 OR author = ANY($1))"
        " UNION SELECT ripple_of FROM expressions.wave AS ripple WHERE bare AND author = ANY($1)"
        " AND NOT EXISTS (SELECT FROM expressions.wave WHERE author = $2 AND ripple.ripple_of IN (id, ripple_of))"
        " AND NOT EXISTS (SELECT FROM expressions.wave JOIN follows.block ON wave.id = ripple.ripple_of"
        " WHERE $2 IN (account, other) AND author IN (account, other))",
        [each["person"]["id"] for each in following],
        my_id,
    )
    assert {entry["id"] for entry in home} == {str(row["id"]) for row in published}
    handle = following[0]["person"]["handle"]
    people = (await me.get("/v1/feed/search/people", params={"q": handle})).json()["items"]
    assert people[0]["handle"] == handle
    poll = next(entry for entry in home if entry["kind"] == "poll")
    found = await all_of(me, f"/v1/feed/search/polls?q={quote(poll['text'])}")
    assert poll["id"] in {entry["id"] for entry in found}


async def test_each_ballot_is_counted_once(made: dict[str, Any], votewave: VoteWave, me: httpx.AsyncClient) -> None:
    accounts = await _accounts(votewave)
    rows = await votewave.sql("SELECT id, results, anonymous FROM polls.poll WHERE owner = ANY($1)", accounts)
    votebooth = load_services(("votebooth",))[0]
    async with operating(votebooth, _settings(votewave)) as kit:
        counted = {row["id"]: await recount(kit, row["id"]) for row in rows}
    assert sum(one.ballots for one in counted.values()) == made["made"]["votes"]
    assert not any(one.differences for one in counted.values())
    shown = [row for row in rows if row["results"] == "always"]
    assert len(shown) > 5
    for row in shown:
        result = (await me.get(f"/v1/votebooth/polls/{row['id']}/results")).json()
        assert result["ballots"] == counted[row["id"]].ballots
        if not row["anonymous"]:  # theirs are published when they have closed
            receipts = await all_of(me, f"/v1/votebooth/polls/{row['id']}/receipts")
            assert len({one["receipt"] for one in receipts}) == counted[row["id"]].ballots


async def test_each_services_picture_of_the_others_is_whole(made: dict[str, Any], votewave: VoteWave) -> None:
    accounts = await _accounts(votewave)
    for copy, (original, services) in PROJECTIONS.items():
        expected = sorted(await votewave.sql(original, accounts), key=repr)
        assert expected
        for service in services:
            assert sorted(map(tuple, await votewave.sql(copy.format(service), accounts))) == sorted(
                map(tuple, expected)
            )
    miscounted = await votewave.sql(
        "SELECT id FROM expressions.wave WHERE NOT bare AND author = ANY($1)"
        " AND ripples <> (SELECT count(*) FROM expressions.wave AS shared WHERE shared.ripple_of = wave.id)",
        accounts,
    )
    assert miscounted == []
    [counts] = await votewave.sql(
        "SELECT sum(followers) AS followers, sum(following) AS following FROM follows.account WHERE id = ANY($1)",
        accounts,
    )
    assert counts["followers"] == counts["following"] == made["made"]["follows"]
    [told] = await votewave.sql("SELECT count(*) FROM notifications.notification WHERE recipient = ANY($1)", accounts)
    assert told["count"] == 0  # it is long past


async def test_counts_are_those_of_the_rows(made: dict[str, Any], votewave: VoteWave) -> None:
    accounts = await _accounts(votewave)
    waves = await votewave.sql(
        """
        SELECT wave.id FROM expressions.wave WHERE author = ANY($1) AND (likes, claps, reacted) <> (
            SELECT count(*) FILTER (WHERE kind = 'like'), count(*) FILTER (WHERE kind = 'clap'), count(*)
            FROM expressions.reaction WHERE reaction.wave = wave.id)
        """,
        accounts,
    )
    threads = await votewave.sql(
        """
        SELECT thread.id FROM comments.thread WHERE owner = ANY($1) AND (comments, thread.places) <> (
            SELECT count(*), count(*) FILTER (WHERE parent IS NULL)
            FROM comments.comment WHERE comment.thread = thread.id)
        """,
        accounts,
    )
    assert (waves, threads) == ([], [])


async def test_again_it_changes_nothing(made: dict[str, Any], votewave: VoteWave) -> None:
    before = await _contents(votewave)
    settings = _settings(votewave)
    done = Counter[str]()
    await fill(the_network(), settings, lambda step, number: done.update({step: number}))
    assert done == made["made"]
    assert await _contents(votewave) == before


async def test_what_cant_be_taken_over_ends_it_with_the_reason(
    votewave: VoteWave, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = DicedNetwork(size_of(PEOPLE), SEED + 2, datetime.now(UTC), PASSWORD)
    for name, value in environment_of(votewave.data_dir).items():
        monkeypatch.setenv(name, value)  # of the process beside this one
    monkeypatch.setenv("VOTEWAVE_DATABASE_URL", "postgresql://127.0.0.1:1/nowhere")
    with pytest.raises(SeedError, match="couldn't be taken over: "):
        await fill(others, _settings(votewave), lambda *_: None, two_processes=True)


async def test_whose_address_is_taken_keeps_it(votewave: VoteWave, client: httpx.AsyncClient) -> None:
    others = DicedNetwork(size_of(PEOPLE), SEED + 1, datetime.now(UTC), PASSWORD)
    person = {"email": others.people[-1].email, "password": "nine boats and 3 keys"}
    assert (await client.post("/v1/auth/accounts", json=person)).status_code == 201
    with pytest.raises(SeedError, match="--seed"):
        await fill(others, _settings(votewave), lambda *_: None)
    [found] = await votewave.sql(
        "SELECT count(*) FROM auth.account WHERE email = ANY($1)", [each.email for each in others.people]
    )
    assert found["count"] == 1


def _settings(votewave: VoteWave) -> CoreSettings:
    return load(CoreSettings, environ=environment_of(votewave.data_dir))


async def _accounts(votewave: VoteWave) -> list[UUID]:
    emails = [person.email for person in the_network().people]
    return [row["id"] for row in await votewave.sql("SELECT id FROM auth.account WHERE email = ANY($1)", emails)]


async def _contents(votewave: VoteWave) -> list[list[Any]]:
    """Return all that there is of the network in services' own tables."""
    accounts = await _accounts(votewave)
    tables = {
        "auth.account": "id",
        "profiles.profile": "account_id",
        "follows.account": "id",
        "follows.follow": "follower",
        "follows.block": "account",
        "polls.poll": "owner",
        "polls.audit": "actor",
        "expressions.account": "id",
        "expressions.wave": "author",
        "expressions.reaction": "account",
        "comments.comment": "author",
        "comments.support": "account",
    }
    found = [
        await votewave.sql(f"SELECT * FROM {table} WHERE {column} = ANY($1) ORDER BY 1, 2, 3", accounts)
        for table, column in tables.items()
    ]
    polls = [row["id"] for row in found[5]]
    for table in ("counters", "ballots", "anonymous_ballots", "participations", "patterns"):
        rows = await votewave.sql(f"SELECT * FROM votebooth.{table} WHERE poll_id = ANY($1)", polls)
        found.append(sorted(rows, key=repr))
    return found
