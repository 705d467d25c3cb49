"""`votewave seed`."""

import asyncio
import time
from datetime import UTC, datetime

import click

from services.core.settings import CoreSettings, load

PASSWORD = "a boat and 3 keys"  # noqa: S105  (of people who are made up, in a place for development)


_WORTH_A_PROCESS = 5_000
"""From so many people on a second process saves more time than it takes to start."""


@click.command()
@click.option("--people", default=1_000, show_default=True, type=click.IntRange(20, 1_000_000), help="How many.")
@click.option("--follows", type=click.IntRange(0), help="Who follows whom, about so many.  [default: ten each]")
@click.option("--seed", default=1, show_default=True, type=click.IntRange(0), help="Another number makes other people.")
@click.option("--password", default=PASSWORD, show_default=True, help="Everybody's.")
@click.option(
    "--processes",
    type=click.IntRange(1, 2),
    help=f"A second one takes over what is told.  [default: two from {_WORTH_A_PROCESS:,} people on]",
)
@click.option("--json", "as_json", is_flag=True, help="Print what was made as JSON.")
def seed(*, people: int, follows: int | None, seed: int, password: str, processes: int | None, as_json: bool) -> None:
    r"""Fill a place for development with people, and with all that they do.

    They follow one another, publish polls and Waves, vote, react and comment. The same numbers make the same people; a
    run that was cut short is completed by doing it again. It refuses where VOTEWAVE_ENVIRONMENT isn't `local`.

    \b
    Examples:
      votewave --data-dir .votewave seed
      votewave --data-dir .votewave seed --people 100000 --follows 1000000 --json
      votewave --data-dir .votewave seed --people 50 --seed 2
    """
    import msgspec  # noqa: PLC0415  (what --help has no use for)

    from services.core.observe.logs import configure  # noqa: PLC0415
    from services.core.observe.progress import Progress  # noqa: PLC0415
    from services.core.problems import Problem  # noqa: PLC0415
    from services.core.seeding import SeedError  # noqa: PLC0415
    from services.seed.filling import fill  # noqa: PLC0415
    from services.seed.network import DicedNetwork, size_of  # noqa: PLC0415

    settings = load(CoreSettings)
    configure(settings.log_format, "warning", service="seed", env=settings.environment)
    network = DicedNetwork(size_of(people, follows), seed, datetime.now(UTC), password)
    two = people >= _WORTH_A_PROCESS if processes is None else processes > 1
    progress, began = Progress(_wanted(msgspec.structs.asdict(network.size))), time.monotonic()
    try:
        asyncio.run(fill(network, settings, progress, two_processes=two))
    except (SeedError, Problem) as exc:
        progress.end()
        raise click.ClickException(str(exc)) from exc
    progress.end()
    seconds, person = time.monotonic() - began, network.people[0]
    if as_json:
        told = {"seconds": round(seconds, 1), "made": progress.done, "email": person.email, "password": password}
        click.echo(msgspec.json.encode(told).decode())
    else:
        made = ", ".join(f"{number:,} {what}" for what, number in progress.done.items())
        click.echo(f"Made in {seconds:.1f} s: {made}.")
        click.echo(f"Sign in as {person.email} with the password: {password}")


def _wanted(size: dict[str, int]) -> dict[str, int]:
    """Return how much of each step there will be, about."""
    people = size.pop("people")
    return size | {"accounts": people, "profiles": people, "blocks": people // 20 + 1, "closings": size["polls"] // 4}
