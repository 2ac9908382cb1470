"""Validation: pydantic's refusals, in words that a person can act on.

There is one `Problem` a key, however many members of a union pydantic tried.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydantic import ValidationError

__all__ = ["Problem", "problems"]

_EXPECTED = {
    "bool": "true or false",
    "callable": "a function",
    "dict": "a table",
    "finite": "a finite number",
    "float": "a number",
    "frozen": "a list",
    "int": "a whole number",
    "list": "a list",
    "mapping": "a table",
    "model": "a table",
    "path": "a path",
    "set": "a list",
    "string": "text",
    "tuple": "a list",
}
"""First word of pydantic's kind of error → the expected value, in words."""

_LIMITS = {"gt": "above", "ge": "of at least", "lt": "below", "le": "of at most"}
_SHOWN = 60  # characters of a refused value
_QUIET = ("text", "a table")
"""Kinds of expected values whose refused value may be a secret, and is not shown."""


@dataclass(frozen=True, slots=True)
class Problem:
    """The fault of one key.

    Attributes:
        path: the keys that lead to the value; empty if keys do not go together.
        kind: the key is missing, is unknown, or has a value that does not fit.
        text: the fault, without the key.
        example: a valid value, as TOML, if one can be made from the given value.
    """

    path: tuple[str, ...]
    kind: str
    text: str
    example: str = ""

    @property
    def key(self) -> str:
        """The path with dots."""
        return ".".join(self.path)


def problems(error: ValidationError, values: Any = None) -> list[Problem]:
    """All problems, in pydantic's order.

    Args:
        values: the validated values, to tell keys from names of a union's members; None if unknown.
    """
    by_path: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for item in error.errors(include_url=False):
        path = tuple(map(str, item["loc"])) if values is None else _path(item, values)
        by_path.setdefault(path, []).append(item)  # type: ignore[arg-type]
    return [_problem(path, items) for path, items in by_path.items()]


def _path(item: Mapping[str, Any], values: Any) -> tuple[str, ...]:
    """The part of pydantic's location that is in the values, or is missing there."""
    path: list[str] = []
    for number, part in enumerate(item["loc"], 1):
        last = number == len(item["loc"])
        if (isinstance(values, Mapping) and part in values) or (
            isinstance(values, Sequence) and isinstance(part, int) and part < len(values)
        ):
            path.append(str(part))
            values = values[part]
        elif last and item["type"] == "missing":
            path.append(str(part))
    return tuple(path)


def _problem(path: tuple[str, ...], items: Sequence[Mapping[str, Any]]) -> Problem:
    kinds = {item["type"] for item in items}
    if "missing" in kinds:
        return Problem(path, "missing", "is missing")
    if "extra_forbidden" in kinds:
        return Problem(path, "unknown", "is unknown")
    expected = list(dict.fromkeys(filter(None, map(_expected, items))))
    if not expected:
        return Problem(path, "value", _own_words(items[0]))
    given, example = items[0].get("input"), ""
    text = f"expected {' or '.join(expected)}"
    if "a list" in expected and isinstance(given, str):
        example = _as_list(given)
        text += f" such as {example}"
    if "a table" in expected and not isinstance(given, Mapping):
        text += f" with keys of its own: {'.'.join(path)}.KEY = VALUE"
    if expected == ["text"] and isinstance(given, (int, float)):
        example = json.dumps(str(given).lower())
        text += f" in quotes: {example}"
        if path[-1:] and path[-1].isdigit():  # an item of a list: no flag sets one alone
            example = ""
    elif not set(expected) & set(_QUIET):
        text += f", not {_shown(given)}"
    return Problem(path, "value", text, example)


def _expected(item: Mapping[str, Any]) -> str | None:
    """The value that pydantic expected, in words; None if the message is not pydantic's own."""
    kind, context = str(item["type"]), item.get("ctx", {})
    if kind in ("value_error", "assertion_error") or kind.endswith(("too_short", "too_long")):
        return None
    for limit, words in _LIMITS.items():
        if limit in context:
            return f"a number {words} {str(context[limit]).removesuffix('.0')}"
    if kind in ("literal_error", "enum"):
        return str(context["expected"])
    found = _EXPECTED.get(kind.partition("_")[0])
    return found or str(item["msg"]).removeprefix("Input should be ")


def _own_words(item: Mapping[str, Any]) -> str:
    context = item.get("ctx", {})
    if context.get("min_length") == 1:
        return "it is empty"
    text = str(item["msg"])
    for prefix in ("Value error, ", "Assertion failed, "):
        text = text.removeprefix(prefix)
    return text


def _shown(value: Any) -> str:
    if isinstance(value, (Mapping, list, tuple)):
        return "a table" if isinstance(value, Mapping) else "a list"
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _as_list(given: str) -> str:
    """`eval`, `eval,ood` or `[eval, ood]`, whose quotes a shell took away, as a list of TOML."""
    words = [word.strip(" '\"") for word in given.strip().strip("[]").split(",")]
    return json.dumps([word for word in words if word], ensure_ascii=False)
