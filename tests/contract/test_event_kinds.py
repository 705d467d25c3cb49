"""What one service publishes is what another consumes."""

from typing import Any, get_type_hints

import msgspec
import pytest
from services import registry
from services.core.events.handler import Handler
from tools.generate.events import events_of

SERVICES = dict(zip(registry.NAMES, registry.load_services(["all"]), strict=True))


CONSUMED = [(name, handler) for name, service in SERVICES.items() for handler in service.handlers]


def test_there_are_events_at_all() -> None:
    assert len(CONSUMED) >= 3


@pytest.mark.parametrize(("consumer", "handler"), CONSUMED, ids=lambda v: v if isinstance(v, str) else v.event.KIND)
def test_what_is_consumed_is_published_with_all_that_is_needed(consumer: str, handler: Handler[Any, Any]) -> None:
    wanted = handler.event
    assert consumer != handler.source
    assert wanted.KIND.startswith(f"{handler.source}.")
    published = events_of(handler.source).get(wanted.KIND)
    assert published is not None, f"{handler.source} publishes no {wanted.KIND}"
    given = {field.name: field for field in msgspec.structs.fields(published)}
    for field in msgspec.structs.fields(wanted):
        assert field.name in given or not field.required, f"{wanted.KIND}.{field.name} isn't published"
        if field.name in given and not field.required:
            assert given[field.name] is not None


@pytest.mark.parametrize(("consumer", "handler"), CONSUMED, ids=lambda v: v if isinstance(v, str) else v.event.KIND)
def test_each_value_of_the_publisher_s_types_can_be_read_by_the_consumer(
    consumer: str, handler: Handler[Any, Any]
) -> None:
    """The consumer's JSON schema of each shared field takes what the publisher's produces."""
    published = events_of(handler.source)[handler.event.KIND]
    theirs, ours = get_type_hints(published), get_type_hints(handler.event)
    for name in ours.keys() & theirs.keys() - {"KIND", "VERSION"}:
        assert accepts(ours[name], theirs[name]), f"{consumer} can't read {handler.event.KIND}.{name}"


def accepts(wanted: Any, given: Any) -> bool:
    """Say whether a decoder of one type reads what an encoder of another writes, as far as schemas tell."""
    (left, right), parts = msgspec.json.schema_components([wanted, given])
    return covers(left, right, parts)


def covers(wanted: Any, given: Any, parts: dict[str, Any]) -> bool:
    wanted, given = resolve(wanted, parts), resolve(given, parts)
    if "anyOf" in given:
        return all(covers(wanted, option, parts) for option in given["anyOf"])
    if "anyOf" in wanted:
        return any(covers(option, given, parts) for option in wanted["anyOf"])
    if not wanted:
        return True
    if "enum" in wanted:  # a publisher whose string may hold anything hasn't said what it holds
        return set(given.get("enum", [object()])) <= set(wanted["enum"])
    if "enum" in given:
        return bool(wanted.get("type") == "string" and "format" not in wanted)
    kinds = {wanted.get("type"), given.get("type")}
    if len(kinds) > 1 and kinds != {"number", "integer"}:
        return False
    if given.get("type") == "array":
        return covers(wanted.get("items", {}), given.get("items", {}), parts)
    if given.get("type") == "object" and "properties" in wanted:
        have = given.get("properties", {})
        return all(
            field in have and covers(schema, have[field], parts)
            for field, schema in wanted["properties"].items()
            if field in wanted.get("required", []) or field in have
        )
    return bool(wanted.get("format") in {None, given.get("format")})


def resolve(schema: Any, parts: dict[str, Any]) -> Any:
    while "$ref" in schema:
        schema = parts[schema["$ref"].rsplit("/", 1)[-1]]
    return schema


def test_the_comparison_of_types_sees_what_matters() -> None:
    class Small(msgspec.Struct):
        a: int

    class Large(msgspec.Struct):
        a: int
        b: str

    assert accepts(Small, Large)
    assert not accepts(Large, Small)
    assert accepts(int | None, int)
    assert not accepts(int, int | None)
    assert not accepts(int, str)
    assert accepts(list[Small], tuple[Large, ...])


@pytest.mark.parametrize("name", registry.NAMES)
def test_each_kind_is_a_service_a_thing_and_what_happened(name: str) -> None:
    for kind in events_of(name):
        assert len(kind.split(".")) == 3
        assert kind == kind.lower()


def test_services_call_only_whom_they_say_they_need() -> None:
    for name, service in SERVICES.items():
        assert set(service.needs) <= set(registry.NAMES) - {name}
