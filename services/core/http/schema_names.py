"""Schemas of the OpenAPI document as generators of clients want them: plain, unique names, no defaults in requests."""

import json
import re
from typing import Any

_PREFIX = "#/components/schemas/"
_GENERIC = re.compile(r"^([A-Za-z]+)_(?:[\w.]*\.)?(\w+?)_$")


def tidy_schemas(document: dict[str, Any]) -> None:
    """Name each schema once and without its module, and take defaults out of request bodies.

    Parameters that may be left out aren't null: there is no null in a query or a header. An answer without a body has
    no media type.

    A list's page is `PollCardPage`, where Litestar says `Page_services.polls.schemas.PollCard_`. A property with a
    default may be left out, but generators take it for one that is always there; so its description says it.

    Args:
        document: The whole document; it is changed in place.
    """
    schemas: dict[str, Any] = document["components"]["schemas"]
    names = {name: _GENERIC.sub(r"\2\1", name) for name in schemas}
    if len(set(names.values())) < len(names):
        raise ValueError(f"two schemas have one name: {sorted(names.values())}")
    document["components"]["schemas"] = {
        names[name]: {**schema, "title": names[name]} for name, schema in schemas.items()
    }
    _rename(document, {_PREFIX + old: _PREFIX + new for old, new in names.items() if old != new})
    _say_defaults(document)
    for item in document["paths"].values():
        for operation in item.values():
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _without_null(parameter["schema"])
            for answer in operation["responses"].values():
                if all(each.get("schema") == {"type": "null"} for each in answer.get("content", {}).values()):
                    answer.pop("content", None)


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter's schema without the null that stands for leaving it out."""
    members = [member for member in schema.get("oneOf", ()) if member != {"type": "null"}]
    if len(members) == 1:
        return {**members[0], **{key: value for key, value in schema.items() if key != "oneOf"}}
    if isinstance(schema.get("type"), list):
        (kind,) = (each for each in schema["type"] if each != "null")
        schema = {**schema, "type": kind}
    if "enum" in schema:
        schema = {**schema, "enum": [each for each in schema["enum"] if each is not None]}
    return schema


def _rename(part: Any, names: dict[str, str]) -> None:
    for key, value in part.items() if isinstance(part, dict) else enumerate(part):
        if isinstance(value, str):
            part[key] = names.get(value, value)
        elif isinstance(value, (dict, list)):
            _rename(value, names)


def _say_defaults(document: dict[str, Any]) -> None:
    """Take the defaults out of all that stands in a request's body."""
    schemas = document["components"]["schemas"]
    left = [
        operation["requestBody"]
        for item in document["paths"].values()
        for operation in item.values()
        if "requestBody" in operation
    ]
    seen: set[str] = set()
    while left:
        part = left.pop()
        if isinstance(part, list):
            left += part
        elif isinstance(part, dict):
            for schema in part.get("properties", {}).values():
                if "default" in schema:
                    default = schema.pop("default")
                    said = f"{schema.get('description', '')} If it is left out: `{json.dumps(default)}`."
                    schema["description"] = said.strip()
            name = str(part.get("$ref", "")).removeprefix(_PREFIX)
            if name and name not in seen:
                seen.add(name)
                left.append(schemas[name])
            left += part.values()
