"""The gateway's copy of the public keys, in Consul's key-value store.

The gateway reads keys when it starts or reloads and asks nobody while it serves, so they are brought to it:
one document with every key that a token may be signed with, the next one included. It is there as long before
its first use as the JWKS has it (`signing.LEAD`).
"""

from typing import TYPE_CHECKING

import msgspec
import structlog

from services.auth.settings import AuthSettings
from services.auth.signing import Signer
from services.core.kit import Kit

if TYPE_CHECKING:
    from services.core.peers.consul import Agent

log = structlog.get_logger(__name__)

MOST = 4
"""Keys that the gateway has room for: of two rotations within a token's life."""


class GatewayKey(msgspec.Struct, frozen=True):
    """A public key as the gateway needs it: what tokens call it, and its PEM (RFC 7468)."""

    kid: str
    pem: str


class GatewayKeys(msgspec.Struct, frozen=True):
    """The document."""

    keys: list[GatewayKey]


class GatewayKeyPublisher:
    """Keeps the document in Consul equal to the keys in the database.

    Args:
        kit: Says where Consul is, and what the document is called there.
        signer: Has the keys.
    """

    def __init__(self, kit: Kit[AuthSettings], signer: Signer) -> None:
        self._kit = kit
        self._signer = signer
        self._key = kit.settings.gateway_keys
        self._agent: Agent | None = None

    async def publish(self) -> None:
        """Write the document if it isn't there or says something else; does nothing without a name for it.

        Raises:
            ConsulError: It isn't known to be there; the gateway goes on with the keys that it has.
        """
        if not self._key:
            return
        await self._signer.refresh()  # or a key that another instance has made would be taken away again
        keys = [GatewayKey(kid, pem) for kid, pem in self._signer.public_pems()]
        document = msgspec.json.encode(GatewayKeys(keys[-MOST:]))
        agent = self._agent = self._agent or self._open()
        index, found = await agent.read(self._key)
        if found != document and await agent.write(self._key, document, index):
            log.info("gateway_keys_published", kids=[key.kid for key in keys[-MOST:]])

    def _open(self) -> "Agent":
        from services.core.peers.consul import Agent  # noqa: PLC0415  (8 MB that others needn't hold)

        return Agent(self._kit.core, self._kit.shared.secrets)

    async def close(self) -> None:
        """Close the connection to Consul."""
        if self._agent is not None:
            await self._agent.close()
