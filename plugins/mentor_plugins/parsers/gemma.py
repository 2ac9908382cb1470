"""GemmaParser: calls as objects with bare keys, the format of Gemma 4."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, ClassVar

from mentor_core.contracts.parsing import ParsedTurn, call_json, unreadable
from mentor_core.contracts.trajectory import Call
from mentor_plugins.parsers.own_form import OwnFormParser, read_listed

__all__ = ["GemmaParser"]

_NAME = re.compile(r"\s*call:(?P<name>[^{}<\n]+)(?=\{)")
_CLOSE = re.compile(r"\s*<tool_call\|>")
_PIECE = re.compile(
    r"""
    <\|"\|>(?P<text>.*?)<\|"\|>
    | "(?:\\.|[^"\\])*+"
    | (?<=[{,])(?P<before>\s*)(?P<key>[^\s"{}\[\],:<]+)(?P<after>\s*+:)
    | (?<=[:\[,])(?P<none>\s*None)(?=\s*[,\]}])
    | (?P<end><tool_call\|>|<\|tool_call>)
    """,
    re.DOTALL | re.VERBOSE,
)


class GemmaParser(OwnFormParser):
    """`<|tool_call>call:NAME{key:<|"|>text<|"|>,number:1}<tool_call|>`, or JSON in the marks."""

    form = '<|tool_call>call:function_name{argument:<|"|>value<|"|>}<tool_call|>'
    OPEN: ClassVar[str] = "<|tool_call>"
    CLOSE: ClassVar[str] = "<tool_call|>"

    def read(self, text: str) -> ParsedTurn:
        turn, at, said = ParsedTurn(""), 0, []
        while (start := text.find(self.OPEN, at)) >= 0:
            said.append(text[at:start])
            start += len(self.OPEN)
            end = _take(turn, text, start)
            if end is None:
                found = text.find(self.CLOSE, start)
                failure = unreadable(text[start : found if found >= 0 else len(text)])
                turn.note("malformed_call" if failure == "malformed_json" else failure)
                at = len(text)  # what follows may be part of a value
                break
            at = end
        turn.content = "".join([*said, text[at:]]).strip()
        if self.CLOSE in turn.content:
            turn.note("malformed_call")
        return turn

    def own(self, calls: Sequence[Call]) -> str:
        return self.join(
            [f"{self.OPEN}call:{call.name}{_shown(call.arguments)}{self.CLOSE}" for call in calls]
        )

    def as_json(self, call: Call) -> str:
        return f"{self.OPEN}{call_json(call, 'arguments')}{self.CLOSE}"

    def join(self, parts: Sequence[str]) -> str:
        return "".join(parts)


def _take(turn: ParsedTurn, text: str, at: int) -> int | None:
    """Take the call that begins at `at`; returns its end, or None if the call is malformed."""
    named = _NAME.match(text, at)
    if named is None:
        listed = read_listed(text, at)
        close = _CLOSE.match(text, listed[1]) if listed else None
        if not listed or not close:
            return None
        for value in listed[0]:
            turn.take(value)
        return close.end()
    written, end = _as_json(text, named.end())
    listed = read_listed(written, 0)
    if end is None or listed is None or written[listed[1] :].strip():
        return None
    turn.take({"name": named["name"], "arguments": listed[0][0]})
    return end


def _as_json(text: str, at: int) -> tuple[str, int | None]:
    """The object that begins at `at` as JSON, and the end of the mark that follows."""
    pieces: list[str] = []
    while found := _PIECE.search(text, at):
        pieces.append(text[at : found.start()])
        at = found.end()
        if found["end"]:
            return "".join(pieces), at if found["end"] == GemmaParser.CLOSE else None
        if found["text"] is not None:
            pieces.append(json.dumps(found["text"], ensure_ascii=False))
        elif found["key"] is not None:
            pieces.append(found["before"] + json.dumps(found["key"]) + found["after"])
        else:
            pieces.append("null" if found["none"] else found.group())
    return "", None


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return f'<|"|>{value}<|"|>'
    if isinstance(value, dict):
        return "{" + ",".join(f"{key}:{_shown(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_shown, value)) + "]"
    return json.dumps(value)
