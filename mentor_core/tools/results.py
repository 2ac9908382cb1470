"""Results of tools, as the text that a policy reads."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Generator, Mapping, Sequence, Set
from enum import Enum
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticSerializationError, to_jsonable_python

__all__ = ["NOT_JSON", "plain", "render_result"]

NOT_JSON = "the result is not JSON"
"""Start of the message if a result cannot be shown."""


def render_result(value: Any) -> str:
    """A tool's return value as the policy reads it: strings unchanged, all else as JSON.

    A whole float that stands alone is written without the decimal point, as a calculator would.

    Raises:
        TypeError: the value, or a part of it, is not JSON and has no usual form in JSON.
        ValueError: the value contains itself.
    """
    if isinstance(value, str):
        return str(plain(value))
    try:
        value = plain(value)
    except RecursionError:
        json.dumps(value, default=repr)  # says so if the value contains itself
        raise
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        value = int(value)
    return json.dumps(value, ensure_ascii=False)


def plain(value: Any) -> Any:
    """The JSON value that stands for a Python value.

    Numpy's scalars and arrays (and whatever else has `tolist`) are numbers and lists; pydantic
    models and dataclasses objects; sets sorted lists; enumerations their values. Dates, times,
    durations, Decimals, UUIDs, paths and bytes are text, as tools take them. NaN and the
    infinities, which JSON has no numbers for, are text too.

    Raises:
        TypeError: a part of the value has no such form; names the part's type.
    """
    match value:
        case Enum():
            return plain(value.value)
        case None | bool() | int():
            return value
        case str():
            return str.__str__(value)
        case float():
            return float(value) if math.isfinite(value) else json.dumps(float(value))
        case Mapping():
            return {_key(key): plain(part) for key, part in value.items()}
        case Set():
            return _sorted([plain(part) for part in value])
        case bytes() | bytearray() | memoryview():
            pass
        case Sequence() | Generator():
            return [plain(part) for part in value]
        case BaseModel():
            return plain(value.model_dump(by_alias=True))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if callable(getattr(value, "tolist", None)) and not isinstance(value, type):
        return plain(value.tolist())
    try:
        return to_jsonable_python(value)
    except (PydanticSerializationError, UnicodeDecodeError) as error:
        raise TypeError(f"{NOT_JSON}: it is, or holds, {_type(value)}") from error


def _key(key: Any) -> Any:
    """The name of an object's entry; a key without such a name is left for `json` to refuse."""
    found = plain(key)
    if isinstance(found, bool | int | float | None):
        return json.dumps(found)
    return found if isinstance(found, str) else key


def _sorted(values: list[Any]) -> list[Any]:
    try:
        return sorted(values)
    except TypeError:  # numbers beside text, say
        return sorted(values, key=lambda value: json.dumps(value, sort_keys=True))


def _type(value: Any) -> str:
    return f"something of the type {type(value).__qualname__}"
