"""Sets the password of the services' cache user to the value of its secret.

Terraform creates the user without rights and password, because a password given there would be stored in its state.
"""

from typing import Any

from services.core.redis.client import REDIS_SECRET
from tools.infra.cloud import NAMES, CloudError, call, secret_name

# All commands except those that can take the server down or inspect other connections.
RIGHTS = "on ~* &* +@all -@dangerous +info +flushdb +keys"


def give(manager: Any, cache: Any, environment: str) -> int:
    """Set the user's password and keep the previous one valid until the next call; return how many it has now.

    Processes that still use the old password keep working. ElastiCache allows two passwords at most.

    Raises:
        CloudError: AWS refuses, or can't be reached.
    """
    name = secret_name(environment, REDIS_SECRET)
    passwords = []
    for stage in ("AWSCURRENT", "AWSPREVIOUS"):
        try:
            found = call(manager.get_secret_value, SecretId=name, VersionStage=stage)
        except CloudError as error:
            if stage == "AWSPREVIOUS" and error.code == "ResourceNotFoundException":
                break
            raise
        passwords.append(str(found["SecretString"]))
    call(
        cache.modify_user,
        UserId=f"{NAMES['project']}-{environment}-services",
        AccessString=RIGHTS,
        AuthenticationMode={"Type": "password", "Passwords": passwords},
    )
    return len(passwords)
