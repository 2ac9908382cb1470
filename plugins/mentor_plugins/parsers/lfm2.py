"""Lfm2Parser: calls as Python writes them, the format of LFM2 and LFM2.5."""

from __future__ import annotations

import ast
import json
import warnings
from collections.abc import Sequence
from typing import Any, ClassVar

from mentor_core.contracts.parsing import ParsedTurn, call_json, unreadable
from mentor_core.contracts.trajectory import Call
from mentor_plugins.parsers.own_form import OwnFormParser, read_listed

__all__ = ["Lfm2Parser"]

_ESCAPED = str.maketrans({"\\": "\\\\", "'": "\\'", "\n": "\\n", "\r": "\\r"})
_CONSTANTS = {"true": True, "false": False, "null": None}


class Lfm2Parser(OwnFormParser):
    """`<|tool_call_start|>[name(key='value', …), …]<|tool_call_end|>`, or JSON between the marks.

    Arguments are Python literals, or JSON's `true`, `false` and `null`, and have names.
    """

    form = "<|tool_call_start|>[function_name(argument='value')]<|tool_call_end|>"
    OPEN: ClassVar[str] = "<|tool_call_start|>"
    CLOSE: ClassVar[str] = "<|tool_call_end|>"

    def read(self, text: str) -> ParsedTurn:
        turn, at, said = ParsedTurn(""), 0, []
        while (start := text.find(self.OPEN, at)) >= 0:
            said.append(text[at:start])
            start += len(self.OPEN)
            listed = read_listed(text, start)
            if listed and text[listed[1] :].lstrip().startswith(self.CLOSE):
                for value in listed[0]:
                    turn.take(value)
                if not listed[0]:
                    turn.note("no_call")
                at = text.index(self.CLOSE, listed[1]) + len(self.CLOSE)
                continue
            end = text.find(self.CLOSE, start)
            inside = text[start : end if end >= 0 else len(text)]
            calls = _calls(inside.strip()) if end >= 0 else None
            if calls is None:
                failure = unreadable(inside)
                turn.note("malformed_call" if failure == "malformed_json" else failure)
                at = len(text)  # what follows may be part of a value
                break
            turn.calls += calls
            at = end + len(self.CLOSE)
        turn.content = "".join([*said, text[at:]]).strip()
        if self.CLOSE in turn.content:
            turn.note("malformed_call")
        return turn

    def own(self, calls: Sequence[Call]) -> str:
        return f"{self.OPEN}[{', '.join(map(_python, calls))}]{self.CLOSE}"

    def as_json(self, call: Call) -> str:
        return f"{self.OPEN}[{call_json(call, 'arguments')}]{self.CLOSE}"

    def join(self, parts: Sequence[str]) -> str:
        return "".join(parts)


def _python(call: Call) -> str:
    arguments = (f"{key}={_shown(value)}" for key, value in call.arguments.items())
    return f"{call.name}({', '.join(arguments)})"


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return f"'{value.translate(_ESCAPED)}'"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list | dict) else repr(value)


def _calls(source: str) -> list[Call] | None:
    """The calls that a Python expression writes; None if the text is no such expression."""
    try:
        with warnings.catch_warnings(action="ignore"):  # on escapes that Python does not know
            node = ast.parse(source, mode="eval").body
        calls = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
        return [_call(each, source) for each in calls] or None
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _call(node: ast.expr, source: str) -> Call:
    if not isinstance(node, ast.Call) or node.args:
        raise ValueError("not a call with named arguments")
    names = [ast.unparse(node.func), *(keyword.arg or "" for keyword in node.keywords)]
    if not isinstance(node.func, ast.Name | ast.Attribute) or not all(
        name and name in source  # Python changes some letters of names
        for name in names
    ):
        raise ValueError("not a name")
    return Call(names[0], {str(each.arg): _value(each.value) for each in node.keywords})


def _value(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=str() | bool() | int() | float() | None):
            return node.value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
            return -number
        case ast.Name(id=name) if name in _CONSTANTS:
            return _CONSTANTS[name]
        case ast.List(elts=items) | ast.Tuple(elts=items):
            return [_value(item) for item in items]
        case ast.Dict(keys=keys, values=values):
            pairs = {_value(key): _value(v) for key, v in zip(keys, values, strict=True) if key}
            if len(pairs) == len(keys) and all(isinstance(key, str) for key in pairs):
                return pairs
    raise ValueError("not a literal")
