"""Validation: pydantic's refusals, in words that a person can act on.

There is one `Problem` a key, however many members of a union pydantic tried.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from mentor_core.support.errors import ConfigError, OptionError, nearest

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

__all__ = [
    "Problem",
    "given_as",
    "keys_of",
    "near_key",
    "problems",
    "quoted",
    "unknown_keys",
]

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


def keys_of(model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every key of a model and of the models in it."""
    for name, field in model.model_fields.items():
        yield (*above, name)
        if hasattr(field.annotation, "model_fields"):
            yield from keys_of(field.annotation, (*above, name))  # type: ignore[arg-type]


def near_key(path: Sequence[str], keys: Sequence[tuple[str, ...]]) -> str:
    """A phrase with keys that an unknown one may stand for, for the end of a message.

    These are the keys of the same name anywhere. If there are none, they are the keys of a similar
    name in the same table, or else anywhere.
    """
    *table, name = path
    beside = {key[-1]: key for key in keys if list(key[:-1]) == table}
    same = [key for key in keys if key[-1] == name]
    close = [beside[near] for near in get_close_matches(name, beside, cutoff=0.5)]
    if not close:
        everywhere = {key[-1]: key for key in keys}
        close = [everywhere[near] for near in get_close_matches(name, everywhere)]
    found = [".".join(key) for key in dict.fromkeys(same or close)]
    return f"; did you mean {' or '.join(found[:3])}?" if found else nearest(name, beside)


def unknown_keys(unknown: Sequence[str], known: Sequence[str]) -> str:
    """Unknown keys, each with the nearest known one."""
    return "; ".join(f"unknown key {key!r}{nearest(key, known)}" for key in unknown)


@contextmanager
def given_as(prefix: str, flags: Mapping[str, str] | None = None) -> Iterator[None]:
    """Explain how to give an option, if one is missing or refused.

    Args:
        prefix: text before an option on the command line, such as `--set env_options.`.
        flags: option → a flag of its own, such as `--tasks FILE`.

    Raises:
        ConfigError: an `OptionError` was raised; has its message, and the text to write.
    """
    try:
        yield
    except OptionError as error:
        flag = (flags or {}).get(error.key)
        text = str(error)
        if error.kind == "missing":
            text += f"; give it with {flag or f'{prefix}{error.key}=VALUE'}"
        elif flag is not None and error.kind == "unknown":
            text = f"{flag} does not fit here: {text}"
        elif error.example:
            text += f"; in a shell: {quoted(prefix, error.key, error.example)}"
        raise ConfigError(text) from None


def quoted(prefix: str, key: str, value: str) -> str:
    """`--set 'KEY=VALUE'`, whose quotes protect the value's own from a shell."""
    flag, _, table = prefix.rpartition(" ")
    return f"{flag} '{table}{key}={value}'"
