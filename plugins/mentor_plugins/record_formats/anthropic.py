"""Anthropic: rows of Messages-API conversations with `tool_use` and `tool_result` blocks.

https://docs.anthropic.com/en/api/messages
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mentor_core.support.errors import RowError
from mentor_plugins.record_formats.conversation import ChatMessage, ConversationFormat
from mentor_plugins.record_formats.values import (
    as_list,
    as_object,
    call_from,
    result_marked,
    text_of,
    thought,
)

__all__ = ["Anthropic"]

_HIDDEN = ("redacted_thinking",)  # blocks that say nothing that could be read


class Anthropic(ConversationFormat):
    """Messages of Anthropic's API: `{"system": …, "messages": […], "tools": […]}`.

    System messages stand in `system`, before all others.
    """

    def parse(self, row: Mapping[str, Any]) -> list[ChatMessage]:
        messages = [ChatMessage("system", text_of(part)) for part in _parts(row.get("system"))]
        for given in as_list(row.get("messages"), "messages"):
            message = as_object(given, "a message")
            if message.get("role") == "assistant":
                messages.append(_turn(_blocks(message)))
            elif message.get("role") == "user":
                messages += _said_to_model(_blocks(message))
            else:
                raise RowError("a message has no role that is known")
        return messages

    def render(
        self, messages: Sequence[ChatMessage], tools: Sequence[dict[str, Any]]
    ) -> dict[str, Any]:
        row: dict[str, Any] = {"messages": list(_written(messages))}
        system = [_text(m.content) for m in messages if m.role == "system"]
        if system:
            row["system"] = system[0]["text"] if len(system) == 1 else system
        if tools:
            row["tools"] = [_tool(tool["function"]) for tool in tools]
        return row


def _parts(system: Any) -> list[Any]:
    if system is None:
        return []
    return system if isinstance(system, list) else [system]


def _blocks(message: Mapping[str, Any]) -> list[dict[str, Any]]:
    content = message.get("content")
    if content is None or isinstance(content, str):
        return [_text(content or "")]
    return [as_object(block, "a block") for block in as_list(content, "a message's content")]


def _turn(blocks: Sequence[dict[str, Any]]) -> ChatMessage:
    said, thinking = [], []
    message = ChatMessage("assistant")
    for block in blocks:
        if block.get("type") == "tool_use":
            identity = block.get("id")
            message.calls.append(call_from(block.get("name"), block.get("input")))
            message.ids.append(identity if isinstance(identity, str) else "")
        elif block.get("type") == "thinking":
            thinking.append(text_of(block.get("thinking")))
        elif block.get("type") not in _HIDDEN:
            said.append(text_of([block]))
    message.content = thought("\n".join(thinking), "".join(said))
    return message


def _said_to_model(blocks: Sequence[dict[str, Any]]) -> Iterator[ChatMessage]:
    """The results of a user's message, and then its text."""
    said = []
    for block in blocks:
        if block.get("type") == "tool_result":
            identity = block.get("tool_use_id")
            yield ChatMessage(
                "tool",
                text_of(block.get("content")),
                call_id=identity if isinstance(identity, str) else "",
                failure="tool_error" if block.get("is_error") is True else None,
            )
        else:
            said.append(text_of([block]))
    if said:
        yield ChatMessage("user", "".join(said))


def _written(messages: Sequence[ChatMessage]) -> Iterator[dict[str, Any]]:
    results: list[dict[str, Any]] = []  # one message has the results of a turn
    for message in messages:
        if message.role == "tool" and message.call_id:
            result = {
                "type": "tool_result",
                "tool_use_id": message.call_id,
                "content": message.content,
            }
            results.append(result | ({"is_error": True} if message.failure else {}))
            continue
        if results:
            yield {"role": "user", "content": results}
            results = []
        if message.role == "assistant":
            blocks = [_text(message.content)] if message.content else []
            blocks += [
                {"type": "tool_use", "id": identity, "name": call.name, "input": call.arguments}
                for identity, call in zip(message.ids, message.calls, strict=True)
            ]
            yield {"role": "assistant", "content": blocks}
        elif message.role != "system":
            marked = message.role == "tool"
            said = result_marked(message.content) if marked else message.content
            yield {"role": "user", "content": said}
    if results:
        yield {"role": "user", "content": results}


def _text(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _tool(function: Mapping[str, Any]) -> dict[str, Any]:
    schema = function.get("parameters") or {"type": "object", "properties": {}}
    described = {k: function[k] for k in ("name", "description") if k in function}
    return {**described, "input_schema": schema}
