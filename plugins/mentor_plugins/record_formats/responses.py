"""Responses: rows of items of OpenAI's Responses API.

https://platform.openai.com/docs/api-reference/responses
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mentor_core.support.errors import RowError
from mentor_plugins.record_formats.conversation import ChatMessage, ConversationFormat
from mentor_plugins.record_formats.values import (
    Role,
    as_list,
    as_object,
    call_from,
    result_marked,
    role_of,
    text_of,
    thought,
)

__all__ = ["Responses"]

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
}


class Responses(ConversationFormat):
    """Items of OpenAI's Responses API: `{"input": […], "output": […], "tools": […]}`.

    The keys read are `instructions`, `input` (text or items) and `output`, or `items` alone. An
    assistant's message begins a turn, and so does a call after a result.
    """

    def parse(self, row: Mapping[str, Any]) -> list[ChatMessage]:
        reader = _Reader()
        if instructions := text_of(row.get("instructions")):
            reader.messages.append(ChatMessage("system", instructions))
        given = row.get("input", row.get("items"))
        if isinstance(given, str):
            given = [{"role": "user", "content": given}]
        output = row.get("output")
        for item in as_list(given or [], "input") + as_list(output or [], "output"):
            reader.read(as_object(item, "an item"))
        reader.end()
        return reader.messages

    def render(
        self, messages: Sequence[ChatMessage], tools: Sequence[dict[str, Any]]
    ) -> dict[str, Any]:
        items: list[dict[str, Any]] = []
        spoke = False  # the last item is the assistant's
        for message in messages:
            if message.role == "tool" and message.call_id:
                items.append(
                    {
                        "type": "function_call_output",
                        "call_id": message.call_id,
                        "output": message.content,
                    }
                )
            elif message.role != "assistant":
                marked = message.role == "tool"
                said = result_marked(message.content) if marked else message.content
                items.append(_message("user" if marked else message.role, "input_text", said))
            else:
                if message.content or spoke or not message.calls:
                    items.append(_message("assistant", "output_text", message.content))
                items += [
                    {
                        "type": "function_call",
                        "call_id": identity,
                        "name": call.name,
                        "arguments": json.dumps(call.arguments, ensure_ascii=False),
                    }
                    for identity, call in zip(message.ids, message.calls, strict=True)
                ]
            spoke = message.role == "assistant"
        row: dict[str, Any] = {"input": items}
        if tools:
            row["tools"] = [{"type": "function", **tool["function"]} for tool in tools]
        return row


class _Reader:
    """Puts items together to turns.

    Attributes:
        turn: the assistant's unfinished turn, which is the last of `messages`.
        thinking: reasoning that the next item of the assistant belongs to.
    """

    def __init__(self) -> None:
        self.messages: list[ChatMessage] = []
        self.turn: ChatMessage | None = None
        self.thinking = ""

    def read(self, item: Mapping[str, Any]) -> None:
        """Take an item in.

        Raises:
            RowError: the item cannot be read.
        """
        kind = item.get("type", "message")
        if kind == "reasoning":
            self.end()
            said = text_of(item.get("content")), text_of(item.get("summary"))
            self.thinking = said[0] or said[1]
        elif kind == "function_call":
            turn = self.turn or self._begin("")
            identity = item.get("call_id") or item.get("id")
            turn.calls.append(call_from(item.get("name"), item.get("arguments")))
            turn.ids.append(identity if isinstance(identity, str) else "")
        elif kind == "function_call_output":
            self.end()
            self.messages.append(
                ChatMessage(
                    "tool", text_of(item.get("output")), call_id=str(item.get("call_id") or "")
                )
            )
        elif kind == "message":
            role = role_of(item.get("role"), _ROLES)
            content = text_of(item.get("content"))
            if role == "assistant":
                self._begin(content)
            else:
                self.end()
                self.messages.append(ChatMessage(role, content))
        else:
            raise RowError(f"an item of type {kind!r} is neither a message nor a function's call")

    def end(self) -> None:
        """End the unfinished turn, if any."""
        if self.thinking:
            self._begin("")
        self.turn = None

    def _begin(self, content: str) -> ChatMessage:
        self.turn = ChatMessage("assistant", thought(self.thinking, content))
        self.thinking = ""
        self.messages.append(self.turn)
        return self.turn


def _message(role: str, kind: str, text: str) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}
