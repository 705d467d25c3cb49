"""Voters: as many distinct guests as a run needs, each with a real access token.

`POST /v1/auth/guests` would give them one by one, at the cost of a transaction each. Instead Auth's own code
signs their tokens here, with the key that lies in its database and that its JWKS publishes. To a server such
a token is like any other: it fetches the JWKS, chooses the key by `kid` and verifies the ES256 signature.
"""

from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import msgspec
from services.auth.settings import AuthSettings
from services.auth.signing import Signer
from services.core.identity.subject import Kind, Role
from services.core.ids import new_id
from services.core.kit import Kit, Shared
from services.core.settings import CoreSettings, load


class Voters:
    """Makes guests' tokens.

    Args:
        environment: The variables that the server under test has.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._shared = Shared(load(CoreSettings, environ=environment))
        self._kit = Kit("auth", load(AuthSettings, "auth", environment), self._shared)
        self._signer = Signer(self._kit)

    async def start(self) -> None:
        """Read the signing keys; make the first ones in a new database, as Auth would."""
        await self._signer.refresh()

    def jwks(self) -> bytes:
        """Return the public keys as `/.well-known/jwks.json` does."""
        return msgspec.json.encode(self._signer.jwks())

    def token(self, account: UUID, *, guest: bool = True) -> str:
        """Return an access token of a guest, or of a user."""
        return self._signer.sign(account, new_id(), Kind.GUEST if guest else Kind.USER, Role.USER, "*")[0]

    def write(self, path: Path, count: int) -> None:
        """Write the tokens of `count` new guests to a file, one a line."""
        with path.open("w") as file:
            for _ in range(count):
                file.write(self.token(new_id()) + "\n")

    async def close(self) -> None:
        """Close the connections."""
        await self._kit.db.close()
        await self._shared.close()
