"""Whom to follow, and many relations at once."""

from uuid import UUID, uuid4

import httpx
from services.core.identity.subject import Kind, Role, Subject
from tests.conftest import VoteWave
from tests.integration.inside import statements_of

from .conftest import NOBODY, Person, follows_of, kind_of, sign_up


async def suggested(person: Person, limit: int = 50) -> dict[str, int]:
    """Return who is suggested, with how many they have in common, in order."""
    answer = await person.call("GET", f"/suggestions?limit={limit}")
    assert answer.status_code == 200, answer.text
    return {item["person"]["id"]: item["common"] for item in answer.json()["items"]}


async def near(person: Person) -> list[str]:
    """Return who is suggested for something in common; the others are whoever has followers in the whole database."""
    return [account for account, common in (await suggested(person)).items() if common]


async def test_friends_of_friends_are_suggested_the_most_common_first(
    client: httpx.AsyncClient, ada: Person, ben: Person, cleo: Person
) -> None:
    dora, emil, fay = [await sign_up(client) for _ in range(3)]
    for friend in (ben, cleo):
        await ada.follow(friend)
        await friend.follow(dora)
        await friend.follow(ada)
    await ben.follow(emil)
    await ben.follow(cleo)
    await cleo.follow(fay)
    found = await suggested(ada)
    assert list(found.items())[:1] == [(dora.account, 2)]
    assert {account: common for account, common in found.items() if common} == {
        dora.account: 2,
        emil.account: 1,
        fay.account: 1,
    }
    assert list(await suggested(ada, 1)) == [dora.account]

    await ada.block(emil)
    await fay.block(ada)
    assert await near(ada) == [dora.account]
    await ada.call("PUT", f"/mutes/{dora.account}")
    assert await near(ada) == []


async def test_whom_one_has_asked_isnt_suggested_again(ada: Person, ben: Person, cleo: Person) -> None:
    await ada.follow(ben)
    await ben.follow(cleo)
    assert await near(ada) == [cleo.account]
    await cleo.make(private=True)
    await ada.follow(cleo)
    assert await near(ada) == []
    assert cleo.account not in await suggested(ada)


async def test_newcomers_see_those_with_the_most_followers(ada: Person, ben: Person, cleo: Person) -> None:
    await ben.follow(cleo)
    found = await suggested(ada)
    assert set(found.values()) == {0}
    assert ada.account not in found
    await ada.follow(ben)
    assert next(iter(await suggested(ada))) == cleo.account


async def test_many_relations_are_answered_at_once(
    ada: Person, ben: Person, cleo: Person, guest: Person, client: httpx.AsyncClient
) -> None:
    dora = await sign_up(client)
    await ada.follow(ben)
    await cleo.follow(ada)
    await dora.block(ada)
    wanted = [cleo.account, ben.account, NOBODY, dora.account, ben.account]
    answer = await ada.call("POST", "/people/batch", json={"people": wanted})
    assert answer.status_code == 200, answer.text
    assert answer.json()["items"] == [await ada.relation(cleo), await ada.relation(ben)]
    assert kind_of(await guest.call("POST", "/people/batch", json={"people": wanted})) == (403, "guest-refused")
    for people in ([], [NOBODY] * 101, ["nobody"]):
        assert (await ada.call("POST", "/people/batch", json={"people": people})).status_code == 400


async def test_lists_take_the_same_statements_however_long(
    votewave: VoteWave, ada: Person, ben: Person, cleo: Person
) -> None:
    await ada.follow(ben)
    await ben.follow(cleo)
    me = Subject(UUID(ada.account), Kind.USER, Role.USER, uuid4(), frozenset({"*"}), 2**40)
    async with follows_of(votewave) as follows:
        for people in ([ben], [ben, cleo, ada]):
            with statements_of(follows.kit.db.engine) as statements:
                found = await follows.reading.relations(me, [UUID(person.account) for person in people])
            assert (len(found), len(statements)) == (len(people), 2)
        with statements_of(follows.kit.db.engine) as statements:
            assert await follows.reading.suggestions(me, 20)
        assert len(statements) == 3
