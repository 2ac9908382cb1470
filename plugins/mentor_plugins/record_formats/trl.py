"""Trl: conversational rows of TRL, `messages` or `prompt` and `completion`, with `tools`.

https://huggingface.co/docs/trl/dataset_formats
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from mentor_plugins.record_formats.conversation import ChatMessage, ConversationFormat
from mentor_plugins.record_formats.openai import message_from
from mentor_plugins.record_formats.values import as_list, result_marked

__all__ = ["Trl"]


class Trl(ConversationFormat):
    """TRL's conversational rows, which chat templates take as they are: arguments are objects.

    A result has the tool's name and no call's id. If only some calls of a turn have a result, the
    first call of that name gets it.
    """

    form: Literal["messages", "prompt_completion"] = Field(
        "messages", description="the form written; both are read"
    )

    def parse(self, row: Mapping[str, Any]) -> list[ChatMessage]:
        if row.get("messages") is not None:
            messages = as_list(row["messages"], "messages")
        else:
            prompt = as_list(row.get("prompt"), "neither messages nor prompt")
            messages = prompt + as_list(row.get("completion"), "completion")
        return [message_from(message) for message in messages]

    def render(
        self, messages: Sequence[ChatMessage], tools: Sequence[dict[str, Any]]
    ) -> dict[str, Any]:
        written = [_message(message) for message in messages]
        row: dict[str, Any] = {"messages": written}
        if self.form == "prompt_completion":
            roles = [message.role for message in messages]
            at = roles.index("assistant") if "assistant" in roles else len(roles)
            row = {"prompt": written[:at], "completion": written[at:]}
        return row | ({"tools": list(tools)} if tools else {})


def _message(message: ChatMessage) -> dict[str, Any]:
    if message.role == "tool" and not message.call_id:
        return {"role": "user", "content": result_marked(message.content)}
    written: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.name:
        written["name"] = message.name
    if message.calls:
        written["tool_calls"] = [
            {"type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.calls
        ]
    return written
