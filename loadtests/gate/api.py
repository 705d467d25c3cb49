"""VoteWave's API as an operator's script uses it: patient with 429 and 503, plain about everything else."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
import msgspec

from loadtests.gate.errors import TargetError
from loadtests.gate.plan import Identity

_TRIES = 20
_SECONDS = 30.0
_LONGEST_WAIT = 10.0
_AT_ONCE = 16


class Api:
    """A session with one VoteWave.

    Args:
        url: Where it is.
        headers: Sent with every request.
    """

    def __init__(self, url: str, headers: Mapping[str, str]) -> None:
        self.url = url
        self.headers = dict(headers)
        self._session = aiohttp.ClientSession(
            headers=headers,
            connector=aiohttp.TCPConnector(limit=_AT_ONCE),
            timeout=aiohttp.ClientTimeout(total=_SECONDS),
        )

    async def close(self) -> None:
        """Close its connections."""
        await self._session.close()

    async def send(
        self,
        method: str,
        path: str,
        *,
        who: Identity | None = None,
        body: object = None,
        data: bytes | None = None,
        wanted: Sequence[int] = (200, 201, 202, 204),
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """Send a request and return the answer's body; waits out 429 and 503.

        Raises:
            TargetError: There is no answer, or not one of the wanted ones.
        """
        sent = {**headers} if headers else {}
        if who is not None:
            sent["Authorization"] = f"Bearer {who.access}"
        problem = ""
        for _ in range(_TRIES):
            try:
                async with self._session.request(method, self.url + path, json=body, data=data, headers=sent) as answer:
                    content = await answer.read()
                    if answer.status in wanted:
                        return content
                    problem = f"{answer.status} {content[:300].decode(errors='replace')}"
                    if answer.status not in {429, 503}:
                        break
                    await asyncio.sleep(min(_LONGEST_WAIT, float(answer.headers.get("retry-after", "1"))))
            except (aiohttp.ClientError, TimeoutError, OSError) as exc:
                raise TargetError(
                    f"{self.url} can't be reached ({method} {path}): {exc or type(exc).__name__}"
                ) from exc
        raise TargetError(f"{self.url} refuses {method} {path}: {problem}")

    async def call(self, method: str, path: str, **more: Any) -> Any:
        """Send a request as `send` does; return the answer's JSON, None without any."""
        content = await self.send(method, path, **more)
        return msgspec.json.decode(content) if content else None

    async def identity(self, path: str, body: object = None) -> Identity:
        """Become whom Auth says at a path."""
        tokens = await self.call("POST", path, body=body)
        return Identity(tokens["access_token"], tokens.get("refresh_token", ""), time.time() + tokens["expires_in"])
