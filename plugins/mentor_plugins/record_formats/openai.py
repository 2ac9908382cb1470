"""Openai: rows of chat-completions messages with `tool_calls`, as OpenAI's fine-tuning has them.

https://platform.openai.com/docs/api-reference/chat
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

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
    tool_names,
)

__all__ = ["Openai", "message_from"]

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}


class Openai(ConversationFormat):
    """Chat-completions messages: `{"messages": […], "tools": […]}`, arguments as JSON text.

    Also read: arguments as an object, the older `function_call`, `functions` and role
    `function`, the role `developer`, refusals, and `reasoning_content`.
    """

    def parse(self, row: Mapping[str, Any]) -> list[ChatMessage]:
        return [message_from(message) for message in as_list(row.get("messages"), "messages")]

    def names(self, row: Mapping[str, Any]) -> list[str]:
        return tool_names(row.get("tools") or row.get("functions"))

    def render(
        self, messages: Sequence[ChatMessage], tools: Sequence[dict[str, Any]]
    ) -> dict[str, Any]:
        row: dict[str, Any] = {"messages": [_message(message) for message in messages]}
        return row | ({"tools": list(tools)} if tools else {})


def message_from(given: Any) -> ChatMessage:
    """A message of the chat-completions protocol, in any of its usual variants.

    Raises:
        RowError: the value is no message; says why.
    """
    message = as_object(given, "a message")
    role = role_of(message.get("role"), _ROLES)
    content = text_of(message.get("content"))
    if role == "tool":
        identity = message.get("tool_call_id")
        return ChatMessage(role, content, call_id=_str(identity), name=_str(message.get("name")))
    if role != "assistant":
        return ChatMessage(role, content, name=_str(message.get("name")))
    thinking = text_of(message.get("reasoning_content") or message.get("reasoning"))
    spoken = ChatMessage(role, thought(thinking, content or text_of(message.get("refusal"))))
    legacy = message.get("function_call")
    for item in as_list(message.get("tool_calls") or ([legacy] if legacy else []), "tool_calls"):
        call = as_object(item, "a call")
        function = as_object(call.get("function") or call, "a call's function")
        spoken.calls.append(call_from(function.get("name"), function.get("arguments")))
        spoken.ids.append(_str(call.get("id")))
    return spoken


def _message(message: ChatMessage) -> dict[str, Any]:
    if message.role == "tool":
        if not message.call_id:
            return {"role": "user", "content": result_marked(message.content)}
        return {"role": "tool", "tool_call_id": message.call_id, "content": message.content}
    written: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.name:
        written["name"] = message.name
    if message.calls:
        written["content"] = message.content or None
        written["tool_calls"] = [
            {
                "id": identity,
                "type": "function",
                "function": {
                    "name": call.name,
                    "arguments": json.dumps(call.arguments, ensure_ascii=False),
                },
            }
            for identity, call in zip(message.ids, message.calls, strict=True)
        ]
    return written


def _str(value: Any) -> str:
    return value if isinstance(value, str) else ""
