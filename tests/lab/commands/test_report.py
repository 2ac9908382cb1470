"""`mentor report` and `mentor watch`, as typed."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from mentor_runs.directory.run_directory import RunDirectory
from mentor_runs.settings.resolve import resolve


@pytest.fixture
def run(tmp_path):
    """A run of two steps without episodes; the process of the test works on it."""
    settings = {"env": "calculator", "env_options": {"train_size": 4}, "train": {"steps": 2}}
    directory = RunDirectory.create(tmp_path / "run", resolve(settings))
    row = {"reward": 0.25, "success": 0.5, "terms/outcome/mean": 0.5}
    write(directory.path / "metrics.jsonl", {"step": 1, **row}, {"step": 2, **row, "reward": 0.75})
    before = {"eval/success": 0.5, "eval/interval/low": 0.25, "eval/interval/high": 0.75}
    write(directory.path / "evaluations.jsonl", {"evaluation": "before", "step": 0, **before})
    return directory


def write(file, *rows):
    with file.open("a") as stream:
        stream.writelines(f"{json.dumps(row)}\n" for row in rows)


def test_the_page_stands_in_the_run_unless_another_place_is_given(mentor, run, tmp_path):
    out, _ = mentor("report", run.path)
    assert f"page {run.path / 'report.html'}" in out
    assert (run.path / "report.html").stat().st_size > 1_000_000
    mentor("report", run.path, "--output", tmp_path / "other.html")
    assert (tmp_path / "other.html").is_file()


def test_what_is_missing_is_said_in_the_terminal_too(mentor, run):
    out, _ = mentor("report", run.path)
    assert "There are no references" in out
    assert "0 of 0 episodes are on the page" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["report", "nowhere"], "nowhere holds no run"),
        (["report"], "Missing argument"),
        (["report", "{run}", "--output", "no/such/folder.html"], "cannot be written"),
        (["report", "{run}", "--episodes", "-1"], "-1 is not in the range"),
        (["watch", "nowhere"], "nowhere holds no run"),
        (["watch", "{run}", "--every", "0"], "not in the range"),
    ],
)
def test_bad_input_ends_with_a_word(mentor, run, monkeypatch, tmp_path, arguments, said):
    monkeypatch.chdir(tmp_path)
    _, error = mentor(*(a.format(run=run.path) for a in arguments), code=2)
    assert said in error
    assert "Traceback" not in error


def test_a_broken_configuration_is_named(mentor, run):
    (run.path / "config.toml").write_text("env = ")
    _, error = mentor("report", run.path, code=2)
    assert "config.toml" in error


def test_watch_shows_curves_and_evaluations_once(mentor, run):
    out, _ = mentor("watch", run.path, "--once")
    assert "running, training step 2 of 2" in out
    assert "▁█" in out and "0.75" in out
    assert "50.0% (25.0% – 75.0%)" in out


def test_watch_of_a_run_that_has_just_begun_says_so(mentor, run):
    (run.path / "metrics.jsonl").unlink()
    (run.path / "evaluations.jsonl").unlink()
    out, _ = mentor("watch", run.path, "--once")
    assert "There are no metrics yet." in out


@pytest.mark.slow
def test_watch_follows_a_run_and_ends_with_it(run):
    command = [sys.executable, "-m", "mentor_core", "watch", str(run.path), "--every", "0.1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as watching:
        lines = iter(watching.stdout.readline, "")
        assert next(lines).startswith("step 1  reward 0.25")
        assert next(lines).startswith("step 2  reward 0.75")
        write(run.path / "metrics.jsonl", {"step": 3, "reward": 1.0})
        assert next(lines).startswith("step 3  reward 1")
        time.sleep(0.3)
        assert watching.poll() is None
        run.note("finished", 3)
        rest = " ".join("".join(lines).split())
    assert watching.returncode == 0
    assert "finished, training step 3" in rest
    assert "the run is finished" in rest
