"""Refusals: why arguments do not fit, in words that help a policy to correct them."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from mentor_core.support.errors import nearest

__all__ = ["explain", "explain_schema"]

_MOST = 5
_WIDTH = 400
_EXAMPLES = {
    "date": "2026-03-01",
    "datetime": "2026-03-01T10:30:00Z",
    "time": "10:30:00Z",
    "time_delta": "PT1H30M",
    "uuid": "123e4567-e89b-12d3-a456-426614174000",
    "decimal": "1.50",
}
"""Type in pydantic's errors → a text that fits."""


def explain(error: ValidationError, arguments: Mapping[str, Any], known: Sequence[str]) -> str:
    """The faults of the arguments of a typed function; only the first few of many.

    Args:
        error: pydantic's error.
        arguments: the arguments as sent.
        known: the names of the parameters.
    """
    problems: dict[str, list[str]] = {}  # where → what is wrong there: of a union several things
    for item in error.errors(include_url=False, include_input=False, include_context=False):
        path, kind = _path(item["loc"], arguments), item["type"]
        if kind.startswith("missing"):
            path.append(str(item["loc"][-1]))
        where = f"argument {_cut('.'.join(path))!r}" if path else "arguments"
        if kind.startswith("missing"):
            problems.setdefault(f"{where} is missing", [])
        elif kind in ("extra_forbidden", "unexpected_keyword_argument"):
            near = nearest(_cut(path[0]), known) if len(path) == 1 else ""
            problems.setdefault(f"unknown {where}{near}", [])
        else:
            example = _EXAMPLES.get(kind.removesuffix("_type").removesuffix("_parsing"))
            message = item["msg"][:1].lower() + item["msg"][1:]
            message = f"{_cut(message)} (such as {example})" if example else _cut(message)
            problems.setdefault(f"{where}: ", []).append(message)
    return _few([where + ", or ".join(dict.fromkeys(what)) for where, what in problems.items()])


def explain_schema(errors: Sequence[Any]) -> str:
    """The faults of arguments that a JSON schema describes, from `jsonschema.ValidationError`s."""
    return _few(list(dict.fromkeys(line for error in errors for line in _lines(error))))


def _lines(error: Any) -> list[str]:
    path = [str(part) for part in error.absolute_path]
    if error.validator == "required":
        missing = [key for key in error.validator_value if key not in error.instance]
        return [f"argument {_cut('.'.join([*path, key]))!r} is missing" for key in missing]
    if error.validator == "additionalProperties" and "patternProperties" not in error.schema:
        known = list(error.schema.get("properties", ()))
        unknown = [key for key in error.instance if key not in known][:_MOST]
        return [
            f"unknown argument {_cut('.'.join([*path, key]))!r}{nearest(_cut(key), known)}"
            for key in unknown
        ]
    return [f"argument {_cut('.'.join(path))!r}: {textwrap.shorten(error.message, _WIDTH)}"]


def _path(location: Sequence[int | str], arguments: Mapping[str, Any]) -> list[str]:
    """The path of an error in the sent arguments, without pydantic's names of a union's choices."""
    found: list[str] = []
    here: Any = arguments
    for part in location:
        try:
            here = here[part]
        except (LookupError, TypeError):
            continue
        found.append(str(part))
    return found


def _few(problems: Sequence[str]) -> str:
    more = f"; and {len(problems) - _MOST} more" if len(problems) > _MOST else ""
    return "; ".join(problems[:_MOST]) + more


def _cut(text: str) -> str:
    return text if len(text) <= _WIDTH else f"{text[:_WIDTH]}…"
