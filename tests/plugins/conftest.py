"""What several test modules share: a real OpenAI-compatible server, and a run that has ended."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

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


@pytest.fixture(scope="session")
def ended_run(tmp_path_factory):
    """A run that has ended, with a student of its own and the episodes of its evaluations."""
    import torch
    from rich.console import Console

    from mentor_plugins.commands.splits import Evaluation
    from mentor_plugins.models.formats import match_student
    from mentor_plugins.models.loading import load_student
    from mentor_plugins.policies.transformers import TransformersPolicy
    from mentor_runs.assembly.assemble import assemble
    from mentor_runs.directory.run_directory import RunDirectory
    from mentor_runs.settings.resolve import resolve

    evaluate = {"tasks": 3, "splits": ["eval", "ood"]}
    rollout = {"max_turns": 3, "max_turn_tokens": 64}
    settings = {"env": "calculator", "evaluate": evaluate, "rollout": rollout}
    config = resolve({**settings, "train": {"steps": 7}})
    parts = assemble(config)
    run = RunDirectory.create(tmp_path_factory.mktemp("ended") / "run", config)
    student = load_student(config.model)
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in student.model.parameters():  # as if it had learnt something
            weight.add_(torch.randn_like(weight) * 1e-3 * weight.std())
    match_student(parts.envs, student)
    evaluation = Evaluation(parts, TransformersPolicy(), parts.executor(), Console(quiet=True))
    evaluation.prepare(student)
    played = evaluation.play("eval", evaluation.starts("eval"), lambda _: None)
    for when in ("before", "after"):
        run.write(run.trajectories(f"eval-{when}"), played)
    evaluation.close()
    run.write_model(student.model.save_pretrained, student.tokenizer.save_pretrained)
    run.note("finished", config.train.steps)
    return run.path


@pytest.fixture
def run_copy(ended_run, tmp_path):
    """A copy of the run that has ended, to change."""
    return Path(shutil.copytree(ended_run, tmp_path / "run"))


@pytest.fixture
def hub(monkeypatch):
    """A stand-in for the Hub, with a token that it accepts in HF_TOKEN."""
    from huggingface_hub import constants

    file = Path(__file__).with_name("stand_in_hub.py")
    spec = importlib.util.spec_from_file_location("stand_in_hub", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    server = module.Hub("hf_abcdefgh12345678")
    monkeypatch.setattr(constants, "ENDPOINT", server.url)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # a storage with a client of its own
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setenv("HF_TOKEN", server.token)
    yield server
    server.close()
