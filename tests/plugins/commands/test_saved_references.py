"""A run says what became of the references that were saved: replayed, refused, or trusted."""

import json
import time

import pytest

from mentor_core.contracts.trajectory import format_trajectory
from mentor_envs.functions.env import Functions
from mentor_toolkit.scripts import play_expert

TOOLS = """
import time

def price(fruit: str) -> int:
    \"\"\"Price of a fruit.\"\"\"
    return {"apple": 3, "pear": 4}[fruit]

def now() -> int:
    \"\"\"How late is it?\"\"\"
    return time.time_ns()
"""
PEAR = [{"name": "price", "arguments": {"fruit": "pear"}}]
TASKS = [
    {"prompt": "What is a pear?", "answer": 4, "calls": PEAR, "split": "train"},
    {"prompt": "How late is it?", "answer": 1, "calls": [{"name": "now"}], "split": "train"},
]


@pytest.fixture
def given(tmp_path, monkeypatch):
    """Tools, tasks, and a file of a teacher's episodes; the arguments of a run with them."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tools.py").write_text(TOOLS)
    (tmp_path / "tasks.jsonl").write_text("".join(json.dumps(task) + "\n" for task in TASKS))
    env = Functions(tools="tools.py", tasks_file="tasks.jsonl")
    played = [play_expert(env, task) for task in env.tasks("train")]
    (tmp_path / "teacher.jsonl").write_text("".join(map(format_trajectory, played)))
    options = [
        "env_options.tools=tools.py",
        "source=saved",
        "source_options.files=['teacher.jsonl']",
    ]
    return ["--env", "functions", "--tasks", "tasks.jsonl", *(f"--set={o}" for o in options)]


def test_what_a_clock_said_is_refused_with_what_to_look_at(mentor, given):
    err = mentor("run", "--dry-run", *given).err
    assert "1 reference(s) not used: other results when replayed (the first: task 'row-2'" in err
    assert "now" in err and "trust" not in err


def test_tools_that_ask_a_clock_can_say_so(mentor, given):
    err = mentor("run", "--dry-run", *given, "--set=env_options.replayable=false").err
    assert err == "2 reference(s) of functions taken on trust: they cannot be replayed\n"


def test_other_tools_make_other_references(mentor, given, tmp_path):
    time.sleep(0.01)  # the file's time tells that it has changed
    (tmp_path / "tools.py").write_text(TOOLS.replace('"pear": 4', '"pear": 5'))
    err = mentor("run", "--dry-run", *given, code=2).err
    assert "2 other results when replayed" in err and "'5'" in err and "'4'" in err
