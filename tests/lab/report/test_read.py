"""What a run directory says, whatever is missing or broken in it."""

import json
import os

import pytest

from mentor_core.support.errors import RunError
from mentor_lab.report.read import open_run, read_episodes, status_of


def read(path):
    run = open_run(path)
    read_episodes(run)
    return run


def test_a_whole_run_is_read_without_a_complaint(make_run):
    run = read(make_run())
    assert run.notes == []
    assert (run.name, run.status, run.steps) == ("a", "finished", 3)
    assert {s: {w: len(e) for w, e in by.items()} for s, by in run.evaluations.items()} == {
        "eval": {"before": 4, "after": 4},
        "ood": {"before": 4, "after": 4},
    }
    assert len(run.training) == 12
    assert [row["step"] for row in run.stages[-1].metrics] == [1, 2, 3]


def test_tasks_won_before_and_lost_after_are_known(make_run):
    run = read(make_run(before=[1, 1, 0], after=[1, 0, 1]))
    for when in ("before", "after"):
        changes = [episode.change for episode in run.evaluations["eval"][when]]
        assert changes == ["", "regressed", "learned"]


def test_an_episode_is_found_again_in_its_file(make_run):
    run = read(make_run())
    for episode in run:
        whole = episode.whole()
        assert whole.task_key == episode.trajectory.task_key
        assert whole.turns[0].text and not episode.trajectory.turns[0].text
    assert [e.id for e in run.evaluations["eval"]["after"]][:2] == ["eval-after:1", "eval-after:2"]


@pytest.mark.parametrize(
    ("gone", "note"),
    [
        ("metrics.jsonl", "no metrics of the training"),
        ("references.jsonl", "no references"),
        ("trajectories/train.jsonl", "no episodes of the training"),
        ("trajectories/*-*.jsonl", "no episodes of an evaluation"),
    ],
)
def test_what_is_missing_is_said(make_run, gone, note):
    path = make_run()
    for file in path.glob(gone):
        file.unlink()
    assert any(note in said for said in read(path).notes)


def test_broken_lines_are_counted_and_the_rest_is_read(make_run, add_line):
    path = make_run()
    file = path / "trajectories" / "train.jsonl"
    newer = json.loads(file.read_text().splitlines()[0]) | {"schema_version": 99}
    add_line(file, f'{{"task_id": 3}}\n{json.dumps(newer)}\n{{"task_id": "tor')
    run = read(path)
    assert len(run.training) == 12
    (note,) = run.notes
    assert "2 lines of" in note and "train.jsonl:13" in note  # the torn one is being written


def test_metrics_that_are_none_are_left_out(make_run):
    path = make_run()
    text = (path / "metrics.jsonl").read_text()
    (path / "metrics.jsonl").write_text(f'oops\n{text}{{"step": 4, "rew')
    run = read(path)
    assert [row["step"] for row in run.stages[-1].metrics] == [1, 2, 3]
    assert any("line 1" in note for note in run.notes)


def test_a_run_that_nobody_works_on_any_more_was_killed(make_run):
    path = make_run(status="running")
    assert status_of(path) == "running"  # this process holds it
    (path / ".lock").write_text(f"process 99999999 on {os.uname().nodename}\n")
    assert status_of(path) == "killed"


def test_a_directory_without_a_run_is_refused(tmp_path):
    with pytest.raises(RunError, match="holds no run"):
        open_run(tmp_path)
