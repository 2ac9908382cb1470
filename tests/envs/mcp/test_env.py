"""MCP: any server's tools in episodes, whatever becomes of the server."""

from __future__ import annotations

import gc
import json
import os
import socket
import subprocess
import sys
import threading
import time
import warnings
from pathlib import Path

import pytest

pytest.importorskip("mcp", reason="needs the extra mcp")

from gymnasium.utils.env_checker import check_env

from mentor_core.errors import ConfigError, DataError
from mentor_core.execution import ToolExecutor
from mentor_core.registry import POLICIES, SOURCES, create
from mentor_core.rollout import Rollout, Start
from mentor_core.trajectory import Call
from mentor_envs.mcp.env import Mcp

SMALL = [sys.executable, str(Path(__file__).with_name("server.py"))]
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


def test_a_servers_tools_are_the_environments_tools(make):
    env = make()
    schema = env.tools["add"].schema["function"]
    assert schema["description"].startswith("Add two numbers.")
    assert set(schema["parameters"]["required"]) == {"a", "b"}
    assert "title" not in json.dumps(schema)
    found = create(SOURCES, "expert").find(env.tasks("train"), env)
    (reference,) = found["row-1"]
    assert (reference.outcome, reference.calls[0].result) == (1.0, "42.0")


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
        "from mentor_envs.mcp.env import Mcp\nfrom mentor_core.errors import ConfigError\n"
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
