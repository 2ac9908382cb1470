"""Calls as models write them in JSON: read leniently, bounded, and found in foreign formats.

The formats of `mentor_core.contracts.parsing` and of the plugins use this module.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Container, Iterable
from typing import Any, NoReturn

from mentor_core.contracts.trajectory import Call, ParseFailure

__all__ = [
    "MOST_LEVELS",
    "NOT_JSON",
    "PlainText",
    "call_json",
    "call_of",
    "has_foreign_call",
    "is_meant_as_call",
    "read_json",
    "unreadable",
    "unsound",
]

MOST_LEVELS = 100
"""Most levels of lists and objects in a call's arguments: deeper ones cannot be written as JSON."""

NOT_JSON: Any = object()
"""The result of `read_json` without a value: None would be a value of JSON."""

_SPACE = re.compile(r"\s*")
_NAMES = ("name", "function", "function_name", "tool", "tool_name", "action", "recipient_name")
_ARGUMENTS = (
    *("arguments", "parameters", "args", "params", "kwargs", "input"),
    *("tool_input", "action_input", "tool_arguments"),
)
_MEANT = frozenset({"tool_calls", *_NAMES, *_ARGUMENTS})
_BESIDE = {"type", "id", "call_id", "tool_call_id", "index", *_NAMES}


def call_of(value: Any) -> Call | None:
    """A call from `{"name": str, "arguments": object}`; None if the value is no call.

    Models also write "function" or "tool" for "name", and "parameters" or "args" for "arguments".
    Arguments may be missing, null, or a JSON string of an object, and the whole may be inside
    `{"function": …}`. Arguments directly beside the name do not count.
    """
    if isinstance(value, dict) and isinstance(value.get("function"), dict):
        value = value["function"]
    if not isinstance(value, dict) or _MEANT.isdisjoint(value):
        return None
    name = next((value[key] for key in _NAMES if key in value), None)
    given = [value[key] for key in _ARGUMENTS if key in value]
    if not isinstance(name, str) or len(given) > 1 or (not given and set(value) - _BESIDE):
        return None
    arguments = given[0] if given else {}
    if isinstance(arguments, str):
        arguments = _whole_json(arguments)
    if arguments is None:
        arguments = {}
    return Call(name, arguments) if isinstance(arguments, dict) else None


def is_meant_as_call(value: Any, tools: Container[str] = ()) -> bool:
    """True if JSON without marks is a call, well-formed or not, rather than an answer.

    JSON is a call if it names one of the tools, or arguments besides a function.

    Args:
        value: JSON.
        tools: names of the tools, if they are known.
    """
    if not isinstance(value, dict):
        return False
    if _MEANT.isdisjoint(value):  # a model may write megabytes of such lines
        return next(iter(value), None) in tools
    if isinstance(value.get("tool_calls"), list):
        return True
    named = [value[key] for key in _NAMES if key in value]
    if any(isinstance(name, str) and name in tools for name in [*named, *list(value)[:1]]):
        return True
    given = any(key in value for key in _ARGUMENTS[:2])
    given = given or any(isinstance(value.get(key), dict) for key in _ARGUMENTS)
    return isinstance(value.get("function"), dict) or bool(named and given)


def call_json(call: Call, arguments: str) -> str:
    """A call as JSON, its arguments under the given key."""
    return json.dumps({"name": call.name, arguments: call.arguments}, ensure_ascii=False)


def read_json(text: str, at: int) -> tuple[Any, int]:
    """The JSON value that begins at `at`, after white space, and its end.

    NaN, infinities and lone surrogates are not JSON. `NOT_JSON` if there is no value.
    """
    start = _SPACE.match(text, at).end()  # type: ignore[union-attr]
    try:
        value, end = _DECODER.raw_decode(text, start)
        if text.find("\\u", start, end) >= 0 or not text.isascii():  # perhaps half a character
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return NOT_JSON, at
    return value, end


def _whole_json(text: str) -> Any:
    value, end = read_json(text, 0)
    return NOT_JSON if text[end:].strip() else value


class PlainText(str):
    """Text for which JSON's errors do not count lines, which would take time for each error."""

    def count(self, *_: Any) -> int:
        return 0

    def rfind(self, *_: Any) -> int:
        return -1


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")


def _finite(number: str) -> float:
    value = float(number)
    return value if math.isfinite(value) else _refuse(number)


_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_float=_finite)


def unreadable(inside: str) -> ParseFailure:
    """The reason why text in the place of a call's JSON is no JSON."""
    if not inside.strip():
        return "no_call"
    level = 0
    for found in _BRACKET.finditer(inside):
        level += {"[": 1, "{": 1, "]": -1, "}": -1}.get(found.group(), 0)
        if level > MOST_LEVELS:
            return "too_deep"
    return "malformed_json"


_BRACKET = re.compile(r'"(?:\\.|[^"\\])*+"|[\[\]{}]', re.DOTALL)


def unsound(value: Any) -> ParseFailure | None:
    """The reason why a value cannot be written as JSON; None if it can."""
    inner, levels = [value], 0
    while inner := [each for outer in inner for each in _inside(outer)]:
        levels += 1
        if levels > MOST_LEVELS + 1:
            return "too_deep"
    try:
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    except (ValueError, TypeError):
        return "malformed_json"
    return None


def _inside(value: Any) -> Iterable[Any]:
    """The lists and objects directly inside a list or an object."""
    held = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (each for each in held if isinstance(each, list | dict))


_FOREIGN = re.compile(
    r"""
    <tool_call>\s*(?:[{\[]|<function|[\w.-]+\s*<arg_key>) | <\|tool_call>\s*(?:call:|\{)
    | <\|tool_call_start\|>\s*\[ | \[TOOL_CALLS\]\s*(?:[{\[]|[\w.-]+\s*(?:\[ARGS\]|\{))
    | <\|python_tag\|>\s*[\w{\[] | <\|channel\|>\w+\ to= | \bto=functions\.[\w.-]+\s*<\|
    | <｜tool▁calls?▁begin｜> | <\|tool_calls?(?:_section)?_begin\|> | <\|START_ACTION\|>
    | ^[ \t]*\{\s{0,9}"(?:name|function|tool)"\s{0,9}:\s{0,9}"[^"]{0,200}"\s{0,9},
      \s{0,9}"(?:arguments|parameters)"\s{0,9}:
    | ^[ \t]*(?:<function=[^\s>]+>|<invoke\ name=|<function_calls?>|<tool_call>|\[TOOL_CALLS\])
    """,
    re.MULTILINE | re.VERBOSE,
)
"""Beginnings of calls in the formats of all families; an answer may name a mark, but not so."""
_FENCED = re.compile(r"^```\w*\n([\[{].*?)^```", re.DOTALL | re.MULTILINE)
_PYTHONIC = re.compile(r"\[\s*([\w.]+)\(\s*(?:\)|\w+\s*=)")


def has_foreign_call(content: str, tools: Container[str] = ()) -> bool:
    """True if text without a call in the parser's own format has a call in another format.

    That is the beginning of a call in another family's marks, or a call as JSON, alone or in a
    fence. A text that begins like `[tool(key=` counts, too.

    Args:
        content: a turn without thinking.
        tools: names of the tools, if they are known.
    """
    if _FOREIGN.search(content):
        return True
    content = PlainText(content.strip())
    if (written := _PYTHONIC.match(content)) and written[1] in tools:
        return True
    alone = [content] if content.startswith(("{", "[")) else []
    for text in [*alone, *_FENCED.findall(content)]:
        value = _whole_json(text)
        values = value if isinstance(value, list) else [value]
        if values and all(is_meant_as_call(each, tools) for each in values):
            return True
    return False
