"""Ripples and reactions: once each, with counts that stay exact whoever does what at once."""

import asyncio
import random
from typing import Any

import httpx
from services.expressions.service import Expressions
from services.expressions.service.reacting import MOST_EMOJIS
from services.expressions.settings import ExpressionsSettings
from tests.conftest import VoteWave, eventually
from tests.integration.follows.conftest import kind_of

from .conftest import NOBODY, Author, author, told

EMOJIS = [chr(0x1F600 + number) for number in range(MOST_EMOJIS + 1)]


async def test_a_ripple_is_shared_once_and_undone(ada: Author, ben: Author, votewave: VoteWave) -> None:
    wave = (await ada.say("Hear me"))["id"]
    answers = await asyncio.gather(*(ben.waves("PUT", f"/{wave}/ripple") for _ in range(4)))
    assert {answer.status_code for answer in answers} == {200}
    [ripple] = {answer.json()["mine"]["ripple"] for answer in answers}
    assert {(answer.json()["id"], answer.json()["counts"]["ripples"]) for answer in answers} == {(wave, 1)}
    shown = await ada.sees(ripple) or {}
    assert (shown["text"], shown["ripple_of"], shown["original"]["id"]) == ("", wave, wave)
    assert await ada.listed(ben) == [ripple]
    assert kind_of(await ben.waves("PATCH", f"/{ripple}", json={"text": "Words"})) == (422, "bare-ripple")
    for _ in range(2):
        assert (await ben.waves("DELETE", f"/{wave}/ripple")).status_code == 204
    assert (await ada.sees(wave) or {})["counts"]["ripples"] == 0
    assert await ada.listed(ben) == []
    events = await told(votewave, "expressions.wave.changed", ripple)
    assert [(event["version"], event["ripple_of"], event["deleted"]) for event in events] == [
        (1, wave, False),
        (2, wave, True),
    ]
    again = (await ben.waves("PUT", f"/{wave}/ripple")).json()["mine"]["ripple"]
    assert again != ripple


async def test_a_ripple_with_words_shows_what_it_shares(ada: Author, ben: Author, cleo: Author) -> None:
    wave = (await ada.say("Hear me"))["id"]
    quote = await ben.say("Listen", ripple_of=wave)
    bare = (await cleo.waves("PUT", f"/{wave}/ripple")).json()["mine"]["ripple"]
    assert (quote["text"], quote["original"]["text"], quote["original"]["counts"]["ripples"]) == (
        "Listen",
        "Hear me",
        1,
    )
    listed = (await ada.waves("GET", f"/{wave}/ripples")).json()["items"]
    assert [ripple["id"] for ripple in listed] == [bare, quote["id"]]
    # What is done with a Ripple without words is done with what it shares on.
    assert (await ada.say("Mine again", ripple_of=bare))["ripple_of"] == wave
    assert (await ben.waves("PUT", f"/{bare}/like")).json()["id"] == wave
    await ada.waves("DELETE", f"/{wave}")
    assert await ben.sees(bare) is None
    assert await ada.listed(cleo) == []
    left = await cleo.sees(quote["id"])
    assert left is not None
    assert (left["text"], left["ripple_of"], left["original"]) == ("Listen", wave, None)
    assert (await ben.waves("DELETE", f"/{quote['id']}")).status_code == 204


async def test_only_what_is_for_everybody_is_shared_on(ada: Author, ben: Author) -> None:
    wave = (await ada.say("Followers", visibility="followers"))["id"]
    for answer in (
        await ada.waves("PUT", f"/{wave}/ripple"),
        await ada.waves("POST", json={"text": "Mine", "ripple_of": wave}),
    ):
        assert kind_of(answer) == (422, "not-for-all")
    for hidden in (wave, NOBODY):
        assert kind_of(await ben.waves("PUT", f"/{hidden}/ripple")) == (404, "not-found")
        assert kind_of(await ben.waves("POST", json={"text": "Mine", "ripple_of": hidden})) == (404, "not-found")


async def test_one_reaction_of_each_kind(ada: Author, ben: Author, votewave: VoteWave) -> None:
    wave = (await ada.say("React"))["id"]
    for _ in range(2):
        await ben.waves("PUT", f"/{wave}/like")
        await ben.waves("PUT", f"/{wave}/clap")
    await ada.waves("PUT", f"/{wave}/emoji", json={"emoji": "\u2764"})
    for emoji in ("\U0001f389", "\u2764\ufe0f"):
        seen = (await ben.waves("PUT", f"/{wave}/emoji", json={"emoji": emoji})).json()
    assert seen["counts"] == {"likes": 1, "claps": 1, "emojis": {"\u2764\ufe0f": 2}, "ripples": 0}
    assert seen["mine"] == {"like": True, "clap": True, "emoji": "\u2764\ufe0f", "ripple": None}
    listed = (await ada.waves("GET", f"/{wave}/reactions")).json()["items"]
    assert [(item["person"]["id"], item["kind"]) for item in listed] == [
        (ben.account, "emoji"),
        (ada.account, "emoji"),
        (ben.account, "clap"),
        (ben.account, "like"),
    ]
    for _ in range(2):
        assert (await ben.waves("DELETE", f"/{wave}/emoji")).status_code == 204
    assert (await ben.sees(wave) or {})["counts"]["emojis"] == {"\u2764\ufe0f": 1}
    events = await told(votewave, "expressions.reaction.changed", wave)
    assert [(event["version"], event["kind"], event["present"]) for event in events] == [
        (1, "like", True),
        (2, "clap", True),
        (3, "emoji", True),
        (4, "emoji", True),
        (5, "emoji", True),
        (6, "emoji", False),
    ]
    assert (events[-1]["author"], events[-1]["account"], events[-1]["emojis"]) == (ada.account, ben.account, 1)


async def test_an_emoji_is_one(ada: Author) -> None:
    wave = (await ada.say("React"))["id"]
    for emoji in ("", "a", "1", "\U0001f389\U0001f389", "\U0001f468\u200d" * 9, "\u2764" + "\u0301" * 9):
        answer = await ada.waves("PUT", f"/{wave}/emoji", json={"emoji": emoji})
        assert kind_of(answer) == (422, "reaction-refused"), ascii(emoji)


async def test_a_wave_takes_so_many_different_emojis(ada: Author, votewave: VoteWave) -> None:
    wave = (await ada.say("React"))["id"]
    await votewave.sql(
        "UPDATE expressions.wave SET emojis = (SELECT jsonb_object_agg(emoji, 1) FROM unnest($2::text[]) AS emoji) "
        "WHERE id = $1",
        wave,
        EMOJIS[:-1],
    )
    assert kind_of(await ada.waves("PUT", f"/{wave}/emoji", json={"emoji": EMOJIS[-1]})) == (422, "too-many-emojis")
    assert (await ada.waves("PUT", f"/{wave}/emoji", json={"emoji": EMOJIS[0]})).status_code == 200


async def test_counts_are_exact_whoever_does_what_at_once(client: httpx.AsyncClient, votewave: VoteWave) -> None:
    dice = random.Random(8)
    people = [await author(client) for _ in range(4)]
    wave = (await people[0].say("React"))["id"]
    todo: list[tuple[Author, str, str, Any]] = []
    for person in people:
        for _ in range(15):
            what = dice.choice(["like", "clap", "emoji", "ripple"])
            method = dice.choice(["PUT", "PUT", "DELETE"])
            body = {"emoji": dice.choice(EMOJIS[:3])} if (what, method) == ("emoji", "PUT") else None
            todo.append((person, method, what, body))
    dice.shuffle(todo)
    few = asyncio.Semaphore(12)  # more than connections to the database, and fewer than time out on a busy machine

    async def send(person: Author, method: str, what: str, body: Any) -> int:
        async with few:
            return (await person.waves(method, f"/{wave}/{what}", json=body)).status_code

    assert set(await asyncio.gather(*(send(*one) for one in todo))) <= {200, 204}
    counts = (await people[0].sees(wave) or {})["counts"]
    rows = await votewave.sql(
        "SELECT kind, emoji, count(*) AS number FROM expressions.reaction WHERE wave = $1 GROUP BY kind, emoji", wave
    )
    [ripples] = await votewave.sql("SELECT count(*) AS number FROM expressions.wave WHERE ripple_of = $1", wave)
    found = {row["emoji"] or row["kind"]: row["number"] for row in rows}
    assert counts == {
        "likes": found.pop("like", 0),
        "claps": found.pop("clap", 0),
        "emojis": found,
        "ripples": ripples["number"],
    }
    assert sum(counts["emojis"].values()) + counts["likes"] + counts["claps"] + counts["ripples"] > 4
    given = await votewave.sql(
        "SELECT account.id FROM expressions.account WHERE id = ANY($1::uuid[]) AND reactions <> "
        "(SELECT count(*) FROM expressions.reaction WHERE account = account.id)",
        [person.account for person in people],
    )
    assert given == []


async def test_reactions_to_what_is_deleted_are_removed_and_given_back(
    ada: Author, ben: Author, votewave: VoteWave, expressions: Expressions
) -> None:
    wave = (await ada.say("React"))["id"]
    for what in ("like", "clap"):
        await ben.waves("PUT", f"/{wave}/{what}")
    await ada.waves("DELETE", f"/{wave}")
    await expressions.clear()

    async def cleared() -> bool:
        left = await votewave.sql("SELECT 1 FROM expressions.reaction WHERE wave = $1", wave)
        given = await votewave.sql("SELECT reactions FROM expressions.account WHERE id = $1", ben.account)
        return left == [] and given[0]["reactions"] == 0

    await eventually(cleared)
    assert await votewave.sql("SELECT 1 FROM expressions.leftover WHERE wave = $1", wave) == []


async def test_an_account_gives_so_many_reactions(ada: Author, votewave: VoteWave) -> None:
    wave = (await ada.say("React"))["id"]
    most = ExpressionsSettings().reactions_per_account
    await votewave.sql("UPDATE expressions.account SET reactions = $2 WHERE id = $1", ada.account, most)
    assert kind_of(await ada.waves("PUT", f"/{wave}/like")) == (429, "over-quota")


async def test_muted_people_are_left_out_of_lists(ada: Author, ben: Author, cleo: Author) -> None:
    wave = (await ada.say("React"))["id"]
    for other in (ben, cleo):
        await other.waves("PUT", f"/{wave}/like")
        await other.waves("PUT", f"/{wave}/ripple")
    await ada.call("PUT", f"/mutes/{ben.account}")

    async def left_out() -> bool:
        reacting = (await ada.waves("GET", f"/{wave}/reactions")).json()["items"]
        sharing = (await ada.waves("GET", f"/{wave}/ripples")).json()["items"]
        return (
            [item["person"]["id"] for item in reacting] == [item["author"]["id"] for item in sharing] == [cleo.account]
        )

    await eventually(left_out)
    assert (await ada.sees(wave) or {})["counts"]["likes"] == 2
    assert len((await cleo.waves("GET", f"/{wave}/reactions")).json()["items"]) == 2
