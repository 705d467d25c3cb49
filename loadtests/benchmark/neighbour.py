"""One account at one address that does the worst of a kind that its limits allow: `python -m …neighbour ACT …`.

It is a process of its own, so that what it does costs the voters' side nothing but the machine. What it is refused it
goes on asking for, as fast as a gateway lets an address through. In the end it prints the answers, by status.
"""

import asyncio
import contextlib
import itertools
import json
import os
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import aiohttp

PASSWORD = "a boat, a lamp and 3 keys"

_AT_ONCE = 8
_REQUESTS_A_SECOND = 500
"""What the gateway lets one address send."""

_STREAMS = 2_200
_GUESTS = 50


class Neighbour:
    """Sends requests and counts the answers.

    Args:
        http: The client.
        url: Where VoteWave serves.
        poll: The poll that others vote in.
        address: Where it comes from.
    """

    def __init__(self, http: aiohttp.ClientSession, url: str, poll: str, address: str) -> None:
        self.http = http
        self.url = url
        self.poll = poll
        self.address = address
        self.answers: Counter[int] = Counter()
        self._next = 0.0

    async def ask(self, method: str, path: str, who: str = "", body: Any = None, **headers: str) -> Any:
        """Send one request in its turn; return the body of a good answer, None otherwise."""
        await self._turn()
        given = {"x-forwarded-for": self.address, **headers}
        if who:
            given["authorization"] = f"Bearer {who}"
        data = body if isinstance(body, bytes) or body is None else json.dumps(body, ensure_ascii=False).encode()
        if data is not None:
            given.setdefault("content-type", "application/json")
        try:
            async with self.http.request(method, self.url + path, data=data, headers=given) as answer:
                self.answers[answer.status] += 1
                content = await answer.read()
                return json.loads(content) if answer.ok and content.startswith(b"{") else None
        except (aiohttp.ClientError, TimeoutError):
            self.answers[0] += 1
            return None

    async def _turn(self) -> None:
        now = asyncio.get_running_loop().time()
        self._next = max(self._next, now) + 1 / _REQUESTS_A_SECOND
        await asyncio.sleep(self._next - now)

    async def account(self) -> str:
        """Sign up; return the access token."""
        return str((await self.ask("POST", "/v1/auth/accounts", body=somebody()))["access_token"])

    async def guest(self) -> str:
        """Become a guest; return the access token."""
        return str((await self.ask("POST", "/v1/auth/guests"))["access_token"])

    async def keep_on(self, act: Callable[[int], Awaitable[object]]) -> None:
        """Do something again and again, several at a time, until it is cancelled."""
        numbers = itertools.count()

        async def one() -> None:
            while True:
                await act(next(numbers))

        await asyncio.gather(*(one() for _ in range(_AT_ONCE)))


def somebody() -> dict[str, str]:
    """Return a new account's address and password."""
    return {"email": f"{uuid4().hex}@example.org", "password": PASSWORD}


def a_poll(options: int = 2, text: str = "", **values: Any) -> dict[str, Any]:
    """Return a poll with as many options, each with a text."""
    named = [{"label": f"Option {number}", "description": text} for number in range(options)]
    rules = {"eligibility": "anyone"}
    return {"title": "Where to?", "method": {"type": "approval"}, "options": named, "rules": rules, **values}


LARGE = a_poll(480, "é\u0301ﬁ" * 280, publish=True)
"""Of about 1 MB, whose texts have to be put into another form."""

HOSTILE: tuple[bytes, ...] = (
    json.dumps(LARGE, ensure_ascii=False).encode(),
    b"[" + b"{}," * 330_000 + b"{}]",
    b"{" + b",".join(b'"%d":0' % number for number in range(90_000)) + b"}",
    json.dumps(a_poll(498, "", title="x")).replace("Option", "\u200b " * 300).encode()[:990_000],
    b"[" * 900_000,
)


async def edits(self: Neighbour) -> None:
    """Change a word of a poll of 1 MB."""
    who = await self.account()
    made = await self.ask("POST", "/v1/polls", who, LARGE)
    path = f"/v1/polls/{made['id']}"
    await self.keep_on(lambda number: self.ask("PATCH", path, who, {"title": f"Edit {number}"}))


async def bodies(self: Neighbour) -> None:
    """Send what takes long to check, to routes that take large bodies and to some that don't."""
    who = await self.account()
    paths = ("/v1/polls", "/v1/polls", "/v1/polls", "/v1/auth/accounts", "/v1/auth/guests")
    await self.keep_on(lambda number: self.ask("POST", paths[number % 5], who, HOSTILE[number // 5 % len(HOSTILE)]))


async def counts(self: Neighbour) -> None:
    """Have files counted that take long, with as many accounts as it takes."""
    accounts = [await self.account() for _ in range(_AT_ONCE)]
    rows = "\n".join(",".join(f"N{(start * 7 + step * 11) % 61}" for step in range(12)) for start in range(18_000))
    file = (",".join(f"rank{rank}" for rank in range(1, 13)) + "\n" + rows).encode()
    path = "/v1/votebooth/count?method=stv&seats=5"
    kind = {"content-type": "text/csv"}
    await self.keep_on(lambda number: self.ask("POST", path, accounts[number % _AT_ONCE], file, **kind))


async def streams(self: Neighbour) -> None:
    """Follow the poll that others vote in, with as many connections as an address may have."""
    guests = [await self.guest() for _ in range(_GUESTS)]
    path = f"{self.url}/v1/votebooth/live/events?stream=poll:{self.poll}"

    async def follow(number: int) -> None:
        headers = {"x-forwarded-for": self.address, "authorization": f"Bearer {guests[number % _GUESTS]}"}
        while True:
            await self._turn()
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with self.http.get(path, headers=headers) as answer:
                    self.answers[answer.status] += 1
                    async for _ in answer.content.iter_any():
                        pass
            await asyncio.sleep(1)

    await asyncio.gather(*(follow(number) for number in range(_STREAMS)))


async def sign_ups(self: Neighbour) -> None:
    """Sign up, come as a guest, try passwords."""
    acts: tuple[Callable[[], Awaitable[object]], ...] = (
        lambda: self.ask("POST", "/v1/auth/accounts", body=somebody()),
        lambda: self.ask("POST", "/v1/auth/guests"),
        lambda: self.ask("POST", "/v1/auth/sessions", body=somebody()),
    )
    await self.keep_on(lambda number: acts[number % 3]())


async def drafts(self: Neighbour) -> None:
    """Make drafts and copies of a large one, and throw some away."""
    who = await self.account()
    made = await self.ask("POST", "/v1/polls", who, {**LARGE, "publish": False})
    large = f"/v1/polls/{made['id']}"

    async def one(number: int) -> None:
        if number % 4 == 0:
            await self.ask("POST", f"{large}/duplicate", who)
            return
        draft = await self.ask("POST", "/v1/polls", who, a_poll(20, "x" * 100))
        if draft and number % 2:
            await self.ask("DELETE", f"/v1/polls/{draft['id']}", who)

    await self.keep_on(one)


async def reads(self: Neighbour) -> None:
    """Read a draft of 1 MB, the log of a poll with long labels, and results of polls that there are not."""
    who = await self.account()
    draft = await self.ask("POST", "/v1/polls", who, {**LARGE, "publish": False})
    later = "2099-01-01T00:00:00Z"
    edited = await self.ask("POST", "/v1/polls", who, a_poll(480, publish=True, opens_at=later))
    for number in range(20):
        options = [{"label": f"{'x' * 80} {number} {option}"} for option in range(480)]
        await self.ask("PATCH", f"/v1/polls/{edited['id']}", who, {"options": options})
    paths: tuple[Callable[[], str], ...] = (
        lambda: f"/v1/polls/{draft['id']}",
        lambda: f"/v1/polls/{edited['id']}/log?limit=100",
        lambda: f"/v1/votebooth/polls/{uuid4()}/results",
    )
    await self.keep_on(lambda number: self.ask("GET", paths[number % 3](), who))


ACTS: dict[str, Callable[[Neighbour], Awaitable[None]]] = {
    "edits": edits,
    "bodies": bodies,
    "counts": counts,
    "streams": streams,
    "sign-ups": sign_ups,
    "drafts": drafts,
    "reads": reads,
}


async def main(act: str, url: str, poll: str, seconds: float) -> None:
    """Do one act for some seconds; then print the answers by status."""
    os.nice(5)  # the voters' side is to be measured, not the machine's patience
    connector = aiohttp.TCPConnector(limit=0)
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=5)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http:
        # Each act has an address of its own: what one has used up, the next would lack.
        neighbour = Neighbour(http, url, poll, f"203.0.113.{1 + list(ACTS).index(act)}")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await ACTS[act](neighbour)
        print(json.dumps({str(status): count for status, count in sorted(neighbour.answers.items())}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])))
