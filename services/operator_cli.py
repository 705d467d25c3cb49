"""`votewave`'s commands for operators: events that wait or are parked, roles, signing keys, recounts.

Like the rest of the command line they import what they need when they run (PLC0415).
"""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

import click
import msgspec

from services.core.commands import Group
from services.core.observe.logs import configure
from services.core.settings import CoreSettings, load
from services.registry import NAMES, load_services

T = TypeVar("T")


@click.group(cls=Group)
def events() -> None:
    r"""See who is behind with events, look at those that couldn't be handled, and handle them again.

    \b
    Examples:
      votewave --data-dir .votewave events lag
      votewave --data-dir .votewave events parked votebooth
      votewave --data-dir .votewave events replay votebooth 0193f0aa-0000-7000-8000-000000000000
    """


@events.command("lag")
@click.argument("names", nargs=-1, type=click.Choice(NAMES), metavar="[NAME…]")
@click.option("--most", default=60.0, show_default=True, type=click.FloatRange(0), help="Seconds behind that are fine.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def lag(names: tuple[str, ...], most: float, as_json: bool) -> None:
    r"""Say how far services are behind those whom they hear. Exit code 1 if one is too far, or has parked events.

    Events wait in the publisher's outbox (unsent), then on its stream (behind); an event that a service couldn't handle
    is parked there.

    \b
    Examples:
      votewave --data-dir .votewave events lag
      votewave events lag feed notifications --most 5 --json
    """
    from services.core.operations import lags  # noqa: PLC0415

    every = {service.name: service for service in load_services(("all",))}
    found = asyncio.run(lags([every[name] for name in names or NAMES], every, load(CoreSettings)))
    late = [row for row in found if row.oldest > most or row.parked]
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
    else:
        click.echo(f"{'':<29} unsent  behind  oldest  parked")
        for row in found:
            behind = "?" if row.behind is None else row.behind
            pair = f"{row.consumer} of {row.publisher}"
            click.echo(f"{pair:<29} {row.unsent:>6}  {behind:>6}  {row.oldest:>5.1f}s  {row.parked:>6}")
        click.echo(f"{len(late)} of {len(found)} want looking at" if late else "all is well")
    sys.exit(1 if late else 0)


@events.command("parked")
@click.argument("name", type=click.Choice(NAMES))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def parked(name: str, as_json: bool) -> None:
    r"""List a service's parked events, oldest first.

    \b
    Example: votewave events parked votebooth
    """
    from services.core.operations import list_parked  # noqa: PLC0415

    rows = asyncio.run(list_parked(load_services((name,))[0], load(CoreSettings)))
    if as_json:
        click.echo(json.dumps(rows))
        return
    for row in rows:
        click.echo("  ".join(row.values()))
    click.echo(f"{len(rows)} parked")


@events.command("replay")
@click.argument("name", type=click.Choice(NAMES))
@click.argument("event", type=click.UUID)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def replay(name: str, event: UUID, as_json: bool) -> None:
    r"""Handle a parked event again. Exit code 1 if there is none, or it fails again and stays parked.

    \b
    Example: votewave events replay votebooth 0193f0aa-0000-7000-8000-000000000000
    """
    from services.core.operations import ReplayError, replay_parked  # noqa: PLC0415

    settings = load(CoreSettings)
    configure(settings.log_format, settings.log_level, service=name, env=settings.environment)
    try:
        found = asyncio.run(replay_parked(load_services((name,))[0], settings, event))
    except ReplayError as exc:
        raise click.ClickException(f"it failed again ({exc}) and stays parked") from exc
    if not found:
        raise click.ClickException(f"{name} has no parked event {event}")
    click.echo(json.dumps({"event": str(event), "handled": True}) if as_json else "handled")


@click.command()
@click.argument("email")
@click.argument("role", type=click.Choice(["user", "moderator", "admin"]))
def role(email: str, role: str) -> None:
    r"""Give an account a role, such as the first administrator's. Ends the account's sessions.

    \b
    Example: votewave --data-dir .votewave role ada@example.org admin
    """
    from services.auth.operations import set_role  # noqa: PLC0415
    from services.core.identity.subject import Role  # noqa: PLC0415

    account = asyncio.run(_operate("auth", lambda kit: set_role(kit, email, Role(role))))
    click.echo(f"{account} is {role} now")


@click.command("rotate-key")
def rotate_key() -> None:
    r"""Bring the next signing key of access tokens into use, once every verifier has seen it.

    \b
    Example: votewave rotate-key
    """
    from services.auth.operations import rotate_signing_key  # noqa: PLC0415

    kid = asyncio.run(_operate("auth", rotate_signing_key))
    if kid is None:
        raise click.ClickException("there is no next key yet; Auth makes it within seconds of its start")
    click.echo(f"{kid} will be used for signing in twelve minutes")


@click.command()
@click.argument("poll", type=click.UUID, required=False)
@click.option("--all", "every", is_flag=True, help="Every poll, one after the other.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one line for each poll.")
@click.option("--repair", is_flag=True, help="Write counters that differ anew from the ballots.")
def recount(poll: UUID | None, every: bool, as_json: bool, repair: bool) -> None:
    r"""Count a poll's stored ballots and compare with its counters. Exit code 1 if they differ and aren't repaired.

    \b
    Examples:
      votewave --data-dir .votewave recount 0193f0aa-0000-7000-8000-000000000000
      votewave recount --all
      votewave recount --all --repair
    """
    from services.votebooth.recount.compare import recount as count_again  # noqa: PLC0415
    from services.votebooth.recount.compare import recount_all  # noqa: PLC0415
    from services.votebooth.recount.compare import repair as write_anew  # noqa: PLC0415

    if (poll is None) is not every:
        raise click.UsageError("name a poll, or pass --all")
    polls = wrong = ballots = 0

    async def act(kit: Any) -> None:
        nonlocal polls, wrong, ballots
        async with contextlib.aclosing(recount_all(kit) if poll is None else _one(count_again(kit, poll))) as found:
            async for one in found:
                polls, wrong, ballots = polls + 1, wrong + bool(one.differences), ballots + one.ballots
                if repair and one.differences:
                    await write_anew(kit, one.poll)
                if as_json:
                    click.echo(msgspec.json.encode(one).decode())
                elif one.differences or not every:
                    name = f"{one.poll}: " if every else ""
                    click.echo(f"{name}{one.ballots} ballots; {'; '.join(one.differences) or 'the counters agree'}")

    asyncio.run(_operate("votebooth", act))
    if every and not as_json:
        said = "differed and were repaired" if repair else "DIFFER"
        click.echo(f"{polls} polls with {ballots} ballots recounted; " + (f"{wrong} {said}" if wrong else "all agree"))
    sys.exit(1 if wrong and not repair else 0)


async def _one(answer: Awaitable[T]) -> AsyncGenerator[T, None]:
    yield await answer


async def _operate(name: str, act: Callable[[Any], Awaitable[T]]) -> T:
    """Do something with a service's kit; a refusal is shown as a sentence."""
    from services.core.operations import operating  # noqa: PLC0415
    from services.core.problems import Problem  # noqa: PLC0415

    try:
        async with operating(load_services((name,))[0], load(CoreSettings)) as kit:
            return await act(kit)
    except Problem as exc:
        raise click.ClickException(str(exc)) from exc
