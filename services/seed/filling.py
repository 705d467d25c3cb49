"""Has the services write a network, step by step."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from services.auth.seeding import joined_at, seed_accounts
from services.comments.seeding import seed_comments
from services.core.events.outbox import Event
from services.core.operations import operating
from services.core.seeding import Network, SeedError, Seeding
from services.core.service import Service
from services.core.settings import CoreSettings
from services.expressions.seeding import seed_waves
from services.follows.seeding import seed_blocks, seed_follows
from services.polls.seeding import seed_closings, seed_polls
from services.profiles.seeding import seed_profiles
from services.registry import load_services
from services.seed.hearing import Hearing, Here, beside
from services.seed.network import DicedNetwork
from services.votebooth.seeding import seed_votes

STEPS: dict[str, tuple[str, Seeding]] = {
    "accounts": ("auth", seed_accounts),
    "profiles": ("profiles", seed_profiles),
    "blocks": ("follows", seed_blocks),
    "follows": ("follows", seed_follows),
    "waves": ("expressions", seed_waves),
    "polls": ("polls", seed_polls),
    "votes": ("votebooth", seed_votes),
    "closings": ("polls", seed_closings),
    "comments": ("comments", seed_comments),
}
"""What which service writes, and how."""

_FIRST = ("accounts", "profiles", "blocks")
_LANES = (("follows", "waves"), ("polls", "votes", "closings", "comments"))
"""Those that don't need one another: while one waits for the database, another has the processor.

In each, a step needs those before it, and all need the first ones.
"""

_SEEDED = {service for service, _ in STEPS.values()}

OnProgress = Callable[[str, int], None]
"""Told what is being written, and how much of it has been since it was last told."""


async def fill(
    wanted: DicedNetwork, settings: CoreSettings, progress: OnProgress, *, two_processes: bool = False
) -> None:
    """Write a network. One that was begun is completed, as of the moment at which it was begun.

    Args:
        wanted: Who there is and what they have done.
        settings: Those of the place.
        progress: Told how it goes.
        two_processes: Have services take over in a process beside this one what others tell.

    Raises:
        SeedError: The place isn't one for development, or others have the names.
    """
    refuse_unless_local(settings)
    services = load_services(["all"])
    async with AsyncExitStack() as stack:
        use_cases = {service.name: await stack.enter_async_context(_running(service, settings)) for service in services}
        first = wanted.people[0]
        joined = await joined_at(use_cases["auth"], first.email)
        network = wanted if joined is None else wanted.later(joined - first.joined_at)
        hearing: Hearing = await stack.enter_async_context(beside()) if two_processes else Here(services, use_cases)
        await _take(_FIRST, use_cases, network, hearing, progress)
        try:
            async with asyncio.TaskGroup() as group:
                for lane in _LANES:
                    group.create_task(_take(lane, use_cases, network, hearing, progress))
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from several


async def _take(
    steps: Sequence[str], use_cases: Mapping[str, Any], network: Network, hearing: Hearing, progress: OnProgress
) -> None:
    for step in steps:
        service, seed = STEPS[step]

        async def tell(events: Sequence[Event], *, done: int, step: str = step) -> None:
            await hearing.hear(events)
            progress(step, done)

        await seed(use_cases[service], network, tell)
        await hearing.settle()  # the next step is of what the services know by then


def refuse_unless_local(settings: CoreSettings) -> None:
    """Refuse to fill a place that may have real people.

    Raises:
        SeedError: It isn't one for development.
    """
    if settings.environment != "local":
        raise SeedError(
            f"This is the environment {settings.environment!r} (VOTEWAVE_ENVIRONMENT). "
            "Only one that is 'local' is filled with made-up people."
        )


@asynccontextmanager
async def _running(service: Service[Any], settings: CoreSettings) -> AsyncIterator[Any]:
    async with operating(service, settings) as kit:
        use_cases = service.use_cases(kit)
        if service.name in _SEEDED:
            await use_cases.start()
        try:
            yield use_cases
        finally:
            if service.name in _SEEDED:
                await use_cases.stop()
