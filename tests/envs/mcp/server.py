"""A small MCP server, with ways to misbehave. Run: server.py [--port PORT]; stdio without."""

import os
import sys
import time
from pathlib import Path

from mcp.server.mcpserver import Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError

server = MCPServer("small")
count = 0


@server.tool()
def add(a: float, b: float) -> float:
    """Add two numbers.

    Args:
        a: the first.
        b: the second.
    """
    return a + b


@server.tool()
def bump(by: int = 1) -> str:
    """Add to this process's counter and return it."""
    global count
    count += by
    return f"count {count}"


@server.tool()
def write(text: str) -> str:
    """Add to the file notes.txt; returns all of it."""
    with Path("notes.txt").open("a") as file:
        file.write(text)
    return Path("notes.txt").read_text()


@server.tool()
def refuse(why: str) -> str:
    """Always fail."""
    raise ToolError(why)


@server.tool()
def crash() -> str:
    """End the process."""
    sys.stderr.write("out of cheese\n")
    sys.stderr.flush()
    os._exit(3)


@server.tool()
def hang() -> str:
    """Take very long."""
    time.sleep(600)
    return "at last"


@server.tool()
def long(characters: int) -> str:
    """A long text."""
    return "x" * characters


@server.tool()
def picture() -> list:
    """A picture, and a word."""
    return [Image(data=b"GIF89a", format="gif"), "a dot"]


@server.tool()
def variable(key: str) -> str:
    """An environment variable."""
    return os.environ.get(key, "")


if __name__ == "__main__":
    if "--port" in sys.argv:
        server.run("streamable-http", port=int(sys.argv[sys.argv.index("--port") + 1]))
    else:
        server.run("stdio")
