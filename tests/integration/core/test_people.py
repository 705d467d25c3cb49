"""People, as a service keeps them of what another one tells: newest wins, a page costs one statement, nothing waits."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, ClassVar
from uuid import UUID

import pytest
from core_place import Base, Place, open_place
from services.core.ids import new_id
from services.core.people import People, PersonChanged, PersonColumns, people_handler
from tests.integration.inside import statements_of


class Person(PersonColumns, Base):
    __tablename__ = "person"


class Changed(PersonChanged, frozen=True, kw_only=True):
    KIND: ClassVar[str] = "sender.person.changed"


class UseCases:
    def __init__(self, people: People) -> None:
        self.people = people


@pytest.fixture(scope="module")
async def place() -> AsyncIterator[Place]:
    async with open_place() as found:
        await found.prepare("receiver")
        yield found


def told(account: UUID, version: int, handle: str = "ada", **more: Any) -> Changed:
    return Changed(account=account, version=version, handle=handle, display_name=handle.title(), **more)


async def hear(kit: Any, people: People, *events: Changed) -> None:
    for each in events:
        async with kit.db.transaction() as session:
            await people_handler(Changed).handle(UseCases(people), session, each)


async def test_late_and_doubled_events_do_nothing(place: Place) -> None:
    async with place.kit("receiver") as kit:
        people, ada = People(kit, Person, Changed), new_id()
        await hear(
            kit, people, told(ada, 1, "voter"), told(ada, 3, "ada"), told(ada, 2, "late"), told(ada, 3, "doubled")
        )
        found = await people.one(ada)
    assert (found.id, found.handle, found.display_name, found.avatar, found.deleted) == (ada, "ada", "Ada", None, False)


async def test_of_a_deleted_account_only_its_id_is_left_whatever_comes_late(place: Place) -> None:
    async with place.kit("receiver") as kit:
        people, ada = People(kit, Person, Changed), new_id()
        await hear(kit, people, told(ada, 1), told(ada, 3, deleted=True), told(ada, 2, "late"))
        found = await people.one(ada)
        [row] = await place.sql("SELECT p::text FROM receiver.person p WHERE id = $1", ada)
    assert (found.id, found.handle, found.display_name, found.deleted) == (ada, None, "", True)
    assert "ada" not in row.lower().replace(str(ada), "")


@pytest.mark.parametrize("number", [1, 100])
async def test_a_page_costs_one_statement_however_many_are_named(place: Place, number: int) -> None:
    async with place.kit("receiver") as kit:
        people, accounts = People(kit, Person, Changed), [new_id() for _ in range(number)]
        async with kit.db.transaction() as session:
            for account in accounts:
                await people.hear(session, told(account, 1))
        with statements_of(kit.db.engine) as statements:
            found = await people.of([None, *accounts, *accounts])
    assert found.keys() == set(accounts)
    assert len(statements) == 1


async def test_nobody_costs_nothing(place: Place) -> None:
    async with place.kit("receiver") as kit:
        with statements_of(kit.db.engine) as statements:
            assert await People(kit, Person, Changed).of([None]) == {}
    assert statements == []


async def test_while_the_publisher_is_away_people_have_no_handle_and_nobody_waits_for_it_twice(place: Place) -> None:
    async with place.kit("receiver") as kit:
        people, known, unknown = People(kit, Person, Changed), new_id(), new_id()
        await hear(kit, people, told(known, 1))
        found = await people.of([known, unknown])
        assert (found[known].handle, found[unknown].handle, found[unknown].deleted) == ("ada", None, False)
        async with asyncio.timeout(0.3):
            await asyncio.gather(*(people.one(new_id()) for _ in range(5)))
        await hear(kit, people, told(unknown, 1, "bo"))
        assert (await people.one(unknown)).handle == "bo"
