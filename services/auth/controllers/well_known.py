"""What stands at the top of the site: the public keys."""

from litestar import Controller, Response, get
from litestar.di import NamedDependency

from services.auth.schemas import JWKS
from services.auth.service import Auth
from services.auth.signing import JWKS_MAX_AGE_SECONDS


class WellKnownController(Controller):
    """Public keys for whoever verifies access tokens."""

    path = "/.well-known"
    tags = ("Sessions",)

    @get("/jwks.json", operation_id="JWKS", summary="Get the public keys of access tokens")
    async def jwks(self, auth: NamedDependency[Auth]) -> Response[JWKS]:
        """Return a JWK Set (RFC 7517): the key in use, the next one, and the previous one while tokens live."""
        return Response(auth.signer.jwks(), headers={"Cache-Control": f"public, max-age={JWKS_MAX_AGE_SECONDS}"})
