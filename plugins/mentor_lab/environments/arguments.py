"""Arguments for tools, made from their schemas: plausible ones, and adversarial ones."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

__all__ = ["ADVERSARIAL", "Filler", "adversarial_arguments"]

_DEEP: Any = None
for _ in range(100):
    _DEEP = [_DEEP]

ADVERSARIAL: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    10**400,
    1e308,
    -5e-324,
    0.5,
    "",
    "\0",
    "7",
    "x" * 10_000,
    "\N{PARROT}" * 2_500,
    "e\u0301\u202e\u200b\ufeff",
    "../../mentor-has-no-such-file",
    "'; DROP TABLE mentor_has_no_such_table; --",
    "(a+)+$",
    "[",
    "{0.__class__}%s%n$(true)`true`",
    [],
    [None],
    [0] * 1_000,
    {},
    {"": ""},
    _DEEP,
)
"""JSON values that a policy may send, harmless outside of the environment."""

FORMATS: Mapping[str, str] = {
    "date": "2026-03-01",
    "date-time": "2026-03-01T10:30:00Z",
    "time": "10:30:00Z",
    "duration": "PT1H30M",
    "uuid": "123e4567-e89b-12d3-a456-426614174000",
    "uri": "https://example.com/",
    "email": "a@example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
}
"""Format of a JSON schema → a text of this format."""

_TEXTS = ("a", "A", "1", "1.5", "a1", "A-1", "aaa", "111", "")
"""Texts to try on a pattern; some of them fit the usual patterns."""


@dataclass(frozen=True, slots=True)
class Filler:
    """Fills in arguments that fit a schema, out of a few words and numbers."""

    draw: random.Random
    words: Sequence[str]
    numbers: Sequence[float]

    def arguments(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """The required arguments, and half of the optional ones."""
        return self._object(parameters, parameters, 0)

    def _object(
        self, schema: Mapping[str, Any], root: Mapping[str, Any], depth: int
    ) -> dict[str, Any]:
        required = schema.get("required", ())
        return {
            name: self._value(inner, root, depth + 1)
            for name, inner in schema.get("properties", {}).items()
            if name in required or (depth < 3 and self.draw.random() < 0.5)
        }

    def _value(self, schema: Any, root: Mapping[str, Any], depth: int) -> Any:
        if not isinstance(schema, Mapping):
            return None
        if "$ref" in schema:
            return self._value(_resolve(schema["$ref"], root), root, depth)
        if "const" in schema:
            return schema["const"]
        for key in ("enum", "examples"):
            if schema.get(key):
                return self.draw.choice(schema[key])
        for key in ("anyOf", "oneOf", "allOf"):
            if schema.get(key):
                return self._value(schema[key][0], root, depth)
        kind = schema.get("type", "string")
        match kind[0] if isinstance(kind, list) and kind else kind:
            case "object":
                return self._object(schema, root, depth)
            case "array":
                return self._array(schema, root, depth)
            case "integer":
                return int(self._number(schema))
            case "number":
                return self._number(schema)
            case "boolean":
                return self.draw.random() < 0.5
            case "null":
                return None
            case _:
                return self._text(schema)

    def _array(self, schema: Mapping[str, Any], root: Mapping[str, Any], depth: int) -> list[Any]:
        found = [self._value(part, root, depth + 1) for part in schema.get("prefixItems", ())]
        count = min(max(schema.get("minItems", 1), 1), schema.get("maxItems", 1000))
        for _ in range(count - len(found)):
            value = self._value(schema.get("items", {}), root, depth + 1)
            if value not in found or not schema.get("uniqueItems"):
                found.append(value)
        return found

    def _number(self, schema: Mapping[str, Any]) -> float:
        low = float(schema.get("minimum", -math.inf))
        high = float(schema.get("maximum", math.inf))
        return min(max(self.draw.choice(self.numbers), low), high)

    def _text(self, schema: Mapping[str, Any]) -> str:
        text = FORMATS.get(schema.get("format", "")) or self.draw.choice(self.words)
        short = text.ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength")]
        pattern = schema.get("pattern", "")
        with suppress(re.error):
            return next((t for t in (short, *_TEXTS) if re.search(pattern, t)), short)
        return short


def _resolve(reference: Any, root: Mapping[str, Any]) -> Any:
    """The target of a local `$ref`; {} if there is none."""
    found: Any = root
    for part in str(reference).removeprefix("#").strip("/").split("/"):
        found = found.get(part, {}) if isinstance(found, Mapping) else {}
    return found


def adversarial_arguments(
    parameters: Mapping[str, Any], filler: Filler
) -> Iterator[dict[str, Any]]:
    """Every adversarial value for every parameter, each parameter left out, and an unknown one."""
    properties = parameters.get("properties", {})
    for name in properties:
        for value in ADVERSARIAL:
            yield {**filler.arguments(parameters), name: value}
        some = filler.arguments(parameters)
        some.pop(name, None)
        yield some
    yield {**filler.arguments(parameters), "mentor_has_no_such_parameter": 1}
