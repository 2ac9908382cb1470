"""Alias and Renamed: a tool as a policy is shown it under another name.

Whoever calls the tool by its shown names does the same as by its own. `Renamed` translates in
both directions, so that records, rewards and the domain's own code know the own names alone.
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
    """What a tool is called instead.

    Attributes:
        name: the shown name.
        description: the shown description.
        parameters: own name of a parameter → shown name; the others keep theirs.
    """

    name: str
    description: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def both_ways(shown: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Own name → shown name and back, one to one for any name at all; those not in it stay.

    An own name that is not shown means nothing to who is shown the others. So it is taken for a
    name that nobody owns, and not for what it would mean elsewhere.

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
        tool: what the calls are carried out by.
        alias: the shown names.

    Raises:
        PluginError: the alias names a parameter that the tool lacks, or two get one name.
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
        """The keyword arguments for the function, under its own names, of shown ones.

        Raises:
            ToolError: an argument is missing, unknown or does not fit; in the shown names.
        """
        self._checked.validate(arguments)
        return self.tool.validate(self.own(arguments))

    def own(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments under the tool's own names."""
        return {self._to_own.get(name, name): value for name, value in arguments.items()}

    def shown(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments under the names that the policy is shown."""
        return {self._to_shown.get(name, name): value for name, value in arguments.items()}
