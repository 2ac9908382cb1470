"""What several test modules share."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from mentor_core.cli import main

os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# A busy machine is no fault of what is tested.
settings.register_profile("mentor", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("mentor")


@pytest.fixture(scope="session")
def student():
    """The calculator's embedded student; loaded once."""
    from mentor_plugins.models.loading import load_student

    return load_student("embedded/calculator")


@pytest.fixture
def record_property(record_property) -> Callable[[str, object], None]:
    """Pytest's, for figures of any kind: processes that share the tests exchange plain values."""
    return lambda name, value: record_property(name, str(value))


def pytest_configure() -> None:
    """Let Ctrl-C reach what tests start; in a job in the background it would be ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_terminal_summary(terminalreporter) -> None:
    """Print the figures that proofs have recorded."""
    reports = [one for one in terminalreporter.stats.get("passed", []) if one.user_properties]
    if reports:
        terminalreporter.section("figures of the proofs")
    for report in reports:
        terminalreporter.line(report.nodeid)
        for name, value in report.user_properties:
            terminalreporter.line(f"    {name}: {value}")


@pytest.fixture
def outsider(tmp_path, monkeypatch) -> Path:
    """The plugin of tests/outsider, found as an installed one is; the folder it is installed in.

    Its environment `dice` is a second domain, written by somebody else.
    """
    from mentor_core.door import registry

    site = tmp_path / "site"
    package = Path(__file__).parent / "outsider" / "mentor-plugin-xyz" / "mentor_plugin_xyz"
    shutil.copytree(package, site / package.name, ignore=shutil.ignore_patterns("__pycache__"))
    facts = site / "mentor_plugin_xyz-0.1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: mentor-plugin-xyz\nVersion: 0.1.0\n"
    )
    (facts / "entry_points.txt").write_text("[mentor]\nxyz = mentor_plugin_xyz\n")
    monkeypatch.syspath_prepend(site)
    registry._find.cache_clear()
    yield site
    for name in [name for name in sys.modules if name.partition(".")[0] == package.name]:
        del sys.modules[name]
    for found in (registry._find, registry._target):
        found.cache_clear()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the checkout; tests that read it skip where it is absent."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("no folder ../shared/data beside the checkout")
    return folder


class Served:
    """Answers POSTs with what `respond(path, request)` gives: a status, and JSON or text.

    A third item has further headers. Bytes are sent as half of a reply, before the connection is
    closed; with None for a status, nothing is sent.

    Attributes:
        requests: (path, headers, request) of each POST, in order of arrival.
    """

    def __init__(self, respond: Callable[[str, Any], tuple[int, Any]]) -> None:
        self.requests: list[tuple[str, dict[str, str], Any]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                outer.requests.append((self.path, dict(self.headers), request))
                status, reply, *headers = respond(self.path, request)
                if status is None:
                    self.close_connection = True
                    return
                half = isinstance(reply, bytes)
                text = reply if half or isinstance(reply, str) else json.dumps(reply)
                body = text if half else text.encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body) * (2 if half else 1)))
                for name, value in headers[0].items() if headers else ():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
                self.close_connection = self.close_connection or half

            def log_message(self, *_: object) -> None: ...

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_port}"
        threading.Thread(target=self._http.serve_forever, daemon=True).start()

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.shutdown()
        self._http.server_close()


@pytest.fixture
def served() -> Iterator[Callable[..., Any]]:
    """Starts real HTTP servers whose replies the test decides."""
    with ExitStack() as servers:
        yield lambda respond: servers.enter_context(Served(respond))


@pytest.fixture
def mentor(monkeypatch, capsys):
    """mentor("run", "--dry-run", code=0) → what it wrote to (stdout, stderr)."""
    monkeypatch.setenv("COLUMNS", "160")

    def call(*arguments, code=0):
        monkeypatch.setattr(sys, "argv", ["mentor", *map(str, arguments)])
        found = 0
        try:
            main()
        except SystemExit as end:
            found = end.code
        written = capsys.readouterr()
        assert found == code, written
        return written

    return call


@pytest.fixture
def rows(tmp_path):
    """rows({"question": …}, "broken") → a file of tasks."""

    def write(*given):
        file = tmp_path / "tasks.jsonl"
        texts = [row if isinstance(row, str) else json.dumps(row) for row in given]
        file.write_text("".join(f"{text}\n" for text in texts))
        return file

    return write
