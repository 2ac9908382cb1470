"""Values that fit a JSON schema, as tools publish them: a strategy made from the schema alone."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import strategies as st

FORMATS = {
    "date": st.dates().map(dt.date.isoformat),
    "date-time": st.datetimes(timezones=st.just(dt.UTC)).map(dt.datetime.isoformat),
    "time": st.times(timezones=st.just(dt.UTC)).map(dt.time.isoformat),
    "uuid": st.uuids().map(str),
    "duration": st.from_regex(
        r"P([0-9]{1,4}W|([0-9]{1,3}Y)?([0-9]{1,3}M)?[0-9]{1,4}D(T[0-9]{1,3}H([0-9]{1,3}M)?)?)",
        fullmatch=True,
    ),
    "binary": st.text(),
    "path": st.text(),
    "ipv4": st.ip_addresses(v=4).map(str),
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip


def values(schema: dict[str, Any], root: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a schema. A whole number may come as 1 or as 1.0, which are the same to it."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        return st.deferred(lambda: values(root["$defs"][name], root))
    if "const" in schema or "enum" in schema:
        listed = schema.get("enum", [schema.get("const")])
        return st.sampled_from(listed).flatmap(_either_spelling)
    if "anyOf" in schema or "oneOf" in schema:
        return st.one_of([values(s, root) for s in schema.get("anyOf") or schema["oneOf"]])
    match schema.get("type"):
        case list(kinds):
            return st.one_of([values({"type": kind}, root) for kind in kinds])
        case "null":
            return st.none()
        case "boolean":
            return st.booleans()
        case "integer":
            low, high = schema.get("minimum"), schema.get("maximum")
            return st.integers(low, high).flatmap(_either_spelling)
        case "number":
            low, high = schema.get("minimum"), schema.get("maximum")
            floats = st.floats(low, high, allow_nan=False, allow_infinity=False)
            return floats | st.integers(
                None if low is None else int(low), None if high is None else int(high)
            )
        case "string":
            return texts(schema)
        case "array":
            return arrays(schema, root)
        case "object":
            return objects(schema, root)
    assert not schema.keys() - {"description", "default", "title"}, f"not understood: {schema}"
    return JSON


def texts(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    """Of `propertyNames` too, which do not say that they are strings."""
    if "$ref" in schema or "enum" in schema or "anyOf" in schema:
        raise AssertionError
    if "pattern" in schema:
        return st.from_regex(schema["pattern"])
    if "format" in schema:
        return FORMATS[schema["format"]]
    return st.text(min_size=schema.get("minLength", 0), max_size=schema.get("maxLength"))


def arrays(schema: dict[str, Any], root: dict[str, Any]) -> st.SearchStrategy[list[Any]]:
    first = [values(part, root) for part in schema.get("prefixItems", ())]
    low, high = schema.get("minItems", 0), schema.get("maxItems")
    if first:
        lengths = st.integers(low, min(high, len(first)))
        return lengths.flatmap(lambda n: st.tuples(*first[:n]).map(list))
    if high == 0:
        return st.just([])
    unique = (lambda value: repr(_spelt(value))) if schema.get("uniqueItems") else None
    return st.lists(
        values(schema.get("items", {}), root), min_size=low, max_size=high or low + 3,
        unique_by=unique,
    )  # fmt: skip


def objects(schema: dict[str, Any], root: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    needed = set(schema.get("required", ()))
    inner = {key: values(part, root) for key, part in schema.get("properties", {}).items()}
    fixed = st.fixed_dictionaries(
        {key: part for key, part in inner.items() if key in needed},
        optional={key: part for key, part in inner.items() if key not in needed},
    )
    more = schema.get("additionalProperties", inner == {})
    if more is False or inner:
        return fixed
    rest = JSON if more is True else values(more, root)
    return st.dictionaries(names(schema.get("propertyNames", {}), root), rest, max_size=3)


def names(schema: dict[str, Any], root: dict[str, Any]) -> st.SearchStrategy[str]:
    if "$ref" in schema:
        return names(root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root)
    if "enum" in schema or "const" in schema:
        listed = schema.get("enum", [schema.get("const")])
        return st.sampled_from([value for value in listed if isinstance(value, str)])
    if "anyOf" in schema:
        return st.one_of([names(part, root) for part in schema["anyOf"]])
    return texts(schema)


def _either_spelling(value: Any) -> st.SearchStrategy[Any]:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2**53:
        return st.just(value)
    return st.sampled_from([value, float(value)])


def _spelt(value: Any) -> Any:
    """The value with numbers in one spelling: 1 and 1.0 are no two items of a set."""
    if isinstance(value, list):
        return [_spelt(part) for part in value]
    if isinstance(value, dict):
        return {key: _spelt(part) for key, part in sorted(value.items())}
    whole = isinstance(value, float) and value.is_integer()
    return int(value) if whole else value
