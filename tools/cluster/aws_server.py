"""moto's server with access control as in AWS; started by `cluster up`.

By itself moto can't check three things once access control is on: a task that turns its token into a role's
credentials has no signature yet, a presigned URL has its signature in the query, and secrets are checked as if there
were but one of them all.
"""

import sys
from typing import Any

from moto.core.authorization import ActionAuthenticatorMixin
from moto.secretsmanager.exceptions import SecretNotFoundException
from moto.secretsmanager.responses import SecretsManagerResponse
from moto.server import main

_check = ActionAuthenticatorMixin._authenticate_and_authorize_action  # noqa: SLF001  (there is no other way in)


def _check_signed(self: Any, iam_request_cls: type, resource: str = "*") -> None:
    """Check a request that is signed in its header."""
    if "Authorization" not in self.headers and (
        "X-Amz-Signature" in self.uri or self._get_action() == "AssumeRoleWithWebIdentity"
    ):
        return
    _check(self, iam_request_cls, resource)


def _secret(self: Any) -> str:
    """Return the ARN of the secret that a request is about; policies name secrets by it."""
    name = self._get_param("SecretId")
    if not name:
        return "*"
    try:
        return str(self.backend.describe_secret(name).arn)
    except SecretNotFoundException:
        region, account = self.region, self.current_account
        return f"arn:aws:secretsmanager:{region}:{account}:secret:{name}-000000"


ActionAuthenticatorMixin._authenticate_and_authorize_action = _check_signed  # type: ignore[method-assign]  # noqa: SLF001
SecretsManagerResponse._determine_resource = _secret  # type: ignore[attr-defined]  # noqa: SLF001  (moto calls it if it is there)

if __name__ == "__main__":
    main(sys.argv[1:])
