"""A real OpenAI-compatible server, which several test modules ask."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request

import pytest

from mentor_plugins.models.loading import model_path


@pytest.fixture(scope="session")
def transformers_server(tmp_path_factory):
    """`transformers serve` with the embedded student."""
    pytest.importorskip("fastapi")
    pytest.importorskip("uvicorn")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path_factory.mktemp("serve") / "log.txt"
    command = [sys.executable, "-c", "from transformers.cli.transformers import main; main()"]
    command += [
        "serve",
        str(model_path("embedded/calculator")),
        "--port",
        str(port),
        "--device",
        "cpu",
    ]
    with log.open("w") as stream:
        server = subprocess.Popen(
            [*command, "--dtype", "float32"],
            stdout=stream,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HF_HUB_OFFLINE": "1"},
        )
        try:
            for _ in range(240):
                if server.poll() is not None:
                    pytest.fail(log.read_text()[-2000:])
                try:
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1)
                    break
                except OSError:
                    time.sleep(0.5)
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.terminate()
            server.wait(20)
