"""Arguments for tools, made from their schemas: plausible ones, and hostile ones."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["HOSTILE", "Filler", "hostile_arguments"]

_DEEP: Any = None
for _ in range(100):
    _DEEP = [_DEEP]

HOSTILE: tuple[Any, ...] = (
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


@dataclass(frozen=True, slots=True)
class Filler:
    """Fills in arguments that fit a schema, out of a few words and numbers."""

    draw: random.Random
    words: Sequence[str]
    numbers: Sequence[float]

    def arguments(self, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """What is required, and half of the rest."""
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
                count = max(schema.get("minItems", 1), 1)
                return [self._value(schema.get("items", {}), root, depth + 1) for _ in range(count)]
            case "integer":
                return int(self.draw.choice(self.numbers))
            case "number":
                return self.draw.choice(self.numbers)
            case "boolean":
                return self.draw.random() < 0.5
            case "null":
                return None
            case _:
                return self.draw.choice(self.words)


def _resolve(reference: Any, root: Mapping[str, Any]) -> Any:
    """What a local `$ref` points to; {} where it points nowhere."""
    found: Any = root
    for part in str(reference).removeprefix("#").strip("/").split("/"):
        found = found.get(part, {}) if isinstance(found, Mapping) else {}
    return found


def hostile_arguments(parameters: Mapping[str, Any], filler: Filler) -> Iterator[dict[str, Any]]:
    """Every hostile value for every parameter, each left out, and an unknown one."""
    properties = parameters.get("properties", {})
    for name in properties:
        for value in HOSTILE:
            yield {**filler.arguments(parameters), name: value}
        some = filler.arguments(parameters)
        some.pop(name, None)
        yield some
    yield {**filler.arguments(parameters), "mentor_has_no_such_parameter": 1}
