"""The machine's secrets, from Secrets Manager by its own role."""

import json
from typing import Any

import boto3
import botocore.config
import botocore.exceptions

from first_boot.values import BootError, Values


class Secrets:
    """Secrets of the environment, each asked for at most once.

    Args:
        values: Where they are.
    """

    def __init__(self, values: Values) -> None:
        # Many retries: a machine may start before the credentials of its role are available.
        config = botocore.config.Config(retries={"mode": "standard", "total_max_attempts": 8}, connect_timeout=5)
        self._client = boto3.client("secretsmanager", region_name=values.region, config=config)
        self._prefix = values.secret_prefix
        self._seen: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"Secrets({self._prefix!r})"

    def text(self, name: str) -> str:
        """Return a secret.

        Raises:
            BootError: It can't be had.
        """
        if name not in self._seen:
            full = f"{self._prefix}/{name}"
            try:
                value = self._client.get_secret_value(SecretId=full).get("SecretString", "").strip()
            except botocore.exceptions.ClientError as exc:
                raise BootError(f"The secret {full} can't be read: {exc.response['Error']['Code']}.") from None
            except botocore.exceptions.BotoCoreError as exc:
                raise BootError(f"The secret {full} can't be read: {type(exc).__name__}.") from None
            if not value:
                raise BootError(f"The secret {full} is empty.")
            self._seen[name] = value
        return self._seen[name]

    def pair(self, name: str) -> tuple[str, str]:
        """Return a certificate and its key, in PEM.

        Raises:
            BootError: They can't be had.
        """
        try:
            given: Any = json.loads(self.text(name))
            certificate, key = str(given["certificate"]), str(given["private_key"])
        except (ValueError, KeyError, TypeError):
            # The parser's message would contain the secret, so neither it nor the value is passed on.
            raise BootError(f'The secret {name} is to be {{"certificate": PEM, "private_key": PEM}}.') from None
        return certificate.strip() + "\n", key.strip() + "\n"

    def clean(self, text: str) -> str:
        """Return a text in which no secret is left, for messages of other programs."""
        for value in self._seen.values():
            text = text.replace(value, "***")
        return text
