"""The services' user at the cache gets the password that its secret holds.

Terraform makes the user unable to do anything, since a password given there would stand in its state.
"""

from typing import Any

from services.core.redis.client import REDIS_SECRET
from tools.infra.cloud import NAMES, CloudError, call, secret_name

# All but what takes the server down or looks into others' connections.
RIGHTS = "on ~* &* +@all -@dangerous +info +flushdb +keys"


def give(manager: Any, cache: Any, environment: str) -> int:
    """Give the user its password, and the one before until the next time; return how many it has now.

    Processes that still have the old one go on. ElastiCache keeps two at most.

    Raises:
        CloudError: AWS says no.
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
