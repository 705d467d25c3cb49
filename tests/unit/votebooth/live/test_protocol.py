"""The AsyncAPI document says what is sent: every message's struct is in it, and what they encode to fits."""

import inspect
import json
from datetime import UTC, datetime
from typing import Any

import jsonschema
import msgspec
import pytest
from services.votebooth.live import messages
from services.votebooth.live.protocol import MESSAGES, protocol

DOCUMENT = json.loads(msgspec.json.encode(protocol("https://vote.example.org")))


def test_every_message_that_there_is_is_described() -> None:
    structs = {
        kind
        for _, kind in inspect.getmembers(messages, inspect.isclass)
        if issubclass(kind, msgspec.Struct) and kind.__module__ == messages.__name__ and kind.__struct_config__.tag
    }
    assert set(MESSAGES) == structs
    for channel in DOCUMENT["channels"].values():
        assert set(channel["messages"]) == {kind.__name__ for kind in structs}


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
        messages.End(reason="lifetime"),
        messages.Standing(status="final", closes_at=datetime(2026, 12, 1, tzinfo=UTC)),
        messages.HiddenResults(reason="after_vote", detail="Vote first.", shown_at=None),
        messages.Delta(seq=3, prev=2, changes=messages.Changes(ballots=4, sums={"1": 4})),
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
