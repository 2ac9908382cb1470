"""One run for all trackers: killed after its second step, and resumed.

Each tracker's test reads the tracker's own data of it, with the library's own reader.
"""

from __future__ import annotations

import importlib.util
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

LIBRARIES = {
    "mlflow": ("mlflow", "sqlalchemy", "alembic"),
    "opentelemetry": ("opentelemetry.sdk", "opentelemetry.exporter"),
    "tensorboard": ("tensorboard",),
    "trackio": ("trackio",),
    "wandb": ("wandb",),
}
KILLER = """
import os, signal, time

from mentor_core import Tracker, hookimpl


@hookimpl
def mentor_trackers():
    return {"killer": "killer_7:Killer"}


class Killer(Tracker):
    def start(self, directory, config, step): ...

    def log(self, step, metrics):
        if step == 2 and "KILL" in os.environ:
            time.sleep(1)  # trackio and wandb write within this time
            os.kill(os.getpid(), signal.SIGKILL)
"""
SECRET = "not-for-trackers-0123456789"


def is_installed(tracker: str) -> bool:
    try:
        return all(map(importlib.util.find_spec, LIBRARIES[tracker]))
    except ModuleNotFoundError:
        return False


@dataclass
class Collector:
    """A collector of traces: an HTTP server that keeps what it is sent."""

    spans: list = field(default_factory=list)
    resources: list = field(default_factory=list)
    paths: set = field(default_factory=set)
    status: int = 200

    def __post_init__(self):
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if collector.status == 200:
                    collector.take(self.path, body)
                self.send_response(collector.status)
                self.end_headers()

            def log_message(self, *args): ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        serve = partial(self.server.serve_forever, poll_interval=0.02)
        threading.Thread(target=serve, daemon=True).start()
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}/v1/traces"

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def take(self, path, body):
        from opentelemetry.proto.collector.trace.v1 import trace_service_pb2

        request = trace_service_pb2.ExportTraceServiceRequest()
        request.ParseFromString(body)
        self.paths.add(path)
        for each in request.resource_spans:
            self.resources.append(self.attributes(each.resource))
            self.spans += [span for scope in each.scope_spans for span in scope.spans]

    @staticmethod
    def attributes(thing) -> dict:
        """The attributes of a span or a resource as Python values."""

        def value_of(value):
            kind = value.WhichOneof("value")
            if kind == "array_value":
                return [value_of(each) for each in value.array_value.values]
            return getattr(value, kind)

        return {each.key: value_of(each.value) for each in thing.attributes}


@pytest.fixture
def collector():
    pytest.importorskip("opentelemetry.sdk", reason="needs the extra opentelemetry")
    made = Collector()
    yield made
    made.close()


@dataclass
class Resumed:
    """The run: its directory, trackio's store, what the collector was sent, a key."""

    directory: Path
    store: Path
    collector: Collector | None
    sent_before_kill: int
    secret: str = SECRET


@pytest.fixture(scope="session")
def resumed_run(tmp_path_factory) -> Resumed:
    """Two steps: killed when the second had been told and not saved; then resumed."""
    folder = tmp_path_factory.mktemp("trackers")
    (folder / "killer_7.py").write_text(KILLER)
    installed = folder / "killer_7-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: killer-7\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[mentor]\nkiller = killer_7\n")
    trackers = ["jsonl", "csv", *filter(is_installed, LIBRARIES), "killer"]
    output = folder / "run"
    settings = ["env_options.train_size=16", "evaluate.tasks=2", "train.tasks_per_step=2"]
    settings += [
        "train.group_size=4",
        "train.checkpoint_every=1",
        f"trackers={str(trackers).replace(chr(39), chr(34))}",
    ]
    collector = None
    if "opentelemetry" in trackers:
        collector = Collector()
        settings += [f"tracker_options.opentelemetry.endpoint={collector.endpoint}"]
        settings += ["tracker_options.opentelemetry.content=true"]
    if "wandb" in trackers:
        settings += ['tracker_options.wandb.tags=["first"]', "tracker_options.wandb.group=g"]
    if "mlflow" in trackers:
        settings += ["tracker_options.mlflow.tags.owner=me"]
    set_ = [word for setting in settings for word in ("--set", setting)]
    variables = {
        "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")]),
        "TRACKIO_DIR": str(folder / "trackio"),
        "HOME": str(folder),
        "MY_API_KEY": SECRET,
    }
    _mentor(-signal.SIGKILL, variables | {"KILL": "1"}, "--steps=2", f"--output={output}", *set_)
    sent = len(collector.spans) if collector else 0
    _mentor(0, variables, "--resume", str(output))
    if collector:
        collector.close()
    return Resumed(output, folder / "trackio", collector, sent)


def _mentor(code: int, variables: dict[str, str], *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mentor_core", "run", *arguments],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == code, done.stdout + done.stderr
