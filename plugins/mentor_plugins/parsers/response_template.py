"""ResponseTemplateParser: whatever the response template of the model's tokenizer describes."""

from __future__ import annotations

import copy
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mentor_core.errors import ModelError
from mentor_core.parsing import HermesParser, ParsedTurn, opened_thinking, read_json
from mentor_core.trajectory import Call

if TYPE_CHECKING:
    from mentor_core.chat import ChatFormat

__all__ = ["ResponseTemplateParser"]


class ResponseTemplateParser(HermesParser):
    """Reads with `tokenizer.parse_response`, and writes with the chat template.

    The response template is the tokenizer's own, or the one that TRL knows for its chat
    template: Qwen 2.5 to 3.8, Llama 3.1 and 3.2, GLM-4, gpt-oss, LFM2, Gemma 4, Nemotron 3.
    Before `prepare` there is none, and the format is Hermes'.
    """

    chat: ChatFormat | None = None

    def prepare(self, chat: ChatFormat, tools: Sequence[dict[str, Any]]) -> None:
        super().prepare(chat, tools)
        self.template = _response_template(chat.tokenizer)
        self.chat, self.tools = chat, list(tools)
        example = Call("<function-name>", {"<argument>": "<value>"})
        self.form = chat.turn_text("", [example], tools) or ""

    def parse(self, text: str) -> ParsedTurn:
        said = self.after_thinking(text)
        if said is None or self.chat is None:
            return super().parse(text)
        before = self.opening + text[: len(text) - len(said)]
        for end in ("", *self.chat.ends):  # some templates close a call with the end of the turn
            try:
                message = self.chat.tokenizer.parse_response(
                    said + end, self.template, prefix=before, tools=self.tools
                )
                return _turn_of(message, end)
            except Exception:  # noqa: BLE001 - it raises whatever its patterns and parsers do
                continue
        return ParsedTurn("", [], "malformed_json")

    def write(self, content: str, calls: Sequence[Call]) -> str:
        if self.chat is None:
            return super().write(content, calls)
        opened = opened_thinking(self.opening) is not None
        text = self.chat.turn_text(content, calls, self.tools, "…" if opened else "")
        if opened and text is not None:
            text = self.after_thinking(text)
        if text is None:
            raise ModelError(f"the chat template cannot render a turn of {len(calls)} calls")
        return text


def _turn_of(message: dict[str, Any], end: str) -> ParsedTurn:
    content = message.get("content") or ""
    turn = ParsedTurn(str(content).removesuffix(end).strip())
    for call in message.get("tool_calls") or ():
        turn.take(read_json(json.dumps(call), 0)[0])  # without what is not JSON, as all parsers
    return turn


def _response_template(tokenizer: Any) -> Any:
    """The response template for a tokenizer.

    Raises:
        ModelError: neither the tokenizer has one, nor TRL one for its chat template.
    """
    if getattr(tokenizer, "response_template", None) is None:
        from trl.chat_template_utils import add_response_schema

        try:
            tokenizer = add_response_schema(copy.copy(tokenizer))
        except ValueError as error:
            raise ModelError(
                "the tokenizer has no response_template, and TRL knows none for its chat template"
            ) from error
    return tokenizer.response_template
