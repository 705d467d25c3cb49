"""A client of the VoteWave that the demo fills."""

import asyncio
from typing import Any

import msgspec

Json = dict[str, Any]


class Api:
    """A client of this VoteWave."""

    def __init__(self, session: Any, url: str) -> None:
        self._session = session
        self._url = url
        self.token = ""

    async def call(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """Send a request; waits out a 429 or 503.

        Raises:
            RuntimeError: Any other refusal.
        """
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        for _ in range(30):
            async with self._session.request(method, self._url + path, json=body, headers=headers) as answer:
                if answer.status in {429, 503}:
                    await asyncio.sleep(float(answer.headers.get("retry-after", "1")))
                    continue
                content = await answer.read()
                if answer.status >= 400:
                    raise RuntimeError(f"{method} {path}: {answer.status} {content[:300].decode()}")
                return msgspec.json.decode(content) if content else None
        raise RuntimeError(f"{method} {path} was throttled too often")

    async def become(self, path: str, body: object = None) -> None:
        """Take the identity that Auth answers with."""
        self.token = (await self.call("POST", path, body))["access_token"]

    async def sign_up_or_in(self, email: str, password: str) -> None:
        """Take an account's identity; make the account if there is none."""
        person = {"email": email, "password": password}
        try:
            await self.become("/v1/auth/accounts", person)
        except RuntimeError:  # the address has an account, or whatever is wrong shows again
            await self.become("/v1/auth/sessions", person)
