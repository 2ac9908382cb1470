"""Alias and Renamed: a tool that a policy is shown under another name.

A call by the shown names has the same effect as a call by the own names. `Renamed` translates in
both directions, so that records, rewards and the domain's code use the own names alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mentor_core.support.errors import PluginError, nearest
from mentor_core.tools.tool import Tool

__all__ = ["Alias", "Renamed", "both_ways"]


@dataclass(frozen=True, slots=True)
class Alias:
    """The shown names of a tool.

    Attributes:
        name: the shown name.
        description: the shown description.
        parameters: own name of a parameter → shown name; other parameters keep their names.
    """

    name: str
    description: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def both_ways(shown: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Own name → shown name, and back: one to one for all names; other names do not change.

    A hidden own name means nothing to a policy that sees the shown names. So a hidden name is read
    as a name without an owner, and not by its usual meaning.

    Args:
        shown: own name → shown name; no two are the same.
    """
    hidden = [name for name in shown if name not in shown.values()]
    new = [name for name in shown.values() if name not in shown]
    to_shown = {**shown, **dict(zip(new, hidden, strict=True))}
    return to_shown, {name: own for own, name in to_shown.items()}


class Renamed(Tool):
    """A tool under the names of an alias; schema and refusals have the shown names.

    Args:
        tool: the tool that carries out the calls.
        alias: the shown names.

    Raises:
        PluginError: the alias names a parameter that the tool lacks, or gives two parameters one
            name.
    """

    def __init__(self, tool: Tool, alias: Alias) -> None:
        own = list(tool.parameters.get("properties", {}))
        for parameter in alias.parameters:
            if parameter not in own:
                raise PluginError(
                    f"the alias {alias.name!r} of tool {tool.name!r}: no parameter "
                    f"{parameter!r}{nearest(parameter, own)}"
                )
        shown = {name: alias.parameters.get(name, name) for name in own}
        if len(set(shown.values())) < len(own):
            raise PluginError(
                f"the alias {alias.name!r} of tool {tool.name!r}: two parameters have one name"
            )
        self._to_shown, self._to_own = both_ways(shown)
        self.tool = tool
        self.function, self.is_async = tool.function, tool.is_async
        self.name, self.description = alias.name, alias.description
        self._checked = tool.with_names(alias.name, alias.description, shown)
        self.parameters = self._checked.parameters

    def validate(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The function's keyword arguments under own names, from arguments under shown names.

        Raises:
            ToolError: an argument is missing, unknown or does not fit; named by its shown name.
        """
        self._checked.validate(arguments)
        return self.tool.validate(self.own(arguments))

    def own(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments under the tool's own names."""
        return {self._to_own.get(name, name): value for name, value in arguments.items()}

    def shown(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments under the names that the policy is shown."""
        return {self._to_shown.get(name, name): value for name, value in arguments.items()}
