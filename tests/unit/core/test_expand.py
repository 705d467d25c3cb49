"""What counts as taking something away from the release before."""

import pytest
from services.core.expand import ContractError, Expanding


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE polls",
        'ALTER TABLE polls DROP COLUMN "drop"',
        "alter table if exists only polls.polls\n  drop title",
        "ALTER TABLE polls RENAME COLUMN title TO name",
        "ALTER TABLE polls RENAME TO surveys",
        "ALTER TABLE polls ALTER COLUMN title TYPE varchar(20)",
        "ALTER TABLE polls ALTER title SET DATA TYPE bigint USING title::bigint",
        "ALTER TABLE polls ALTER COLUMN title SET NOT NULL",
        "ALTER TABLE polls ALTER COLUMN title DROP DEFAULT",
        "ALTER TABLE polls ADD COLUMN kind TEXT NOT NULL",
        "ALTER TABLE polls ADD COLUMN a INT, ADD COLUMN b NUMERIC(3, 1) NOT NULL",
        "ALTER TABLE polls ADD CONSTRAINT c CHECK (size > 0)",
        "ALTER TABLE polls ADD COLUMN kind TEXT UNIQUE",
        "ALTER TABLE polls DROP CONSTRAINT uq_polls",
        "DROP INDEX uq_polls",
        "CREATE UNIQUE INDEX CONCURRENTLY uq_polls_slug ON polls (slug)",
        "ALTER TYPE method RENAME VALUE 'a' TO 'b'",
        "DELETE FROM polls",
        "TRUNCATE polls",
        "DO $$ BEGIN DROP TABLE polls; END $$",
        "SELECT 1; DROP TABLE polls",
        "-- harmless\nDROP TABLE polls",
    ],
)
def test_what_running_code_may_use_is_not_taken_away(statement: str) -> None:
    with pytest.raises(ContractError, match="polls: a migration"):
        Expanding("polls")(None, None, statement)


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE polls ADD COLUMN kind TEXT",
        "ALTER TABLE polls ADD COLUMN kind TEXT DEFAULT 'DROP TABLE; x' NOT NULL",
        "ALTER TABLE polls ADD COLUMN n BIGINT GENERATED ALWAYS AS IDENTITY NOT NULL",
        "ALTER TABLE polls ALTER COLUMN title DROP NOT NULL",
        "ALTER TABLE polls ALTER COLUMN title SET DEFAULT ''",
        "ALTER TABLE counters SET (fillfactor = 20)",
        "CREATE INDEX ix_polls_slug ON polls (slug)",
        "CREATE TABLE tags (id UUID NOT NULL, CONSTRAINT pk_tags PRIMARY KEY (id))",
        "UPDATE alembic_version SET version_num='0002' WHERE alembic_version.version_num = '0001'",
        "DELETE FROM alembic_version WHERE version_num = '0001'",
        "UPDATE polls SET kind = 'x; DROP TABLE polls'",
        "GRANT SELECT ON polls TO votebooth",
        "SELECT 1 /* DROP TABLE polls */",
    ],
)
def test_what_is_added_is_fine(statement: str) -> None:
    Expanding("polls")(None, None, statement)


def test_what_a_migration_has_made_itself_it_may_change() -> None:
    judge = Expanding("polls")
    judge(None, None, 'CREATE TABLE IF NOT EXISTS "tags" (id UUID)')
    judge(None, None, "ALTER TABLE polls.tags ADD COLUMN name TEXT NOT NULL, ADD UNIQUE (name)")
    judge(None, None, "CREATE UNIQUE INDEX uq_tags_name ON tags (name)")
    with pytest.raises(ContractError):
        judge(None, None, "ALTER TABLE polls ADD COLUMN name TEXT NOT NULL")
