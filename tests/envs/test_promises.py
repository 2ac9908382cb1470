"""Every built-in environment keeps what `mentor check-env` checks."""

import contextlib
import json
import sys

import pytest

from mentor_core.door.registry import ENVIRONMENTS, entries, load
from mentor_lab.environments.conformance import PROPERTIES, check_environment

BUILT_IN = [e.name for e in entries(ENVIRONMENTS) if e.distribution == "mentor-core"]
NOT_TESTED = {
    "webshop": {"secret"},  # its goals are no answers
}

SERVER = '''
from mcp.server.mcpserver import MCPServer

server = MCPServer("adder")

@server.tool()
def add(a: float, b: float) -> float:
    """Add a and b."""
    return a + b

server.run("stdio")
'''


def functions(folder):
    """Tools and tasks of one's own: the environment has none."""
    code = 'def add(a: int, b: int) -> int:\n    """a + b."""\n    return a + b\n'
    (folder / "my_tools.py").write_text(code)
    with (folder / "tasks.jsonl").open("w") as file:
        for n in range(20):
            call = {"name": "add", "arguments": {"a": 100 + n, "b": 300 + n}}
            row = {"prompt": f"{100 + n} and {300 + n}?", "answer": 400 + 2 * n, "calls": [call]}
            file.write(json.dumps(row) + "\n")
    return {"tools": str(folder / "my_tools.py"), "tasks_file": folder / "tasks.jsonl"}


def mcp(folder):
    """A server of one's own: every environment that is made would start another one."""
    (folder / "server.py").write_text(SERVER)
    rows = functions(folder)["tasks_file"].read_text().splitlines()
    (folder / "few.jsonl").write_text("\n".join(rows[::4]))
    command = f"{sys.executable} {folder / 'server.py'}"
    return {"command": command, "tasks_file": folder / "few.jsonl", "keep_session": True}


OPTIONS = {"functions": functions, "mcp": mcp}
EXAMPLES = {"mcp": 10}  # of 100: starting a server takes most of a second


@pytest.mark.slow
@pytest.mark.parametrize("name", BUILT_IN)
def test_it_keeps_every_promise(name, tmp_path):
    environment = load(ENVIRONMENTS, name)
    options = OPTIONS[name](tmp_path) if name in OPTIONS else {}
    inspection = check_environment(
        environment, options, registered=name, examples=EXAMPLES.get(name, 100)
    )
    assert not [str(verdict) for verdict in inspection.failed]
    tested = {verdict.property: verdict.tested for verdict in inspection.verdicts}
    assert {p for p in PROPERTIES if not tested[p]} == NOT_TESTED.get(name, set())
    if tested["expert"]:
        with contextlib.closing(environment(**options)) as made:
            assert tested["expert"] == len(made.tasks("eval")), "a task without an expert"
