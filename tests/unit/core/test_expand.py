"""What is known to only add, and that everything else is refused.

Each line of the tables is an expression as a migration's `upgrade` would have it; a tuple is run from left to right.
"""

from typing import Any

import pytest
import sqlalchemy as sa
from alembic import op
from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from services.core.data.expand import ContractError, Guard, helpers
from services.core.data.migrations import metadata_of
from services.registry import NAMES
from sqlalchemy.dialects import postgresql as pg
from sqlalchemy.schema import CreateIndex

EXISTING = {
    ("polls", "polls"),
    ("polls", "method"),
    ("polls", "numbers"),
    ("polls", "uq_polls"),
    ("polls", "polls", "title"),
    ("polls", "polls", "id"),
    ("polls", "polls", "id", "primary key"),
    ("votebooth", "polls"),
}


class Short(sa.types.UserDefinedType[str]):
    """A type that a migration names by hand."""

    def get_col_spec(self, **_: Any) -> str:
        return "short"


class Shorter(sa.TypeDecorator[str]):
    impl = Short


def column(*more: Any, name: str = "n", type_: Any = sa.Integer, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, type_, *more, **options)


def add(*more: Any, **options: Any) -> None:
    """Add a column to the table in use."""
    op.add_column("polls", column(*more, **options))


def index(*expressions: Any, **options: Any) -> None:
    """Index the table in use."""
    op.create_index("ix_polls", "polls", list(expressions), **options)


def where(condition: Any) -> None:
    index("title", postgresql_where=condition)


def alter(name: str = "title", **changes: Any) -> None:
    """Alter a column of the table in use."""
    op.alter_column("polls", name, **changes)


def tags(*more: Any, **options: Any) -> None:
    """Make a table of the run's own."""
    op.create_table("tags", sa.Column("id", sa.Uuid, primary_key=True), *more, **options)


def refers(key: str, name: str = "poll_id", **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.Uuid, sa.ForeignKey(key, **options))


def table(name: str, schema: str | None = None) -> sa.TableClause:
    columns = (sa.column("id", sa.Uuid), sa.column("title", sa.Text), sa.column("size", sa.Integer))
    return sa.table(name, *columns, schema=schema)


def check(table: str) -> sa.CheckConstraint:
    return sa.CheckConstraint("n > 0", name="c", table=sa.Table(table, sa.MetaData()))


def purge(name: str = "polls") -> Any:
    """Return a query that deletes rows by the way."""
    deleted = sa.delete(table(name)).returning(sa.column("id")).cte("x")
    return sa.select(deleted.c.id)


VOCABULARY: dict[str, Any] = {
    **globals(),
    "helpers": helpers,
    "pg": pg,
    "c": sa.column,
    "f": sa.func,
    "text": sa.text,
    "POLLS": table("polls"),
    "TAGS": table("tags"),
    "cascade": {"ondelete": "CASCADE"},
}

REFUSED = """
# drops and renames
op.drop_table("polls")
op.drop_table("polls", schema="polls")
op.drop_table("polls", if_exists=True)
op.drop_index("uq_polls")
op.drop_index("uq_polls", table_name="polls")
op.drop_index("uq_polls", postgresql_concurrently=True)
op.execute(sa.schema.DropSchema("polls", cascade=True))
op.execute(sa.schema.DropSequence(sa.Sequence("numbers")))
op.drop_column("polls", "drop")
op.drop_column("polls", "title", schema="polls", if_exists=True)
alter(new_column_name="name")
op.rename_table("polls", "surveys")
op.drop_constraint("uq_polls", "polls", type_="unique")
pg.ENUM("a", name="method").drop(op.get_bind())
sa.Table("polls", sa.MetaData()).drop(op.get_bind())
# demands
alter(type_=sa.String(20))
alter(type_=sa.BigInteger, postgresql_using="title::bigint")
alter(nullable=False)
alter(server_default=None)
alter(server_default=sa.null())
alter(server_default=text("NULL::text"))
alter("x", server_default=sa.Identity(always=True))
alter("x", server_default=None, existing_server_default=sa.Identity())
alter(nullable=True, server_default=None)
add(type_=sa.Text, nullable=False)
add(name="default", nullable=False)
add(nullable=False, server_default=sa.null())
add(nullable=False, server_default=text("NULL"))
add(nullable=False, server_default=text("(NULL)"))
add(nullable=False, server_default=sa.not_(sa.null()))
add(nullable=False, server_default=f.nullif(1, 1))
add(nullable=False, server_default=text("nullif(1, 1)"))
add(nullable=False, server_default=sa.case((sa.false(), 1)))
add(nullable=False, server_default=pg.array([1])[2])
add(nullable=False, server_default=text("(ARRAY[1])[2]"))
add(nullable=False, server_default=text("'{}'::jsonb ->> 'a'"))
add(nullable=False, server_default=f.f())
add(server_default=f.purge())
add(server_default=text("purge()"))
add(server_default=f.polls.now())
add(server_default=text("0, DROP COLUMN y"))
add(server_default=text("'a', DROP COLUMN y --'"))
add(server_default=text(r"E'\\\\'', DROP COLUMN y"))
add(sa.Computed("identity", persisted=True), nullable=False)
add(sa.Computed("title::int", persisted=True))
add(sa.Computed("lower(title)", persisted=True), type_=sa.String(20))
add(sa.Computed("big", persisted=False))
# writes the whole table anew
add(sa.Identity(always=True), type_=sa.BigInteger, nullable=False)
add(sa.Identity(start=5), type_=sa.BigInteger, nullable=False)
add(primary_key=True)
add(type_=sa.Uuid, server_default=f.gen_random_uuid(), nullable=False)
add(type_=sa.Uuid, server_default=text("gen_random_uuid()"))
add(type_=sa.Uuid, server_default=f.pg_catalog.uuidv7())
add(type_=sa.DateTime, server_default=f.clock_timestamp())
add(type_=sa.BigInteger, server_default=sa.Sequence("numbers").next_value())
add(type_=sa.BigInteger, server_default=text("nextval('numbers'::regclass)"))
# further demands
(add(name="a"), add(name="b", type_=sa.Numeric(3, 1), nullable=False))
op.add_column("polls", column(primary_key=True), inline_primary_key=True)
add(type_=sa.Text, unique=True)
add(sa.CheckConstraint("n = title"), type_=sa.Text)
add(sa.ForeignKey("kinds.id", ondelete="CASCADE"), type_=sa.Uuid)
op.add_column("polls", refers("kinds.id", ondelete="CASCADE"), inline_references=True)
add(type_=sa.Enum("a", "b", name="kind", native_enum=False, create_constraint=True))
add(type_=pg.DOMAIN("short", sa.Text, not_null=True))
add(type_=Short)
add(type_=Shorter)
op.create_check_constraint("c", "polls", c("size") > 0)
op.create_check_constraint("c", "polls", c("size") > 0, postgresql_not_valid=True)
op.create_unique_constraint("c", "polls", ["title"])
op.create_primary_key("c", "polls", ["title"])
op.create_foreign_key("c", "polls", "kinds", ["kind"], ["id"], ondelete="CASCADE", postgresql_not_valid=True)
op.create_exclude_constraint("c", "polls", ("size", "="))
index("slug", unique=True)
index("slug", unique=True, postgresql_concurrently=True)
op.create_index(None, "polls", ["x"], unique=True)
index("slug", postgresql_concurrently=True)
add(type_=sa.Text, unique=True, index=True)
# an index of what may fail on a row
index(sa.cast(c("title"), sa.Integer))
index(text("(title::int)"))
index(text("COALESCE(place, id)"))
index(sa.literal_column("title::int"))
index(1 / c("size", sa.Integer))
index(c("size", sa.Integer) + 1)
index(f.parse(c("title")))
index(f.polls.lower(c("title")))
index(getattr(f, '"lower"')(c("title")))
index(f.md5(c("title")))
index(f.substring(c("title"), c("size")))
index(f.coalesce(c("size"), sa.cast(c("title"), sa.Integer)))
index(f.coalesce(c("size"), 1 % c("n", sa.Integer)))
index(f.coalesce(c("size"), text("title::int")))
index(c("size", sa.Integer) - 1)
index(-c("size", sa.Integer))
index(c("size").op("|/")(2))
index(c("d", pg.JSONB)["x"])
index(c("d", pg.JSONB)["x"].astext)
index(c("a", sa.Text) + c("b", sa.Text))
index(c("d", pg.JSONB).delete_path(["a"]))
index(c("tags", pg.ARRAY(sa.Text))[c("size")])
index(pg.array([c("a"), c("b")]))
index(sa.case((c("a") == 1, c("b")), else_=c("c")))
index(f.timezone(c("zone"), c("at")))
index(sa.extract("year", c("at")))
index(c("title", sa.Text).regexp_match(c("pattern")))
index(sa.cast(sa.cast("5", sa.Text), sa.Integer))
index(c("size").bitwise_lshift(1))
index("title", sa.cast(c("title"), sa.Integer), postgresql_include=["size"])
index(f.to_tsvector(c("language"), c("title")), postgresql_using="gin")
where(text("published_at IS NULL"))
where(c("title").like(c("pattern")))
where(c("title").ilike("a"))
where(c("title").op("SIMILAR TO")(c("pattern")))
where(1 / c("size", sa.Integer) > 0)
where(c("d", pg.JSONB).contains({}))
where((c("size") == 1) & (sa.cast(c("title"), sa.Integer) == 5))
where(c("size").in_([1, sa.cast(c("title"), sa.Integer)]))
where(c("size") == text("title::int"))
where(c("size") == sa.any_(c("sizes", pg.ARRAY(sa.Integer))))
# tables that bind those in use
tags(refers("polls.id"))
tags(refers("polls.id", ondelete="SET NULL"))
tags(refers("polls.id", ondelete="SET DEFAULT"))
tags(refers("polls.id", ondelete="RESTRICT", onupdate="CASCADE"))
tags(refers("polls.id", **cascade), refers("polls.id", name="other"))
tags(refers("polls.slug", **cascade))
tags(column(), column(name="m"), sa.ForeignKeyConstraint(["n", "m"], ["polls.id", "polls.slug"], ondelete="CASCADE"))
tags(refers("polls.id", **cascade), refers("tags.id", name="parent"))
tags(refers("votebooth.polls.title", onupdate="CASCADE", **cascade))
tags(postgresql_inherits="polls")
tags(prefixes=["TEMP"])
pg.DOMAIN("short", sa.Text, not_null=True).create(op.get_bind())
# rows
op.execute(sa.delete(POLLS))
op.execute(sa.delete(table("polls", schema="polls")).where(sa.false()))
op.execute(sa.delete(table("alembic_version", schema="other")))
op.execute(purge())
op.execute(sa.insert(POLLS).from_select(["id"], purge()))
op.execute(sa.delete(TAGS).where(c("id").in_(purge())))
op.execute(pg.insert(POLLS).values(id=1).on_conflict_do_update(index_elements=["id"], set_={"title": ""}))
op.execute(sa.update(table("ballots")).values(title=None))
op.execute(sa.update(POLLS.alias("p")).values(title=""))
op.execute(sa.update(POLLS).values(title="", size=0))
op.execute(sa.select(POLLS).with_for_update())
op.execute(sa.insert(POLLS).values([{"title": "a"}, {"title": f.purge()}]))
op.execute(sa.select(f.purge()))
op.execute(sa.select(f.polls.lower(c("title"))).select_from(POLLS))
op.execute(sa.select(f.pg_catalog.set_config("search_path", "other", False)))
op.execute(sa.select(f.query_to_xml("DELETE FROM polls", True, True, "")))
op.execute(sa.select(text("purge()")))
op.execute(sa.select(sa.literal_column("purge()")))
op.execute(sa.insert(POLLS).values(title=f.purge()))
op.execute(sa.insert(POLLS).from_select(["title"], sa.select(f.purge())))
op.execute(sa.insert(POLLS).values(title="a").returning(f.purge()))
# access
helpers.append_only("polls")
# raw SQL that has no object
op.execute(sa.DDL("DROP TABLE polls"))
op.execute(text("SELECT 1"))
op.get_bind().execute(text("SELECT 1"))
"""

RAW = """
DROP ROLE votebooth
DROP OWNED BY votebooth
DROP VIEW board
ALTER TYPE method RENAME VALUE 'a' TO 'b'
ALTER TYPE pair ALTER ATTRIBUTE a TYPE text
ALTER VIEW board SET SCHEMA other
ALTER INDEX uq_polls SET SCHEMA other
ALTER SEQUENCE polls_id_seq RESTART
ALTER TABLE polls SET SCHEMA other
ALTER SCHEMA polls RENAME TO other
CREATE OR REPLACE VIEW board AS SELECT 1
CREATE VIEW board AS SELECT title FROM polls
ALTER TABLE polls * DROP COLUMN y
ALTER TABLE "polls"."polls" DROP COLUMN y
ALTER TABLE polls/* here */DROP COLUMN y
ALTER TABLE U&"p\\006flls" DROP COLUMN y
ALTER TABLE polls ADD COLUMN n text DEFAULT '--', DROP COLUMN y
ALTER TABLE polls ADD COLUMN n text DEFAULT E'\\'(', DROP COLUMN y
ALTER TABLE polls ADD COLUMN n text DEFAULT $$(--$$, DROP COLUMN y
ALTER TABLE polls ADD COLUMN n text /* /* */ '( */, DROP COLUMN y
/* harmless */ DROP TABLE polls
SELECT 1; DROP TABLE polls
SELECT 'never closed
DROP\u00a0TABLE polls
ALTER TABLE polls ADD COLUMN n BIGSERIAL NOT NULL
ALTER TABLE polls ADD NOT NULL title
ALTER TABLE polls ADD CONSTRAINT c UNIQUE USING INDEX ix
ALTER DOMAIN short SET NOT NULL
ALTER DOMAIN short ADD CONSTRAINT c CHECK (VALUE <> '')
TRUNCATE polls
TRUNCATE alembic_version
WITH x AS (DELETE FROM polls RETURNING *) SELECT * FROM x
MERGE INTO polls USING x ON polls.id = x.id WHEN MATCHED THEN DELETE
CREATE TABLE old AS WITH x AS (DELETE FROM polls RETURNING *) SELECT * FROM x
CREATE TABLE old AS EXECUTE purge
SELECT * INTO old FROM polls
COPY polls FROM '/tmp/x'
EXPLAIN ANALYZE DELETE FROM polls
DO $$ BEGIN DROP TABLE polls; END $$
CALL purge()
PREPARE p AS DELETE FROM polls
CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE PROCEDURE f() LANGUAGE sql AS 'DELETE FROM polls'
CREATE RULE r AS ON INSERT TO polls DO INSTEAD NOTHING
CREATE TRIGGER t BEFORE UPDATE OF title ON polls EXECUTE FUNCTION f()
CREATE EVENT TRIGGER t ON ddl_command_start EXECUTE FUNCTION f()
CREATE POLICY p ON polls USING (false)
CREATE EXTENSION citext
REVOKE SELECT ON polls FROM votebooth
REVOKE ALL ON ALL TABLES IN SCHEMA polls FROM polls
REVOKE USAGE ON SCHEMA polls FROM polls
REVOKE polls_owner FROM polls
GRANT polls_owner TO polls WITH INHERIT FALSE
ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM polls
ALTER ROLE polls NOLOGIN
ALTER DATABASE votewave SET search_path = other
ALTER TABLE polls ENABLE ROW LEVEL SECURITY
ALTER TABLE polls DISABLE TRIGGER ALL
ALTER TABLE polls OWNER TO other
ALTER TABLE polls INHERIT parent
ALTER TABLE polls ATTACH PARTITION p DEFAULT
ALTER TABLE polls REPLICA IDENTITY NOTHING
ALTER TABLE polls SET UNLOGGED
ALTER TABLE ALL IN TABLESPACE a SET TABLESPACE b
CREATE TABLE part PARTITION OF polls DEFAULT
LOCK TABLE polls
SET search_path = other
SET ROLE polls
RESET ROLE
COMMIT
CREATE TABLE tags (id UUID)
"""

ALLOWED = """
tags(sa.CheckConstraint("id > '1'"), column(server_default=f.f()))
tags(column(unique=True), column(name="a", index=True, nullable=False), prefixes=["UNLOGGED"])
tags(column(sa.Identity(), name="position"), column(sa.Computed("position + 1"), name="next"))
tags(refers("polls.id", onupdate="CASCADE", **cascade))
tags(refers("polls.polls.id", **cascade), refers("tags.id", name="parent", **cascade))
tags(column(name="at", type_=sa.Date), postgresql_partition_by="RANGE (at)")
tags(column(name="mood", type_=sa.Enum("good; DROP TABLE polls", "bad", name="mood")))
op.create_table("polls", column(), if_not_exists=True)
sa.Table("tags", sa.MetaData(), column(index=True)).create(op.get_bind())
index("slug")
index("slug", if_not_exists=True, postgresql_using="gin", postgresql_with={"fillfactor": 70})
index("id", f.coalesce(c("place"), c("id")).desc(), postgresql_include=["size"], postgresql_where=c("act") == "a")
index(c("title").collate("C").desc().nulls_last(), f.lower(c("title")).asc(), postgresql_ops={"title": "text_ops"})
index("title", postgresql_using="gin", postgresql_ops={"title": "gin_trgm_ops"}, postgresql_tablespace="fast")
index(f.nullif(f.greatest(c("a"), f.least(c("b"), -1)), 0), f.cardinality(c("tags")), f.length(c("a")))
where(sa.not_(sa.or_(c("open", sa.Boolean), c("size") >= -1.5)) & c("kind").in_(["a", "b"]))
where(c("a").is_not_distinct_from(c("b")) & (c("kind") != "a") & c("at").between("1", c("end")) & c("x").is_(None))
where(sa.and_(f.octet_length(c("title")) != 5, f.upper(c("title")).not_in(["A"]), c("x").is_not(True)))
where(sa.tuple_(c("a"), c("b")) < sa.tuple_(1, 2))
where(~c("open", sa.Boolean))
op.execute(sa.schema.CreateSequence(sa.Sequence("more"), if_not_exists=True))
op.execute(sa.schema.CreateSchema("archive", if_not_exists=True))
pg.ENUM("good; DROP TABLE polls", "bad", name="mood").create(op.get_bind())
add(type_=sa.Text)
op.add_column("polls", column(nullable=True), schema="polls", if_not_exists=True)
add(type_=sa.Text, server_default="DROP TABLE; x", nullable=False)
add(name="check", type_=sa.Text(collation="C"), server_default="it's", nullable=False)
add(type_=sa.Numeric(3, 1), server_default=text("-1.5"), nullable=False)
add(type_=pg.ARRAY(sa.Integer), server_default=text("'{}'::int[]"), nullable=False)
add(type_=pg.JSONB, server_default=text("'{}'::jsonb"), nullable=False)
add(type_=sa.Boolean, server_default=sa.false(), nullable=False)
add(type_=sa.Text, server_default=text("'waiting'"), nullable=False)
add(type_=sa.DateTime(timezone=True), server_default=f.now(), nullable=False)
add(type_=sa.DateTime(timezone=True), server_default=text("now()"), nullable=False)
add(type_=sa.Uuid, server_default=text("NULL"))
add(index=True, comment="DROP TABLE polls")
add(type_=sa.Enum("a", name="method"))
alter(nullable=True)
alter(server_default="")
alter(comment="DROP TABLE polls")
alter("id", server_default=sa.Sequence("numbers").next_value())
alter("id", server_default=f.gen_random_uuid())
alter("id", server_default=text("gen_random_uuid()"))
op.create_table_comment("polls", "DROP TABLE polls")
op.drop_table_comment("polls")
helpers.set_storage("polls", fillfactor=20, autovacuum_vacuum_scale_factor=0, **{"toast.autovacuum_enabled": False})
helpers.churn("polls", fillfactor=80)
helpers.grant("MAINTAIN", "polls", "tags")
helpers.add_enum_value("method", "it's")
helpers.validate_constraint("polls", "c")
helpers.wait_for_locks(1.5)
op.bulk_insert(POLLS, [{"title": "DELETE"}, {"title": "DROP"}])
op.execute(pg.insert(POLLS).values(id=f.gen_random_uuid(), title=f.upper("x")).on_conflict_do_nothing())
op.execute(sa.insert(POLLS).from_select(["id"], sa.select(c("id")).where(c("id").in_(sa.select(TAGS.c.id)))))
op.execute(sa.select(f.lower(c("title")), f.count()).select_from(POLLS).group_by(f.lower(c("title"))))
op.execute(sa.update(table("alembic_version")).values(title="0002"))
op.execute(sa.delete(table("alembic_version", schema="polls")))
"""

OWN = """
op.add_column("tags", column(nullable=False)), op.create_unique_constraint("u", "tags", ["n"])
op.drop_column("tags", "id"), op.alter_column("tags", "n", type_=sa.Integer, nullable=False, server_default=None)
op.alter_column("tags", "n", new_column_name="m")
op.create_index("uq", "tags", [sa.cast(c("n"), sa.Integer)], unique=True, postgresql_where=text("n::int > 1"))
op.create_check_constraint("c", "tags", "n > 0"), op.drop_constraint("c", "tags")
op.create_foreign_key("k", "tags", "polls", ["id"], ["id"], ondelete="CASCADE")
op.rename_table("tags", "labels")
helpers.append_only("tags")
op.execute(sa.update(TAGS).values(id=None))
op.execute(sa.delete(TAGS))
op.drop_table("tags")
sa.Table("tags", sa.MetaData(), schema="polls").drop(op.get_bind())
"""

NOTHING_ELSE = """
# Not made, for it was there.
op.create_table("polls", column(), if_not_exists=True), op.drop_column("polls", "title")
op.create_table("polls", column()), op.execute(sa.delete(POLLS))
op.create_index("uq_polls", "polls", ["id"], if_not_exists=True), op.drop_index("uq_polls")
pg.ENUM("a", name="method").create(op.get_bind()), pg.ENUM("a", name="method").drop(op.get_bind())
op.add_column("polls", column(name="title"), if_not_exists=True), op.execute(sa.update(POLLS).values(title=None))
# Another's of this name.
op.create_table("polls", column(), schema="other"), op.drop_table("polls")
op.create_table("polls", column(), schema="other"), op.execute(sa.delete(table("polls", schema="votebooth")))
op.create_table("POLLS", column()), op.execute(sa.delete(POLLS))
op.create_index("mood", "polls", ["id"]), pg.ENUM("a", name="mood").drop(op.get_bind())
tags(), op.drop_index("uq_polls", table_name="tags")
# It, and others.
tags(), op.drop_table("tags"), op.drop_table("polls")
tags(), helpers.append_only("polls")
tags(), op.create_foreign_key("k", "tags", "polls", ["id"], ["id"])
tags(), op.add_column("tags", refers("polls.id", ondelete="SET NULL"))
tags(), op.add_column("tags", refers("polls.id"), inline_references=True)
tags(), op.execute(sa.delete(TAGS).where(c("id") == f.purge()))
tags(), op.execute(sa.update(TAGS).values(id=purge().scalar_subquery()))
tags(), op.execute(sa.schema.DropConstraint(check("tags"), cascade=True))
tags(), op.rename_table("tags", "t"), op.execute(text("CREATE VIEW tags AS SELECT * FROM polls"))
tags(), add(type_=sa.Text, nullable=False)
# A column of its own makes no other one free, and is used by who doesn't know it.
add(server_default="0", nullable=False), alter("n", server_default=None)
add(), alter("n", nullable=False)
add(), op.execute(sa.update(POLLS).values(size=1))
# One that refers to a table of its own stands in the way of deletes that come to that one.
tags(refers("polls.id", **cascade)), op.create_table("b", refers("tags.id"))
# An odd letter or an overlong name isn't read otherwise than Postgres does.
op.create_table("\u212aey", column()), op.execute(sa.delete(table("key")))
op.create_table("t" * 64, column()), op.execute(sa.delete(table("t" * 64)))
"""


def lines(table: str) -> list[str]:
    return [line for line in table.strip().splitlines() if not line.startswith("# ")]


def run(*steps: str, only_the_last_may_fail: bool = False) -> None:
    """Run a migration of these steps, each judged as it comes to the connection."""
    guard = Guard("polls", EXISTING)
    connection: Any = sa.create_mock_engine("postgresql://", lambda element, *_, **__: guard.judge(element))
    context = MigrationContext.configure(connection, opts={"service": "polls"})
    with Operations.context(context):
        for step in steps:
            eval(step, VOCABULARY)  # noqa: S307  (a line of this file)


REFUSAL = r"^polls: \w.* on .+\n.*release.*--allow-contract REASON"


@pytest.mark.parametrize("step", lines(REFUSED))
def test_what_isn_t_known_to_only_add_is_refused(step: str) -> None:
    with pytest.raises(ContractError, match=REFUSAL):
        run(step)


@pytest.mark.parametrize("statement", lines(RAW))
def test_raw_sql_is_refused_whatever_it_says(statement: str) -> None:
    """As Alembic hands it on, and as the driver gets it when SQLAlchemy has no object for it."""
    for step in ("op.execute({!r})", "op.get_bind().execute(text({!r}))", "op.execute(sa.DDL({!r}))"):
        with pytest.raises(ContractError, match=r"polls: execute on .*isn't known to be a pure addition"):
            run(step.format(statement))
    with pytest.raises(ContractError, match=r"polls: execute on .*isn't known to be a pure addition"):
        Guard("polls", EXISTING).judge(statement)


@pytest.mark.parametrize("step", lines(ALLOWED))
def test_what_is_added_is_fine(step: str) -> None:
    run(step)


@pytest.mark.parametrize("step", lines(OWN))
def test_what_a_migration_has_made_itself_it_may_change(step: str) -> None:
    with pytest.raises(ContractError):
        run(step)
    run("tags()", step)


@pytest.mark.parametrize("steps", lines(NOTHING_ELSE))
def test_and_nothing_else(steps: str) -> None:
    with pytest.raises(ContractError):
        run(steps)


@pytest.mark.parametrize("name", NAMES)
def test_the_services_indexes_could_be_made_while_their_tables_are_in_use(name: str) -> None:
    indexes = [index for table in metadata_of(name).sorted_tables for index in table.indexes if not index.unique]
    assert indexes
    for one in indexes:
        Guard(name).judge(CreateIndex(one))


@pytest.mark.parametrize(
    ("step", "says"),
    [
        ('op.drop_table("polls")', r"drop_table on polls drops a table, .*\nStop using it in this release"),
        ('op.drop_column("polls", "title")', r"drop_column on polls\.title drops a column"),
        ('alter(new_column_name="name")', r"alter_column on polls\.title renames a column"),
        ("alter(type_=sa.Text)", r"alter_column on polls\.title changes a column's type"),
        ("add(nullable=False)", r"add_column on polls\.n adds a column that requires a value.*\nMake it nullable"),
        ("index('x', unique=True)", r"create_index on polls \(ix_polls\) makes values unique"),
        ("where(text('x IS NULL'))", r"may fail on rows that running code writes \(x IS NULL\).*\n.*sa\.column"),
        ("op.execute(sa.update(POLLS).values(title=''))", r"update on polls changes or deletes rows.*\nDo it in a job"),
        (
            "op.execute('COPY polls FROM STDIN')",
            r"execute on COPY polls FROM STDIN isn't known.*\n.*core\.data\.expand",
        ),
        ("op.execute(sa.select(sa.func.purge()))", r"calls purge\(\); what that does isn't known"),
        ("op.drop_index('uq_polls')", r"drop_index on uq_polls drops an index"),
        ("helpers.append_only('polls')", r"append_only on polls takes away rights"),
    ],
)
def test_the_refusal_says_what_is_wrong_where_and_what_to_do(step: str, says: str) -> None:
    with pytest.raises(ContractError, match=says):
        run(step)


def test_storage_is_all_that_set_storage_sets() -> None:
    with pytest.raises(Exception, match="sets user_catalog_table, which isn't a storage parameter"):
        run("helpers.set_storage('tags', user_catalog_table=1)")
