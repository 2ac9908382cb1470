"""MistralParser: calls after `[TOOL_CALLS]`, the format of Mistral's models."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from mentor_core.parsing import NOT_JSON, CallParser, ParsedTurn, call_json, read_json
from mentor_core.trajectory import Call

if TYPE_CHECKING:
    from mentor_core.chat import ChatFormat

__all__ = ["MistralParser"]

_NAMED = re.compile(r"\s*(?P<name>[^\s\[\]{}]+)\s*(?:\[CALL_ID\][^\[{]*)?(?:\[ARGS\])?\s*(?=\{)")


class MistralParser(CallParser):
    """`[TOOL_CALLS] [{"name": …, "arguments": {…}}]`, or `[TOOL_CALLS]name[ARGS]{…}` repeated.

    Both are read. The second, of tokenizers since version 11, is written where the model's
    tokenizer has the token `[ARGS]`.
    """

    form = '[TOOL_CALLS] [{"name": <function-name>, "arguments": <arguments-object>}]'
    TAG: ClassVar[str] = "[TOOL_CALLS]"
    ARGS: ClassVar[str] = "[ARGS]"
    named: bool = False

    def prepare(self, chat: ChatFormat, tools: Sequence[dict[str, Any]]) -> None:
        super().prepare(chat, tools)
        self.named = self.ARGS in chat.tokenizer.get_vocab()
        if self.named:
            self.form = f"{self.TAG}<function-name>{self.ARGS}<arguments-object>"

    def read(self, text: str) -> ParsedTurn:
        turn, at = ParsedTurn(""), 0
        while (start := text.find(self.TAG, at)) >= 0:
            turn.content += text[at:start]
            at = start + len(self.TAG)
            named = _NAMED.match(text, at)
            value, end = read_json(text, named.end() if named else at)
            if value is NOT_JSON:
                end = text.find(self.TAG, at)
                inside = text[at : end if end >= 0 else len(text)]
                turn.note("malformed_json" if inside.strip() else "no_call")
                at = end if end >= 0 else len(text)
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
        turn.content = (turn.content + text[at:]).strip()
        return turn

    def write(self, content: str, calls: Sequence[Call]) -> str:
        if self.named:
            return content + "".join(
                f"{self.TAG}{call.name}{self.ARGS}{json.dumps(call.arguments, ensure_ascii=False)}"
                for call in calls
            )
        listed = ", ".join(call_json(call, "arguments") for call in calls)
        return content + (f"{self.TAG} [{listed}]" if calls else "")
