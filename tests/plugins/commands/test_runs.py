"""`mentor runs` on runs in every state."""

import json

import pytest

from mentor_runs.directory.run_directory import RunDirectory
from mentor_runs.settings.config import RunConfig, to_toml


@pytest.fixture
def runs(tmp_path):
    folder = tmp_path / "runs"
    for name in ("done", "begun", "broken"):
        (folder / name).mkdir(parents=True)
        (folder / name / "config.toml").write_text(to_toml(RunConfig(env="calculator", seed=3)))
    RunDirectory(folder / "done").note("finished", 40)
    report = {"before": {"eval/success": 0.25, "eval/calls": 2.0}, "after": {"eval/success": None}}
    (folder / "done" / "report.json").write_text(json.dumps(report))
    (folder / "broken" / "config.toml").write_text("sead = 3\n")
    (folder / "no-run").mkdir()
    return folder


def listed(mentor, folder):
    """Name → what `--json` says of the run."""
    rows = json.loads(mentor("runs", folder, "--json")[0])["runs"]
    return {row["run"].rpartition("/")[2]: row for row in rows}


def test_every_run_has_a_line_whatever_its_state(mentor, runs):
    out, _ = mentor("runs", runs)
    lines = {line.partition(":")[0].rpartition("/")[2]: line for line in out.splitlines()}
    assert set(lines) == {"done", "begun", "broken"}
    assert "finished, step 40 of 40; calculator, embedded/calculator, seed 3" in lines["done"]
    assert "before eval 25.0%; after eval not verified" in lines["done"]
    assert "interrupted, step 0 of 40" in lines["begun"]
    assert "did you mean seed" in lines["broken"]


def test_programs_read_the_same(mentor, runs):
    rows = listed(mentor, runs)
    assert rows["done"]["success"] == {"before": {"eval": 0.25}, "after": {"eval": None}}
    assert (rows["begun"]["success"], rows["begun"]["problem"]) == ({}, None)
    assert "sead" in rows["broken"]["problem"]


@pytest.mark.parametrize("text", ["[1", "[1]", '{"before": 3}'])
def test_a_report_that_is_no_report_does_not_hide_the_run(mentor, runs, text):
    (runs / "done" / "report.json").write_text(text)
    done = listed(mentor, runs)["done"]
    assert (done["status"], done["success"]) == ("finished", {})


def test_a_folder_without_runs_is_one_message(mentor, tmp_path):
    _, err = mentor("runs", tmp_path / "nothing", code=2)
    assert "holds no runs" in err
