"""The functions environment: bring your own tools, and a file of tasks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from pydantic import ConfigDict, Field

from mentor_core.support.errors import ConfigError
from mentor_core.tools.tool import Tool
from mentor_envs.functions.base import TaskFileEnv
from mentor_envs.functions.tools import Source, load_tools

__all__ = ["Functions"]


class Functions(TaskFileEnv):
    """Your own Python functions as tools, and a file of tasks.

    A tool must not keep data of an episode between calls, as many episodes are played at a time.
    For tools with state write a `ToolEnv`.
    """

    class Options(TaskFileEnv.Options):
        """A subclass that gives these defaults is an environment with a name of its own."""

        model_config = ConfigDict(arbitrary_types_allowed=True)

        tools: Source | list[Source] = Field(
            description="my_tools.py, my_tools.py:NAME, module:NAME, functions, or a list of them"
        )

    name: ClassVar[str] = "functions"
    options: Options

    def make_tools(self) -> Iterable[Tool]:
        """The functions.

        Raises:
            ConfigError, PluginError: the functions cannot be loaded, or cannot be tools.
        """
        verifier = self.verifier
        try:
            return load_tools(self.options.tools, leave_out=verifier)
        except ConfigError as error:
            raise ConfigError(f"environment {self.name!r}: option 'tools': {error}") from error
