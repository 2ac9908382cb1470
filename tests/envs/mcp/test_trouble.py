"""Servers that crash, hang or talk rubbish end an episode, never the run."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

pytest.importorskip("mcp", reason="needs the extra mcp")

from mentor_core.contracts.execution import ToolExecutor
from mentor_core.door.registry import POLICIES, SOURCES, create
from mentor_core.play.rollout import Rollout, Start
from mentor_core.support.errors import ConfigError

from .playing import SMALL, call


def test_a_crash_ends_the_episode_with_the_reason(make):
    env = make()
    env.reset()
    said, info = call(env, "crash")
    assert info["end"] == "error"
    assert info["outcome"] is None
    assert "ended in the middle of the episode; its last words: out of cheese" in info["error"]
    assert said == f"Error: {info['error']}"
    env.reset()  # the next episode is not concerned
    assert call(env, "bump")[0] == "count 1"


@pytest.mark.slow
def test_a_crash_does_not_end_the_run(make):
    env = make()
    turns = ['<tool_call>{"name": "crash", "arguments": {}}</tool_call>']
    rollout = Rollout(make, create(POLICIES, "scripted", {"turns": turns}), max_error_share=1.0)
    policy = rollout.policy
    policy.prepare(None, None, None)
    starts = [Start(task, seed) for seed, task in enumerate(env.tasks("train") * 3)]
    trajectories = rollout.run(starts)
    rollout.close()
    for trajectory in trajectories:
        assert (trajectory.end, trajectory.outcome) == ("error", None)
        assert "out of cheese" in trajectory.error
        assert trajectory.turns[0].calls[0].failure == "tool_error"


@pytest.mark.slow
def test_an_expert_whose_server_crashes_is_no_reference(make, tmp_path):
    rows = [{"prompt": "?", "answer": "x", "calls": [{"name": "crash"}], "split": "train"}]
    (tmp_path / "tasks.jsonl").write_text(json.dumps(rows[0]))
    env = make(tasks_file=tmp_path / "tasks.jsonl")
    ((reference,),) = create(SOURCES, "expert").find(env.tasks("train"), env).values()
    assert (reference.end, reference.outcome) == ("error", None)


@pytest.mark.slow
def test_a_server_that_hangs_is_a_failed_call(make):
    env = make()
    env._executor = ToolExecutor(limit_seconds=1.0)
    env.reset()
    call(env, "bump")
    started = time.monotonic()
    said, _ = call(env, "hang")
    assert said == "Error: hang took longer than 1 s"
    env.close()
    assert time.monotonic() - started < 15


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("no-such-program --flag", "No such file"),
        ([sys.executable, "-c", "raise SystemExit('no licence')"], "its last words: no licence"),
        ([sys.executable, "-c", "import time; time.sleep(60)"], "did not connect within 2 s"),
        ([sys.executable, "-c", "print('hello\\n' * 9); input(); input()"], "2 s|Connection"),
        ([sys.executable, "-c", "import sys; sys.stdout.buffer.write(bytes(99999))"], "2 s|Conn"),
    ],
)
def test_a_server_that_does_not_start_is_told_at_once(make, command, problem):
    started = time.monotonic()
    with pytest.raises(ConfigError, match=problem):
        make(command=command, connect_seconds=2)
    assert time.monotonic() - started < 20


@pytest.mark.slow
def test_a_server_that_stops_starting_ends_the_episodes(make, tmp_path):
    switch = tmp_path / "switch"
    code = f"import pathlib,runpy; assert not pathlib.Path({str(switch)!r}).exists(), 'closed'\n"
    code += f"runpy.run_path({SMALL[1]!r}, run_name='__main__')"
    env = make(command=[sys.executable, "-c", code])
    switch.touch()
    env.reset()  # does not wait
    _, info = call(env, "bump")
    assert info["end"] == "error"
    assert "AssertionError: closed" in info["error"]
    env.reset()
    assert env.step("Answer: x")[-1]["end"] == "answered"  # without a call nothing is missing


@pytest.mark.slow
def test_rubbish_in_the_middle_is_no_hang(make, tmp_path):
    # Answers the handshake, then says nonsense to every call.
    fake = tmp_path / "fake_server.py"
    fake.write_text(FAKE)
    (tmp_path / "tasks.jsonl").write_text('{"prompt": "?"}')
    env = make(command=[sys.executable, str(fake)], tasks_file=tmp_path / "tasks.jsonl")
    env._executor = ToolExecutor(limit_seconds=2.0)
    for how, expected in [
        ("shape", "the server's answer is not valid"),
        ("error", "Error: out of order"),
        ("text", "took longer than 2 s"),
    ]:
        env.reset()
        said, info = call(env, "talk", how=how)
        assert expected in said, how
        assert info["calls"][0].failure in ("tool_error", "timeout")


@pytest.mark.slow
def test_a_server_that_says_nothing_but_rubbish_is_told_in_one_line(tasks_file, tmp_path):
    server = tmp_path / "rubbish.py"
    server.write_text("while True:\n    input()\n    print('rubbish', flush=True)\n")
    program = (
        "from mentor_envs.mcp.env import Mcp\nfrom mentor_core.support.errors import ConfigError\n"
        f"command = {[sys.executable, str(server)]!r}\ntry:\n"
        f"    Mcp(command=command, tasks_file={str(tasks_file)!r}, connect_seconds=3)\n"
        "except ConfigError as error:\n    print(error)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert "did not connect within 3 s" in ended.stdout
    assert "Traceback" not in ended.stderr


FAKE = """
import json, sys
TOOL = {"name": "talk", "description": "", "inputSchema":
        {"type": "object", "properties": {"how": {"type": "string"}}}}
for line in sys.stdin:
    message = json.loads(line)
    method, answer = message["method"], {"jsonrpc": "2.0", "id": message.get("id")}
    if method == "initialize":
        answer["result"] = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}},
                            "serverInfo": {"name": "fake", "version": "1"}}
    elif method == "tools/list":
        answer["result"] = {"tools": [TOOL]}
    elif method == "tools/call":
        how = message["params"]["arguments"]["how"]
        if how == "text":
            print("¡ay!", flush=True)
            continue
        answer |= {"shape": {"result": {"content": "a string"}},
                   "error": {"error": {"code": -32000, "message": "out of order"}}}[how]
    elif "id" in message:
        answer["error"] = {"code": -32601, "message": "Method not found"}
    else:
        continue
    print(json.dumps(answer), flush=True)
"""
