"""Tagged unions in the OpenAPI document: which member is meant is said by a `discriminator`, as generators want it."""

from collections.abc import Iterator
from typing import Any

_PREFIX = "#/components/schemas/"


def add_discriminators(document: dict[str, Any]) -> None:
    """Have every union of the document whose members all have one constant property say that it tells them apart.

    Args:
        document: The whole document; it is changed in place.
    """
    schemas: dict[str, Any] = document["components"]["schemas"]
    for union in _unions(document):
        names = [str(member.get("$ref", "")).removeprefix(_PREFIX) for member in union["oneOf"]]
        members = [schemas.get(name, {}).get("properties", {}) for name in names]
        for tag, schema in members[0].items():
            values = [member.get(tag, {}).get("const") for member in members]
            if "const" in schema and None not in values and len(set(values)) == len(values):
                mapping = {value: _PREFIX + name for value, name in zip(values, names, strict=True)}
                union["discriminator"] = {"propertyName": tag, "mapping": mapping}


def _unions(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if len(part.get("oneOf") or ()) > 1:
            yield part
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _unions(inner)
