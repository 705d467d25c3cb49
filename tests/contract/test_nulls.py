"""On creating, null means left out; in an edit it empties what can be empty. In every body of every service."""

import json
from collections.abc import Iterator
from typing import Any, get_args

import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from msgspec import Struct, structs
from services.core.forms import Edit, parts
from services.core.http.request import decode
from services.core.problems import Problem
from services.votebooth.poll.choices import BallotBody
from tests.contract.test_openapi import app, document, handlers  # noqa: F401  (fixtures)

Body = type[Struct]


def structs_in(kind: Any) -> Iterator[Body]:
    """Every struct that a type holds."""
    for part in parts(kind):
        if isinstance(part, type) and issubclass(part, Struct):
            yield part
            for field in structs.fields(part):
                yield from structs_in(field.type)
        else:
            for inner in get_args(part):
                yield from structs_in(inner)


def body_of(handler: HTTPRouteHandler) -> Any:
    field = handler.parsed_data_field
    return field.annotation if field is not None else None


@pytest.fixture(scope="module")
def bodies(app: Litestar) -> dict[str, set[Body]]:  # noqa: F811
    """The structs that requests hold: of `edits`, and of all else, such as creating."""
    found: dict[str, set[Body]] = {"edits": set(), "others": {BallotBody}}  # a ballot's is read by hand
    for (method, path), handler in handlers(app).items():
        if path.startswith("/v1/"):
            found["edits" if method == "PATCH" else "others"].update(structs_in(body_of(handler)))
    return found


def optional(kind: Body) -> list[structs.FieldInfo]:
    return [field for field in structs.fields(kind) if not field.required]


def outcome(kind: Body, fields: dict[str, None]) -> Any:
    """What a body gives: itself, or the fields that don't fit."""
    tag = kind.__struct_config__.tag_field
    try:
        return decode(json.dumps({**({tag: kind.__struct_config__.tag} if tag else {}), **fields}).encode(), kind)
    except Problem as problem:
        return sorted((error.field, error.message) for error in problem.errors)


def test_on_creating_null_means_left_out(bodies: dict[str, set[Body]]) -> None:
    walked = 0
    for kind in bodies["others"]:
        assert not issubclass(kind, Edit), kind
        fields = optional(kind)
        given = outcome(kind, {field.encode_name: None for field in fields})
        left_out = outcome(kind, {})
        if isinstance(given, kind):  # where a type has null itself, the use case takes it for left out
            given = structs.replace(given, **{f.name: f.default for f in fields if getattr(given, f.name) is None})
            left_out = structs.replace(
                left_out, **{f.name: f.default for f in fields if getattr(left_out, f.name) is None}
            )
        assert given == left_out, kind
        walked += len(fields)
    assert {"PollNew", "OptionNew", "RulesNew", "SignUp", "BallotBody"} <= {kind.__name__ for kind in bodies["others"]}
    assert walked > 40


def test_in_an_edit_null_stands_where_the_type_has_it_and_is_never_dropped(bodies: dict[str, set[Body]]) -> None:
    """Or a client that empties a field would be told that it is done, and nothing would have happened."""
    for kind in bodies["edits"]:
        for field in optional(kind):
            given = outcome(kind, {field.encode_name: None})
            if isinstance(given, kind):
                assert getattr(given, field.name) is None, (kind, field.name)
            else:
                assert issubclass(kind, Edit), (kind, field.name)
                assert field.encode_name in {name for name, _ in given}, (kind, field.name)


def test_the_document_says_where_null_may_stand(document: dict[str, Any], bodies: dict[str, set[Body]]) -> None:  # noqa: F811
    schemas = document["components"]["schemas"]
    for kind in bodies["edits"] | bodies["others"]:
        properties = schemas[kind.__name__]["properties"]
        for field in optional(kind):
            given = outcome(kind, {field.encode_name: None})
            taken = isinstance(given, kind) or field.encode_name not in {name for name, _ in given}
            said = {"type": "null"} in properties[field.encode_name].get("oneOf", ())
            assert said == taken, (kind, field.name)
