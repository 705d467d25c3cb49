"""The document at /openapi.json and the routes that are served say the same, and say it well."""

import inspect
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.serialization import encode_json
from openapi_spec_validator import OpenAPIV31SpecValidator
from services.auth.controllers import throttles
from services.auth.schemas import Scope
from services.core.http.application import create_app
from services.core.http.guards import ScopeGuard
from services.core.http.limits import ByteLimit, Limit
from services.core.problems import TYPE_BASE
from services.core.settings import CoreSettings
from services.polls.methods import Method
from services.registry import NAMES, load_services
from services.votebooth.exchange.controllers import CountOperation

HIDDEN = {"/", "/favicon.ico", "/metrics", "/openapi.json"}
HIDDEN_BELOW = ("/docs", "/internal/", "/v1/files/")  # the latter: only whole URLs are given out
METHODS = {"get", "put", "post", "patch", "delete"}

Operation = dict[str, Any]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Litestar:
    folder = tmp_path_factory.mktemp("contract")
    settings = CoreSettings(secrets=f"file://{folder}/secrets.json", storage=f"file://{folder}/files")
    return create_app(load_services(["all"]), settings)


@pytest.fixture(scope="module")
def document(app: Litestar) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(encode_json(app.openapi_schema.to_schema()))
    return found


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> dict[tuple[str, str], Operation]:
    """Each operation by method and path."""
    return {
        (method.upper(), path): operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def handlers(app: Litestar) -> dict[tuple[str, str], HTTPRouteHandler]:
    """Every handler that is served, by method and path as the document writes it."""
    found = {}
    for route in app.routes:
        if isinstance(route, HTTPRoute):
            path = re.sub(r"{(\w+):\w+}", r"{\1}", route.path)
            for handler in route.route_handlers:
                for method in handler.http_methods:
                    if method.lower() in METHODS:
                        found[str(method), path] = handler
    return found


def hidden(path: str) -> bool:
    return path in HIDDEN or path.startswith(HIDDEN_BELOW)


def test_the_document_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1.")
    assert [f"{list(e.path)}: {e.message}" for e in OpenAPIV31SpecValidator(document).iter_errors()] == []


def test_what_is_served_is_described_and_what_is_described_is_served(
    app: Litestar, operations: dict[tuple[str, str], Operation]
) -> None:
    served = {key for key in handlers(app) if not hidden(key[1])}
    assert served - operations.keys() == set(), "served and not in the document"
    assert operations.keys() - served == set(), "in the document and not served"


def test_internal_calls_are_nowhere_in_the_document(document: dict[str, Any]) -> None:
    assert "/internal/" not in json.dumps(document)


def test_each_operation_has_a_name_a_summary_a_description_and_a_tag(
    operations: dict[tuple[str, str], Operation],
) -> None:
    names = [operation["operationId"] for operation in operations.values()]
    assert sorted(names) == sorted(set(names)), "operation ids are unique"
    for key, operation in operations.items():
        assert re.fullmatch(r"[A-Z][A-Za-z0-9]+", operation["operationId"]), key
        assert operation.get("summary"), key
        assert operation.get("description"), key
        assert not operation["summary"].endswith("."), key
        assert len(operation.get("tags", [])) == 1, key


def test_operation_ids_are_chosen_and_not_made_up(app: Litestar) -> None:
    for key, handler in handlers(app).items():
        if not hidden(key[1]):
            assert isinstance(handler.operation_id, str), key


def test_each_operation_says_what_success_is(operations: dict[tuple[str, str], Operation]) -> None:
    for key, operation in operations.items():
        good = [status for status in operation["responses"] if status[0] in "23"]
        assert good, key


def test_errors_are_problem_documents(operations: dict[tuple[str, str], Operation]) -> None:
    for key, operation in operations.items():
        for status, response in operation["responses"].items():
            if status[0] in "45d":
                assert set(response["content"]) == {"application/problem+json"}, (key, status)


def test_what_many_routes_take_is_described_in_the_same_words(operations: dict[tuple[str, str], Operation]) -> None:
    for name in ("cursor", "limit", "If-Match", "If-None-Match", "Idempotency-Key"):
        said = {
            parameter.get("description")
            for operation in operations.values()
            for parameter in operation.get("parameters", [])
            if parameter["name"] == name
        }
        assert len(said) == 1, (name, said)
        assert said != {None}


def test_unions_of_objects_say_which_property_tells_their_members_apart(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    properties = [part for schema in schemas.values() for part in schema.get("properties", {}).values()]
    unions = [part for part in properties if sum("$ref" in member for member in part.get("oneOf", ())) > 1]
    assert len(unions) >= 2, "methods, as they are given and as they are shown"
    for union in unions:
        tags = {}
        for member in union["oneOf"]:
            properties = schemas[member["$ref"].rsplit("/", 1)[1]]
            tag = properties["properties"][union["discriminator"]["propertyName"]]["const"]
            assert union["discriminator"]["propertyName"] in properties["required"]
            tags[tag] = member["$ref"]
        assert tags == union["discriminator"]["mapping"]
    assert any(tags.keys() == set(Method) for tags in (each["discriminator"]["mapping"] for each in unions))


def test_names_on_the_wire_are_snake_case(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        for field in schema.get("properties", {}):
            assert re.fullmatch(r"[a-z][a-z0-9_]*", field), f"{name}.{field}"


def test_examples_hold_nothing_that_looks_like_a_secret(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    assert not re.search(r"eyJ[\w-]{20,}", text), "a token"
    assert "BEGIN" not in text
    assert str(Path.home()) not in text


@pytest.mark.parametrize("name", NAMES)
def test_each_service_alone_is_described_as_in_the_whole(
    name: str, operations: dict[tuple[str, str], Operation], tmp_path: Path
) -> None:
    settings = CoreSettings(secrets=f"file://{tmp_path}/secrets.json", storage=f"file://{tmp_path}/files")
    alone = create_app(load_services([name]), settings)
    served = {key for key in handlers(alone) if not hidden(key[1])}
    assert served <= operations.keys()
    assert any(path.startswith(f"/v1/{name}") for _, path in served)


def test_dependencies_are_resolved_one_after_the_other(app: Litestar) -> None:
    """Two at once cost each request a task group, 75 µs: many times what they take themselves."""
    at_once = {
        handler.operation_id or handler.handler_name
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler, model in route.route_handler_map.values()
        if any(len(batch) > 1 for batch in model.dependency_batches)
    }
    assert not at_once


def test_a_route_that_takes_a_subject_says_which_scope_it_takes(app: Litestar) -> None:
    """`guards=[requires("polls:write")]`, or `ANY_TOKEN` where an API key needs none."""
    undeclared = [
        f"{','.join(sorted(handler.http_methods))} {route.path}"
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler, model in route.route_handler_map.values()
        if "subject" in {needed.key for batch in model.dependency_batches for needed in batch}
        and not any(isinstance(guard, ScopeGuard) for guard in handler.resolve_guards())
    ]
    assert undeclared == []


def test_scopes_are_those_that_an_api_key_can_be_given(app: Litestar) -> None:
    scopes = {
        guard.scope
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for handler in route.route_handlers
        for guard in handler.resolve_guards()
        if isinstance(guard, ScopeGuard) and guard.scope
    }
    assert scopes <= {*get_args(Scope), "account:read", "account:write"}  # the latter two are a session's alone
    assert set(get_args(Scope)) <= scopes


def test_a_body_is_limited_before_it_is_read_and_a_large_one_is_weighed(app: Litestar) -> None:
    """Ballots apart: their route is read by hand, and the booth counts who sends them."""
    unlimited, unweighed = [], []
    for (method, path), handler in handlers(app).items():
        if not (handler.parsed_data_field or handler.operation_class is CountOperation):
            continue
        guards = handler.resolve_guards()
        if not any(isinstance(guard, (Limit, ByteLimit)) or inspect.getmodule(guard) is throttles for guard in guards):
            unlimited.append(f"{method} {path}")
        if (handler.resolve_request_max_body_size() or 0) > 50_000 and not any(
            isinstance(guard, ByteLimit) for guard in guards
        ):
            unweighed.append(f"{method} {path}")
    assert unlimited == []
    assert unweighed == []


NOT_CREATING = {
    "AccountDelete",
    "ArchiveAsk",
    "EmailConfirm",
    "EmailVerify",
    "PasswordReset",
    "PasswordResetAsk",
    "FollowRelations",
    "FileCount",
    "PollBatch",
    "PollArchive",
    "PollClose",
    "PollPublish",
    "PollUnarchive",
    "RoomEnd",
    "RoomNext",
    "RoomPollClose",
    "RoomPollOpen",
    "ThreadBatch",
    "ReminderUnsubscribe",
    "Unsubscribe",
    "WaveBatch",
}
"""They store nothing, or come to the same when they are repeated."""

WITHOUT_KEY = {
    "FilterAdd": "words are filtered once",
    "AccountOpen": "an address has one account",
    "GuestUpgrade": "a guest becomes a user once",
    "GuestAdmit": "who doesn't get the answer is another guest next time",
    "SessionOpen": "who doesn't get the answer signs in again",
    "SessionRefresh": "a token that comes again gives the same successor",
    "KeyExchange": "an access token lasts for minutes",
    "VoteBoothLiveTicketIssue": "a ticket lasts no longer than the token",
    "NotificationsLiveTicketIssue": "a ticket lasts no longer than the token",
    "MessagingLiveTicketIssue": "a ticket lasts no longer than the token",
    "MessageSend": "its client_id makes a retry one message",
    "MessageSendTo": "its client_id makes a retry one message",
    "ProfileImageBegin": "what is begun and not used is deleted within an hour",
    "WaveImageBegin": "what is begun and not used is deleted within an hour",
    "MessageAttachmentBegin": "what is begun and not sent is deleted within an hour",
    "RoomReact": "one more or less is nobody's",
    "RollAdd": "an address is invited once, unless the owner says `resend`",
}


def test_each_post_that_creates_takes_an_idempotency_key_or_says_why_not(document: dict[str, Any]) -> None:
    without = {
        operation["operationId"]
        for item in document["paths"].values()
        for method, operation in item.items()
        if method == "post" and not any(given["name"] == "Idempotency-Key" for given in operation.get("parameters", []))
    }
    assert without == NOT_CREATING | WITHOUT_KEY.keys()


SECRETS = {"access_token", "refresh_token", "token", "tokens", "ticket", "key", "secret", "receipt", "email"}
COMPRESSED = {"BallotExport", "FileCount", "PollList", "PollRead", "ResultRead"}


def test_answers_are_compressed_only_where_no_secret_is_in_them(
    app: Litestar, document: dict[str, Any], operations: dict[tuple[str, str], Operation]
) -> None:
    """The length of a compressed answer tells of its content. A new route is a decision: add it here, too."""
    marked = {key: handler for key, handler in handlers(app).items() if handler.opt.get("compressed")}
    named = {str(handler.operation_id) for key, handler in marked.items() if not hidden(key[1])}
    assert named == COMPRESSED

    def fields(schema: Any, seen: set[str]) -> set[str]:
        if isinstance(schema, list):
            return set().union(*(fields(each, seen) for each in schema))
        if not isinstance(schema, dict):
            return set()
        found = set(schema.get("properties", {}))
        if (ref := str(schema.get("$ref", ""))) and ref not in seen:
            seen.add(ref)
            found |= fields(document["components"]["schemas"][ref.rpartition("/")[2]], seen)
        return found | set().union(*(fields(each, seen) for each in schema.values()))

    for key in marked:
        if not hidden(key[1]):
            good = [answer for status, answer in operations[key]["responses"].items() if status.startswith("2")]
            assert not fields(good, set()) & SECRETS, key


def test_schemas_have_plain_unique_names(document: dict[str, Any]) -> None:
    """No module stands in them, and a title is the name: generators make classes of both."""
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        assert re.fullmatch(r"[A-Z][A-Za-z0-9]*", name), name
        assert schema["title"] == name


def test_what_a_request_may_leave_out_has_no_default(
    document: dict[str, Any], operations: dict[tuple[str, str], Operation]
) -> None:
    """Generators of types take a property with a default for one that is always there."""

    def properties(part: Any, seen: set[str]) -> Iterator[tuple[str, Any]]:
        if isinstance(part, list):
            for each in part:
                yield from properties(each, seen)
        elif isinstance(part, dict):
            yield from part.get("properties", {}).items()
            if (ref := str(part.get("$ref", "")).rpartition("/")[2]) and ref not in seen:
                seen.add(ref)
                yield from properties(document["components"]["schemas"][ref], seen)
            for each in part.values():
                yield from properties(each, seen)

    for key, operation in operations.items():
        for name, schema in properties(operation.get("requestBody", {}), set()):
            assert "default" not in schema, (key, name)


def _schemas_of(document: dict[str, Any], part: Any, seen: set[str] | None = None) -> Iterator[dict[str, Any]]:
    """Each schema that a part of the document is made of."""
    seen = set() if seen is None else seen
    if isinstance(part, list):
        for each in part:
            yield from _schemas_of(document, each, seen)
    elif isinstance(part, dict):
        yield part
        if (ref := str(part.get("$ref", "")).rpartition("/")[2]) and ref not in seen:
            seen.add(ref)
            yield from _schemas_of(document, document["components"]["schemas"][ref], seen)
        for each in part.values():
            yield from _schemas_of(document, each, seen)


def test_bodies_say_that_unknown_fields_are_refused(
    document: dict[str, Any], operations: dict[tuple[str, str], Operation]
) -> None:
    for key, operation in operations.items():
        for schema in _schemas_of(
            document, operation.get("requestBody", {}).get("content", {}).get("application/json")
        ):
            if "properties" in schema:
                assert schema["additionalProperties"] is False, (key, schema["title"])


def test_what_answers_always_have_is_required(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["PollCardPage"]["required"] == ["items", "next"]
    assert {"kty", "crv"} <= {*schemas["JWK"]["required"]}
    assert "token_type" in schemas["Tokens"]["required"]
    assert "refresh_token" not in schemas["Tokens"]["required"], "it may be in a cookie"
    assert "status" in schemas["Receipt"]["required"]


def test_parameters_that_may_be_left_out_are_not_null(operations: dict[tuple[str, str], Operation]) -> None:
    for key, operation in operations.items():
        for parameter in operation.get("parameters", []):
            schema = json.dumps(parameter["schema"])
            assert "null" not in schema, (key, parameter["name"])


def test_answers_without_a_body_have_no_media_type(operations: dict[tuple[str, str], Operation]) -> None:
    for key, operation in operations.items():
        for status in {"204", "304"} & operation["responses"].keys():
            assert "content" not in operation["responses"][status], (key, status)


def test_refusals_that_follow_from_how_a_route_is_made_are_described(
    app: Litestar, operations: dict[tuple[str, str], Operation]
) -> None:
    """Of an id that is none, a token that is bad, too many requests, a body that is too large or no JSON."""
    for key, handler in handlers(app).items():
        if key not in operations:
            continue
        operation = operations[key]
        expected = {"400"}
        if any(parameter["in"] == "path" for parameter in operation.get("parameters", [])):
            expected.add("404")
        if "requestBody" in operation:
            expected |= {"413"} if operation["operationId"] == "FileCount" else {"413", "415"}  # that takes any type
        if operation.get("security"):
            expected.add("401")
        if any(isinstance(guard, (Limit, ByteLimit)) for guard in handler.resolve_guards()):
            expected.add("429")
        if key[0] == "GET" and key[1].startswith("/v1/"):  # what is read is weighed
            expected.add("429")
        assert expected <= operation["responses"].keys(), key


def test_parameters_say_what_the_code_knows_of_them(operations: dict[tuple[str, str], Operation]) -> None:
    bounds = {
        parameter["name"]: parameter["schema"]
        for operation in operations.values()
        for parameter in operation.get("parameters", [])
    }
    assert bounds["cursor"]["pattern"] == "^[A-Za-z0-9_-]*$"
    assert bounds["cursor"]["maxLength"] == 500
    assert re.fullmatch(bounds["Idempotency-Key"]["pattern"], "a key!") is None
    assert re.fullmatch(bounds["Idempotency-Key"]["pattern"], "a-key!")
    assert re.fullmatch(bounds["Ballot-Secret"]["pattern"], "s" * 21) is None
    receipt = operations["GET", "/v1/votebooth/polls/{poll_id}/receipts/{code}"]["parameters"]
    assert any("[0-9A-Fa-f]{2}" in parameter["schema"].get("pattern", "") for parameter in receipt)


def test_each_refusal_names_its_types(operations: dict[tuple[str, str], Operation]) -> None:
    """`./just fuzz` and the tests' client hold answers against them."""
    for key, operation in operations.items():
        for status, answer in operation["responses"].items():
            if status >= "400" and status != "default":
                assert answer["x-problem-types"], f"{key}: the text of {status} names no type, such as `not-open`"
    locked = operations["PATCH", "/v1/polls/{poll_id}"]["responses"]["409"]["x-problem-types"]
    assert {TYPE_BASE + slug for slug in ("locked", "irreversible")} <= {*locked}


def test_types_of_problems_stand_in_the_guides(operations: dict[tuple[str, str], Operation]) -> None:
    """In one of the tables of docs/api, and those of the first table are given by some route."""
    given = {
        kind.removeprefix(TYPE_BASE)
        for operation in operations.values()
        for answer in operation["responses"].values()
        for kind in answer.get("x-problem-types", ())
    }
    guides = {path.name: path.read_text() for path in (Path(__file__).parents[2] / "docs/api").glob("*.md")}
    assert {slug for slug in given if not any(f"`{slug}`" in text for text in guides.values())} == set()
    rows = re.findall(r"^\| ((?:`[a-z-]+`(?:, )?)+) \| \d{3} \|", guides["README.md"], re.MULTILINE)
    listed = {slug for row in rows for slug in re.findall("`([a-z-]+)`", row)}
    assert len(listed) > 20
    assert listed - given == set()


def test_each_tag_is_described(document: dict[str, Any], operations: dict[tuple[str, str], Operation]) -> None:
    described = {tag["name"]: tag["description"] for tag in document["tags"]}
    assert described.keys() == {tag for operation in operations.values() for tag in operation["tags"]}
    assert all(text.endswith(".") for text in described.values())


def test_what_problems_have_beyond_the_usual_is_typed(document: dict[str, Any]) -> None:
    properties = document["components"]["schemas"]["ProblemDocument"]["properties"]
    assert {"scope", "opens_at", "version", "reason", "shown_at", "line", "column", "retry_after"} <= properties.keys()


def test_examples_fit_their_schemas(document: dict[str, Any]) -> None:
    """Of each schema, property and parameter."""
    whole = {"$defs": document["components"]["schemas"]}
    text = json.dumps(document).replace("#/components/schemas/", "#/$defs/")
    found = 0
    for part in _parts(json.loads(text)):
        for example in part["examples"] if isinstance(part.get("examples"), list) else ():
            found += 1
            errors = Draft202012Validator({**part, **whole}, format_checker=FormatChecker()).iter_errors(example)
            assert [error.message for error in errors] == [], example
    assert found > 20


def _parts(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from _parts(each)
