"""MCP: any server's tools in episodes, whatever becomes of the server."""

from __future__ import annotations

import gc
import json
import socket
import subprocess
import sys
import time
import warnings

import pytest

pytest.importorskip("mcp", reason="needs the extra mcp")

from gymnasium.utils.env_checker import check_env

from mentor_core.contracts.execution import ToolExecutor
from mentor_core.door.registry import SOURCES, create
from mentor_core.support.errors import ConfigError, DataError
from mentor_envs.mcp.env import Mcp
from mentor_runs.assembly.references import replayed_in, verified

from .playing import SMALL, call, children, threads


def test_a_servers_tools_are_the_environments_tools(make):
    env = make()
    schema = env.tools["add"].schema["function"]
    assert schema["description"].startswith("Add two numbers.")
    assert set(schema["parameters"]["required"]) == {"a", "b"}
    assert "title" not in json.dumps(schema)
    found = create(SOURCES, "expert").find(env.tasks("train"), env)
    (reference,) = found["row-1"]
    assert (reference.outcome, reference.calls[0].result) == (1.0, "42.0")


def test_what_a_server_said_is_taken_on_trust_unless_it_may_be_asked_again(make):
    """A live server may say something else tomorrow, or do again what was done."""
    for env, trusted in ((make(), {"mcp": 1}), (make(replayable=True), {})):
        tasks = env.tasks("train")
        found = create(SOURCES, "expert").find(tasks, env)
        saved = {("mcp", task_id): episodes for task_id, episodes in found.items()}
        references = verified(saved, replayed_in(env, tasks))
        assert (references.of, references.trusted) == (saved, trusted)


def test_gymnasium_finds_nothing_to_complain_about(make):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(make(), skip_render_check=True)


def test_each_episode_has_a_session_of_its_own(make):
    # State that survives an episode would leak from one to the next.
    one, other = make(), make()
    for _ in range(2):
        for env in (one, other):
            env.reset()
        assert call(one, "bump")[0] == "count 1"
        assert call(one, "bump")[0] == "count 2"
        assert call(other, "bump")[0] == "count 1"


@pytest.mark.slow
def test_a_session_may_be_kept_until_it_fails(make):
    # Starting a server costs most of a second: needless where it has no state.
    env = make(keep_session=True)
    for count in (1, 2):
        env.reset()
        assert call(env, "bump")[0] == f"count {count}"
        env.step("Answer: x")
    env.reset()
    assert call(env, "crash")[1]["end"] == "error"
    env.reset()
    assert call(env, "bump")[0] == "count 1"


def test_without_the_package_it_says_what_to_install(make, monkeypatch):
    monkeypatch.setitem(sys.modules, "mcp", None)
    with pytest.raises(ConfigError, match=r"pip install 'mentor-core\[mcp\]'"):
        make(command="some-server-not-asked-before")


def test_the_session_ends_with_the_episode(make):
    env = make()
    env.reset()
    call(env, "bump")
    assert len(children()) == 1
    env.step("Answer: x")
    deadline = time.monotonic() + 10
    while children() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert children() == []
    env.reset()
    call(env, "bump")
    env.stop("token_limit")


def test_an_environment_that_nobody_closed_leaves_nothing(tasks_file):
    env = Mcp(command=SMALL, tasks_file=tasks_file)
    env.reset()
    call(env, "bump")
    del env
    gc.collect()
    assert threads() == []
    assert children() == []


@pytest.mark.slow
def test_a_program_that_ends_without_closing_leaves_no_server(tasks_file):
    program = (
        "import sys\nfrom mentor_envs.mcp.env import Mcp\n"
        f"env = Mcp(command={SMALL!r}, tasks_file={str(tasks_file)!r})\nenv.reset()\n"
        'env.step(\'<tool_call>{"name": "bump", "arguments": {}}</tool_call>\')\n'
        "print(env.turns[0].calls[0].result)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert (ended.stdout.strip(), ended.stderr) == ("count 1", "")


def test_what_a_tool_says_is_shown_as_text(make):
    env = make(result_characters=5)
    env.reset()
    assert call(env, "picture")[0].startswith("[imag")
    assert call(env, "long", characters=12)[0] == "xxxxx\n[7 more characters]"
    env = make()
    env.reset()
    assert call(env, "picture")[0] == "[image image/gif]\na dot"


def test_a_refused_call_is_an_observation(make):
    env = make()
    env.reset()
    said, info = call(env, "refuse", why="no such shop")
    assert "no such shop" in said
    assert info["calls"][0].failure == "tool_error"
    assert call(env, "add", a="forty", b=2)[1]["calls"][0].failure == "bad_arguments"
    assert call(env, "bump")[0] == "count 1"


def test_tools_can_be_chosen(make):
    assert list(make(tools=["bump", "add"]).tools) == ["bump", "add"]
    with pytest.raises(ConfigError, match=r"option 'tools': no 'bumb'; did you mean bump"):
        make(tools=["bumb"])


def test_reference_calls_are_checked_against_the_servers_schemas(make, tmp_path):
    (tmp_path / "tasks.jsonl").write_text(
        '{"prompt": "?", "calls": [{"name": "add", "arguments": {"a": 1}}]}'
    )
    with pytest.raises(DataError, match=r"tasks.jsonl:1: calls.0: add: argument 'b' is missing"):
        make(tasks_file=tmp_path / "tasks.jsonl").tasks("train")


@pytest.mark.slow
def test_a_workspace_is_copied_for_each_episode(make, tmp_path):
    folder = tmp_path / "desk"
    folder.mkdir()
    (folder / "notes.txt").write_text("start ")
    env = make(workspace=folder)
    for _ in range(2):
        env.reset()
        assert call(env, "write", text="one ")[0] == "start one "
        assert call(env, "write", text="two ")[0] == "start one two "
    assert (folder / "notes.txt").read_text() == "start "


@pytest.mark.slow
def test_variables_reach_the_server_and_need_not_stand_in_the_configuration(make, monkeypatch):
    monkeypatch.setenv("TOKEN", "s3cret")
    env = make(environment={"KEY": "Bearer ${TOKEN}"})
    env.reset()
    assert call(env, "variable", key="KEY")[0] == "Bearer s3cret"
    monkeypatch.delenv("TOKEN")
    with pytest.raises(ConfigError, match="environment variable TOKEN is not set"):
        make(environment={"KEY": "Bearer ${TOKEN}"})


@pytest.mark.parametrize("options", [{"command": ""}, {"command": "x", "url": "http://y"}])
def test_one_server_and_not_two(make, options):
    with pytest.raises(ConfigError, match="give a command or a url"):
        make(**options)


@pytest.mark.slow
def test_snapshots_are_replayed_in_a_new_session(make):
    env = make()
    env.reset()
    call(env, "bump", by=5)
    snapshot = env.snapshot()
    assert call(env, "bump")[0] == "count 6"
    for other in (env, make()):
        other.restore(snapshot)
        assert call(other, "bump")[0] == "count 6"


@pytest.fixture
def http():
    """A streamable HTTP server on a free port; url, and the process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([*SMALL, "--port", str(port)], stderr=subprocess.DEVNULL)
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield f"http://127.0.0.1:{port}/mcp", process
    process.kill()
    process.wait()


def test_streamable_http(make, http):
    url, process = http
    env = make(url=url)
    found = create(SOURCES, "expert").find(env.tasks("train"), env)
    assert found["row-1"][0].outcome == 1.0
    env.reset()
    assert "no such shop" in call(env, "refuse", why="no such shop")[0]
    env._executor = ToolExecutor(limit_seconds=10.0)
    process.kill()
    process.wait()
    said, info = call(env, "bump")
    assert said.startswith("Error: ")
    assert info["end"] == "error"
    env.reset()
    said, info = call(env, "bump")
    assert info["end"] == "error"


def test_a_url_that_nobody_serves(make):
    with pytest.raises(ConfigError, match=r"http://127.0.0.1:9/mcp"):
        make(url="http://127.0.0.1:9/mcp", connect_seconds=5)


@pytest.mark.slow
def test_many_episodes_at_a_time(make):
    # As a rollout plays them: all sessions open at once.
    envs = [make() for _ in range(6)]
    for env in envs:
        env.reset()
    for number, env in enumerate(envs):
        assert call(env, "bump", by=number)[0] == f"count {number}"


def test_a_published_server(make, tmp_path):
    pytest.importorskip("mcp_server_time", reason="needs the package mcp-server-time")
    arguments = {"source_timezone": "UTC", "time": "12:00", "target_timezone": "Asia/Tokyo"}
    (tmp_path / "tasks.jsonl").write_text(
        json.dumps(
            {
                "prompt": "It is 12:00 in UTC. What time is it in Tokyo?",
                "answer": "21:00",
                "calls": [{"name": "convert_time", "arguments": arguments}],
            }
        )
    )
    env = make(
        command=f"{sys.executable} -m mcp_server_time --local-timezone UTC",
        tasks_file=tmp_path / "tasks.jsonl",
    )
    assert list(env.tools) == ["get_current_time", "convert_time"]
    ((reference,),) = create(SOURCES, "expert").find(env.tasks("train"), env).values()
    assert reference.outcome == 1.0
    assert "T21:00:00+09:00" in reference.calls[0].result
