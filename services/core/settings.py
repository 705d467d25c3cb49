"""Settings: one frozen struct for the process, one more per service, read from the environment.

A field `max_options` of the service `polls` is `VOTEWAVE_POLLS_MAX_OPTIONS`; a field of the process is
`VOTEWAVE_…` alone. Each field says what it means in its `Meta`; `votewave settings` prints them all.
"""

import os
from collections.abc import Mapping
from typing import Annotated, Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

S = TypeVar("S", bound=msgspec.Struct)

PREFIX = "VOTEWAVE"


class SettingsError(Exception):
    """One or more variables have a value that can't be used; the message names each."""


class CoreSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What every service needs to know of the place it runs in."""

    environment: Annotated[str, Meta(description="Name of the environment; part of secret names and logs.")] = "local"
    host: Annotated[str, Meta(description="Address to listen on.")] = "127.0.0.1"
    port: Annotated[int, Meta(description="Port to listen on.", ge=1, le=65535)] = 8000
    public_url: Annotated[str, Meta(description="Where users reach VoteWave; part of links in mails.")] = (
        "http://127.0.0.1:8000"
    )
    database_url: Annotated[
        str,
        Meta(
            description="Postgres, without user and password: `postgresql:///votewave?host=…`. "
            "Each service logs in with its own role and the password of the secret `SERVICE/database`."
        ),
    ] = "postgresql:///votewave?host=/var/run/postgresql"
    database_pool: Annotated[
        int,
        Meta(description="Connections of a service at most; as many again for reading.", ge=2, le=100),
    ] = 6
    redis_url: Annotated[str, Meta(description="Redis or Valkey: `redis://…`, `rediss://…`, `unix://…`.")] = (
        "redis://127.0.0.1:6379/0"
    )
    redis_user: Annotated[
        str,
        Meta(description="User at Redis, whose password is the secret `redis/auth`; empty: as the address says."),
    ] = ""
    secrets: Annotated[str, Meta(description="Where secrets are: `file:///PATH` or `aws://PREFIX`.")] = (
        "file:///var/lib/votewave/secrets.json"
    )
    storage: Annotated[str, Meta(description="Where files go: `file:///DIRECTORY` or `s3://BUCKET/PREFIX`.")] = (
        "file:///var/lib/votewave/files"
    )
    mail: Annotated[
        str,
        Meta(
            description="How mail leaves: `console:///DIRECTORY` keeps it there, `console` prints it with all that it "
            "holds, such as voting tokens; `ses`."
        ),
    ] = "console:///var/lib/votewave/mail"
    mail_from: Annotated[str, Meta(description="The sender of mails.")] = "VoteWave <no-reply@localhost>"
    peers: Annotated[
        str,
        Meta(
            description="How services find each other: `static:URL` (all at one address; `{service}` in it stands "
            "for the name) or `consul`.",
            pattern="^(static:https?://.+|consul)$",
        ),
    ] = "static:http://127.0.0.1:8000"
    consul_registration: Annotated[
        str,
        Meta(
            description="Who registers this process in Consul: nobody (`off`), the process (`self`), Nomad (`nomad`).",
            pattern="^(off|self|nomad)$",
        ),
    ] = "off"
    consul_url: Annotated[
        str, Meta(description="This machine's Consul agent: `http://HOST:PORT`.", pattern=r"^https?://[^/?#@]+$")
    ] = "http://127.0.0.1:8500"
    consul_token_from: Annotated[
        str,
        Meta(
            description="Where the token for Consul is: `secret:NAME` or `file:///PATH`; empty for none.",
            pattern="^(secret:.+|file:///.+)?$",
        ),
    ] = ""
    cors_origins: Annotated[
        str,
        Meta(
            description="Other sites whose pages may call the API, by commas: `https://app.example.org`. Behind the "
            "gateway, which has a list of its own, leave it empty.",
            pattern=r"^(https?://[^/?#@,\s*]+(,\s*https?://[^/?#@,\s*]+)*)?$",
        ),
    ] = ""
    limits_times: Annotated[
        int,
        Meta(
            description="What each limit of requests and bytes is multiplied by: for tests that send from one address "
            "what a city would.",
            ge=1,
            le=1_000_000,
        ),
    ] = 1
    issuer: Annotated[str, Meta(description="`iss` of access tokens.")] = "votewave"
    audience: Annotated[str, Meta(description="`aud` of access tokens.")] = "votewave"
    trusted_proxies: Annotated[
        int, Meta(description="How many proxies in front append to X-Forwarded-For.", ge=0, le=8)
    ] = 0
    log_format: Annotated[str, Meta(description="`json` or `console`.", pattern="^(json|console)$")] = "json"
    log_level: Annotated[
        str, Meta(description="Least level that is logged.", pattern="^(debug|info|warning|error)$")
    ] = "info"
    drain_seconds: Annotated[
        float,
        Meta(description="Seconds between turning unready and closing the listener on SIGTERM.", ge=0, le=120),
    ] = 0.0


def variable(service: str | None, field: str) -> str:
    """Return the environment variable of a field."""
    return "_".join(part.upper() for part in (PREFIX, service, field) if part)


def load(kind: type[S], service: str | None = None, environ: Mapping[str, str] | None = None) -> S:
    """Read a settings struct from the environment.

    Args:
        kind: The struct.
        service: The service's name, None for the process's own settings.
        environ: The variables, `os.environ` by default.

    Raises:
        SettingsError: A value doesn't fit; every such variable is named.
    """
    source = os.environ if environ is None else environ
    values: dict[str, Any] = {}
    wrong: list[str] = []
    hints = get_type_hints(kind, include_extras=True)
    for field in msgspec.structs.fields(kind):
        name = variable(service, field.name)
        raw = source.get(name)
        if raw is None:
            if field.required:
                wrong.append(f"{name} must be set")
            continue
        try:
            values[field.name] = msgspec.convert(raw, hints[field.name], strict=False)
        except msgspec.ValidationError as exc:
            shown = "…" if "TOKEN" in name else repr(raw)  # somebody may have set the token itself
            wrong.append(f"{name}={shown}: {exc}")
    if wrong:
        raise SettingsError("; ".join(wrong))
    return kind(**values)


def describe(kind: type[msgspec.Struct], service: str | None = None) -> list[tuple[str, str, str, str]]:
    """Return a row a field: variable, type, default, meaning."""
    rows: list[tuple[str, str, str, str]] = []
    hints = get_type_hints(kind, include_extras=True)
    for field in msgspec.structs.fields(kind):
        hint = hints[field.name]
        base, meaning = hint, ""
        if get_origin(hint) is Annotated:
            base, *notes = get_args(hint)
            meaning = " ".join(n.description or "" for n in notes if isinstance(n, Meta))
        shown = base.__name__ if isinstance(base, type) else str(base)
        default = "required" if field.required else str(field.default)
        rows.append((variable(service, field.name), shown, default, meaning))
    return rows
