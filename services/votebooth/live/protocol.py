"""The protocol of live results as an AsyncAPI 3 document, made of the messages' structs."""

from typing import Any

import msgspec

from services.votebooth.live.messages import Delta, End, HiddenResults, Ping, Snapshot, Standing

MESSAGES = (Snapshot, Delta, Standing, HiddenResults, Ping, End)
_SCHEMAS = "#/components/schemas/{name}"
_POLL = {"poll_id": {"description": "The poll's id, a UUID."}}


def protocol(public_url: str) -> dict[str, Any]:
    """Return the document.

    Args:
        public_url: Where users reach VoteWave.
    """
    scheme, _, host = public_url.partition("://")
    _, schemas = msgspec.json.schema_components(MESSAGES, ref_template=_SCHEMAS)
    names = [kind.__name__ for kind in MESSAGES]
    channels = {
        "socket": _channel(
            "/v1/votebooth/polls/{poll_id}/live",
            "A WebSocket, opened with a ticket that `LiveTicketIssue` gives, or without. Messages are texts.",
            {"ws": {"query": _query("ticket", "since")}},
            names,
        ),
        "stream": _channel(
            "/v1/votebooth/polls/{poll_id}/events",
            "Server-sent events, with a token, a ticket of `LiveStreamTicketIssue`, or neither. A message is the data "
            "of one event; an event's id goes back as `Last-Event-ID`.",
            {"http": {}},
            names,
        ),
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "VoteWave, live results",
            "version": "1",
            "description": "The same messages over WebSocket and SSE, each with a `type`. Clients send none.",
        },
        "servers": {
            "socket": {"host": host, "protocol": "wss" if scheme == "https" else "ws"},
            "stream": {"host": host, "protocol": scheme},
        },
        "channels": {
            name: {**channel, "servers": [{"$ref": f"#/servers/{name}"}]} for name, channel in channels.items()
        },
        "operations": {
            f"send-to-{name}": {"action": "send", "channel": {"$ref": f"#/channels/{name}"}} for name in channels
        },
        "components": {
            "messages": {
                name: {
                    "name": name,
                    "contentType": "application/json",
                    "summary": schemas[name].get("description", ""),
                    "payload": {"$ref": _SCHEMAS.format(name=name)},
                }
                for name in names
            },
            "schemas": schemas,
        },
    }


def _channel(address: str, description: str, bindings: dict[str, Any], names: list[str]) -> dict[str, Any]:
    return {
        "address": address,
        "description": description,
        "parameters": _POLL,
        "bindings": bindings,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
    }


def _query(*names: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}}
