"""Repositories: one statement each, errors that are understood, pages that end when the list does."""

import asyncio
import json
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from advanced_alchemy.exceptions import DuplicateKeyError, IntegrityError, NotFoundError
from core_place import Place, open_place
from msgspec import Struct
from services.core.data.database import is_duplicate, is_passing, is_unstorable
from services.core.data.models import ServiceBase
from services.core.data.pagination import Keyset, Page
from services.core.data.repository import Repository, to_schema
from services.core.http import errors
from services.core.ids import new_id
from services.core.kit import Kit
from services.core.problems import Problem
from services.core.service import NoSettings
from sqlalchemy import event, func, literal, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Mapped, mapped_column


class Base(ServiceBase):
    __abstract__ = True


class Note(Base):
    __tablename__ = "note"
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    title: Mapped[str] = mapped_column(unique=True)
    shelf: Mapped[int] = mapped_column(server_default="1")
    edits: Mapped[int] = mapped_column(server_default="0")


class NoteView(Struct):
    id: UUID
    title: str
    shelf: int


class NoteRepository(Repository[Note]):
    model_type = Note


NOTES = Keyset("notes", Note.id)
SHELVED = Keyset("shelved", Note.shelf, Note.title)


@pytest.fixture(scope="module")
async def kit() -> AsyncIterator[Kit[NoSettings]]:
    async with open_place() as place:
        await place.prepare("trial")
        await _make_table(place)
        async with place.kit("trial") as kit:
            yield kit


async def _make_table(place: Place) -> None:
    connection = await asyncpg.connect(place.servers.database_url)
    await connection.execute(
        "CREATE TABLE trial.note (id uuid PRIMARY KEY, title text NOT NULL UNIQUE CHECK (title <> 'forbidden'),"
        " shelf integer NOT NULL DEFAULT 1, edits integer NOT NULL DEFAULT 0);"
        "GRANT ALL ON trial.note TO trial"
    )
    await connection.close()


@pytest.fixture(autouse=True)
async def _empty(kit: Kit[NoSettings]) -> None:
    async with kit.db.transaction() as session:
        await session.execute(text("DELETE FROM note"))


@pytest.fixture
def statements(kit: Kit[NoSettings]) -> Iterator[list[str]]:
    """The statements that are sent from here on."""
    sent: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement.split(maxsplit=1)[0])

    event.listen(kit.db.engine.sync_engine, "before_cursor_execute", note)
    yield sent
    event.remove(kit.db.engine.sync_engine, "before_cursor_execute", note)


async def _fill(kit: Kit[NoSettings], *titles: str) -> list[Note]:
    async with kit.db.transaction() as session:
        return list(await NoteRepository(session).add_many([Note(title=title) for title in titles]))


async def test_a_service_base_has_the_tables_of_events_and_a_metadata_of_its_own() -> None:
    assert set(Base.metadata.tables) == {"outbox", "inbox", "parked", "note"}

    class Other(ServiceBase):
        __abstract__ = True
        __module__ = "another"  # no two services have their tables in one

    assert set(Other.metadata.tables) == {"outbox", "inbox", "parked"}


async def test_what_inserts_is_compiled_once_whatever_it_does_with_a_key_that_is_taken(kit: Kit[NoSettings]) -> None:
    made: list[Any] = []

    def note(_c: Any, _cursor: Any, _statement: str, _parameters: Any, context: Any, _many: bool) -> None:
        made.append(context.compiled)

    event.listen(kit.db.engine.sync_engine, "before_cursor_execute", note)
    try:
        for shelf in (1, 2, 3):
            async with kit.db.transaction() as session:
                await NoteRepository(session).add_or_ignore({"title": "a", "shelf": shelf})
                new = insert(Note).values(title=f"b{shelf}", shelf=shelf)
                changes = {"shelf": shelf, "edits": Note.edits + shelf}
                newer = new.excluded.shelf > Note.shelf
                await session.execute(new.on_conflict_do_update(index_elements=["title"], set_=changes, where=newer))
    finally:
        event.remove(kit.db.engine.sync_engine, "before_cursor_execute", note)
    assert len(made) == 6
    assert len({id(each) for each in made[2:]}) == 2, "the second and third time nothing is compiled"
    assert {id(each) for each in made[:2]} == {id(each) for each in made[2:]}


async def test_each_call_is_one_statement(kit: Kit[NoSettings], statements: list[str]) -> None:
    async with kit.db.transaction() as session:
        notes = NoteRepository(session)
        added = await notes.add(Note(title="a"))
        assert (added.shelf, added.edits) == (1, 0)  # by RETURNING
        assert await notes.add_or_ignore({"id": new_id(), "title": "a"}) is None
        changed = await notes.update_where(Note.title == "a", values={"edits": Note.edits + 1, "shelf": 2})
        assert [(note.edits, note.shelf) for note in changed] == [(1, 2)]
        assert added.edits == 1  # it is the same row
        assert (await notes.get(added.id)).title == "a"
        upserted = await notes.upsert_many([Note(id=new_id(), title="a", shelf=3)], match_fields=["title"])
        assert upserted[0].shelf == 3
    assert statements == ["INSERT", "INSERT", "UPDATE", "SELECT", "INSERT"]


async def test_nothing_is_kept_of_a_transaction_that_fails(kit: Kit[NoSettings]) -> None:
    with pytest.raises(DuplicateKeyError):
        await _fill(kit, "kept?", "kept?")
    async with kit.db.reading() as session:
        assert await NoteRepository(session).count() == 0


async def test_a_taken_key_is_a_duplicate_however_it_is_written(kit: Kit[NoSettings]) -> None:
    await _fill(kit, "a", "b")
    with pytest.raises(DuplicateKeyError) as by_add:
        async with kit.db.transaction() as session:
            await NoteRepository(session).add(Note(title="a"))
    with pytest.raises(DuplicateKeyError) as by_update:
        async with kit.db.transaction() as session:
            await NoteRepository(session).update_where(Note.title == "a", values={"title": "b"})
    with pytest.raises(DuplicateKeyError) as by_ignore:
        async with kit.db.transaction() as session:
            await NoteRepository(session).add_or_ignore({"id": new_id(), "title": "a"}, key=["id"])
    for raised in (by_add, by_update, by_ignore):
        assert is_duplicate(raised.value)
        assert _answered(raised.value) == (409, "already-there")


async def test_what_isnt_there_is_a_404(kit: Kit[NoSettings]) -> None:
    async with kit.db.reading() as session:
        with pytest.raises(NotFoundError) as raised:
            await NoteRepository(session).get(new_id())
    assert _answered(raised.value) == (404, "not-found")


async def test_a_broken_rule_of_the_table_is_our_fault(kit: Kit[NoSettings]) -> None:
    with pytest.raises(IntegrityError) as raised:
        async with kit.db.transaction() as session:
            await NoteRepository(session).add(Note(title="forbidden"))
    assert not is_duplicate(raised.value)
    assert _answered(raised.value) == (500, "internal")


async def test_a_lost_connection_below_a_repository_is_still_a_lost_connection(kit: Kit[NoSettings]) -> None:
    async with kit.db.reading() as session:
        pid = (await session.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        async with kit.db.transaction() as other:
            await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        with pytest.raises(Exception) as raised:  # noqa: PT011  (which one is what is tested)
            await NoteRepository(session).count()
        assert not isinstance(raised.value, DBAPIError)  # the repository has wrapped it
        assert is_passing(raised.value)
        assert _answered(raised.value) == (503, "unavailable")
        await session.invalidate()


async def test_a_value_that_cant_be_stored_is_the_senders_fault(kit: Kit[NoSettings]) -> None:
    with pytest.raises(IntegrityError) as raised:  # as the repository names it
        async with kit.db.transaction() as session:
            await NoteRepository(session).add(Note(title="a\x00b"))
    assert is_unstorable(raised.value)
    assert _answered(raised.value) == (400, "malformed-request")


def _answered(exc: Exception) -> tuple[int, str]:
    problem = errors.problem_of({}, exc)
    assert "INSERT" not in problem.detail
    return problem.status, problem.slug


async def _walk(kit: Kit[NoSettings], keyset: Keyset, limit: int, *where: Any) -> list[Page[Note]]:
    pages: list[Page[Note]] = []
    cursor: str | None = ""
    while cursor is not None:
        async with kit.db.reading() as session:
            pages.append(await NoteRepository(session).page(keyset.page(cursor, limit), *where))
        cursor = pages[-1].next
    return pages


async def test_pages_hold_each_row_once_the_latest_first(kit: Kit[NoSettings]) -> None:
    added = await _fill(kit, *"abcdefg")
    pages = await _walk(kit, NOTES, 3)
    assert [len(page.items) for page in pages] == [3, 3, 1]
    assert [row.id for page in pages for row in page.items] == [row.id for row in reversed(added)]
    assert [len(page.items) for page in await _walk(kit, NOTES, 7)] == [7]


async def test_a_page_is_in_the_order_of_the_whole_key(kit: Kit[NoSettings]) -> None:
    await _fill(kit, *"abcd")
    async with kit.db.transaction() as session:
        await NoteRepository(session).update_where(Note.title.in_(["a", "c"]), values={"shelf": 2})
    pages = await _walk(kit, SHELVED, 1)
    assert [row.title for page in pages for row in page.items] == ["c", "a", "d", "b"]


async def test_a_page_is_one_select(kit: Kit[NoSettings], statements: list[str]) -> None:
    await _walk(kit, NOTES, 3)
    assert statements == ["SELECT"]


async def test_another_lists_cursor_is_refused(kit: Kit[NoSettings]) -> None:
    await _fill(kit, *"abc")
    cursor = (await _walk(kit, NOTES, 1))[0].next
    assert cursor is not None
    assert json.loads(urlsafe_b64decode(cursor + "=="))[0] == "notes"
    with pytest.raises(Problem) as raised:
        Keyset("others", Note.id).page(cursor, 1)
    assert raised.value.status == 400


async def test_a_row_becomes_what_goes_over_the_wire(kit: Kit[NoSettings]) -> None:
    (row,) = await _fill(kit, "a")
    assert to_schema(row, NoteView) == NoteView(row.id, "a", 1)
    async with kit.db.reading() as session:
        some = (await session.execute(select(Note.id, Note.title, literal(7).label("shelf")))).one()
    assert to_schema(some, NoteView) == NoteView(row.id, "a", 7)


async def test_expressions_are_the_databases(kit: Kit[NoSettings]) -> None:
    await _fill(kit, "a")
    async with kit.db.transaction() as session:
        changed = await NoteRepository(session).update_where(Note.title == "a", values={"title": func.upper("x")})
        assert [row.title for row in changed] == ["X"]


async def test_reading_needs_no_transaction_and_writing_has_one(kit: Kit[NoSettings]) -> None:
    now = text("SELECT now()")  # of the transaction's beginning
    async with kit.db.reading() as session:
        assert (await session.scalar(now)) != (await session.scalar(now))
    async with kit.db.transaction() as session:
        assert (await session.scalar(now)) == (await session.scalar(now))


async def test_a_statement_is_planned_once_whatever_its_values(kit: Kit[NoSettings]) -> None:
    async with kit.db.reading() as session:
        for edits in range(3):
            await session.execute(select(Note.id).where(Note.edits == edits))
        mine = "statement LIKE 'SELECT note.id%note.edits = %'"
        plans = f"SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE {mine}"
        assert (await session.execute(text(plans))).one() == (3, 0)


async def test_connections_that_postgres_has_closed_are_not_used_again(kit: Kit[NoSettings]) -> None:
    pid = text("SELECT pg_backend_pid()")
    async with kit.db.reading() as one, kit.db.reading() as other:
        closed = await one.scalar(pid)
        raw = (await (await one.connection()).get_raw_connection()).driver_connection
        await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": closed})
        async with asyncio.timeout(10):
            while not raw.is_closed():
                await asyncio.sleep(0.01)
    async with kit.db.reading() as one, kit.db.reading() as other:
        assert closed not in {await one.scalar(pid), await other.scalar(pid)}
