"""The AsyncAPI document says what is sent: every message's struct is in it, and what they encode to fits."""

import inspect
import json
from typing import Any

import jsonschema
import msgspec
import pytest
from services.core.live import messages
from services.core.live.protocol import protocol
from services.votebooth.live.messages import LiveHidden, SumsChanged
from services.votebooth.live.source import PollSource

SOURCE = PollSource.__new__(PollSource)  # what it sends is said by its class
DOCUMENT = json.loads(msgspec.json.encode(protocol("https://vote.example.org", "votebooth", [SOURCE])))
STREAM = {"stream": "poll:1", "epoch": "1-1.live"}


def test_every_message_that_there_is_is_described() -> None:
    structs = {
        kind
        for _, kind in inspect.getmembers(messages, inspect.isclass)
        if issubclass(kind, msgspec.Struct) and kind.__module__ == messages.__name__ and kind.__struct_config__.tag
    }
    assert {*messages.FROM_SERVER, *messages.FROM_CLIENT} == structs
    assert set(DOCUMENT["channels"]["socket"]["messages"]) == {kind.__name__ for kind in structs}
    assert set(DOCUMENT["channels"]["stream"]["messages"]) == {kind.__name__ for kind in messages.FROM_SERVER}


def test_all_references_lead_somewhere() -> None:
    def references(part: Any) -> list[str]:
        if isinstance(part, list):
            return [ref for each in part for ref in references(each)]
        if isinstance(part, dict):
            own = [part["$ref"]] if "$ref" in part else []
            return own + [ref for each in part.values() for ref in references(each)]
        return []

    found = references(DOCUMENT)
    assert found
    for reference in found:
        at = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            at = at[step]
    assert DOCUMENT["asyncapi"].startswith("3.")
    assert DOCUMENT["servers"]["socket"] == {"host": "vote.example.org", "protocol": "wss"}


@pytest.mark.parametrize(
    "message",
    [
        messages.Ping(),
        messages.End(reason="lifetime", retry_ms=300),
        messages.Snapshot(
            seq=0, state=LiveHidden(status="live", reason="after_vote", detail="Vote first.", shown_at=None), **STREAM
        ),
        messages.Delta(seq=3, prev=2, events=[SumsChanged(ballots=4, sums={"1": 4})], **STREAM),
        messages.Current(seq=3, **STREAM),
        messages.Refused(stream="poll:1", problem={"status": 404}),
        messages.Follow(stream="poll:1", epoch="1-1.live", seq=3),
        messages.Leave(stream="poll:1"),
    ],
    ids=lambda message: type(message).__name__,
)
def test_what_is_sent_fits_its_schema_and_no_other_message_s(message: Any) -> None:
    sent = json.loads(messages.encode(message))
    fitting = [name for name in DOCUMENT["components"]["messages"] if _fits(sent, name)]
    assert fitting == [type(message).__name__]


def _fits(sent: Any, name: str) -> bool:
    schema = {"$ref": f"#/components/schemas/{name}", "components": DOCUMENT["components"]}
    return bool(jsonschema.Draft202012Validator(schema).is_valid(sent))
