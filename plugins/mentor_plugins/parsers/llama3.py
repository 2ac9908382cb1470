"""Llama3Parser: calls as bare JSON, the format of Llama 3.1 and later."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from mentor_core.contracts.parsing import (
    NOT_JSON,
    CallParser,
    ParsedTurn,
    call_json,
    call_of,
    is_meant_as_call,
    read_json,
    unreadable,
)
from mentor_core.contracts.trajectory import Call

__all__ = ["Llama3Parser"]

_KEYS = "name|type|id|function|parameters|arguments|tool|tool_name|function_name|action|args"
_CALL = rf'(?=(?:\[\s{{0,9}})?\{{\s{{0,9}}"(?:{_KEYS})"\s{{0,9}}:)'
_START = re.compile(rf"<\|python_tag\|>|^[ \t]*{_CALL}", re.MULTILINE)
_NEXT = re.compile(r"[\s;,]*(?=[{\[])")
_BEGUN = re.compile(_CALL)
_FUNCTION = re.compile(r"[a-z_][\w.-]*")


class Llama3Parser(CallParser):
    """`{"name": …, "parameters": {…}}` at the start of a line, after `<|python_tag|>` or not.

    Several calls are separated by `;`, `,` or white space, or stand in a list, as models write
    them. Without the tag, JSON that is no call is text, as an answer may be JSON.
    """

    form = '{"name": <function-name>, "parameters": <arguments-object>}'

    def read(self, text: str) -> ParsedTurn:
        turn, at, said = ParsedTurn(""), 0, []
        while start := _START.search(text, at):
            said.append(text[at : start.start()])
            tagged = bool(start.group().strip())
            at, passed = self._take_all(turn, text, start.end(), tagged)
            if at == start.end():  # JSON, but not a call
                said.append(text[at:passed])
                at = passed
        turn.content = "".join([*said, text[at:]]).strip()
        return turn

    def write(self, content: str, calls: Sequence[Call]) -> str:
        written = "; ".join(call_json(call, "parameters") for call in calls)
        return "\n".join(part for part in (content, written) if part)

    def _take_all(self, turn: ParsedTurn, text: str, at: int, tagged: bool) -> tuple[int, int]:
        """Take the calls that begin at `at`, one after another.

        Returns:
            The end of the calls, which is `at` if there is none; and the end of the last JSON read.
            Nothing is read after a call that is not JSON: both are then the end of the text.
        """
        begin, end = at, at
        while start := _NEXT.match(text, at):
            value, end = read_json(text, start.end())
            if value is NOT_JSON:
                if not (tagged or _BEGUN.match(text, start.end())):
                    break
                turn.note(unreadable(text[start.end() :]))
                return len(text), len(text)
            values = value if isinstance(value, list) else [value]
            if not tagged and not (values and all(map(self._is_call, values))):
                break
            if not values:
                turn.note("no_call")
            for each in values:
                turn.take(each)
            at = end
        if tagged and at == begin:  # the tag promises a call
            turn.note(unreadable(text[at:]))
            return len(text), len(text)
        return at, end

    def _is_call(self, value: Any) -> bool:
        if is_meant_as_call(value, self.parameters):
            return True
        named = call_of(value)
        if named is None:
            return False
        return named.name in self.parameters or bool(
            not self.parameters and _FUNCTION.fullmatch(named.name)
        )
