"""Content: replies of an MCP server, as text that a policy can read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcp.types import CallToolResult

__all__ = ["explain", "render", "shorten"]


def render(result: CallToolResult) -> str:
    """The text of a result; parts that are no text are named in brackets."""
    parts = [_part(block) for block in result.content]
    if not parts and result.structured_content is not None:
        return json.dumps(result.structured_content, ensure_ascii=False)
    return "\n".join(parts)


def shorten(text: str, limit: int) -> str:
    """The first `limit` characters, and how many were left out."""
    left = len(text) - limit
    return text if left <= 0 else f"{text[:limit]}\n[{left} more characters]"


def explain(error: BaseException) -> str:
    """An error in one line; of a group of errors the first."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    text = str(error).strip().partition("\n")[0]
    if text and isinstance(error, OSError):  # a TimeoutError is one
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _part(block: Any) -> str:
    match block.type:
        case "text":
            return str(block.text)
        case "resource" if hasattr(block.resource, "text"):
            return str(block.resource.text)
        case "resource":
            return f"[resource {block.resource.uri}]"
        case "resource_link":
            return f"[link {block.uri}]"
        case kind:
            return f"[{kind} {getattr(block, 'mime_type', '')}]".replace(" ]", "]")
