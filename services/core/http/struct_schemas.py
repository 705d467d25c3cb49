"""Schemas of structs as JSON has them: what a request may hold, and what an answer always holds."""

from dataclasses import replace
from typing import Any, get_args

import msgspec
from litestar._openapi.schema_generation import SchemaCreator  # the only place that has it
from litestar._openapi.schema_generation.plugins.struct import StructSchemaPlugin  # as above
from litestar.openapi.spec import OpenAPIType, Reference, Schema
from litestar.typing import FieldDefinition
from msgspec import UnsetType

from services.core.forms import empties

_NULL = Schema(type=OpenAPIType.NULL)


class StructSchemas(StructSchemaPlugin):
    """Litestar's, and three things that it leaves out.

    A struct that forbids unknown fields says so, and where null means left out. In any other, which only answers have,
    what has a default is sent nevertheless, unless it may be unset or defaults are omitted: so it is required, and
    clients needn't ask for it.
    """

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: SchemaCreator) -> Schema:
        """Return the schema of a struct."""
        schema = super().to_openapi_schema(field_definition, schema_creator)
        kind: Any = field_definition.annotation
        config = field_definition.type_.__struct_config__
        if config.forbid_unknown_fields:
            schema.additional_properties = False
            for name in empties(kind):
                schema.properties[name] = _or_null(schema.properties[name])  # type: ignore[index]  # it has them
        elif not config.omit_defaults:
            always = {each.encode_name for each in msgspec.structs.fields(kind) if UnsetType not in get_args(each.type)}
            schema.required = sorted(always.union(schema.required or ()))
        return schema


def _or_null(schema: Schema | Reference) -> Schema:
    """Return the schema of what may be null, too, with what is said of it beside both."""
    if isinstance(schema, Reference):
        return Schema(one_of=[schema, _NULL])
    if schema.one_of:
        return replace(schema, one_of=[*schema.one_of, _NULL])
    bare = replace(schema, description=None, default=None, examples=None)
    said = {name: getattr(schema, name) for name in ("description", "default", "examples")}
    return Schema(one_of=[bare, _NULL], **said)
