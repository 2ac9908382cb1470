r"""Gsm8k: worked solutions with calculator marks (arXiv 2110.14168).

    {"question": "…", "answer": "… 48/2 = <<48/2=24>>24 clips …\n#### 72"}

The text before a mark, and the mark, are a turn with a call; the rest is the last turn.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field

from mentor_core.contracts.trajectory import Call, EndReason, Turn
from mentor_core.support.errors import RowError
from mentor_plugins.record_formats.conversation import CONVERSATION, ChatMessage, ConversationFormat

__all__ = ["Gsm8k"]

_MARK = re.compile(r"<<([^<>]*)=([^<>=]*)>>")
_ANSWER = "####"


class Gsm8k(ConversationFormat):
    """GSM8K's rows: a mark `<<48/2=24>>` is a call of a calculator, `#### 72` is the answer.

    A row holds one question, and calls of one tool with one argument. Marks without text between
    them are calls of one turn.
    """

    holds = tuple(name for name in CONVERSATION if name != "tools")

    tool: str = Field("calculator", description="name of the tool that the marks call")
    argument: str = Field("expression", description="the tool's argument")

    def names(self, row: Mapping[str, Any]) -> list[str]:
        return [self.tool]

    def parse(self, row: Mapping[str, Any]) -> list[ChatMessage]:
        question, solution = row.get("question"), row.get("answer")
        if not isinstance(question, str) or not isinstance(solution, str):
            raise RowError("question and answer are not both text")
        if _ANSWER not in solution:
            raise RowError(f"the answer has no {_ANSWER} before its result")
        messages, results = [ChatMessage("user", question)], list[ChatMessage]()
        at = 0
        for mark in _MARK.finditer(solution):
            said, at = solution[at : mark.start()], mark.end()
            if said or len(messages) == 1:
                messages += results
                messages.append(ChatMessage("assistant", said))
                results = []
            messages[-1].calls.append(Call(self.tool, {self.argument: mark[1]}))
            messages[-1].ids.append("")
            results.append(ChatMessage("tool", mark[2], name=self.tool))
        return [*messages, *results, ChatMessage("assistant", solution[at:])]

    def ending(self, last: Turn) -> tuple[EndReason | None, str | None]:
        return "answered", last.text.rpartition(_ANSWER)[2].strip() or None

    def render(
        self, messages: Sequence[ChatMessage], tools: Sequence[dict[str, Any]]
    ) -> dict[str, Any]:
        asked = [message.content for message in messages if message.role == "user"]
        if len(asked) != 1 or messages[0].role != "user":
            raise RowError("there is not one question that everything else follows")
        results = {m.call_id: m.content for m in messages if m.role == "tool"}
        solution = ""
        for message in messages:
            if message.role == "assistant":
                pairs = zip(message.ids, message.calls, strict=True)
                marks = [self._mark(call, results.get(i)) for i, call in pairs]
                solution += message.content + "".join(marks)
        if _ANSWER not in solution:
            raise RowError(f"the last turn has no {_ANSWER} before its answer")
        return {"question": asked[0], "answer": solution}

    def _mark(self, call: Call, result: str | None) -> str:
        mark = f"<<{call.arguments.get(self.argument)}={result}>>"
        found = _MARK.fullmatch(mark)
        if found is None or call != Call(self.tool, {self.argument: found[1]}, result or ""):
            raise RowError(f"a call is not {self.tool}({self.argument}=…) with a plain result")
        return mark
