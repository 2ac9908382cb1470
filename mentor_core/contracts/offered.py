"""Offered: the tools of an episode under their shown names, and the translation back.

In the shift `tools`, a policy reads and writes other names of tools. The domain's code, experts,
references and reward terms use the tools' own names. `Offered` translates between the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mentor_core.contracts.trajectory import Call
from mentor_core.support.errors import PluginError
from mentor_core.tools.renamed import Alias, Renamed, both_ways
from mentor_core.tools.tool import Tool

__all__ = ["Offered"]


class Offered:
    """Tools under the names that the policy is shown.

    Args:
        env: the environment's name, for messages.
        tools: own name → tool.
        aliases: own name → alias; tools without an alias keep their names.

    Attributes:
        tools: shown name → tool, in the same order.

    Raises:
        PluginError: two tools have one name, or an alias names a parameter that is not there.
    """

    def __init__(self, env: str, tools: Mapping[str, Tool], aliases: Mapping[str, Alias]) -> None:
        made = {
            own: Renamed(tool, aliases[own]) if own in aliases else tool
            for own, tool in tools.items()
        }
        self.tools = {tool.name: tool for tool in made.values()}
        if len(self.tools) < len(made):
            names = [tool.name for tool in made.values()]
            twice = next(name for name in names if names.count(name) > 1)
            raise PluginError(
                f"environment {env!r}: an alias gives a second tool the name {twice!r}"
            )
        self._to_shown, self._to_own = both_ways({own: tool.name for own, tool in made.items()})

    def read(self, call: Call) -> None:
        """Change a call that a policy wrote to the own names of tool and arguments."""
        tool = self.tools.get(call.name)
        if isinstance(tool, Renamed):
            call.arguments = tool.own(call.arguments)
        call.name = self._to_own.get(call.name, call.name)

    def shown(self, call: Call) -> Call:
        """A copy of a call with shown names in place of own names: the inverse of `read`."""
        name = self._to_shown.get(call.name, call.name)
        tool = self.tools.get(name)
        arguments = tool.shown(call.arguments) if isinstance(tool, Renamed) else call.arguments
        return replace(call, name=name, arguments=arguments)
