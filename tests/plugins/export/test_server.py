"""Servers: the right command, one message for what stands in the way, and nothing left behind."""

import os
import shlex
import signal
import socket
import sys
import urllib.request
from pathlib import Path

import pytest

from mentor_core.door.registry import PARSERS, names
from mentor_core.support.errors import ConfigError, RunError
from mentor_plugins.export.server import Server, free_port, running, vllm_parser

ANSWERS = """\
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()
    def log_message(self, *_): ...
print("ready", flush=True)
HTTPServer(("127.0.0.1", int(sys.argv[sys.argv.index("--port") + 1])), Handler).serve_forever()
"""


def vllm(tmp_path, monkeypatch, source):
    """A program called vllm on PATH; vLLM itself is not installed here."""
    file = tmp_path / "bin" / "vllm"
    file.parent.mkdir()
    file.write_text(f"#!{sys.executable}\n{source}")
    file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{file.parent}:{os.environ['PATH']}")
    return Server("vllm", tmp_path, "hermes", port=free_port())


def test_vllm_is_told_the_parser_of_the_students_calls():
    server = Server("vllm", Path("/m y"), "llama3", "0.0.0.0", 8001, ("--max-model-len", "4096"))
    assert shlex.split(server.line) == [
        *("vllm", "serve", "/m y", "--host", "0.0.0.0", "--port", "8001"),
        *("--enable-auto-tool-choice", "--tool-call-parser", "llama3_json"),
        *("--max-model-len", "4096"),
    ]
    assert server.notes() == []


def test_a_parser_without_an_equivalent_is_said():
    """Every parser of mentor is either known to vLLM or told about."""
    unknown = {name for name in names(PARSERS) if vllm_parser(name) is None}
    assert unknown == {"auto", "response_template"}
    page = (Path(__file__).parents[3] / "docs" / "export.md").read_text(encoding="utf-8")
    for name in {*names(PARSERS)} - unknown:
        assert f"| `{name}` | `{vllm_parser(name)}` |" in page
    server = Server("vllm", Path("/model"), "response_template")
    assert "--tool-call-parser" not in server.line
    assert "no equivalent of the parser response_template" in server.notes()[0]
    assert Server("transformers", Path("/model"), "response_template").notes() == []


def test_a_port_in_use_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=f"port {port}.*--port"):
            Server("transformers", Path("/model"), None, port=port).check()


def test_a_program_that_is_not_installed_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="pip install vllm"):
        Server("vllm", Path("/model"), None, port=free_port()).check()


def test_a_server_answers_in_the_block_and_is_gone_after_it(tmp_path, monkeypatch):
    server = vllm(tmp_path, monkeypatch, ANSWERS)
    with running(server, tmp_path / "log") as process:
        health = server.base_url.replace("/v1", "/health")
        assert urllib.request.urlopen(health, timeout=5).status == 200
    assert process.poll() is not None
    assert (tmp_path / "log").read_text() == "ready\n"


def test_sigterm_leaves_no_server_behind(tmp_path, monkeypatch):
    server, before = vllm(tmp_path, monkeypatch, ANSWERS), signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), running(server, tmp_path / "log") as process:
        os.kill(os.getpid(), signal.SIGTERM)
        process.wait(10)
    assert process.poll() is not None
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_server_that_ends_at_once_is_quoted(tmp_path, monkeypatch):
    server = vllm(tmp_path, monkeypatch, "print('no room on the device'); raise SystemExit(3)")
    with (
        pytest.raises(RunError, match="ended with code 3: no room on the device"),
        running(server, tmp_path / "log"),
    ):
        pytest.fail("the block must not begin")
