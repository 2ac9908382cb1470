"""HarmonyParser: calls as messages to `functions.NAME`, the format of gpt-oss."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import ClassVar

from mentor_core.contracts.parsing import NOT_JSON, ParsedTurn, call_json, read_json, unreadable
from mentor_core.contracts.trajectory import Call
from mentor_plugins.parsers.own_form import OwnFormParser

__all__ = ["HarmonyParser"]

_MARK = re.compile(r"<\|(?:start|message|end|return|call)\|>")
_END = re.compile(r"\s*(?:<\|(?:end|return|call)\|>|(?=<\|start\|>)|\Z)\s*")
_HEADER = re.compile(
    r"""
    \s*+ (?:assistant)?
    \s*+ (?:to=(?P<to>[^\s<]++))?
    \s*+ (?:<\|channel\|>\s*+(?P<channel>\w++)(?:\s++to=(?P<then>[^\s<]++))?)?
    \s*+ (?:<\|constrain\|>\s*+)? [\w-]*+ \s*+
    """,
    re.VERBOSE,
)
_CUT = re.compile(r"\s*(?:assistant\s+)?to=functions")
_CONTENT = ("final", "commentary")
_PEOPLE = ("user", "assistant", "all")


class HarmonyParser(OwnFormParser):
    """Reads the messages of a turn: `HEADER<|message|>BODY<|end|>`, several of them.

    A header names a channel. The header of a call also names a recipient, before or after the
    channel: `to=functions.NAME<|channel|>commentary json` or
    `<|channel|>commentary to=functions.NAME <|constrain|>json`.

    The channel `analysis` is thinking. `final` is content, and so are `commentary` without a
    recipient and text without marks.
    """

    form = (
        "<|start|>assistant to=functions.<function-name><|channel|>commentary json"
        "<|message|><arguments-object><|call|>"
    )
    START: ClassVar[str] = "<|start|>assistant"

    def read(self, text: str) -> ParsedTurn:
        turn, at, said = ParsedTurn(""), 0, []
        while at < len(text):
            mark = _MARK.search(text, at)
            header = text[at : mark.start() if mark else len(text)]
            if mark is None or mark.group() != "<|message|>":
                if "<|channel|>" in header or _CUT.match(header):
                    turn.note("no_call" if "to=" in header else "malformed_call")
                elif header.strip() not in ("", "assistant"):
                    said.append(header)
                at = mark.end() if mark else len(text)
                continue
            at = mark.end()
            read = _HEADER.fullmatch(header)
            recipient = read and (read["to"] or read["then"])
            if recipient and recipient not in _PEOPLE:
                at = _take_call(turn, recipient, text, at)
                continue
            end = _MARK.search(text, at)
            stop = end.start() if end else len(text)
            if read is None or read["channel"] not in (None, "analysis", *_CONTENT):
                turn.note("malformed_call")
            elif read["channel"] != "analysis":
                said.append(text[at:stop])
            elif end is None:
                turn.note("unclosed_thinking")
            at = end.end() if end else stop
        turn.content = "\n".join(part.strip() for part in said if part.strip())
        return turn

    def write(self, content: str, calls: Sequence[Call]) -> str:
        if not calls:
            return f"<|channel|>final<|message|>{content}" if content else ""
        before = f"<|channel|>commentary<|message|>{content}<|end|>" if content else ""
        written = super().write("", calls)
        return before + (self.START if before else "") + written

    def join(self, parts: Sequence[str]) -> str:
        return self.START.join(parts)

    def own(self, calls: Sequence[Call]) -> str:
        return self.join(
            [
                f" to=functions.{call.name}<|channel|>commentary json<|message|>"
                f"{json.dumps(call.arguments, ensure_ascii=False)}<|call|>"
                for call in calls
            ]
        )

    def as_json(self, call: Call) -> str:
        return (
            " to=functions<|channel|>commentary json<|message|>"
            f"{call_json(call, 'arguments')}<|call|>"
        )


def _take_call(turn: ParsedTurn, recipient: str, text: str, at: int) -> int:
    """Take the call whose arguments begin at `at`; returns the end of its message."""
    value, end = read_json(text, at)
    closed = None if value is NOT_JSON else _END.match(text, end)
    if closed is None:
        found = _MARK.search(text, at)
        turn.note(unreadable(text[at : found.start() if found else len(text)]))
        return len(text)  # what follows may be part of the arguments
    if recipient == "functions":
        turn.take(value)
    else:
        turn.take({"name": recipient.removeprefix("functions."), "arguments": value})
    return closed.end()
