"""Shared by the commands beside Terraform: names, and AWS's errors as sentences."""

import json
from collections.abc import Callable
from typing import Any

from tools.infra.programs import ROOT

NAMES: dict[str, Any] = json.loads((ROOT / "terraform" / "modules" / "naming" / "names.json").read_text())


class CloudError(Exception):
    """A call of AWS failed; the message says which and why, and contains no secret.

    Attributes:
        code: AWS's error code.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def secret_name(environment: str, name: str) -> str:
    """Return a secret's full name."""
    return f"{NAMES['secret_prefix'].format(environment=environment)}/{name}"


def call(method: Callable[..., Any], **arguments: Any) -> Any:
    """Call AWS.

    Raises:
        CloudError: AWS refuses, or can't be reached.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415  (slow to import)

    about = arguments.get("SecretId") or arguments.get("UserId") or ""
    try:
        return method(**arguments)
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        raise CloudError(code, f"{method.__name__} {about}: AWS says {code}.") from None
    except BotoCoreError as error:
        raise CloudError("", f"{method.__name__} {about}: {error}") from None


def session(environment: str, account: str | None = None) -> Any:
    """Return a session with AWS as the shell is signed in.

    Args:
        environment: For the message.
        account: The account it has to be; any if None.

    Raises:
        CloudError: Nobody is signed in, or to another account.
    """
    from boto3.session import Session  # noqa: PLC0415  (slow to import)

    made = Session()
    found = call(made.client("sts").get_caller_identity)["Account"]
    if account is not None and found != account:
        raise CloudError("WrongAccount", f"You are signed in to the account {found}; {environment} is {account}.")
    return made
