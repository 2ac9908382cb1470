"""Oddities: removes unusable tools from the messages of MCP servers.

The `mcp` package refuses a whole list of tools if one of them is malformed, and reads the list
again with every call. So one malformed tool would make all others unusable.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any, Self

from pydantic import ValidationError

from mentor_core.support.errors import PluginError
from mentor_core.tools.tool import Tool

__all__ = ["OnlyUsable"]

_VERSION = "2025-11-25"  # as in `mcp`, if a server names none


class OnlyUsable:
    """The stream of a server's messages, without the tools that cannot be used.

    Attributes:
        left_out: name of such a tool → the reason why it cannot be used.
    """

    def __init__(self, stream: Any) -> None:
        self.left_out: dict[str, str] = {}
        self._stream = stream
        self._version = _VERSION

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        return self._clean(await self._stream.__anext__())

    async def __aenter__(self) -> Self:
        await self._stream.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> bool | None:
        left: bool | None = await self._stream.__aexit__(*error)
        return left

    async def receive(self) -> Any:
        """The next message."""
        return self._clean(await self._stream.receive())

    def _clean(self, item: Any) -> Any:
        result = getattr(getattr(item, "message", None), "result", None)
        if isinstance(result, dict):
            self._version = str(result.get("protocolVersion", self._version))
            if isinstance(result.get("tools"), list):
                result["tools"] = [
                    tool for tool in result["tools"] if self._is_usable(tool, result)
                ]
        return item

    def _is_usable(self, tool: Any, listed: Mapping[str, Any]) -> bool:
        """True if the client accepts the tool, and its schema can check calls."""
        from mcp.types import Tool as Description
        from mcp_types.methods import validate_server_result

        name = tool.get("name") if isinstance(tool, dict) else None
        try:
            validate_server_result("tools/list", self._version, {**listed, "tools": [tool]})
            read = Description.model_validate(tool)
            Tool.from_schema(_nothing, name=read.name, parameters=read.input_schema)
            _check_references(read.input_schema)
        except (KeyError, ValueError, RecursionError, PluginError) as error:
            self.left_out.setdefault(textwrap.shorten(str(name), 60), _reason(error))
            return False
        return True


def _nothing() -> None:
    """Stands for the call in `Tool.from_schema`."""


def _check_references(schema: dict[str, Any]) -> None:
    """Raises ValueError if a `$ref` points out of the schema: no call could be checked."""
    from referencing import Registry
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    resource = DRAFT202012.create_resource(schema)
    resolver = Registry().with_resource("", resource).resolver()
    for reference in _references(schema):
        try:
            resolver.lookup(reference)
        except Unresolvable:
            raise ValueError(f"$ref {reference!r} points out of it") from None


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"]
        schema = list(schema.values())
    if isinstance(schema, list):
        for part in schema:
            yield from _references(part)


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"] if part not in ("tools", 0))
        return textwrap.shorten(f"{where}: {first['msg'].lower()}", 200)
    return textwrap.shorten(str(error).partition("': ")[2] or str(error), 200)
