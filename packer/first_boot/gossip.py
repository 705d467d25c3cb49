"""Rotate the gossip keys of a running cluster to what Secrets Manager holds now."""

from typing import Any

from first_boot.api import Agent, RefusedError
from first_boot.cluster import say
from first_boot.values import BootError


def rotate(consul: Agent, nomad: Agent, consul_key: str, nomad_key: str) -> None:
    """Install the new keys everywhere, use them, take the old ones out.

    Raises:
        BootError: A ring doesn't take it.
    """
    try:
        _consul(consul, consul_key)
        _nomad(nomad, nomad_key)
    except (RefusedError, OSError) as exc:
        raise BootError(f"The gossip keys can't be rotated: {exc}") from exc


def _consul(consul: Agent, key: str) -> None:
    consul.ask("POST", "/v1/operator/keyring", {"Key": key})
    consul.ask("PUT", "/v1/operator/keyring", {"Key": key})
    rings: list[dict[str, Any]] = consul.ask("GET", "/v1/operator/keyring")
    old = {found for ring in rings for found in ring["Keys"]} - {key}
    for other in old:
        consul.ask("DELETE", "/v1/operator/keyring", {"Key": other})
    say(f"Consul's gossip key: in use, {len(old)} old ones taken out")


def _nomad(nomad: Agent, key: str) -> None:
    nomad.ask("PUT", "/v1/agent/keyring/install", {"Key": key})
    nomad.ask("PUT", "/v1/agent/keyring/use", {"Key": key})
    old = set(nomad.ask("GET", "/v1/agent/keyring/list")["Keys"]) - {key}
    for other in old:
        nomad.ask("PUT", "/v1/agent/keyring/remove", {"Key": other})
    say(f"Nomad's gossip key: in use, {len(old)} old ones taken out")
