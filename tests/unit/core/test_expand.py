"""What is known to only add, and that everything else is refused."""

import pytest
from services.core.expand import ContractError, Expanding

THERE = {
    ("polls", "polls"),
    ("polls", "method"),
    ("polls", "uq_polls"),
    ("polls", 'po"lls'),
    ("polls", "polls", "title"),
    ("votebooth", "polls"),
}

REFUSED = """
-- drops and renames
DROP TABLE polls
DROP INDEX uq_polls
DROP INDEX CONCURRENTLY uq_polls
DROP SCHEMA polls CASCADE
DROP ROLE votebooth
DROP OWNED BY votebooth
ALTER TABLE polls DROP COLUMN "drop"
alter table if exists only polls.polls drop title
ALTER TABLE polls RENAME COLUMN title TO name
ALTER TABLE polls RENAME TO surveys
ALTER TABLE polls DROP CONSTRAINT uq_polls
ALTER TYPE method RENAME VALUE 'a' TO 'b'
ALTER TYPE method RENAME TO way
ALTER TYPE pair ALTER ATTRIBUTE a TYPE text
ALTER TYPE pair DROP ATTRIBUTE a
ALTER VIEW board SET SCHEMA other
ALTER INDEX uq_polls SET SCHEMA other
ALTER SEQUENCE polls_id_seq SET SCHEMA other
ALTER SEQUENCE polls_id_seq RESTART
ALTER TABLE polls SET SCHEMA other
ALTER SCHEMA polls RENAME TO other
CREATE OR REPLACE VIEW board AS SELECT 1
CREATE VIEW board AS SELECT title FROM polls
DROP VIEW board
-- names, however they are written
ALTER TABLE polls * DROP COLUMN y
ALTER TABLE db.polls.polls DROP COLUMN y
ALTER TABLE polls . polls DROP COLUMN y
ALTER TABLE "po""lls" DROP COLUMN y
ALTER TABLE "polls"."polls" DROP COLUMN y
ALTER TABLE PoLLs DROP COLUMN y
ALTER TABLE polls/* here */DROP COLUMN y
ALTER TABLE U&"p\\006flls" DROP COLUMN y
DELETE FROM ONLY polls *
-- what looks like a comment, or like a text's end
ALTER TABLE polls ADD COLUMN n text DEFAULT '--', DROP COLUMN y
ALTER TABLE polls ADD COLUMN n text DEFAULT '/*', DROP COLUMN y, ADD COLUMN m text DEFAULT '*/'
ALTER TABLE polls ADD COLUMN n text DEFAULT E'\\'(', DROP COLUMN y
ALTER TABLE polls ADD COLUMN n text DEFAULT e'\\\\', DROP COLUMN y
ALTER TABLE polls ADD COLUMN n text DEFAULT $$(--$$, DROP COLUMN y
ALTER TABLE polls ADD COLUMN n text DEFAULT $a$ $$ ( $a$, DROP COLUMN y
ALTER TABLE polls ADD COLUMN "n(" text, DROP COLUMN y
ALTER TABLE polls ADD COLUMN "--" text, DROP COLUMN y
ALTER TABLE polls ADD COLUMN n text /* /* */ '( */, DROP COLUMN y
ALTER TABLE polls ADD COLUMN n text[] DEFAULT '{}'::text[], DROP COLUMN y
/* harmless */ DROP TABLE polls
SELECT 1; DROP TABLE polls
SELECT 'never closed
SELECT /* never closed
-- demands
ALTER TABLE polls ALTER COLUMN title TYPE varchar(20)
ALTER TABLE polls ALTER title SET DATA TYPE bigint USING title::bigint
ALTER TABLE polls ALTER COLUMN title SET NOT NULL
ALTER TABLE polls ALTER COLUMN title DROP DEFAULT
ALTER TABLE polls ALTER COLUMN title SET DEFAULT NULL
ALTER TABLE polls ALTER COLUMN title SET DEFAULT (NULL::text)
ALTER TABLE polls ALTER x ADD GENERATED ALWAYS AS IDENTITY
ALTER TABLE polls ALTER x DROP IDENTITY
ALTER TABLE polls ADD COLUMN kind TEXT NOT NULL
ALTER TABLE polls ADD COLUMN "default" int NOT NULL
ALTER TABLE polls ADD "generated" int NOT NULL
ALTER TABLE polls ADD "serial" int NOT NULL
ALTER TABLE polls ADD COLUMN n int NOT NULL DEFAULT NULL
ALTER TABLE polls ADD COLUMN n int DEFAULT (NULL) NOT NULL
ALTER TABLE polls ADD COLUMN n boolean DEFAULT (NOT NULL) NOT NULL
ALTER TABLE polls ADD COLUMN n int NOT NULL DEFAULT nullif(1, 1)
ALTER TABLE polls ADD COLUMN n int NOT NULL DEFAULT CASE WHEN false THEN 1 END
ALTER TABLE polls ADD COLUMN n int NOT NULL DEFAULT (ARRAY[1])[2]
ALTER TABLE polls ADD COLUMN n text NOT NULL DEFAULT '{}'::jsonb ->> 'a'
ALTER TABLE polls ADD COLUMN n text NOT NULL DEFAULT f()
ALTER TABLE polls ADD COLUMN n text DEFAULT purge()
ALTER TABLE polls ADD COLUMN n int GENERATED ALWAYS AS (identity) STORED NOT NULL
ALTER TABLE polls ADD COLUMN n int GENERATED ALWAYS AS (title::int) STORED
ALTER TABLE polls ADD COLUMN a INT, ADD COLUMN b NUMERIC(3, 1) NOT NULL
ALTER TABLE polls ADD COLUMN n int PRIMARY KEY
ALTER TABLE polls ADD COLUMN kind TEXT UNIQUE
ALTER TABLE polls ADD COLUMN kind TEXT CHECK (kind = title)
ALTER TABLE polls ADD COLUMN kind UUID REFERENCES kinds
ALTER TABLE polls ADD CONSTRAINT c CHECK (size > 0)
ALTER TABLE polls ADD CONSTRAINT c CHECK (size > 0) NOT VALID
ALTER TABLE polls ADD CHECK (size > 0)
ALTER TABLE polls ADD NOT NULL title
ALTER TABLE polls ADD CONSTRAINT c UNIQUE USING INDEX ix
CREATE UNIQUE INDEX uq_polls_slug ON polls (slug)
CREATE UNIQUE INDEX CONCURRENTLY uq_polls_slug ON polls (slug)
CREATE UNIQUE INDEX ON polls(x)
CREATE INDEX CONCURRENTLY ix_polls_slug ON polls (slug)
CREATE INDEX ON polls ((title::int))
CREATE INDEX ON polls ((1 / size))
CREATE INDEX ON polls ((size + 1))
CREATE INDEX ON polls (parse(title))
ALTER DOMAIN short SET NOT NULL
ALTER DOMAIN short ADD CONSTRAINT c CHECK (VALUE <> '')
CREATE DOMAIN short AS text NOT NULL
CREATE TABLE tags (poll_id UUID REFERENCES polls (id), name TEXT)
CREATE TABLE tags (name TEXT, FOREIGN KEY (name) REFERENCES votebooth.polls (title) ON UPDATE CASCADE)
-- rows
DELETE FROM polls
DELETE FROM polls.polls WHERE false
TRUNCATE polls
TRUNCATE TABLE ONLY polls
TRUNCATE alembic_version, polls
TRUNCATE alembic_version
DELETE FROM other.alembic_version
WITH x AS (DELETE FROM polls RETURNING *) SELECT * FROM x
WITH x AS (SELECT 1) DELETE FROM polls
INSERT INTO polls WITH x AS (DELETE FROM polls RETURNING *) SELECT * FROM x
INSERT INTO polls (id) VALUES (1) ON CONFLICT (id) DO UPDATE SET title = ''
MERGE INTO polls USING x ON polls.id = x.id WHEN MATCHED THEN DELETE
UPDATE ballots SET choice = NULL
UPDATE ONLY polls AS p SET title = ''
UPDATE polls SET (title, size) = ('', 0)
CREATE TABLE old AS WITH x AS (DELETE FROM polls RETURNING *) SELECT * FROM x
CREATE TABLE old AS EXECUTE purge
SELECT * INTO old FROM polls
SELECT * FROM polls FOR UPDATE
COPY polls FROM '/tmp/x'
EXPLAIN ANALYZE DELETE FROM polls
-- code
DO $$ BEGIN DROP TABLE polls; END $$
CALL purge()
SELECT purge()
SELECT polls.lower(title) FROM polls
SELECT "lower"(title) FROM polls
SELECT pg_catalog.set_config('search_path', 'other', false)
SELECT query_to_xml('DELETE FROM polls', true, true, '')
INSERT INTO polls SELECT purge()
PREPARE p AS DELETE FROM polls
EXECUTE p
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'
CREATE PROCEDURE f() LANGUAGE sql AS 'DELETE FROM polls'
CREATE RULE r AS ON INSERT TO polls DO INSTEAD NOTHING
CREATE TRIGGER t BEFORE UPDATE OF title ON polls EXECUTE FUNCTION f()
CREATE OR REPLACE TRIGGER t BEFORE INSERT ON polls EXECUTE FUNCTION f()
CREATE EVENT TRIGGER t ON ddl_command_start EXECUTE FUNCTION f()
CREATE POLICY p ON polls USING (false)
CREATE EXTENSION citext
-- access and behaviour
REVOKE SELECT ON polls FROM votebooth
REVOKE ALL ON ALL TABLES IN SCHEMA polls FROM polls
REVOKE USAGE ON SCHEMA polls FROM polls
REVOKE polls_owner FROM polls
GRANT polls_owner TO polls WITH INHERIT FALSE
ALTER DEFAULT PRIVILEGES REVOKE SELECT ON TABLES FROM polls
ALTER ROLE polls NOLOGIN
ALTER ROLE polls SET search_path = other
ALTER DATABASE votewave SET search_path = other
ALTER TABLE polls ENABLE ROW LEVEL SECURITY
ALTER TABLE polls DISABLE TRIGGER ALL
ALTER TABLE polls OWNER TO other
ALTER TABLE polls INHERIT parent
ALTER TABLE polls ATTACH PARTITION p DEFAULT
ALTER TABLE polls DETACH PARTITION p
ALTER TABLE polls REPLICA IDENTITY NOTHING
ALTER TABLE polls SET (security_invoker = true)
ALTER TABLE polls SET UNLOGGED
ALTER TABLE ALL IN TABLESPACE a SET TABLESPACE b
CREATE TABLE part PARTITION OF polls DEFAULT
CREATE TABLE child () INHERITS (polls)
CREATE TEMP TABLE polls (id UUID)
LOCK TABLE polls
SET search_path = other
SET ROLE polls
SET lock_timeout = 0
RESET ROLE
COMMIT
"""

ALLOWED = """
CREATE TABLE tags (id UUID NOT NULL, CONSTRAINT pk_tags PRIMARY KEY (id), CHECK (id > '1'), n int DEFAULT f())
CREATE UNLOGGED TABLE tags (id UUID UNIQUE)
CREATE TABLE tags (poll_id UUID REFERENCES polls (id) ON UPDATE CASCADE ON DELETE CASCADE, of UUID REFERENCES tags)
CREATE TABLE tags AS SELECT lower(title) AS name, count(*) FROM polls GROUP BY lower(title)
CREATE TABLE tags (at DATE) PARTITION BY RANGE (at)
CREATE TABLE IF NOT EXISTS polls (id UUID)
CREATE INDEX ix_polls_slug ON polls (slug)
CREATE INDEX IF NOT EXISTS ix_polls_slug ON ONLY polls USING gin (slug) WITH (fillfactor = 70)
CREATE INDEX ix ON polls (poll_id, COALESCE(place, ballot_id) DESC) INCLUDE (size) WHERE act = 'a'::text
CREATE INDEX ix ON polls ((d -> 'x')) WHERE deleted_at IS NULL
CREATE SEQUENCE IF NOT EXISTS numbers OWNED BY polls.size
CREATE TYPE mood AS ENUM ('good; DROP TABLE polls', 'bad')
CREATE SCHEMA IF NOT EXISTS archive AUTHORIZATION polls_owner
ALTER TYPE method ADD VALUE IF NOT EXISTS 'stv' AFTER 'irv'
ALTER TABLE polls ADD COLUMN kind TEXT
ALTER TABLE IF EXISTS ONLY polls.polls ADD IF NOT EXISTS kind TEXT NULL
ALTER TABLE polls ADD COLUMN kind TEXT DEFAULT 'DROP TABLE; x' NOT NULL
ALTER TABLE polls ADD COLUMN "check" TEXT DEFAULT E'it\\'s' COLLATE "C" NOT NULL
ALTER TABLE polls ADD COLUMN n BIGINT GENERATED ALWAYS AS IDENTITY NOT NULL
ALTER TABLE polls ADD COLUMN n BIGINT NOT NULL GENERATED BY DEFAULT AS IDENTITY (START 5)
ALTER TABLE polls ADD COLUMN n BIGSERIAL NOT NULL
ALTER TABLE polls ADD COLUMN n NUMERIC(3, 1) DEFAULT -1.5 NOT NULL, ADD m INT[] DEFAULT '{}'::int[] NOT NULL
ALTER TABLE polls ADD COLUMN at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL
ALTER TABLE polls ADD COLUMN n text GENERATED ALWAYS AS (lower(title)) STORED
ALTER TABLE polls ADD COLUMN n uuid DEFAULT NULL
ALTER TABLE polls ALTER COLUMN title DROP NOT NULL
ALTER TABLE polls ALTER COLUMN title SET DEFAULT ''
ALTER TABLE polls ALTER id SET DEFAULT nextval('numbers'::regclass)
ALTER TABLE polls SET (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, toast.autovacuum_enabled = off)
ALTER TABLE polls VALIDATE CONSTRAINT c
GRANT SELECT ON polls TO votebooth
GRANT MAINTAIN ON polls, polls.polls TO polls
COMMENT ON TABLE polls IS 'DROP TABLE polls'
INSERT INTO polls (id, title) VALUES ($1::UUID, 'DELETE'), (gen_random_uuid(), upper('x')) ON CONFLICT (id) DO NOTHING
INSERT INTO polls AS p (id) SELECT id FROM old WHERE id IN (SELECT 1) AND size = ANY (ARRAY[1, 2])
UPDATE alembic_version SET version_num='0002' WHERE alembic_version.version_num = '0001'
DELETE FROM alembic_version WHERE version_num = '0001'
INSERT INTO alembic_version (version_num) VALUES ('0001')
SELECT pg_catalog.pg_class.relname FROM pg_catalog.pg_class WHERE pg_catalog.pg_table_is_visible(pg_class.oid)
SELECT 1 /* DROP TABLE polls /* ; */ */ -- ; DROP TABLE polls
SET LOCAL lock_timeout = '1s'
;
"""


def lines(table: str) -> list[str]:
    return [line for line in table.strip().splitlines() if not line.startswith("-- ")]


def judge() -> Expanding:
    return Expanding("polls", THERE)


@pytest.mark.parametrize("statement", lines(REFUSED))
def test_what_isn_t_known_to_only_add_is_refused(statement: str) -> None:
    with pytest.raises(ContractError, match=r"polls: a migration \w[\s\S]*\n.*--allow-contract REASON"):
        judge()(None, None, statement)


@pytest.mark.parametrize("statement", lines(ALLOWED))
def test_what_is_added_is_fine(statement: str) -> None:
    assert judge().objection(statement) is None


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("DROP TABLE polls", "drops what it hasn't made itself"),
        ("ALTER TABLE polls DROP title", "drops a column"),
        ("ALTER TABLE polls RENAME title TO name", "renames"),
        ("ALTER TABLE polls ALTER title TYPE text", "changes a type"),
        ("ALTER TABLE polls ADD COLUMN kind TEXT NOT NULL", "adds a column that must be given a value"),
        ("CREATE UNIQUE INDEX ON polls (x)", "makes values unique"),
        ("UPDATE polls SET title = ''", "changes rows (of the column title, which it hasn't added itself)"),
        ("COPY polls FROM STDIN", "runs COPY, which isn't known to only add"),
        ("SELECT purge()", "calls purge, and what that does can't be judged"),
        ("ALTER TABLE polls ENABLE ROW LEVEL SECURITY", "in a way that isn't known to only add (ENABLE ROW LEVEL)"),
    ],
)
def test_the_refusal_says_what_is_wrong(statement: str, why: str) -> None:
    assert why in str(judge().objection(statement))


def run(*statements: str) -> str | None:
    """Return what is against the last of a run's statements; the others are fine."""
    one = judge()
    for statement in statements[:-1]:
        assert one.objection(statement) is None, statement
    return one.objection(statements[-1])


TAGS = "CREATE TABLE tags (id UUID)"


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE polls.tags ADD COLUMN name TEXT NOT NULL, ADD UNIQUE (name)",
        "ALTER TABLE tags DROP id, ALTER name TYPE int USING f(name)",
        "ALTER TABLE tags ENABLE ROW LEVEL SECURITY",
        "CREATE UNIQUE INDEX uq_tags_name ON tags ((name::int))",
        "CREATE TRIGGER t AFTER INSERT ON tags EXECUTE FUNCTION known()",
        "REVOKE UPDATE, DELETE, TRUNCATE ON tags FROM polls",
        "UPDATE tags SET id = NULL",
        "DELETE FROM tags",
        "TRUNCATE tags",
        'DROP TABLE "tags"',
    ],
)
def test_what_a_migration_has_made_itself_it_may_change(statement: str) -> None:
    assert judge().objection(statement), "only then"
    assert run(TAGS, statement) is None


@pytest.mark.parametrize(
    "statements",
    [
        # Not made, for it was there.
        ("CREATE TABLE IF NOT EXISTS polls (id UUID)", "ALTER TABLE polls DROP COLUMN title"),
        ("CREATE TABLE IF NOT EXISTS polls (id UUID)", "DELETE FROM polls"),
        ("CREATE TABLE polls (id UUID)", "DELETE FROM polls"),
        ("CREATE INDEX IF NOT EXISTS uq_polls ON polls (id)", "DROP INDEX uq_polls"),
        ("CREATE TYPE method AS ENUM ('a')", "ALTER TYPE method RENAME VALUE 'a' TO 'b'"),
        ("ALTER TABLE polls ADD COLUMN IF NOT EXISTS title TEXT", "UPDATE polls SET title = NULL"),
        # Another's of this name.
        ("CREATE TABLE other.polls (id UUID)", "DROP TABLE polls"),
        ("CREATE TABLE other.polls (id UUID)", "DELETE FROM votebooth.polls"),
        ('CREATE TABLE "POLLS" (id UUID)', "DELETE FROM POLLS"),
        ("CREATE INDEX mood ON polls (id)", "ALTER TYPE mood RENAME TO m"),
        # It, and others.
        (TAGS, "DROP TABLE tags, polls"),
        (TAGS, "DROP TABLE tags CASCADE"),
        (TAGS, "TRUNCATE tags, ONLY polls"),
        (TAGS, "TRUNCATE tags CASCADE"),
        (TAGS, "REVOKE SELECT ON tags, polls FROM polls"),
        (TAGS, "ALTER TABLE tags INHERIT polls"),
        (TAGS, "ALTER TABLE tags ADD FOREIGN KEY (id) REFERENCES polls"),
        (TAGS, "DELETE FROM tags USING purge()"),
        (TAGS, "ALTER TABLE tags RENAME TO t", "CREATE VIEW tags AS SELECT * FROM polls"),
        (TAGS, "ALTER TABLE polls ADD COLUMN name TEXT NOT NULL"),
        # A column of its own makes no other one free, and is used by who doesn't know it.
        ("ALTER TABLE polls ADD COLUMN n INT DEFAULT 0 NOT NULL", "ALTER TABLE polls ALTER n DROP DEFAULT"),
        ("ALTER TABLE polls ADD COLUMN n INT", "ALTER TABLE polls ALTER n SET NOT NULL"),
        ("ALTER TABLE polls ADD COLUMN n INT", "UPDATE polls SET n = 1, title = ''"),
        ("ALTER TABLE polls ADD COLUMN n BOOL", "UPDATE polls SET n = size IS DISTINCT FROM 1, title = ''"),
        ("ALTER TABLE polls ADD COLUMN n INT", "UPDATE polls SET (n, title) = (1, '')"),
        ("ALTER TABLE polls ADD COLUMN n INT", "UPDATE votebooth.polls SET n = 1"),
        ("ALTER TABLE polls ADD COLUMN n INT", "UPDATE polls SET n = purge()"),
    ],
)
def test_and_nothing_else(statements: tuple[str, ...]) -> None:
    assert run(*statements)


def test_a_new_column_may_be_filled() -> None:
    added = 'ALTER TABLE polls ADD COLUMN n INT, ADD COLUMN "The m" TEXT'
    filled = "UPDATE polls AS p SET n = length(title), (\"The m\") = ('x') FROM old WHERE old.id = p.id"
    assert run(added, filled) is None
    assert judge().objection(filled)


def test_an_odd_letter_or_an_overlong_name_isn_t_read_otherwise_than_postgres_does() -> None:
    long = "t" * 64
    assert run(f"CREATE TABLE {long} (id UUID)")
    assert run("CREATE TABLE \u212aey (id UUID)", "DELETE FROM key"), "the sign of Kelvin isn't a k"
    assert run("DROP\u00a0TABLE polls"), "Postgres counts this space as a letter"
    assert run("ALTER TABLE polls ADD n text DEFAULT E'a'\n'\\', DROP title --'")


@pytest.mark.parametrize("ending", ["", " (", " )", " ,"])
def test_what_ends_too_early_is_judged_all_the_same(ending: str) -> None:
    """Postgres refuses it; until then nothing may break off with less than a sentence."""
    for statement in lines(REFUSED) + lines(ALLOWED):
        for place in range(len(statement)):
            judge().objection(statement[:place] + ending)
