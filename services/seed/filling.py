"""Has the services write a network, step by step."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import msgspec

from services.auth.seeding import joined_at, seed_accounts
from services.comments.seeding import seed_comments
from services.core.events.handler import Handler
from services.core.events.outbox import Event
from services.core.operations import operating
from services.core.seeding import SeedError, Seeding
from services.core.service import Service
from services.core.settings import CoreSettings
from services.expressions.seeding import seed_waves
from services.follows.seeding import seed_blocks, seed_follows
from services.polls.seeding import seed_closings, seed_polls
from services.profiles.seeding import seed_profiles
from services.registry import load_services
from services.seed.network import DicedNetwork
from services.votebooth.seeding import seed_votes

STEPS: dict[str, tuple[str, Seeding]] = {
    "accounts": ("auth", seed_accounts),
    "profiles": ("profiles", seed_profiles),
    "blocks": ("follows", seed_blocks),
    "follows": ("follows", seed_follows),
    "polls": ("polls", seed_polls),
    "votes": ("votebooth", seed_votes),
    "closings": ("polls", seed_closings),
    "waves": ("expressions", seed_waves),
    "comments": ("comments", seed_comments),
}
"""What which service writes, and how. In this order: each step needs those before it."""

_SEEDED = {service for service, _ in STEPS.values()}

Progress = Callable[[str, int], None]
"""Told what is being written, and how much of it has been since it was last told."""


async def fill(wanted: DicedNetwork, settings: CoreSettings, progress: Progress) -> None:
    """Write a network. One that was begun is completed, as of the moment at which it was begun.

    Args:
        wanted: Who there is and what they have done.
        settings: Those of the place.
        progress: Told how it goes.

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
        hearing = Hearing(services, use_cases)
        for step, (service, seed) in STEPS.items():

            async def tell(events: Sequence[Event], *, done: int, step: str = step) -> None:
                await hearing.hear(events)
                progress(step, done)

            await seed(use_cases[service], network, tell)


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


class Hearing:
    """Lets services take over what others tell, in place of streams."""

    def __init__(self, services: Sequence[Service[Any]], use_cases: dict[str, Any]) -> None:
        self._use_cases = use_cases
        self._handlers: dict[str, dict[str, list[Handler[Any, Any]]]] = defaultdict(lambda: defaultdict(list))
        for service in services:
            for handler in service.handlers:
                self._handlers[handler.event.KIND][service.name].append(handler)

    async def hear(self, events: Sequence[Event]) -> None:
        """Take over events, each service in a transaction of its own."""
        by_kind: dict[str, list[bytes]] = defaultdict(list)
        for event in events:
            by_kind[event.KIND].append(msgspec.json.encode(event))
        for kind, payloads in by_kind.items():
            await asyncio.gather(*(self._take_over(name, kind, payloads) for name in self._handlers[kind]))

    async def _take_over(self, name: str, kind: str, payloads: Sequence[bytes]) -> None:
        use_cases = self._use_cases[name]
        async with use_cases.kit.db.transaction() as session:
            for handler in self._handlers[kind][name]:
                decoder = msgspec.json.Decoder(handler.event)
                await handler.past(use_cases, session, [decoder.decode(payload) for payload in payloads])
