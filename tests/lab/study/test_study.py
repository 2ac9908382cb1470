"""`mentor study`, with a real student: killed, interrupted, gone on with, and with a bad cell."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest

pytestmark = pytest.mark.slow


def begin(file, output):
    command = [sys.executable, "-m", "mentor_core", "study", str(file), "--output", str(output)]
    return subprocess.Popen([*command, "--jobs", "1"], stdout=subprocess.PIPE, text=True)


def until(true, seconds=300):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.1)


def status(output):
    return {
        str(file.parent.relative_to(output)): json.loads(file.read_text())["status"]
        for file in output.rglob("cell.json")
    }


def figures(output):
    """The tables of a study, without times."""
    found = json.loads((output / "study.json").read_text())
    for row in found["rows"]:
        del row["seconds"]
    return found


def test_a_study_that_was_stopped_twice_ends_with_the_same_tables(write, tmp_path, mentor):
    file, whole, stopped = write(), tmp_path / "whole", tmp_path / "stopped"
    mentor("study", file, "--output", whole)
    killed = begin(file, stopped)
    until(lambda: "finished" in status(stopped).values())
    killed.kill()
    killed.communicate()
    (first,) = [name for name, how in status(stopped).items() if how == "finished"]
    kept = stopped / first / "evaluations" / "eval.jsonl"
    before = kept.stat().st_mtime_ns

    interrupted = begin(file, stopped)
    until((stopped / "easy/sparse/0/run/config.toml").exists)
    interrupted.send_signal(signal.SIGINT)
    said, _ = interrupted.communicate(timeout=300)
    assert interrupted.returncode == 130
    assert "stopping" in said
    assert not (stopped / "study.json").exists()

    out, _ = mentor("study", file, "--output", stopped)
    assert f"{first} finished" not in out
    assert kept.stat().st_mtime_ns == before
    assert figures(stopped) == figures(whole)
    assert set(status(stopped).values()) == {"finished"}
    assert not list(stopped.rglob("checkpoints"))
    assert "sparse" in (stopped / "report.md").read_text()


def test_a_cell_that_fails_does_not_stop_the_others(write, tmp_path, mentor):
    broken = tmp_path / "broken"
    broken.mkdir()
    file = write(
        ("study.seeds", [0]),
        ("evaluate.splits", ["eval"]),
        ("methods", {"broken": {"model": str(broken)}, "base": {"steps": 0}}),
    )
    _, said = mentor("study", file, "--output", tmp_path / "out", code=2)
    assert "1 of 2 cells failed: easy/broken/0" in said
    assert status(tmp_path / "out") == {"easy/broken/0": "failed", "easy/base/0": "finished"}
    assert str(broken) in (tmp_path / "out" / "report.md").read_text()
