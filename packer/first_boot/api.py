"""Ask Consul and Nomad on this machine."""

import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from first_boot.values import BootError

_TIMEOUT_SECONDS = 20
_POLL_SECONDS = 2.0


class RefusedError(Exception):
    """An answer other than 2xx.

    Args:
        status: HTTP's.
        text: What it said, free of secrets.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status
        self.text = text


class Agent:
    """An HTTP API with a token in a header.

    Args:
        address: Such as "http://127.0.0.1:8500".
        header: The token's header.
        token: Who asks; empty for nobody.
        clean: Takes secrets out of a text.
        ca: The certificate authority, for https.
    """

    def __init__(
        self, address: str, header: str, token: str, clean: Callable[[str], str], ca: Path | None = None
    ) -> None:
        self.address = address
        self._header = header
        self._token = token
        self._clean = clean
        self._tls = (
            ssl.create_default_context(cafile=str(ca)) if ca is not None and address.startswith("https") else None
        )

    def __repr__(self) -> str:
        return f"Agent({self.address!r})"

    def ask(self, method: str, path: str, body: Any = None, *, token: str | None = None) -> Any:
        """Return the answer; None where there is none.

        Raises:
            RefusedError: It says no.
            OSError: It isn't there.
        """
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        used = self._token if token is None else token
        if used:
            headers[self._header] = used
        request = urllib.request.Request(self.address + path, data, headers, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS, context=self._tls) as answer:  # noqa: S310
                text = answer.read()
        except urllib.error.HTTPError as exc:
            raise RefusedError(exc.code, self._clean(exc.read().decode(errors="replace").strip()[:300])) from None
        return json.loads(text) if text.strip() else None

    def find(self, path: str) -> Any:
        """Return what is there, or None.

        Raises:
            RefusedError: It says no for another reason than that there is nothing.
            OSError: It isn't there.
        """
        try:
            return self.ask("GET", path)
        except RefusedError as exc:
            if exc.status == 404 or "not found" in exc.text.lower():
                return None
            raise

    def await_leader(self, until: float) -> None:
        """Wait until there is a leader.

        Raises:
            BootError: There is none in time (`until`, on the monotonic clock).
        """
        last: object = "no answer yet"
        while True:
            try:
                leader = self.ask("GET", "/v1/status/leader", token="")
            except (RefusedError, OSError) as exc:
                last = exc
            else:
                if leader:
                    return
                last = "no leader yet"
            if time.monotonic() >= until:
                raise BootError(f"{self.address} has no leader: {last}")
            time.sleep(_POLL_SECONDS)
