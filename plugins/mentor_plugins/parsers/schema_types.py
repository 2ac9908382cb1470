"""JSON types that a tool's schema allows an argument to have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["schema_types", "type_of"]

_MOST_REFERENCES = 20


def schema_types(parameters: Mapping[str, Any], key: str) -> set[str]:
    """Names of JSON types; empty if the schema gives none.

    Args:
        parameters: JSON schema of a tool's arguments object.
        key: the argument.
    """
    properties = parameters.get("properties")
    schema = properties.get(key) if isinstance(properties, Mapping) else None
    return _types(schema, parameters, _MOST_REFERENCES)


def type_of(value: Any) -> str:
    """JSON schema's name for the type of a value; a whole number is an "integer"."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
    return "object"


def _types(schema: Any, root: Mapping[str, Any], left: int) -> set[str]:
    if not isinstance(schema, Mapping) or not left:
        return set()
    declared = schema.get("type")
    if isinstance(declared, str):
        declared = [declared]
    if not isinstance(declared, list):
        values = schema.get("enum", [schema["const"]] if "const" in schema else [])
        declared = [type_of(value) for value in values] if isinstance(values, list) else []
    types = {name for name in declared if isinstance(name, str)}
    for union in ("anyOf", "oneOf", "allOf"):
        for choice in schema.get(union) or ():
            found = _types(choice, root, left - 1)
            if not found and union != "allOf":  # one of them may be anything
                return set()
            types |= found
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/"):
        types |= _types(_referred(root, reference), root, left - 1)
    if schema.get("nullable") is True and types:
        types.add("null")
    return types | {"integer"} if "number" in types else types


def _referred(root: Any, reference: str) -> Any:
    for part in reference.removeprefix("#/").split("/"):
        root = root.get(part) if isinstance(root, Mapping) else None
    return root
