"""A tracker from another package hears of everything that a run does, and again on a resume."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow

TRACKER = """
import json
import os

from mentor_core import Tracker, hookimpl


@hookimpl
def mentor_trackers():
    return {"diary": "diary_7:Diary"}


class Diary(Tracker):
    prefix: str

    def note(self, *what):
        with open(os.environ["DIARY"], "a") as file:
            file.write(json.dumps([self.prefix, *what]) + "\\n")

    def start(self, directory, config, step):
        self.note("start", step, config["tracker_options"]["diary"]["prefix"])

    def log(self, step, metrics):
        self.note("log", step)
        if step == 2 and "FAIL" in os.environ:
            raise RuntimeError("the line is cut")

    def log_evaluation(self, name, step, metrics):
        self.note("evaluation", name, step, metrics["eval/episodes"], "ood/success" in metrics)

    def log_trajectories(self, step, trajectories):
        assert all(t.reward is not None and t.tokens for t in trajectories)
        self.note("trajectories", step, len(trajectories))

    def log_model(self, directory):
        self.note("model", directory.name, (directory / "model.safetensors").is_file())

    def finish(self):
        self.note("finish")
"""


def read(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


def run(tmp_path, *arguments, code, **variables):
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "mentor_core", "run", *arguments],
        env={**os.environ, "PYTHONPATH": path, "DIARY": str(tmp_path / "told"), **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == code, done.stdout + done.stderr
    told = read(tmp_path / "told")
    (tmp_path / "told").unlink()
    return told, done.stderr


def test_what_a_run_tells_and_tells_again(tmp_path):
    (tmp_path / "diary_7.py").write_text(TRACKER)
    installed = tmp_path / "diary_7-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: diary-7\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[mentor]\ndiary = diary_7\n")
    output = tmp_path / "run"
    settings = [
        *("--set", 'trackers=["jsonl", "diary"]', "--set", "tracker_options.diary.prefix=d"),
        *("--set", "tracker_options.jsonl.file=steps.jsonl"),
        *("--set", "env_options.train_size=32", "--set", "evaluate.tasks=4"),
        *("--set", "train.tasks_per_step=2", "--set", "train.checkpoint_every=1"),
    ]
    before = [
        ["d", "evaluation", "before", 0, 4, True],
        *(["d", what, 1, *more] for what, more in (("trajectories", [16]), ("log", []))),
    ]
    second = [["d", "trajectories", 2, 16], ["d", "log", 2]]
    told, said = run(tmp_path, "--steps", "2", "--output", str(output), *settings, code=2, FAIL="1")
    assert said.splitlines()[-1] == "Error: tracker 'diary': RuntimeError: the line is cut"
    assert told == [["d", "start", 0, "d"], *before, *second, ["d", "finish"]]

    told, _ = run(tmp_path, "--resume", str(output), code=0)
    after = [["d", "model", "model", True], ["d", "evaluation", "after", 2, 4, True]]
    assert told == [["d", "start", 1, "d"], before[0], *second, *after, ["d", "finish"]]
    assert [line["step"] for line in read(output / "steps.jsonl")] == [1, 2]
    lines = read(output / "evaluations.jsonl")
    assert [(line["evaluation"], line["step"]) for line in lines] == [("before", 0), ("after", 2)]
    report = json.loads((output / "report.json").read_text())
    assert lines[1]["ood/success"] == report["after"]["ood/success"]
