"""Refreshes access tokens: they are valid for fifteen minutes, and a soak takes longer."""

import time

import gevent
import msgspec
from locust.contrib.fasthttp import FastHttpSession
from locust.env import Environment

from loadtests.gate.plan import TIMEOUT_SECONDS, Identity, Tokens
from loadtests.generator.world import World

_LOOK_SECONDS = 5.0
_AHEAD_SECONDS = 240.0


def keep_signed_in(world: World, environment: Environment) -> None:
    """Exchange refresh tokens some minutes before access tokens expire, until the run ends."""
    identities = [*world.plan.identities, world.plan.host, world.plan.friend]
    while True:
        if due := [each for each in identities if each.refresh and each.until - time.time() < _AHEAD_SECONDS]:
            session = FastHttpSession(  # a new session each time, since idle connections have been closed
                world.plan.url,
                environment.events.request,
                None,
                insecure=False,
                headers=world.plan.headers,
                network_timeout=TIMEOUT_SECONDS,
                connection_timeout=TIMEOUT_SECONDS,
            )
            for identity in due:
                _refresh(session, identity, world)
            session.client.close()
        gevent.sleep(_LOOK_SECONDS)


def _refresh(session: FastHttpSession, identity: Identity, world: World) -> None:
    name = "stay signed in"
    world.requests[name] += 1
    body = msgspec.json.encode({"refresh_token": identity.refresh}).decode()
    answer = session.post(
        "/v1/auth/sessions/refresh", data=body, headers={"Content-Type": "application/json"}, name=name
    )
    if answer.status_code not in {200, 201}:
        world.failures[f"{name}: {answer.status_code}"] += 1
        return
    try:
        tokens = msgspec.json.decode(answer.content or b"", type=Tokens)
    except (msgspec.DecodeError, UnicodeDecodeError):
        world.failures[f"{name}: {answer.status_code} with a body that can't be read"] += 1
        return
    identity.access, identity.refresh = tokens.access_token, tokens.refresh_token
    identity.until = time.time() + tokens.expires_in
