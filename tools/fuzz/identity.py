"""Who sends requests: a user, a guest, or nobody; signed up again when a request has ended the session."""

import json
import time
import urllib.request
import uuid
from typing import Any

_PASSWORD = "a boat, a lamp and 3 keys"  # noqa: S105  (of accounts that live as long as a run)
_FRESH_SECONDS = 600


class Identity:
    """Somebody with an access token.

    Args:
        url: The VoteWave's.
        kind: `user`, `guest` or `anonymous`; the last has no token.

    Attributes:
        number: How many accounts it has had: who is somebody new has nothing of what was made before.
    """

    def __init__(self, url: str, kind: str) -> None:
        self._url = url
        self.kind = kind
        self.number = 0
        self._token = ""
        self._fresh_until = 0.0

    def token(self) -> str:
        """Return a token that is good now; empty for nobody."""
        if self.kind == "anonymous":
            return ""
        if time.monotonic() > self._fresh_until:
            self._token = self._sign_up()
            self._fresh_until = time.monotonic() + _FRESH_SECONDS
        return self._token

    def seen(self, status: int, body: bytes) -> None:
        """Note an answer: one that says the session is over has the next request sent by somebody new."""
        if status == 401 and b"/session-ended" in body:
            self._fresh_until = 0.0

    def ended(self) -> None:
        """Have the next request sent by somebody new."""
        self._fresh_until = 0.0

    def _sign_up(self) -> str:
        self.number += 1
        body: dict[str, Any] = {}
        if self.kind == "user":
            body = {"email": f"{uuid.uuid4().hex}@example.org", "password": _PASSWORD}
        path = "accounts" if self.kind == "user" else "guests"
        request = urllib.request.Request(  # noqa: S310  (an address of this machine)
            f"{self._url}/v1/auth/{path}",
            data=json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
            method="POST",
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310  (as above)
            return str(json.load(answer)["access_token"])
