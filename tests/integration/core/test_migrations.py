import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import asyncpg
import pytest
import sqlalchemy as sa
from services import registry
from services.core.aws.secrets import FileSecrets
from services.core.data import migrations
from services.core.data.database import connect_arguments
from services.core.data.expand import ContractError, OutOfStepError
from services.core.data.migrations import metadata_of, migrate
from services.embedded import Embedded
from services.embedded.postgres import programs
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool
from structlog.testing import capture_logs

PASSWORD = "correct horse % battery/staple"


@pytest.fixture(scope="module")
async def servers() -> AsyncIterator[Embedded]:
    with tempfile.TemporaryDirectory(prefix="vw-") as name:
        async with Embedded(Path(name) / "data") as servers:
            yield servers


class Base:
    """A database of a test's own.

    Attributes:
        url: As its administrator, who may create roles and isn't a superuser, as in RDS.
    """

    def __init__(self, servers: Embedded, name: str, secrets: FileSecrets) -> None:
        self.host = servers.database_url.partition("host=")[2]
        self.name = name
        self.url = f"postgresql://admin_{name}:admin@/{name}?host={self.host}"
        self.superuser = f"postgresql://postgres@/{name}?host={self.host}"
        self.secrets = secrets

    async def connect(self, role: str = "") -> "asyncpg.Connection[Any]":
        return await asyncpg.connect(
            host=self.host,
            database=self.name,
            user=role or "postgres",
            password=PASSWORD if role else None,
            server_settings={"search_path": role or "public"},
        )

    async def rows(self, query: str, role: str = "") -> list[Any]:
        connection = await self.connect(role)
        try:
            return [tuple(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()


@pytest.fixture
async def base(servers: Embedded, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Base]:
    name = f"d{abs(hash(request.node.name)) % 10**8}"
    admin = await asyncpg.connect(servers.database_url)
    await admin.execute(f"CREATE ROLE admin_{name} LOGIN CREATEROLE PASSWORD 'admin'")
    await admin.execute(f"CREATE DATABASE {name} OWNER admin_{name}")
    secrets = FileSecrets(tmp_path / "secrets.json")
    for service in (*registry.NAMES, "trial"):
        secrets.ensure(f"{service}/database", lambda: PASSWORD)
    yield Base(servers, name, secrets)
    # Roles are the cluster's: each test makes them anew.
    await admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
    roles = [row[0] for row in await admin.fetch("SELECT rolname FROM pg_roles WHERE rolname !~ '^(pg_|postgres$)'")]
    for role in roles:
        await admin.execute(f"DROP OWNED BY {role} CASCADE")
    for role in roles:
        await admin.execute(f"DROP ROLE {role}")
    await admin.close()


SHAPE = """
SELECT 'column', format('%s.%s %s null=%s default=%s identity=%s generated=%s collation=%s', c.relname, a.attname,
    format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, pg_get_expr(d.adbin, d.adrelid), a.attidentity,
    a.attgenerated, a.attcollation::regcollation)
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = '{schema}'::regnamespace AND c.relkind IN ('r', 'p') AND a.attnum > 0 AND NOT a.attisdropped
UNION ALL SELECT 'constraint', format('%s.%s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint WHERE connamespace = '{schema}'::regnamespace
UNION ALL SELECT 'index', pg_get_indexdef(indexrelid) FROM pg_index
JOIN pg_class c ON c.oid = indexrelid WHERE c.relnamespace = '{schema}'::regnamespace
UNION ALL SELECT 'sequence', format('%s %s', sequencename, data_type) FROM pg_sequences WHERE schemaname = '{schema}'
UNION ALL SELECT 'table', format('%s %s', relname, relpersistence) FROM pg_class
WHERE relnamespace = '{schema}'::regnamespace AND relkind IN ('r', 'p')
ORDER BY 1, 2
"""


async def shape(base: Base, schema: str) -> set[str]:
    """Return everything that Postgres knows of a schema's tables, as lines."""
    connection = await base.connect()
    await connection.execute(f"SET search_path = {schema}")
    rows = await connection.fetch(SHAPE.replace("{schema}", schema))
    await connection.close()
    lines = {f"{kind} {line}".replace(f"{schema}.", "") for kind, line in rows}
    return {line for line in lines if "alembic_version" not in line}


async def create_from_models(base: Base, name: str, schema: str) -> None:
    engine = create_async_engine(
        "postgresql+asyncpg://",
        poolclass=NullPool,
        async_creator=lambda *_, **__: asyncpg.connect(
            **connect_arguments(base.superuser), server_settings={"search_path": schema}
        ),
    )
    async with engine.begin() as connection:
        await connection.exec_driver_sql(f"CREATE SCHEMA {schema}")
        await connection.run_sync(metadata_of(name).create_all)
    await engine.dispose()


async def test_migrated_tables_equal_the_models(base: Base) -> None:
    """Types, defaults, checks, keys and indexes with their conditions: more than Alembic compares."""
    done = await migrate(registry.NAMES, base.url, base.secrets)
    assert list(done) == list(registry.NAMES)
    assert all(done.values())
    for name in registry.NAMES:
        await create_from_models(base, name, f"{name}_models")
        migrated, declared = await shape(base, name), await shape(base, f"{name}_models")
        assert len(declared) > 20
        assert sorted(migrated - declared) == [], f"{name}: in migrations only"
        assert sorted(declared - migrated) == [], f"{name}: in models only"


async def test_a_second_run_changes_nothing_and_two_at_once_are_one(base: Base) -> None:
    first, second = await asyncio.gather(
        migrate(registry.NAMES, base.url, base.secrets), migrate(registry.NAMES, base.url, base.secrets)
    )
    for name in registry.NAMES:
        assert bool(first[name]) != bool(second[name]), "each revision was run by one of them"
    before = [await shape(base, name) for name in registry.NAMES]
    assert await migrate(registry.NAMES, base.url, base.secrets) == {name: [] for name in registry.NAMES}
    assert before == [await shape(base, name) for name in registry.NAMES]


async def test_a_login_role_reads_and_writes_its_rows_and_nothing_else(base: Base) -> None:
    await migrate(["profiles", "polls"], base.url, base.secrets)
    connection = await base.connect("profiles")
    await connection.execute(
        "INSERT INTO outbox (event_id, kind, payload, trace) VALUES (gen_random_uuid(), '', '', '')"
    )
    await connection.execute("UPDATE outbox SET kind = 'x'; DELETE FROM outbox")
    assert await connection.fetchval("SELECT version_num FROM alembic_version")
    for forbidden in (
        "CREATE TABLE t ()",
        "CREATE TABLE public.t ()",
        "CREATE TEMP TABLE t ()",
        "CREATE SCHEMA s",
        "CREATE ROLE r",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "ALTER TABLE profile ADD COLUMN x int",
        "ALTER ROLE profiles SUPERUSER",
        "ALTER ROLE profiles CREATEROLE",
        "DROP TABLE profile",
        "TRUNCATE profile",
        "CREATE INDEX ON profile (bio)",
        "SELECT * FROM polls.poll",
        "SELECT * FROM polls.alembic_version",
        "UPDATE alembic_version SET version_num = ''",
        "DELETE FROM alembic_version",
        "SET ROLE profiles_owner",
        "SET ROLE polls",
        "SET SESSION AUTHORIZATION postgres",
        "SELECT rolpassword FROM pg_authid",
        "COPY profile TO '/tmp/x'",
        "SELECT pg_read_file('/etc/passwd')",
    ):
        with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.InvalidParameterValueError)):
            await connection.execute(forbidden)
    await connection.close()


async def test_an_owner_role_cannot_log_in(base: Base) -> None:
    await migrate(["profiles"], base.url, base.secrets)
    with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
        await base.connect("profiles_owner")


async def test_the_password_is_kept_as_a_verifier_and_follows_the_secret(base: Base) -> None:
    await migrate(["profiles"], base.url, base.secrets)
    kept = await base.rows("SELECT rolname, rolpassword FROM pg_authid WHERE rolname ~ 'profiles' ORDER BY 1")
    assert kept[0][1].startswith("SCRAM-SHA-256$4096:")
    assert kept[1] == ("profiles_owner", None)
    base.secrets.rotate("profiles/database", lambda: "another")
    await migrate(["profiles"], base.url, base.secrets)
    assert (await base.rows("SELECT rolpassword FROM pg_authid WHERE rolname = 'profiles'"))[0][0] != kept[0][1]


REVISION = '''"""{0}"""
import sqlalchemy as sa
from alembic import op
from services.core.data.expand import helpers
revision = "{1}"
down_revision = {2}
branch_labels = None
depends_on = None
def make(name, *columns, **options):
    op.create_table(name, *(sa.Column(column, sa.Integer) for column in columns), **options)
def add(table, column, nullable=True, **options):
    op.add_column(table, sa.Column(column, sa.Integer, nullable=nullable), **options)
def upgrade():
    {3}
'''


@pytest.fixture
def trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A service of the test's own, beside the real ones.

    Its revisions are rewritten within a second and at the same length, which byte code of theirs would outlive: Python
    looks at a file's length and second alone.
    """
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    folder = tmp_path / "services" / "trial"
    (folder / "migrations").mkdir(parents=True)
    real = Path(migrations.__file__).parent
    shutil.copytree(real / "alembic", tmp_path / "services" / "core" / "data" / "alembic")
    (tmp_path / "services" / "profiles").symlink_to(real.parents[1] / "profiles")
    monkeypatch.setattr(migrations, "_SERVICES", tmp_path / "services")
    declare(monkeypatch)
    return folder / "migrations"


def declare(monkeypatch: pytest.MonkeyPatch, **tables: list[str]) -> None:
    """Let the trial's models declare tables of these columns."""
    metadata = sa.MetaData()
    for table, columns in tables.items():
        sa.Table(table, metadata, *(sa.Column(column, sa.Integer) for column in columns))
    models = SimpleNamespace(Base=SimpleNamespace(metadata=metadata))
    monkeypatch.setitem(sys.modules, "services.trial.models", models)


async def test_a_new_service_s_first_migration_makes_the_tables_of_events_as_the_others_have_them(
    base: Base, trial: Path
) -> None:
    (trial / "0001_a.py").write_text(
        "from services.core.events import tables\n"
        'revision, down_revision = "0001", None\n'
        "def upgrade() -> None:\n    tables.create()\n"
    )
    assert await migrate(["profiles", "trial"], base.url, base.secrets)
    names = ("outbox", "inbox", "parked")
    others = {line for line in await shape(base, "profiles") if any(name in line for name in names)}
    assert len(others) > 20
    assert await shape(base, "trial") == others


async def test_a_failed_migration_leaves_nothing_half_done(base: Base, trial: Path) -> None:
    (trial / "0001_a.py").write_text(REVISION.format("a", "0001", None, "make('a')"))
    divides = "make('b'); op.execute('SELECT 1/0')"
    (trial / "0002_b.py").write_text(REVISION.format("b", "0002", '"0001"', divides))
    with pytest.raises(Exception, match="division by zero"):
        await migrate(["profiles", "trial"], base.url, base.secrets)
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'trial'"
    assert await base.rows(tables) == []
    assert await base.rows("SELECT version_num FROM profiles.alembic_version"), "who came before is done"
    assert await base.rows("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == [(0,)]

    (trial / "0002_b.py").write_text(REVISION.format("b", "0002", '"0001"', "make('b')"))
    assert await migrate(["trial"], base.url, base.secrets) == {"trial": ["0001", "0002"]}
    assert sorted(await base.rows(tables)) == [("a",), ("alembic_version",), ("b",)]


async def test_a_migration_that_cannot_have_its_lock_gives_way(base: Base, trial: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr(migrations, "_LOCK_TIMEOUT", "200ms")
    (trial / "0001_a.py").write_text(REVISION.format("a", "0001", None, "make('a')"))
    await migrate(["trial"], base.url, base.secrets)
    (trial / "0002_b.py").write_text(REVISION.format("b", "0002", '"0001"', "add('a', 'x')"))
    holder = await base.connect()
    async with holder.transaction():
        await holder.execute("SELECT * FROM trial.a")
        with pytest.raises(Exception, match="lock timeout"):
            await migrate(["trial"], base.url, base.secrets)
    await holder.close()
    assert await migrate(["trial"], base.url, base.secrets) == {"trial": ["0002"]}


async def test_what_the_release_before_uses_is_taken_away_only_when_somebody_says_so(base: Base, trial: Path) -> None:
    (trial / "0001_a.py").write_text(REVISION.format("a", "0001", None, "make('a', 'x'); op.drop_column('a', 'x')"))
    assert await migrate(["trial"], base.url, base.secrets, expand_only=True) == {"trial": ["0001"]}, "nobody used it"
    (trial / "0002_b.py").write_text(REVISION.format("b", "0002", '"0001"', "make('b'); op.drop_table('a')"))
    with pytest.raises(ContractError, match=r"trial: drop_table on a drops a table"):
        await migrate(["trial"], base.url, base.secrets, expand_only=True)
    tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'trial'"
    assert sorted(await base.rows(tables)) == [("a",), ("alembic_version",)]
    assert await migrate(["trial"], base.url, base.secrets) == {"trial": ["0002"]}
    assert sorted(await base.rows(tables)) == [("alembic_version",), ("b",)]


async def test_what_was_there_before_is_not_the_run_s_own(base: Base, trial: Path) -> None:
    """As the database tells it: a migration that says IF NOT EXISTS has made nothing."""
    first = "make('a', 'x'); sa.Enum('y', name='e').create(op.get_bind())"
    (trial / "0001_a.py").write_text(REVISION.format("a", "0001", None, first))
    await migrate(["trial"], base.url, base.secrets)
    exists = "make('a', 'x', if_not_exists=True); add('a', 'x', if_not_exists=True); "
    table = "sa.table('a', sa.column('x'))"
    for taking, said in (
        (f"op.execute(sa.delete({table}))", "delete on a"),
        (f"op.execute(sa.update({table}).values(x=1))", "update on a"),
        ("sa.Enum('y', name='e').drop(op.get_bind())", "Enum.drop on e drops a type"),
    ):
        (trial / "0002_b.py").write_text(REVISION.format("b", "0002", '"0001"', exists + taking))
        with pytest.raises(ContractError, match=re.escape(f"trial: {said}")):
            await migrate(["trial"], base.url, base.secrets, expand_only=True)
    grows = (
        "sa.Enum('y', name='e').create(op.get_bind(), checkfirst=True); make('b', 'y'); add('b', 'n', nullable=False); "
        "assert sa.inspect(op.get_bind()).has_table('a'); add('a', 'y'); "
        "op.execute(sa.update(sa.table('b', sa.column('y'))).values(y=1)); "
        "op.create_index(None, 'a', ['y']); helpers.add_enum_value('e', 'z'); helpers.wait_for_locks(1); "
        "helpers.append_only('b'); helpers.churn('a', fillfactor=70); helpers.grant('MAINTAIN', 'a')"
    )
    (trial / "0002_b.py").write_text(REVISION.format("b", "0002", '"0001"', grows))
    assert await migrate(["trial"], base.url, base.secrets, expand_only=True) == {"trial": ["0002"]}
    kept = await base.rows(
        "SELECT relname, relacl::text, reloptions FROM pg_class WHERE relnamespace = 'trial'::regnamespace "
        "AND relname IN ('a', 'b') ORDER BY 1"
    )
    vacuum = ["autovacuum_vacuum_scale_factor=0", "autovacuum_vacuum_threshold=50", "autovacuum_vacuum_cost_delay=0"]
    assert [("trial=arwdm/" in acl, "trial=ar/" in acl, options) for _, acl, options in kept] == [
        (True, False, ["fillfactor=70", *vacuum]),
        (False, True, None),
    ]


@pytest.mark.parametrize(
    "way",
    [
        "op.execute({0!r})",
        "op.get_bind().execute(sa.text({0!r}))",
        "op.get_bind().exec_driver_sql({0!r})",
        "op.execute(sa.DDL({0!r}))",
    ],
)
async def test_raw_sql_is_refused_however_it_comes_to_the_connection(base: Base, trial: Path, way: str) -> None:
    (trial / "0001_a.py").write_text(REVISION.format("a", "0001", None, "op.execute('CREATE TABLE a (x int)')"))
    assert await migrate(["trial"], base.url, base.secrets, expand_only=True) == {"trial": ["0001"]}, "nobody used it"
    (trial / "0002_b.py").write_text(REVISION.format("b", "0002", '"0001"', way.format("DROP TABLE a")))
    with pytest.raises(ContractError, match="trial: execute on DROP TABLE a isn't known to be a pure addition"):
        await migrate(["trial"], base.url, base.secrets, expand_only=True)
    assert await base.rows("SELECT version_num FROM trial.alembic_version") == [("0001",)]


async def test_a_migration_commits_nothing_of_itself(base: Base, trial: Path) -> None:
    (trial / "0001_a.py").write_text(REVISION.format("a", "0001", None, "make('a')"))
    await migrate(["trial"], base.url, base.secrets)
    (trial / "0002_b.py").write_text(REVISION.format("b", "0002", '"0001"', "make('b'); op.get_bind().commit()"))
    with pytest.raises(ContractError, match="trial: commit"):
        await migrate(["trial"], base.url, base.secrets, expand_only=True)
    assert await base.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'trial' AND tablename = 'b'") == []


async def test_each_service_s_revisions_only_expand_its_first(
    base: Base, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = migrations._SERVICES
    shutil.copytree(real / "core" / "data" / "alembic", tmp_path / "core" / "data" / "alembic")
    for name in registry.NAMES:
        first = tmp_path / name / "migrations"
        shutil.copytree(real / name / "migrations", first)
        for later in first.glob("[0-9]*.py"):
            if not later.name.startswith("0001"):
                later.unlink()
    with monkeypatch.context() as former:
        former.setattr(migrations, "_SERVICES", tmp_path)
        former.setattr(migrations, "metadata_of", lambda _: sa.MetaData())  # the present one's are yet to be added
        done = await migrate(registry.NAMES, base.url, base.secrets, expand_only=True)
    assert done == {name: ["0001"] for name in registry.NAMES}
    later = await migrate(registry.NAMES, base.url, base.secrets, expand_only=True)
    assert later["votebooth"][:5] == ["0002", "0003", "0004", "0005", "0006"]


async def test_a_version_that_is_older_than_its_database_can_be_released(
    base: Base, trial: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rejected version leaves its revisions; what comes after it may be the former one, with a fix."""
    (trial / "0001_a.py").write_text(REVISION.format("a", "0001", None, "make('a', 'x')"))
    rejected = trial / "0002_b.py"
    rejected.write_text(REVISION.format("b", "0002", '"0001"', "add('a', 'y')"))
    await migrate(["trial"], base.url, base.secrets)
    rejected.unlink()
    declare(monkeypatch, a=["x"])

    with capture_logs() as logs:
        done = await migrate(["trial", "profiles"], base.url, base.secrets, expand_only=True)
        assert done["trial"] == []
        assert done["profiles"][:4] == ["0001", "0002", "0003", "0004"]
    ahead = {"service": "trial", "revisions": ["0002"], "event": "the database is ahead, nothing to do"}
    assert ahead | {"log_level": "warning"} in logs
    assert await base.rows("SELECT version_num FROM trial.alembic_version") == [("0002",)]
    with pytest.raises(OutOfStepError, match=r"^trial: the database is at revision 0002, which") as refused:
        await migrate(["trial"], base.url, base.secrets)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("number", ["0002", "0002_fix"])
async def test_a_fix_whose_own_revision_the_database_will_not_run_is_not_released(
    base: Base, trial: Path, monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    """It has the number of the rejected version's, or is beside it: either way its column would be missing."""
    (trial / "0001_a.py").write_text(REVISION.format("a", "0001", None, "make('a', 'x')"))
    rejected = REVISION.format("b", "0002", '"0001"', "add('a', 'y')")
    (trial / "0002_b.py").write_text(rejected)
    await migrate(["trial"], base.url, base.secrets)
    (trial / "0002_b.py").unlink()
    fix = trial / "fix.py"
    fix.write_text(REVISION.format("fix", number, '"0001"', "add('a', 'z')"))
    declare(monkeypatch, a=["x", "z"])
    with pytest.raises(OutOfStepError, match=r"trial: the database is at revision 0002 and lacks a\.z\."):
        await migrate(["trial"], base.url, base.secrets, expand_only=True)

    # As the docs say: with the other's revision, and after it.
    (trial / "0002_b.py").write_text(rejected)
    fix.write_text(REVISION.format("fix", "0003", '"0002"', "add('a', 'z')"))
    assert await migrate(["trial"], base.url, base.secrets, expand_only=True) == {"trial": ["0003"]}


async def test_a_backup_is_restored_as_the_operations_guide_says(tmp_path: Path) -> None:
    """Into an empty server, where not even the roles are there yet."""

    def run(program: str, *arguments: str) -> None:
        done = subprocess.run([str(programs() / program), *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    secrets = FileSecrets(tmp_path / "secrets.json")
    for name in registry.NAMES:
        secrets.ensure(f"{name}/database", lambda: PASSWORD)
    backup = str(tmp_path / "votewave.dump")
    with tempfile.TemporaryDirectory(prefix="vw-") as one, tempfile.TemporaryDirectory(prefix="vw-") as two:
        async with Embedded(Path(one) / "data") as old, Embedded(Path(two) / "data") as new:
            await migrate(registry.NAMES, old.database_url, secrets)
            before = await asyncpg.connect(old.database_url)
            await before.execute(
                "INSERT INTO profiles.profile (account_id, handle, handle_key) VALUES (gen_random_uuid(), 'ada', 'ada')"
            )
            await before.close()
            run("pg_dump", "--format=custom", f"--file={backup}", old.database_url)

            await migrate(registry.NAMES, new.database_url, secrets)
            run("pg_restore", "--clean", "--if-exists", f"--dbname={new.database_url}", backup)
            assert await migrate(registry.NAMES, new.database_url, secrets) == {name: [] for name in registry.NAMES}
            host = new.database_url.partition("host=")[2]
            after = await asyncpg.connect(host=host, database="votewave", user="profiles", password=PASSWORD)
            assert await after.fetchval("SELECT handle FROM profiles.profile") == "ada"
            await after.execute("UPDATE profiles.profile SET bio = 'x'")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await after.execute("DROP TABLE profiles.profile")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await after.execute("SELECT * FROM auth.account")
            await after.close()
