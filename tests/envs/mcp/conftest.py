"""What the tests of mcp share: environments that leave nothing behind."""

from __future__ import annotations

import json

import pytest

from mentor_envs.mcp.env import Mcp

from .playing import SMALL, children, threads

SUM = {"name": "add", "arguments": {"a": 40, "b": 2}}
ROWS = [
    {"prompt": "40 + 2?", "answer": 42, "calls": [SUM]},
    {"prompt": "Call something.", "answer": "x", "split": "eval"},
]


@pytest.fixture(scope="module")
def tasks_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("mcp") / "tasks.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)))
    return path


@pytest.fixture
def make(tasks_file):
    made = []

    def make(**options):
        if "url" not in options:
            options = {"command": SMALL, **options}
        made.append(Mcp(**{"tasks_file": tasks_file, **options}))
        return made[-1]

    yield make
    for env in made:
        env.close()
    assert threads() == [], "a closed environment leaves no thread"
    assert children() == [], "a closed environment leaves no process"
