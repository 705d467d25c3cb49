"""A client of VoteWave's API that waits and retries on 429 and 503, and raises on any other unexpected answer."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
import msgspec

from loadtests.gate.errors import TargetError
from loadtests.gate.plan import CANARY_HEADER, Identity, Tokens

_TRIES = 20
_SECONDS = 30.0
_LONGEST_WAIT = 10.0
_AT_ONCE = 16


class Api:
    """A client of one VoteWave.

    Args:
        url: Its address.
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
        """Send a request and return the answer's body; retries on 429 and 503.

        Raises:
            TargetError: There is no answer, or its status isn't in `wanted`.
        """
        status, content = await self._ask(method, path, who, body, data, headers)
        if status not in wanted:
            raise TargetError(f"{self.url} refuses {method} {path}: {status} {_shown(content)}")
        return content

    async def status(self, path: str, *, who: Identity, by_canary: bool = True, tries: int = _TRIES) -> int:
        """Return the status of a GET; retries on 429 and 503.

        Args:
            path: Below the target's URL.
            who: Whose token is sent.
            by_canary: Whether canaries may answer, if the gate is for canaries.
            tries: Attempts; if all give 429 or 503, the last status is returned.

        Raises:
            TargetError: There is no answer.
        """
        headers = {} if by_canary else {CANARY_HEADER: ""}
        status, _ = await self._ask("GET", path, who, headers=headers, tries=tries)
        return status

    async def _ask(
        self,
        method: str,
        path: str,
        who: Identity | None,
        body: object = None,
        data: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        tries: int = _TRIES,
    ) -> tuple[int, bytes]:
        sent = {**headers} if headers else {}
        if who is not None:
            sent["Authorization"] = f"Bearer {who.access}"
        status, content = 0, b""
        for _ in range(tries):
            try:
                async with self._session.request(method, self.url + path, json=body, data=data, headers=sent) as answer:
                    status, content = answer.status, await answer.read()
                    if status not in {429, 503}:
                        break
                    await asyncio.sleep(min(_LONGEST_WAIT, float(answer.headers.get("retry-after", "1"))))
            except (aiohttp.ClientError, TimeoutError, OSError) as exc:
                raise TargetError(
                    f"{self.url} can't be reached ({method} {path}): {exc or type(exc).__name__}"
                ) from exc
        return status, content

    async def call(self, method: str, path: str, **more: Any) -> Any:
        """Send a request as `send` does; return the answer's JSON, None without any.

        Raises:
            TargetError: As in `send`; or the answer isn't JSON.
        """
        content = await self.send(method, path, **more)
        try:
            return msgspec.json.decode(content) if content else None
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise TargetError(f"{self.url} answers {method} {path} with {_shown(content)}") from exc

    async def identity(self, path: str, body: object = None) -> Identity:
        """Sign in or sign up at a path of Auth's.

        Raises:
            TargetError: As in `call`; or the answer has no tokens.
        """
        content = await self.send("POST", path, body=body)
        try:
            tokens = msgspec.json.decode(content, type=Tokens)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise TargetError(f"{self.url} answers POST {path} with {_shown(content)}") from exc
        return Identity(tokens.access_token, tokens.refresh_token, time.time() + tokens.expires_in)


def _shown(content: bytes) -> str:
    return content[:300].decode(errors="replace")
