"""MistralParser: calls after `[TOOL_CALLS]`, the format of Mistral's models."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from mentor_core.contracts.parsing import NOT_JSON, ParsedTurn, call_json, read_json, unreadable
from mentor_core.contracts.trajectory import Call
from mentor_plugins.parsers.own_form import OwnFormParser

if TYPE_CHECKING:
    from mentor_core.contracts.chat import Chat

__all__ = ["MistralParser"]

_NAMED = re.compile(
    r"\s*+(?P<name>[^\s\[\]{}]++)\s*+(?:\[CALL_ID\][^\[{]*+)?(?:\[ARGS\]\s*+)?(?=\{)"
)

_TAG = re.compile(r'"(?:\\.|[^"\\])*+(?:"|\Z)|(?P<tag>\[TOOL_CALLS\])', re.DOTALL)


class MistralParser(OwnFormParser):
    """`[TOOL_CALLS] [{"name": …, "arguments": {…}}]`, or `[TOOL_CALLS]name[ARGS]{…}` repeated.

    Both forms are read. The second form, of tokenizers since version 11, is written if the model's
    tokenizer has the token `[ARGS]`.
    """

    form = '[TOOL_CALLS] [{"name": <function-name>, "arguments": <arguments-object>}]'
    TAG: ClassVar[str] = "[TOOL_CALLS]"
    ARGS: ClassVar[str] = "[ARGS]"
    named: bool = False

    def prepare(self, chat: Chat, tools: Sequence[dict[str, Any]]) -> None:
        super().prepare(chat, tools)
        self.named = self.ARGS in chat.tokenizer.get_vocab()
        if self.named:
            self.form = f"{self.TAG}<function-name>{self.ARGS}<arguments-object>"

    def read(self, text: str) -> ParsedTurn:
        turn, at, said = ParsedTurn(""), 0, []
        while (start := text.find(self.TAG, at)) >= 0:
            said.append(text[at:start])
            at = start + len(self.TAG)
            named = _NAMED.match(text, at)
            value, end = read_json(text, named.end() if named else at)
            if value is NOT_JSON:
                end = _next_tag(text, at)
                turn.note(unreadable(text[at:end]))
                at = end
                continue
            at = end
            if named:
                turn.take({"name": named["name"], "arguments": value})
                continue
            values = value if isinstance(value, list) else [value]
            if not values:
                turn.note("no_call")
            for each in values:
                turn.take(each)
        turn.content = "".join([*said, text[at:]]).strip()
        return turn

    def join(self, parts: Sequence[str]) -> str:
        return "".join(parts)

    def own(self, calls: Sequence[Call]) -> str:
        if self.named:
            return "".join(
                f"{self.TAG}{call.name}{self.ARGS}{json.dumps(call.arguments, ensure_ascii=False)}"
                for call in calls
            )
        return f"{self.TAG} [{', '.join(call_json(call, 'arguments') for call in calls)}]"

    def as_json(self, call: Call) -> str:
        return f"{self.TAG} [{call_json(call, 'arguments')}]"


def _next_tag(text: str, at: int) -> int:
    """The start of the next tag outside of JSON's strings; the end of the text without one."""
    return next((m.start() for m in _TAG.finditer(text, at) if m["tag"]), len(text))
