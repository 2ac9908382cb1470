"""ShareGpt: `conversations` of `from` and `value`, with the calls of Hermes or LLaMA-Factory.

https://huggingface.co/datasets/NousResearch/hermes-function-calling-v1
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mentor_core.contracts.parsing import HermesParser
from mentor_core.support.errors import RowError
from mentor_plugins.record_formats.conversation import (
    ChatMessage,
    ConversationFormat,
    bare,
    hermes_turn,
)
from mentor_plugins.record_formats.values import (
    Role,
    as_list,
    as_object,
    call_from,
    result_marked,
    role_of,
    text_of,
    tool_names,
)

__all__ = ["ShareGpt"]

_ROLES: dict[str, Role] = {
    "system": "system",
    **dict.fromkeys(("human", "user"), "user"),
    **dict.fromkeys(("gpt", "assistant", "model", "chatgpt"), "assistant"),
    **dict.fromkeys(("tool", "observation", "function", "function_response", "ipython"), "tool"),
}
_FROM = {"system": "system", "user": "human", "assistant": "gpt", "tool": "tool"}
_RESPONSE = re.compile(r"<tool_response>\n?(.*?)\n?</tool_response>", re.DOTALL)
_RESPONSES = re.compile(rf"\s*(?:{_RESPONSE.pattern}\s*)+", re.DOTALL)
_TOOLS = re.compile(r"<tools>\s*(.*?)\s*</tools>", re.DOTALL)
_HERMES = HermesParser()


class ShareGpt(ConversationFormat):
    """ShareGPT's `{"conversations": [{"from": …, "value": …}]}`, with Hermes' calls as text.

    Also read: LLaMA-Factory's `function_call` and `observation`. Written calls stand in
    `<tool_call>` marks, so that the text beside them has no white space around it.
    """

    def parse(self, row: Mapping[str, Any]) -> list[ChatMessage]:
        given = row.get("conversations", row.get("conversation"))
        messages = []
        if isinstance(system := row.get("system"), str) and system:
            messages.append(ChatMessage("system", system))
        for item in as_list(given, "conversations"):
            messages += _messages(as_object(item, "a message"))
        return messages

    def names(self, row: Mapping[str, Any]) -> list[str]:
        if row.get("tools"):
            return tool_names(row["tools"])
        for item in row.get("conversations") or ():
            if _ROLES.get(item.get("from", item.get("role"))) == "system":
                listed = _TOOLS.search(text_of(item.get("value", item.get("content"))))
                try:
                    return tool_names(listed[1]) if listed else []
                except RowError:  # prose about tools is no list of them
                    return []
        return []

    def render(
        self, messages: Sequence[ChatMessage], tools: Sequence[dict[str, Any]]
    ) -> dict[str, Any]:
        row: dict[str, Any] = {"conversations": [_item(message) for message in messages]}
        return row | ({"tools": json.dumps(tools, ensure_ascii=False)} if tools else {})


def _messages(item: Mapping[str, Any]) -> Iterator[ChatMessage]:
    who = item.get("from", item.get("role"))
    text = text_of(item.get("value", item.get("content")))
    if who == "function_call":
        yield _function_calls(text)
        return
    role = role_of(who, _ROLES)
    if role == "assistant":
        yield hermes_turn(text)
    elif role == "tool" and _RESPONSES.fullmatch(text):
        yield from (ChatMessage(role, found[1]) for found in _RESPONSE.finditer(text))
    else:
        yield ChatMessage(role, text)


def _function_calls(text: str) -> ChatMessage:
    """LLaMA-Factory's: a call, or a list of calls, as JSON."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise RowError("a function_call is not JSON") from None
    given = [as_object(v, "a call") for v in (value if isinstance(value, list) else [value])]
    calls = [call_from(call.get("name"), call.get("arguments")) for call in given]
    return ChatMessage("assistant", "", calls)


def _item(message: ChatMessage) -> dict[str, Any]:
    value = message.content
    if message.role == "tool":
        value = result_marked(value)
    elif message.calls:
        value = _HERMES.render(value, message.calls)
        if (read := hermes_turn(value)).calls != bare(message.calls) or read.parse_failure:
            raise RowError("the text beside calls has marks of calls itself")
    return {"from": _FROM[message.role], "value": value}
