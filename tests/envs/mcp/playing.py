"""What the tests of mcp play with: a small server, and what it leaves behind."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

from mentor_core.contracts.trajectory import Call

SMALL = [sys.executable, str(Path(__file__).with_name("server.py"))]


def threads():
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("mentor-mcp")]


def children():
    """Command lines of this process's children that are MCP servers."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            command = path.with_name("cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
        if parent == os.getpid() and ("server.py" in command or "mcp_server" in command):
            found.append(command)
    return found


def call(env, name, **arguments):
    """Play one call; what the policy is shown, and info."""
    (message, *_), *_, info = env.step(env.parser.render("", [Call(name, arguments)]))
    return message["content"], info
