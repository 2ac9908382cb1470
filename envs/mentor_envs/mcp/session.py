"""A session with an MCP server, on a thread of its own.

The official `mcp` package is async, and the task that enters a context must also leave it. So a
session is one thread with one event loop and one task. The task connects, waits until the session
is to close, and leaves all contexts in turn. Calls are sent into that loop from outside. Every end
of a session also ends its server process (or connection) and its thread, and removes its files.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    nullcontext,
    suppress,
)
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO, TypeVar, cast

from mentor_core.support.errors import ConfigError
from mentor_core.tools.tool import ToolError
from mentor_envs.mcp.content import explain, render
from mentor_envs.mcp.oddities import OnlyUsable
from mentor_toolkit.extras import require

if TYPE_CHECKING:
    from mcp import Client
    from mcp.types import Tool as Description

__all__ = ["Listing", "McpSession", "Server", "list_tools"]

_STARTING = threading.BoundedSemaphore(max(4, os.cpu_count() or 1))
"""Most servers that start at a time: a hundred at once would hardly get any processor time."""
logging.getLogger("mcp").addHandler(logging.NullHandler())
"""This logger writes tracebacks of errors that mentor reports in one line."""
_log = logging.getLogger(__name__)
_CLOSE_SECONDS = 10.0
_BARREN_PAGES = 10  # of a list of tools, one after another without a new tool
_CLOSED = "Connection closed"  # what `mcp` says itself
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Server:
    """The way to reach a server: a command that starts it, or a URL.

    Attributes:
        command: program and arguments; the server uses stdin and stdout.
        environment: variables for the program, besides the few that are always inherited.
        workspace: directory; each session works in a copy of it.
        url: endpoint of a streamable HTTP server, if there is no command.
        headers: headers of every HTTP request.
        connect_seconds: time limit of starting and connecting.
    """

    command: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()
    workspace: Path | None = None
    url: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    connect_seconds: float = 30.0

    def __str__(self) -> str:
        return self.url or " ".join(self.command)


class Listing(NamedTuple):
    """The tools of a server.

    Attributes:
        tools: name → the server's description.
        left_out: name of an unusable tool → the reason.
        endless: true if the server never ended the list.
    """

    tools: dict[str, Description]
    left_out: dict[str, str]
    endless: bool


class McpSession:
    """A session, which connects at once: `wait_until_open`, then `submit` calls, then `close`.

    Attributes:
        failure: why the session cannot be used (any more); None if it can, or was closed.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self.failure: str | None = None
        self._opened = threading.Event()
        self._closed = False
        self._closing = asyncio.Event()
        self._client: Client | None = None
        self._stream: OnlyUsable | None = None
        self._loop = asyncio.new_event_loop()
        self._connecting: asyncio.Timeout | None = None
        self._thread = threading.Thread(target=self._run, name="mentor-mcp", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """True if the session's thread still runs."""
        return self._thread.is_alive()

    def wait_until_open(self) -> None:
        """Return once the session is open or has failed; the waiting time is bounded."""
        self._opened.wait()

    def submit(self, name: str, arguments: dict[str, Any]) -> Future[str]:
        """Call a tool; the future gives the result.

        The future raises ToolError if the tool failed or refused. `failure` is set if the session
        failed, too.
        """
        return self._submit(lambda client: self._call(client, name, arguments))

    def list_tools(self) -> Listing:
        """The server's tools, and the unusable ones that are left out.

        Raises:
            ToolError: the server cannot be asked, or exceeds the time limit of connecting.
        """
        self.wait_until_open()
        try:
            return self._submit(self._list_tools).result(self.server.connect_seconds)
        except TimeoutError:
            limit = self.server.connect_seconds
            raise ToolError(f"did not list its tools within {limit:g} s") from None

    def close(self) -> None:
        """Begin to end the session, without waiting."""
        self._closed = True
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._stop)

    def join(self) -> None:
        """Wait until a closed session has ended."""
        self._thread.join(_CLOSE_SECONDS)

    def _submit(self, ask: Callable[[Client], Coroutine[Any, Any, T]]) -> Future[T]:
        client = self._client
        if client is None or self._closed or self.failure is not None:
            refused: Future[T] = Future()
            refused.set_exception(ToolError(self.failure or "the session is closed"))
            return refused
        return asyncio.run_coroutine_threadsafe(ask(client), self._loop)

    async def _call(self, client: Client, name: str, arguments: dict[str, Any]) -> str:
        from mcp import MCPError
        from mcp.types import CONNECTION_CLOSED

        try:
            result = await client.call_tool(name, arguments)
        except MCPError as error:
            # Servers use the same code for errors of their own.
            if error.code == CONNECTION_CLOSED and error.message == _CLOSED:
                self.failure = self._last_words("ended in the middle of the episode")
                raise ToolError(self.failure) from error
            raise ToolError(error.message) from error
        except (ValueError, RuntimeError) as error:
            raise ToolError(f"the server's answer is not valid: {explain(error)}") from error
        except Exception as error:  # each transport has errors of its own: the episode ends with it
            self.failure = self._last_words(f"cannot be reached any more: {explain(error)}")
            raise ToolError(self.failure) from error
        text = render(result)
        if result.is_error:
            raise ToolError(text)
        return text

    async def _list_tools(self, client: Client) -> Listing:
        found: dict[str, Description] = {}
        left_out: dict[str, str] = {}
        cursor, seen, barren, endless = None, set(), 0, False
        while not endless:
            page = await client.list_tools(cursor=cursor)
            barren = 0 if any(tool.name not in found for tool in page.tools) else barren + 1
            for tool in page.tools:
                if tool.name in found and cursor is None:
                    left_out[tool.name] = "there is another one of that name"
                found.setdefault(tool.name, tool)
            cursor = page.next_cursor
            if not cursor:
                break
            endless = cursor in seen or barren > _BARREN_PAGES
            seen.add(cursor)
        if self._stream is not None:
            left_out |= self._stream.left_out
        return Listing(found, left_out, endless)

    def _run(self) -> None:
        """The main function of the thread."""
        while not _STARTING.acquire(timeout=0.1):
            if self._closed:
                self._loop.close()
                self._opened.set()
                return
        waiting = [_STARTING.release]

        def started() -> None:
            self._opened.set()
            if waiting:
                waiting.pop()()

        with tempfile.TemporaryFile("w+", errors="replace") as self._log:
            try:
                with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                    runner.run(self._live(started))
            except BaseException as error:  # noqa: BLE001 - whatever it is, the episode is told
                if not self._closed:
                    self.failure = self.failure or self._last_words(explain(error))
            finally:
                self._client = None
                started()

    async def _live(self, started: Callable[[], None]) -> None:
        from mcp import Client

        if self._closed:
            return
        limit = self.server.connect_seconds
        async with AsyncExitStack() as stack:
            # A process is never cancelled while it starts or ends: it would be left behind.
            streams = await stack.enter_async_context(
                _transport(self.server, cast(TextIO, self._log))
            )
            try:
                async with asyncio.timeout(limit) as self._connecting:
                    read, write = streams
                    self._stream = OnlyUsable(read)
                    client = Client(nullcontext((self._stream, write)))
                    self._client = await stack.enter_async_context(client)
            except TimeoutError:
                raise TimeoutError(f"did not connect within {limit:g} s") from None
            finally:
                self._connecting = None
            started()
            await self._closing.wait()

    def _stop(self) -> None:
        self._closing.set()
        if self._connecting is not None:
            self._connecting.reschedule(self._loop.time())

    def _last_words(self, problem: str) -> str:
        """A sentence on the problem, with the last line that the server wrote to stderr."""
        self._log.seek(0, os.SEEK_END)
        self._log.seek(max(0, self._log.tell() - 4000))
        lines = [line.strip() for line in self._log.read().splitlines() if line.strip()]
        said = f"; its last words: {lines[-1][-300:]}" if lines else ""
        return f"the MCP server {self.server}: {problem}{said}"


@cache
def list_tools(server: Server) -> Listing:
    """The tools of a server, which is asked once in a process; logs the tools left out.

    Raises:
        ConfigError: `mcp` is not installed, the server cannot be started or asked, or none of its
            tools can be used; says why.
    """
    require("environment 'mcp'", "mcp", "mcp")
    session = McpSession(server)
    try:
        listing = session.list_tools()
    except ToolError as error:
        raise ConfigError(str(error)) from None
    finally:
        session.close()
        session.join()
    reasons = [f"tool {name!r} is left out: {why}" for name, why in listing.left_out.items()]
    if reasons and not listing.tools:
        raise ConfigError(f"the MCP server {server} has no usable tool: {'; '.join(reasons)}")
    if listing.endless:
        reasons.append(f"its list of tools has no end: the first {len(listing.tools)} are taken")
    for reason in reasons:
        _log.warning("the MCP server %s: %s", server, reason)
    return listing


def _transport(server: Server, log: TextIO) -> AbstractAsyncContextManager[Any]:
    return _process(server, log) if server.command else _http(server)


@asynccontextmanager
async def _process(server: Server, log: TextIO) -> Any:
    from mcp import StdioServerParameters
    from mcp.client.stdio import stdio_client

    program, *arguments = server.command
    with tempfile.TemporaryDirectory(prefix="mentor-mcp-") as folder:
        if server.workspace is not None:
            shutil.copytree(server.workspace, folder, dirs_exist_ok=True)
        parameters = StdioServerParameters(
            command=program,
            args=arguments,
            env=dict(server.environment),
            cwd=folder if server.workspace is not None else None,
        )
        async with stdio_client(parameters, errlog=log) as streams:
            yield streams


@asynccontextmanager
async def _http(server: Server) -> Any:
    import httpx2
    from mcp.client.streamable_http import streamable_http_client

    timeout = httpx2.Timeout(server.connect_seconds, read=None)  # a call has a limit of its own
    async with (
        httpx2.AsyncClient(headers=dict(server.headers), timeout=timeout) as client,
        streamable_http_client(server.url, http_client=client) as streams,
    ):
        yield streams
