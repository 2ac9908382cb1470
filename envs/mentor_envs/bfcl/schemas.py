"""BFCL's function documents as tools: the same but for the names of functions and types."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from mentor_core.support.errors import nearest

__all__ = ["json_schema", "tool_name"]

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")

_TYPES = {
    "any": "string",
    "array": "array",
    "boolean": "boolean",
    "dict": "object",
    "float": "number",
    "integer": "integer",
    "null": "null",
    "number": "number",
    "object": "object",
    "string": "string",
    "tuple": "array",
}
_SCHEMAS = ("items", "additionalProperties")  # keys whose value is a schema


def tool_name(name: str) -> str:
    """The function's name as a tool may have it: `_` for `.`, as upstream does for most models.

    Raises:
        ValueError: the name has other characters that a tool's name cannot have.
    """
    changed = name.replace(".", "_")
    if not _NAME.fullmatch(changed):
        raise ValueError(f"{name!r} is not a name of 1 to 64 letters, digits, '_', '-' and '.'")
    return changed


def json_schema(document: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON schema that a BFCL schema stands for.

    `dict` is an object, `float` a number, `tuple` an array, and `any` a string, as in BFCL's check.

    Raises:
        ValueError: a type is none of BFCL's, or a part is not a schema; names the place.
    """
    schema = dict(document)
    if "type" in schema:
        schema["type"] = _json_type(schema["type"])
    if "properties" in schema:
        properties = schema["properties"]
        if not isinstance(properties, Mapping):
            raise ValueError(f"properties is {type(properties).__name__}, not an object")
        schema["properties"] = {key: _inside(key, value) for key, value in properties.items()}
    for key in _SCHEMAS:
        if key in schema and not isinstance(schema[key], bool):
            schema[key] = _inside(key, schema[key])
    return schema


def _inside(key: str, document: Any) -> dict[str, Any]:
    if not isinstance(document, Mapping):
        raise ValueError(f"{key} is {type(document).__name__}, not a schema")
    try:
        return json_schema(document)
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from None


def _json_type(name: Any) -> Any:
    if not isinstance(name, str) or name not in _TYPES:
        raise ValueError(f"unknown type {name!r}{nearest(str(name), _TYPES)}")
    return _TYPES[name]
