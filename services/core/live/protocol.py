"""The live protocol of one service as an AsyncAPI 3 document, made of the messages' structs."""

from collections.abc import Iterable
from typing import Any

import msgspec

from services.core.live.messages import FROM_CLIENT, FROM_SERVER
from services.core.live.source import Source

_SCHEMAS = "#/components/schemas/{name}"


def protocol(public_url: str, service: str, sources: Iterable[Source]) -> dict[str, Any]:
    """Return the document.

    Args:
        public_url: Where users reach VoteWave.
        service: Whose streams.
        sources: Its kinds of streams.
    """
    sources = list(sources)
    scheme, _, host = public_url.partition("://")
    _, messages = msgspec.json.schema_components((*FROM_SERVER, *FROM_CLIENT), ref_template=_SCHEMAS)
    contents = {kind for source in sources for kind in (source.state, *source.events, *source.signals)}
    kinds, shapes = msgspec.json.schema_components(sorted(contents, key=str), ref_template=_SCHEMAS)
    of = dict(zip(sorted(contents, key=str), kinds, strict=True))
    for struct, field, types in (
        ("Snapshot", "state", [source.state for source in sources]),
        ("Signal", "signal", [kind for source in sources for kind in source.signals]),
    ):
        messages[struct]["properties"][field] = _any_of([of[kind] for kind in types])
    events = [of[kind] for source in sources for kind in source.events]
    messages["Delta"]["properties"]["events"] = {"type": "array", "items": _any_of(events)}
    sent, heard = ([kind.__name__ for kind in structs] for structs in (FROM_SERVER, FROM_CLIENT))
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"VoteWave, live streams of {service}",
            "version": "1",
            "description": "The same messages over WebSocket and SSE, each with a `type`. Streams: "
            + ", ".join(f"`{source.kind}:…`" for source in sources)
            + ".",
        },
        "servers": {
            "socket": {"host": host, "protocol": "wss" if scheme == "https" else "ws"},
            "stream": {"host": host, "protocol": scheme},
        },
        "channels": {
            "socket": {
                "address": f"/v1/{service}/live",
                "description": "A WebSocket for all streams, opened with a ticket, or without. Messages are texts.",
                "bindings": {"ws": {"query": _query("ticket")}},
                "servers": [{"$ref": "#/servers/socket"}],
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in (*sent, *heard)},
            },
            "stream": {
                "address": f"/v1/{service}/live/events",
                "description": "Server-sent events of one stream. A message is the data of one event; an event's id "
                "goes back as `Last-Event-ID`.",
                "bindings": {"http": {"query": _query("stream", "ticket")}},
                "servers": [{"$ref": "#/servers/stream"}],
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in sent},
            },
        },
        "operations": {
            "send-to-socket": _operation("send", "socket", sent),
            "receive-from-socket": _operation("receive", "socket", heard),
            "send-to-stream": _operation("send", "stream", sent),
        },
        "components": {
            "messages": {
                name: {
                    "name": name,
                    "contentType": "application/json",
                    "summary": messages[name].get("description", ""),
                    "payload": {"$ref": _SCHEMAS.format(name=name)},
                }
                for name in (*sent, *heard)
            },
            "schemas": {**shapes, **messages},
        },
    }


def _any_of(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    return {"anyOf": schemas} if schemas else {}


def _operation(action: str, channel: str, names: list[str]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in names],
    }


def _query(*names: str) -> dict[str, Any]:
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}}
