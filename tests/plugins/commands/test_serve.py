"""`mentor serve`: the student of a run behind OpenAI's chat protocol."""

import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys

import pytest

from mentor_plugins.export.server import free_port


def test_the_command_is_printed_with_the_parser_of_tool_calls(mentor, run_copy):
    out, _ = mentor("serve", run_copy, "--print", "--port", "8123", "--", "--device", "cpu")
    assert shlex.split(out) == [
        *("transformers", "serve", str(run_copy / "model")),
        *("--host", "127.0.0.1", "--port", "8123", "--device", "cpu"),
    ]
    out, _ = mentor("serve", run_copy, "--engine", "vllm", "--print")
    assert shlex.split(out)[-3:] == ["--enable-auto-tool-choice", "--tool-call-parser", "hermes"]


def test_an_export_is_served_until_the_run_has_another_student(mentor, run_copy):
    mentor("export", run_copy)
    assert str(run_copy / "export") in mentor("serve", run_copy, "--print")[0]
    alone = shutil.copytree(run_copy / "export", run_copy.parent / "alone")
    assert str(alone) in mentor("serve", alone, "--print")[0]
    (run_copy / "model" / "checksums.sha256").write_text("another student\n")
    assert f"{run_copy / 'model'} " in mentor("serve", run_copy, "--print")[0]


def test_an_adapter_has_to_be_merged_first(mentor, run_copy):
    (run_copy / "model" / "adapter_config.json").write_text("{}")
    _, err = mentor("serve", run_copy, "--print", code=2)
    assert f"mentor export {run_copy}" in err


def test_what_cannot_be_served_is_told(mentor, run_copy, monkeypatch):
    assert "holds no run" in mentor("serve", run_copy / "nothing", code=2)[1]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        out, err = mentor("serve", run_copy, "--port", taken.getsockname()[1], code=2)
    assert "--port" in err
    assert out == ""
    monkeypatch.setenv("PATH", "/nothing")
    assert "pip install vllm" in mentor("serve", run_copy, "--engine", "vllm", code=2)[1]
    (run_copy / "model" / "chat_template.jinja").unlink()
    assert "has no chat template" in mentor("serve", run_copy, "--print", code=2)[1]


@pytest.mark.slow
def test_the_printed_command_evaluates_the_served_student_and_ctrl_c_ends(mentor, run_copy):
    pytest.importorskip("fastapi")
    port = free_port()
    command = [sys.executable, "-m", "mentor_core", "serve", str(run_copy), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        lines = [process.stdout.readline() for _ in range(4)]
        assert lines[1] == f"base URL http://127.0.0.1:{port}/v1\n"
        program, *given = shlex.split(lines[2].removeprefix("evaluate "))
        assert program == "mentor"
        out, _ = mentor(*given, "--split", "eval", "--count", "2")
        assert re.search(r"eval .* 2 ", out)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 130
    assert "Traceback" not in err
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0  # nothing is left behind
