"""Conversations, in the forms that chat templates take: with ids, or without tools or system.

Templates refuse unknown messages. So a conversation is rewritten for its template before rendering.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from mentor_core.contracts.trajectory import Message

__all__ = [
    "Conversation",
    "assistant_message",
    "numbered",
    "tool_message",
    "without_system",
    "without_tools",
]

Conversation = Sequence[Any]
"""Messages, and assistant messages with calls as `ChatTemplate.assistant` makes them."""

_TOOLS_IN_SYSTEM = """# Tools

You may call one or more functions. Their signatures, within <tools></tools>:
<tools>
{tools}
</tools>

For each call, write a JSON object with the function's name and arguments:
{form}"""


def tool_message(name: str, content: str) -> Message:
    """A tool's result as a message."""
    return {"role": "tool", "name": name, "content": content}


def assistant_message(content: str) -> dict[str, Any]:
    """A model's text as a message without calls."""
    return {"role": "assistant", "content": content}


def numbered(messages: Conversation) -> list[dict[str, Any]]:
    """The messages with ids on calls and results, nine characters long as Mistral's must be."""
    found: list[dict[str, Any]] = []
    result = 0
    for message in messages:
        copy = dict(message)
        if copy["role"] == "tool":
            copy["tool_call_id"] = f"call{result:05}"
            result += 1
        else:
            result = 0
        if "tool_calls" in copy:
            copy["tool_calls"] = [
                {**call, "id": f"call{i:05}"} for i, call in enumerate(copy["tool_calls"])
            ]
        found.append(copy)
    return found


def without_tools(messages: Conversation, tools: Any, form: str) -> list[dict[str, Any]]:
    """The conversation for a template that knows no tools."""
    plain: list[dict[str, Any]] = []
    for message in map(dict[str, Any], messages):
        if message["role"] != "tool":
            plain.append(message)
            continue
        response = f"<tool_response>\n{message['content']}\n</tool_response>"
        if plain and plain[-1]["role"] == "user" and plain[-1].get("name") == "tool":
            plain[-1] = {**plain[-1], "content": f"{plain[-1]['content']}\n{response}"}
        else:
            plain.append({"role": "user", "name": "tool", "content": response})
    if tools:
        listed = "\n".join(json.dumps(tool, ensure_ascii=False) for tool in tools)
        block = _TOOLS_IN_SYSTEM.format(tools=listed, form=form)
        if plain and plain[0]["role"] == "system":
            plain[0] = {**plain[0], "content": f"{plain[0]['content']}\n\n{block}"}
        else:
            plain.insert(0, {"role": "system", "content": block})
    return plain


def without_system(messages: Conversation) -> Conversation:
    """The conversation for a template that knows no system message."""
    match list(messages):
        case [{"role": "system", "content": system}, {"role": "user", "content": user}, *rest]:
            return [{"role": "user", "content": f"{system}\n\n{user}"}, *rest]
    return messages
