"""Tools from typed functions, in files, modules or memory."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import ModuleType
from typing import Annotated, Any

from mentor_core.contracts.component import NamesCode
from mentor_core.support.errors import ConfigError, PluginError
from mentor_core.support.user_code import load_object
from mentor_core.tools.tool import Tool

__all__ = ["Source", "load_tools"]

Source = Annotated[str, NamesCode()] | Tool | Callable[..., Any]


def load_tools(
    given: Source | Sequence[Source], leave_out: Callable[..., Any] | None = None
) -> list[Tool]:
    """The tools that a setting names.

    Args:
        given: a function, a `Tool`, `my_tools.py`, `my_tools.py:NAME` or `module:NAME`, or a list
            of these. A file or module stands for its `TOOLS`; without `TOOLS`, for the public
            functions that it defines. NAME is a function or a list of functions.
        leave_out: a function that is no tool (a verifier beside the tools, say).

    Raises:
        ConfigError: code cannot be loaded, there is no tool, or two have the same name.
        PluginError: a function cannot be a tool; says why, and names its source.
    """
    tools: dict[str, Tool] = {}
    for source in [given] if isinstance(given, str | Tool) or callable(given) else given:
        where = source if isinstance(source, str) else "tools"
        found = load_object(source) if isinstance(source, str) else source
        members = [item for item in _members(found) if item is not leave_out]
        if not members:
            raise ConfigError(f"{where}: no function that could be a tool")
        for tool in _make_tools(members, where):
            if tool.name in tools:
                raise ConfigError(f"{where}: there are two tools {tool.name!r}")
            tools[tool.name] = tool
    if not tools:
        raise ConfigError("there is no tool")
    return list(tools.values())


def _members(found: Any) -> Sequence[Any]:
    if isinstance(found, ModuleType):
        listed = getattr(found, "TOOLS", None)
        if listed is not None:
            return list(listed)
        return [
            value
            for name, value in vars(found).items()
            if inspect.isfunction(value)
            and value.__module__ == found.__name__
            and not name.startswith("_")
        ]
    return list(found) if isinstance(found, list | tuple) else [found]


def _make_tools(members: Iterable[Any], where: str) -> Iterator[Tool]:
    for member in members:
        if isinstance(member, Tool):
            yield member
            continue
        if not callable(member) or inspect.isclass(member):
            raise ConfigError(f"{where}: expected functions, got {member!r}")
        try:
            yield Tool(member)
        except PluginError as error:
            hint = "; where not every public function is a tool, list them in TOOLS"
            raise PluginError(f"{where}: {error}{hint if ':' not in where else ''}") from None
