"""ResponseTemplateParser: whatever the response template of the model's tokenizer describes."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mentor_core.contracts.parsing import (
    HermesParser,
    ParsedTurn,
    call_json,
    opened_thinking,
    read_json,
    unreadable,
)
from mentor_core.contracts.trajectory import Call
from mentor_core.support.errors import ModelError
from mentor_plugins.parsers.schema_types import schema_types

if TYPE_CHECKING:
    from mentor_core.contracts.chat import Chat

__all__ = ["ResponseTemplateParser"]


_MOST = 1 << 15
"""Most characters that are read: the patterns of some templates take quadratic time."""
_BLANKS = re.compile(r'("(?:\\.|[^"\\])*+")|\s+', re.DOTALL)


class ResponseTemplateParser(HermesParser):
    """Reads with `tokenizer.parse_response`, and writes with the chat template.

    The response template is the tokenizer's own, or the one that TRL knows for its chat template.
    TRL knows Qwen 2.5 to 3.8, Llama 3.1 and 3.2, GLM-4, gpt-oss, LFM2, Gemma 4, Nemotron 3. Before
    `prepare` there is no template, and the format is Hermes'.

    Response templates skip unexpected text, and some trim or cut values. So the turn that was read
    is written again. If the result differs from the text by more than blanks of JSON, the turn is a
    failure.
    """

    generic = True
    chat: Chat | None = None

    def prepare(self, chat: Chat, tools: Sequence[dict[str, Any]]) -> None:
        super().prepare(chat, tools)
        self.template = _response_template(chat.tokenizer)
        fields = self.template.get("fields", {}) if isinstance(self.template, dict) else {}
        self.is_json = fields.get("tool_calls", {}).get("content") in ("json", "python-call-list")
        self.chat, self.tools = chat, list(tools)
        example = Call("<function-name>", {"<argument>": "<value>"})
        self.form = chat.turn_text("", [example], tools) or ""

    def read(self, text: str) -> ParsedTurn:
        if self.chat is None:
            return super().read(text)
        turn = self._read_whole(text)
        if turn.failure:
            plain = super().read(text)
            return plain if plain.calls and not plain.failure else turn
        return turn

    def write(self, content: str, calls: Sequence[Call]) -> str:
        text = self._template_text(content, calls)
        if text is None or not _same(self._read_whole(text).calls, calls):
            return super().write(content, calls)
        return text

    def _read_whole(self, text: str) -> ParsedTurn:
        """The turn as the response template reads it; a failure if part of the text is lost."""
        if self.chat is None or len(text) > _MOST:
            return ParsedTurn("", [], "malformed_call")
        for end in ("", *self.chat.ends):  # some templates close a call with the end of the turn
            try:
                message = self.chat.tokenizer.parse_response(
                    text + end, self.template, prefix="", tools=self.tools
                )
            except Exception:  # noqa: BLE001 - it raises whatever its patterns and parsers do
                continue
            turn = _turn_of(message, end)
            whole = self._is_whole(turn, text, end) and not any(map(self._is_unclear, turn.calls))
            if not turn.failure and not whole:
                turn.note("malformed_call")
            return turn
        return ParsedTurn("", [], unreadable(text))

    def _is_whole(self, turn: ParsedTurn, text: str, end: str) -> bool:
        """True if the turn, written again, is the text."""
        if not turn.calls and turn.content == text.strip():
            return True
        written = self._template_text(turn.content, turn.calls)
        if written is None:
            return False
        if not self.is_json:
            return written.strip() == text.strip()
        written, text = (_BLANKS.sub(r"\1", each) for each in (written, text))
        return written == text or (bool(end) and written + end == text)

    def _is_unclear(self, call: Call) -> bool:
        """True if the type of an argument is unclear: the template writes text without quotes."""
        parameters = self.parameters.get(call.name, {})
        return not self.is_json and any(
            isinstance(value, str) and not schema_types(parameters, key)
            for key, value in call.arguments.items()
        )

    def _template_text(self, content: str, calls: Sequence[Call]) -> str | None:
        """A turn without thinking as the chat template writes it; None if that is impossible."""
        if self.chat is None:
            return None
        opened = opened_thinking(self.opening) is not None
        text = self.chat.turn_text(content, calls, self.tools, "…" if opened else "")
        return None if text is None else self.after_thinking(text)


def _same(some: Sequence[Call], others: Sequence[Call]) -> bool:
    return [call_json(call, "") for call in some] == [call_json(call, "") for call in others]


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
