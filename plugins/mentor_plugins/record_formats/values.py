"""Values of rows: texts, calls and tools, as they are found in the formats of chat messages."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from mentor_core.contracts.trajectory import Call
from mentor_core.contracts.written_calls import unsound
from mentor_core.support.errors import RowError
from mentor_toolkit.arguments import arguments_object

__all__ = [
    "Role",
    "as_list",
    "as_object",
    "call_from",
    "result_marked",
    "role_of",
    "text_of",
    "thought",
    "tool_names",
    "tool_schemas",
]

Role = Literal["system", "user", "assistant", "tool"]

_PART_TEXTS = {
    **dict.fromkeys(("text", "input_text", "output_text", "reasoning_text"), "text"),
    "summary_text": "text",
    "refusal": "refusal",
}


def call_from(name: Any, arguments: Any) -> Call:
    """A call from a name and arguments, which may be JSON text.

    Raises:
        RowError: the name is no text, or the arguments are no object.
    """
    if not isinstance(name, str) or not name:
        raise RowError("a call has no name")
    given = arguments_object(arguments)
    if given is None or unsound([name, given]):
        raise RowError("a call's arguments are not a JSON object of at most 100 levels")
    return Call(name, given)


def text_of(content: Any) -> str:
    """The text of a message's content: text, or parts of text.

    Raises:
        RowError: the content has another part, an image, say.
    """
    if content is None or isinstance(content, str):
        return content or ""
    texts = []
    for part in content if isinstance(content, list) else [content]:
        kind = type(part).__name__
        if isinstance(part, dict):
            kind = part.get("type", "text" if "text" in part else "object")
        text = part if isinstance(part, str) else None
        if isinstance(part, dict) and isinstance(kind, str):
            text = part.get(_PART_TEXTS.get(kind, ""))
        if not isinstance(text, str):
            raise RowError(f"a part of a message is of type {kind!r}, which is not text")
        texts.append(text)
    return "".join(texts)


def thought(thinking: str, content: str) -> str:
    """A turn's text from its thinking and its content."""
    if not thinking:
        return content
    return f"<think>\n{thinking}\n</think>" + (f"\n\n{content}" if content else "")


def tool_names(tools: Any) -> list[str]:
    """Names of the tools of a row: schemas in any of the usual forms, or JSON text of them.

    Raises:
        RowError: the value is something else.
    """
    if isinstance(tools, str):
        try:
            tools = json.loads(tools) if tools.strip() else None
        except (ValueError, RecursionError):
            raise RowError("tools is not JSON") from None
    names = []
    for tool in tools or [] if isinstance(tools, list | None) else [None]:
        function = tool.get("function") or tool if isinstance(tool, dict) else None
        name = function.get("name") if isinstance(function, dict) else None
        if not isinstance(name, str):
            raise RowError("tools is not a list of tools with names")
        names.append(name)
    return names


def tool_schemas(tools: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Schemas as `ToolEnv.schemas` has them, from the same or from bare functions."""
    return [
        tool if "function" in tool else {"type": "function", "function": tool} for tool in tools
    ]


def as_object(value: Any, what: str) -> dict[str, Any]:
    """A value that must be an object.

    Raises:
        RowError: the value is no object.
    """
    if not isinstance(value, dict):
        raise RowError(f"{what} is not an object")
    return value


def as_list(value: Any, what: str) -> list[Any]:
    """A value that must be a list.

    Raises:
        RowError: the value is no list.
    """
    if not isinstance(value, list):
        raise RowError(f"{what} is not a list")
    return value


def role_of(given: Any, roles: Mapping[str, Role]) -> Role:
    """The role that a format's word stands for.

    Raises:
        RowError: the word is unknown.
    """
    role = roles.get(given) if isinstance(given, str) else None
    if role is None:
        raise RowError("a message has no role that is known")
    return role


def result_marked(content: str) -> str:
    """A tool's message as text, for formats whose tool messages need a call."""
    return f"<tool_response>\n{content}\n</tool_response>"
