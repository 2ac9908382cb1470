"""The MCP environment: the tools of a Model Context Protocol server, and a file of tasks."""

from __future__ import annotations

import asyncio
import shlex
import weakref
from collections.abc import Iterable, Mapping
from copy import deepcopy
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import Field, model_validator

from mentor_core.contracts.component import Command
from mentor_core.contracts.env import Pending
from mentor_core.contracts.spaces import Observation
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import EndReason
from mentor_core.support.errors import ConfigError, nearest
from mentor_core.tools.tool import Tool, ToolError
from mentor_envs.functions.base import TaskFileEnv
from mentor_envs.mcp.content import shorten
from mentor_envs.mcp.session import McpSession, Server, list_tools
from mentor_toolkit.variables import expand

__all__ = ["Mcp"]

_REPLAY_SECONDS = 30.0


class Mcp(TaskFileEnv):
    """The tools of any Model Context Protocol server, and a file of tasks.

    Each episode has a session of its own; if a command starts the server, also a process of its
    own. A server that ends, or cannot be reached, ends the episode with `error` and the reason.
    """

    class Options(TaskFileEnv.Options):
        """Give a command or a URL. `${NAME}` is replaced by an environment variable.

        Replacement works in environment, headers and url, so that a configuration need not hold
        secrets.
        """

        command: Annotated[str | list[str], Command(unless="workspace")] = Field(
            "", description="starts a server that speaks over stdio"
        )
        environment: dict[str, str] = Field(
            default_factory=dict, description="variables for the command"
        )
        workspace: Path | None = Field(
            None, description="directory; the command runs in a fresh copy in each episode"
        )
        url: str = Field("", description="endpoint of a streamable HTTP server")
        headers: dict[str, str] = Field(default_factory=dict, description="of HTTP requests")
        tools: list[str] = Field(default_factory=list, description="tools to offer; empty: all")
        connect_seconds: float = Field(30.0, gt=0, description="time limit of connecting")
        keep_session: bool = Field(
            False, description="for servers without state: one session for many episodes in turn"
        )
        replayable: bool = Field(
            False, description="true: the server gives the same results for the same calls later"
        )
        result_characters: int = Field(10_000, gt=0, description="a longer result is cut")

        @model_validator(mode="after")
        def _one_server(self) -> Self:
            if bool(self.command) == bool(self.url):
                raise ValueError("give a command or a url, one of the two")
            return self

    name: ClassVar[str] = "mcp"
    options: Options

    def __init__(self, **arguments: Any) -> None:
        self._session: McpSession | None = None
        self._sessions: list[McpSession] = []  # not yet gone; the last may be the episode's
        super().__init__(**arguments)
        weakref.finalize(self, _end, self._sessions)  # also if the program ends without close

    def make_tools(self) -> Iterable[Tool]:
        """The server's tools, or the wanted ones; tools with unusable schemas are left out.

        Raises:
            ConfigError: the server cannot be asked, has no such tool, or has no usable tool.
        """
        described, left_out, _ = list_tools(self._server())
        for name in self.options.tools:
            if name not in described and name in left_out:
                problem = f"{name!r} cannot be used: {left_out[name]}"
                raise ConfigError(f"environment {self.name!r}: option 'tools': {problem}")
            if name not in described:
                near = nearest(name, described)
                raise ConfigError(f"environment {self.name!r}: option 'tools': no {name!r}{near}")
        return [
            Tool.from_schema(
                partial(self._call, name),
                name=name,
                parameters=_without_titles(described[name].input_schema),
                description=described[name].description or "",
            )
            for name in self.options.tools or described
        ]

    def start(self, task: Task) -> None:
        """Open the episode's session, without waiting: the policy's turn comes first."""
        if self._session is not None and self._is_kept(self._session):
            return
        self._leave()
        self._session = McpSession(self._server())
        self._sessions.append(self._session)

    def begin(self, action: str) -> Pending:
        """As `ToolEnv.begin`; waits for the session if there are calls."""
        pending = super().begin(action)
        if pending.jobs.calls and self._session is not None:
            self._session.wait_until_open()
        return pending

    def finish(self, pending: Pending) -> tuple[Observation, float, bool, bool, dict[str, Any]]:
        """As `ToolEnv.finish`; the episode ends if the server has failed.

        The end is then `error`, without an outcome, and `info` also holds the reason as `error`.
        """
        result = super().finish(pending)
        failure = self._session.failure if self._session is not None else None
        if pending.jobs.calls and failure is not None:
            played = self.trajectory
            played.end, played.outcome, played.error = "error", None, failure
            result = self.step_result(pending.turn)
        if self.end is not None:
            self._rest()
        return result

    def stop(self, end: EndReason) -> float | None:
        outcome = super().stop(end)
        self._rest()
        return outcome

    def restore(self, snapshot: Any) -> None:
        """As `ToolEnv.restore`; the same calls bring a new session to the same point."""
        super().restore(snapshot)
        self._rest()
        if self.task is None or self.end is not None:
            return
        self.start(self.task)
        if self._session is None or self.options.keep_session:
            return
        self._session.wait_until_open()
        for call in (call for turn in self.turns for call in turn.calls):
            if call.failure in (None, "tool_error"):
                try:
                    self._session.submit(call.name, call.arguments).result(_REPLAY_SECONDS)
                except (ToolError, TimeoutError):
                    continue  # as it may have failed in the episode

    def close(self) -> None:
        self._session = None
        _end(self._sessions)
        super().close()

    async def _call(self, name: str, /, **arguments: Any) -> str:
        if self._session is None:
            raise ToolError("the session is closed")
        limit = self.options.result_characters
        try:
            said = await asyncio.wrap_future(self._session.submit(name, arguments))
        except ToolError as error:
            raise ToolError(shorten(str(error), limit)) from error
        return shorten(said, limit)

    def _is_kept(self, session: McpSession) -> bool:
        return self.options.keep_session and session.failure is None

    def _rest(self) -> None:
        """Give up the episode's session, which is no longer needed."""
        if self._session is not None and not self._is_kept(self._session):
            self._leave()

    def _leave(self) -> None:
        """Let the episode's session end, without waiting for it."""
        if self._session is not None:
            self._session.close()
            self._session = None
        self._sessions[:] = [session for session in self._sessions if session.alive]

    def _server(self) -> Server:
        options, command = self.options, self.options.command
        words = shlex.split(command) if isinstance(command, str) else command
        return Server(
            command=tuple(words),
            environment=self._expand(options.environment),
            workspace=options.workspace,
            url=self._expand({"url": options.url})[0][1],
            headers=self._expand(options.headers),
            connect_seconds=options.connect_seconds,
        )

    def _expand(self, values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
        try:
            return tuple((key, expand(value)) for key, value in values.items())
        except ConfigError as error:
            raise ConfigError(f"environment {self.name!r}: {error}") from None


def _without_titles(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema without titles, which only repeat the names of properties."""
    schema = deepcopy(schema)
    for part in [schema, *schema.get("properties", {}).values()]:
        if isinstance(part, dict):
            part.pop("title", None)
    return schema


def _end(sessions: list[McpSession]) -> None:
    """Close all sessions, and wait until they have ended."""
    for session in sessions:
        session.close()
    for session in sessions:
        session.join()
    sessions.clear()
