"""Stand-ins for AWS's managed services: Postgres for RDS, Valkey for ElastiCache, moto for the rest of AWS."""

import hashlib
import os
import signal
import sys
import time
from pathlib import Path

import httpx
from services.core.scram import scram
from services.embedded.account import account_for
from services.embedded.postgres import Postgres, programs
from services.embedded.process import Runner
from services.embedded.valkey import Valkey, program
from tools.cluster.place import LOOPBACK, NAMES, ROOT, Place
from tools.cluster.processes import ProcessError, Processes

MASTER = "votewave_master"
"""Like RDS's master user it may make roles and schemas and is no superuser."""

REDIS_USER = str(NAMES["redis"]["user"])
_HBA = f"""# Passwords for everybody, as at RDS. The server has no Unix socket.
host all all {LOOPBACK}/32 scram-sha-256
"""
_MOTO_SECONDS = 60


class Stores:
    """The three servers.

    Args:
        place: Where.
        processes: Takes note of them.
    """

    def __init__(self, place: Place, processes: Processes) -> None:
        self._place = place
        self._processes = processes
        postgres = programs() / "postgres"
        cluster = place.folder / "postgres"
        account = account_for(cluster, (postgres, program()))
        runner = Runner(account)
        self._postgres_program = account.program(postgres)
        self._runner = runner
        self._run = place.folder / "run"
        self._postgres = Postgres(
            runner,
            cluster,
            self._run,
            processes.log("postgres"),
            {
                "listen_addresses": LOOPBACK,
                "port": str(place.port("postgres")),
                "unix_socket_directories": "",
                "max_connections": "300",
            },
            _HBA,
        )
        self._valkey = Valkey(
            runner,
            self._run,
            processes.log("valkey"),
            {"bind": LOOPBACK, "port": str(place.port("redis")), "aclfile": str(self._run / "users.acl")},
        )

    def start_postgres(self, password: str) -> None:
        """Start Postgres and wait for it; the first start makes its files and the master user.

        Raises:
            EmbeddedError: It can't be started; the message says why.
            ProcessError: The master user can't be made.
        """
        new = not (self._postgres.folder / "PG_VERSION").exists()
        self._runner.own(self._run)
        self._postgres.prepare()
        if new:
            self._make_master(password)
        self._processes.adopt("postgres", self._postgres.spawn())
        self._postgres.wait_ready()

    def _make_master(self, password: str) -> None:
        statements = [
            f"CREATE ROLE {MASTER} LOGIN CREATEROLE CREATEDB PASSWORD '{scram(password)}'",
            f"ALTER DATABASE votewave OWNER TO {MASTER}",
            "ALTER SYSTEM SET password_encryption = 'scram-sha-256'",
        ]
        command = [self._postgres_program, "--single", "-D", self._postgres.folder, "postgres"]
        status, output = self._runner.run(command, "".join(f"{line}\n" for line in statements))
        if status or "ERROR:" in output:
            raise ProcessError(f"Postgres can't make the master user. It said:\n{output}")

    def stop_postgres(self) -> None:
        """Stop Postgres: clients are cut off, a checkpoint is written."""
        self._processes.stop("postgres", signal.SIGINT, 30)

    def start_valkey(self, password: str) -> None:
        """Start Valkey, empty, and wait for it; its one user is the services', as at ElastiCache.

        Raises:
            EmbeddedError: It can't be started; the message says why.
        """
        self._runner.own(self._run)
        self._valkey.prepare()
        users = self._run / "users.acl"
        users.unlink(missing_ok=True)
        users.touch(mode=0o600)
        digest = hashlib.sha256(password.encode()).hexdigest()
        users.write_text(f"user default on nopass -@all +ping\nuser {REDIS_USER} on #{digest} ~* &* +@all\n")
        owner = self._run.stat()
        os.chown(users, owner.st_uid, owner.st_gid)
        self._processes.adopt("valkey", self._valkey.spawn())
        self._valkey.wait_ready()

    def stop_valkey(self) -> None:
        """Stop Valkey; its data is lost."""
        self._processes.stop("valkey")

    def start_aws(self) -> None:
        """Start moto, empty, and wait for it."""
        port = str(self._place.port("aws"))
        command = [sys.executable, "-m", "tools.cluster.aws_server", "-H", LOOPBACK, "-p", port]
        path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
        self._processes.start("aws", command, {"PYTHONPATH": path, "MOTO_PORT": port})
        deadline = time.monotonic() + _MOTO_SECONDS
        while True:
            self._processes.expect("aws")
            try:
                httpx.get(f"{self._place.url('aws')}/moto-api/data.json", timeout=10)
            except httpx.TransportError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                return

    def database_url(self, user: str = "", password: str = "") -> str:
        """Return a URL of the database, without user and password as services are given it."""
        who = f"{user}:{password}@" if user else ""
        return f"postgresql://{who}{self._place.address('postgres')}/votewave"

    def redis_url(self, user: str = "", password: str = "") -> str:
        """Return Valkey's URL, likewise."""
        who = f"{user}:{password}@" if user else ""
        return f"redis://{who}{self._place.address('redis')}/0"

    @property
    def folder(self) -> Path:
        """Where Postgres keeps what counts."""
        return self._postgres.folder
