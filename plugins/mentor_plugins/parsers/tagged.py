"""Calls as tags with raw text between them: the formats of Qwen3-Coder and of GLM.

Text is taken unchanged, with its blanks. The tool's schema decides if `75001` is a number or text.
A value that contains one of the format's tags cannot be told from a tag. The call is a failure, and
nothing after the call is read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, ClassVar

from mentor_core.contracts.parsing import NOT_JSON, ParsedTurn, call_json, read_json
from mentor_core.contracts.trajectory import Call
from mentor_plugins.parsers.own_form import OwnFormParser, read_listed
from mentor_plugins.parsers.schema_types import schema_types, type_of

__all__ = ["GlmParser", "QwenCoderParser", "TaggedParser"]

_CLOSE = re.compile(r"\s*</tool_call>")
_CONSTANTS = {"True": True, "False": False, "None": None}


class TaggedParser(OwnFormParser):
    """Base of both formats. A call may also be JSON between `<tool_call>` and `</tool_call>`.

    Attributes:
        OPEN: mark at the start of a call.
        NAME, KEY: match the function's name, and an argument's key up to its value.
        VALUE_END, END: tag after each value; pattern after the last value.
        TAG: matches each of the format's tags.
    """

    OPEN: ClassVar[re.Pattern[str]]
    NAME: ClassVar[re.Pattern[str]]
    KEY: ClassVar[re.Pattern[str]]
    VALUE_END: ClassVar[str]
    END: ClassVar[re.Pattern[str]]
    TAG: ClassVar[re.Pattern[str]]

    def read(self, text: str) -> ParsedTurn:
        turn, at, said = ParsedTurn(""), 0, []
        while opened := self.OPEN.search(text, at):
            said.append(text[at : opened.start()])
            end = self._take_json(turn, text, opened.end()) or self._take(turn, text, opened.end())
            if end is None:
                inside = text[opened.end() :].removesuffix("</tool_call>").strip()
                turn.note("malformed_call" if inside else "no_call")
                at = len(text)
                break
            at = end
        turn.content = "".join([*said, text[at:]]).strip()
        if self.TAG.search(turn.content):
            turn.note("malformed_call")
        return turn

    def as_json(self, call: Call) -> str:
        return f"<tool_call>\n{call_json(call, 'arguments')}\n</tool_call>"

    def _take_json(self, turn: ParsedTurn, text: str, at: int) -> int | None:
        """Take calls that are JSON; returns their end, or None if they are not JSON."""
        listed = read_listed(text, at)
        close = _CLOSE.match(text, listed[1]) if listed else None
        if not listed or not close:
            return None
        for value in listed[0]:
            turn.take(value)
        return close.end()

    def _take(self, turn: ParsedTurn, text: str, at: int) -> int | None:
        """Take a call in the family's form; returns its end, or None if the call is malformed."""
        named = self.NAME.match(text, at)
        if named is None:
            return None
        name, at = named[1], named.end()
        arguments: dict[str, Any] = {}
        while key := self.KEY.match(text, at):
            tag = self.TAG.search(text, key.end())
            if tag is None or tag.group() != self.VALUE_END or key[1] in arguments:
                return None
            raw = self.trimmed(text[key.end() : tag.start()])
            if raw is None:
                return None
            arguments[key[1]] = self._value(name, key[1], raw)
            at = tag.end()
        end = self.END.match(text, at)
        if end is None:
            return None
        turn.calls.append(Call(name, arguments))
        return end.end()

    def trimmed(self, value: str) -> str | None:
        """A value without the format's white space around it; None if that is unclear."""
        return value

    def _value(self, name: str, key: str, text: str) -> Any:
        types = schema_types(self.parameters.get(name, {}), key)
        if types == {"string"}:
            return text
        value = _literal(text.strip())
        if value is NOT_JSON or ("string" in types and type_of(value) not in types - {"string"}):
            return text
        return value


class QwenCoderParser(TaggedParser):
    """`<tool_call><function=NAME><parameter=KEY>…</parameter></function></tool_call>`.

    The format of Qwen3-Coder, Qwen 3.5 and later, and Nemotron 3. One line end on either side of a
    value is not part of the value. The models also leave the outer tags out.
    """

    form = (
        "<tool_call>\n<function=function-name>\n<parameter=argument-name>\nvalue\n</parameter>\n"
        "</function>\n</tool_call>"
    )
    OPEN = re.compile(r"<tool_call>|^[ \t]*(?=<function=)", re.MULTILINE)
    NAME = re.compile(r"\s*<function=([^<>\n]+)>")
    KEY = re.compile(r"\s*<parameter=([^<>\n]+)>")
    VALUE_END = "</parameter>"
    END = re.compile(r"\s*</function>(?:\s*</tool_call>)?")
    TAG = re.compile(r"</?tool_call>|<(?:function|parameter)=|</(?:function|parameter)>")

    def trimmed(self, value: str) -> str | None:
        first, line_end, _ = value.partition("\n")
        if line_end and first.endswith(">"):  # perhaps the rest of a key
            return None
        return value.removeprefix("\n").removesuffix("\n")

    def own(self, calls: Sequence[Call]) -> str:
        return self.join([f"<tool_call>\n{_function(call)}\n</tool_call>" for call in calls])


class GlmParser(TaggedParser):
    """`<tool_call>NAME<arg_key>KEY</arg_key><arg_value>…</arg_value></tool_call>` of GLM-4.5."""

    form = (
        "<tool_call>function-name\n<arg_key>argument-name</arg_key>\n"
        "<arg_value>value</arg_value>\n</tool_call>"
    )
    OPEN = re.compile(r"<tool_call>")
    NAME = re.compile(r"([^\s<>{}\[\]\"][^\n<]*)")
    KEY = re.compile(r"\s*<arg_key>([^<]*)</arg_key>\s*<arg_value>")
    VALUE_END = "</arg_value>"
    END = _CLOSE
    TAG = re.compile(r"</?(?:tool_call|arg_key|arg_value)>")

    def own(self, calls: Sequence[Call]) -> str:
        return self.join([f"<tool_call>{_lines(call)}\n</tool_call>" for call in calls])


def _function(call: Call) -> str:
    arguments = [
        f"<parameter={key}>\n{_shown(value, str)}\n</parameter>"
        for key, value in call.arguments.items()
    ]
    return "\n".join([f"<function={call.name}>", *arguments, "</function>"])


def _lines(call: Call) -> str:
    arguments = [
        f"<arg_key>{key}</arg_key>\n<arg_value>{_shown(value, json.dumps)}</arg_value>"
        for key, value in call.arguments.items()
    ]
    return "\n".join([call.name, *arguments])


def _shown(value: Any, scalar: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(scalar(value))


def _literal(text: str) -> Any:
    """The value of a text that is JSON or a constant of Python; `NOT_JSON` if it is neither."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    value, end = read_json(text, 0)
    return value if text and end == len(text) else NOT_JSON
