"""Schemas: how alike two argument objects are, by the schema of the tool that takes them."""

from __future__ import annotations

import datetime
import re
import unicodedata
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain, repeat
from typing import Any

from pydantic import TypeAdapter, ValidationError

from mentor_plugins.rewards.matching import similarity

__all__ = ["acceptable_similarity", "alike", "normalise", "parameters_of"]

Schema = Mapping[str, Any]

_DECIMAL = r"\s*[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]{1,4})?\s*"
_FORMATS: Mapping[str, TypeAdapter[Any]] = {
    "date-time": TypeAdapter(datetime.datetime),
    "time": TypeAdapter(datetime.time),
    "duration": TypeAdapter(datetime.timedelta),
    "uuid": TypeAdapter(uuid.UUID),
}


def parameters_of(functions: Sequence[Schema], name: str) -> Schema:
    """The schema of a tool's arguments object; empty if the tool is not among the functions.

    Args:
        functions: objects with `name` and `parameters`, or such under the key `function`.
        name: the tool's name.
    """
    for function in functions:
        inner = function.get("function", function)
        if inner.get("name") == name:
            parameters: Schema = inner.get("parameters") or {}
            return parameters
    return {}


def normalise(text: str) -> str:
    """Text without differences of case, white space and Unicode's compatibility forms."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def alike(
    left: Any, right: Any, schema: Schema, tolerance: float, root: Schema | None = None
) -> float:
    """How alike two JSON values are, in [0, 1]: `matching.similarity`, guided by the schema.

    - Numbers are equal within the relative `tolerance`; if the schema says integer, only if they
      are the same.
    - Strings are compared after `normalise`; if the schema lists them (`enum`), they have to be the
      same.
    - Dates with times, times, durations and UUIDs (`format`) are equal if they mean the same. A
      decimal as a number equals the same decimal as text, if the schema takes both.
    - Lists are compared place by place, sets (`uniqueItems`) in any order, objects key by key,
      after the schemas inside.
    - A key that only one object has is filled in from its default, if there is one.

    If the schema is silent, or fits neither value, `similarity` decides.

    Args:
        schema: JSON schema of the values; BFCL's schemas, which only name types differently, also
            work.
        root: the schema that `$ref` points into; `schema` itself if not given.
    """
    root = schema if root is None else root
    choices = list(_choices(schema, root))
    if _takes_decimals(choices):
        left, right = _number(left), _number(right)
    if len(choices) > 1:
        return max(alike(left, right, choice, tolerance, root) for choice in choices)
    schema = choices[0] if choices else {}
    kinds = schema.get("type", "")
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if isinstance(left, dict) and isinstance(right, dict):
        return _alike_objects(left, right, schema, tolerance, root)
    if isinstance(left, list) and isinstance(right, list):
        return _alike_lists(left, right, schema, tolerance, root)
    if "integer" in kinds:
        return similarity(left, right, 0.0)
    if "string" in kinds and isinstance(left, str) and isinstance(right, str):
        if "enum" in schema or "const" in schema:
            return float(left == right)
        kind = schema.get("format", "")
        return float(_read(left, kind) == _read(right, kind))
    return similarity(left, right, tolerance)


def acceptable_similarity(
    arguments: Mapping[str, Any],
    acceptable: Mapping[str, Any],
    schema: Schema,
    tolerance: float,
    root: Schema | None = None,
) -> float:
    """How well an object fits lists of acceptable values, in [0, 1]: the F1 of its keys.

    A common key counts by the acceptable value that is most like its own. A key left out is ignored
    if `""` is acceptable, or the schema's default is. Objects among the acceptable values hold
    lists of acceptable values in turn, as in BFCL.
    """
    root = schema if root is None else root
    properties = _properties(schema)
    shared, count = 0.0, len(arguments)
    for key, values in acceptable.items():
        inner = properties.get(key, {})
        if key in arguments:
            count += 1
            found = (_fit(arguments[key], v, inner, tolerance, root) for v in values)
            shared += max(found, default=0.0)
        elif "" not in values and not (
            "default" in inner
            and any(_fit(inner["default"], v, inner, tolerance, root) == 1.0 for v in values)
        ):
            count += 1
    return 2 * shared / count if count else 1.0


def _fit(value: Any, acceptable: Any, schema: Schema, tolerance: float, root: Schema) -> float:
    if isinstance(value, dict) and isinstance(acceptable, dict):
        lists = {k: v if isinstance(v, list) else [v] for k, v in acceptable.items()}
        return acceptable_similarity(value, lists, schema, tolerance, root)
    if isinstance(value, list) and isinstance(acceptable, list) and value:
        inner = schema.get("items") or {}
        pairs = zip(value, acceptable, strict=False)
        total = sum(_fit(a, b, inner, tolerance, root) for a, b in pairs)
        return total / max(len(value), len(acceptable))
    return alike(value, acceptable, schema, tolerance, root)


def _alike_lists(
    left: Sequence[Any], right: Sequence[Any], schema: Schema, tolerance: float, root: Schema
) -> float:
    if not left and not right:
        return 1.0
    first, items = schema.get("prefixItems", ()), schema.get("items")
    items = items if isinstance(items, Mapping) else {}
    if schema.get("uniqueItems"):
        rest, same = list(right), 0
        for value in left:
            equal = (n for n, r in enumerate(rest) if alike(value, r, items, tolerance, root) == 1)
            if (place := next(equal, None)) is not None:
                del rest[place]
                same += 1
        return same / max(len(left), len(right))
    triples = zip(left, right, chain(first, repeat(items)), strict=False)
    total = sum(alike(a, b, inner, tolerance, root) for a, b, inner in triples)
    return total / max(len(left), len(right))


def _takes_decimals(choices: Sequence[Schema]) -> bool:
    """True if a schema takes numbers and decimal text alike, as tools publish it for Decimals."""
    kinds = [choice.get("type") for choice in choices]
    return "number" in kinds and any(
        choice.get("type") == "string" and re.search(choice.get("pattern", "^$"), "+1.50")
        for choice in choices
    )


def _number(value: Any) -> Any:
    """The number that a text writes; other values unchanged."""
    if isinstance(value, str) and re.fullmatch(_DECIMAL, value):
        return float(value)
    return value


def _read(text: str, kind: str) -> Any:
    """The value of a text in a format of `_FORMATS`; the normalised text if there is none."""
    if kind in _FORMATS:
        with suppress(ValidationError):
            return _FORMATS[kind].validate_python(text)
    return normalise(text)


def _alike_objects(
    left: Mapping[str, Any],
    right: Mapping[str, Any],
    schema: Schema,
    tolerance: float,
    root: Schema,
) -> float:
    properties = _properties(schema)
    others = schema.get("additionalProperties")
    others = others if isinstance(others, Mapping) else {}
    shared, count = 0.0, 0
    for key in {**left, **right}:
        inner = properties.get(key, others)
        if "default" in inner or (key in left and key in right):
            default = inner.get("default")
            one, other = left.get(key, default), right.get(key, default)
            shared += alike(one, other, inner, tolerance, root)
            count += 2
        else:
            count += 1
    return 2 * shared / count if count else 1.0


def _properties(schema: Schema) -> Mapping[str, Schema]:
    properties: Mapping[str, Schema] = schema.get("properties") or {}
    return properties


def _choices(schema: Schema, root: Schema, depth: int = 0) -> Iterator[Schema]:
    """The schemas of which one applies, `$ref` followed into the root's definitions."""
    reference = schema.get("$ref")
    if depth > 8:  # definitions that only point at each other
        return
    if isinstance(reference, str):
        target: Any = root
        for part in reference.removeprefix("#/").split("/"):
            target = target.get(part, {}) if isinstance(target, Mapping) else {}
        yield from _choices(target, root, depth + 1)
    elif alternatives := schema.get("anyOf") or schema.get("oneOf"):
        for alternative in alternatives:
            yield from _choices(alternative, root, depth + 1)
    else:
        yield schema
