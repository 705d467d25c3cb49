"""`votewave up --demo`: a small place that is lived in, sample polls, real elections.

People and what they have done in the last weeks are seeded (`services.seed`); the rest is made through the API, as any
client would.
"""

import secrets
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TextIO

import msgspec

from services.demo.api import Api
from services.demo.people import meet
from services.demo.polls import makers

EMAIL = "demo@votewave.example"
_NAME = {"handle": "robin", "display_name": "Robin Winter", "bio": "Runs this demo."}
NETWORK = "network"
PEOPLE = "people"
TALKED_ABOUT = "lunch"
"""The first poll, which the demo's people discuss."""

_CONNECTIONS = 32
_NEIGHBOURS = 60
_FOLLOWED = 25


class _State(msgspec.Struct):
    """What the demo has made so far: the password of its people, polls by key, what is whole."""

    password: str
    polls: dict[str, str] = {}
    whole: list[str] = []


async def fill(url: str, data_dir: Path, out: TextIO, *, elections: bool = True) -> None:
    """Make what is missing of the demo, and say how it goes; a failure is said and ends only the demo.

    Args:
        url: Where VoteWave serves.
        data_dir: Its folder; `demo.json` in it says what is there already.
        out: Where progress is written.
        elections: Whether real elections are made, too, which have thousands of ballots.
    """
    try:
        await _fill(url, data_dir, out, elections=elections)
    except Exception as exc:  # noqa: BLE001  (VoteWave goes on without samples; the reason is shown)
        out.write(f"Demo: stopped: {_first(exc)!r}. Run `votewave up --demo` again to go on.\n")
    out.flush()


def _first(exc: BaseException) -> BaseException:
    """Return one of those that a group holds: when a server ends, all that wait for it say the same."""
    while isinstance(exc, BaseExceptionGroup):
        exc = exc.exceptions[0]
    return exc


async def _fill(url: str, data_dir: Path, out: TextIO, *, elections: bool) -> None:
    import aiohttp  # noqa: PLC0415  (only a demo needs it here)

    path = data_dir / "demo.json"
    fresh = not path.exists()
    state = _State(secrets.token_urlsafe(12)) if fresh else msgspec.json.decode(path.read_bytes(), type=_State)

    def keep() -> None:
        path.touch(mode=0o600)
        path.write_bytes(msgspec.json.format(msgspec.json.encode(state)))

    def begun(key: str, poll: str) -> None:
        state.polls[key] = poll
        keep()

    def whole(key: str) -> None:
        state.whole.append(key)
        keep()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=_CONNECTIONS)) as session:
        owner = Api(session, url)
        if fresh:
            await owner.become("/v1/auth/accounts", {"email": EMAIL, "password": state.password})
            keep()
            await owner.call("PATCH", "/v1/profiles/me", _NAME)
        else:
            await owner.become("/v1/auth/sessions", {"email": EMAIL, "password": state.password})
        if NETWORK not in state.whole:
            await _settle(owner, state.password, out)
            whole(NETWORK)
        for key, make in makers(session, url, elections=elections).items():
            if key not in state.whole:
                if key in state.polls:
                    await owner.call("DELETE", f"/v1/polls/{state.polls[key]}")
                begun(key, await make(owner, partial(begun, key), out))
                whole(key)
            if key == TALKED_ABOUT and PEOPLE not in state.whole:  # before the elections, which take a minute
                await meet(owner, partial(Api, session, url), state.password, state.polls[key], out)
                whole(PEOPLE)
    out.write(f"Demo: ready. Sign in as {EMAIL} with the password in {path}\n")


async def _settle(owner: Api, password: str, out: TextIO) -> None:
    """Seed neighbours of whom some are followed by the owner.

    Raises:
        SeedError: This is no place for made-up people.
    """
    from services.core.settings import CoreSettings, load  # noqa: PLC0415  (only a demo needs these here)
    from services.seed.filling import fill as seed  # noqa: PLC0415
    from services.seed.network import DicedNetwork, size_of  # noqa: PLC0415

    network = DicedNetwork(size_of(_NEIGHBOURS), 0, datetime.now(UTC), password)
    made = Counter[str]()

    def count(step: str, done: int) -> None:
        if step not in made:
            out.write(f"Demo: {step} …\n")
            out.flush()
        made[step] += done

    await seed(network, load(CoreSettings), count)
    for person in network.people[:_FOLLOWED]:
        await owner.call("PUT", f"/v1/follows/people/{person.id}")
    out.write(f"Demo: {made['accounts']} people are here; {network.people[0].email} is one, with the same password\n")
    out.flush()
