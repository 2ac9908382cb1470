"""`mentor imitation` on files, runs and stores."""

from __future__ import annotations

import json

import pytest

from mentor_core.contracts.trajectory import Call, write_trajectories
from mentor_lab.testing import trajectory_of
from mentor_runs.settings.config import RunConfig, to_toml


def calls(*names):
    return [Call(name, {"a": 1}) for name in names]


@pytest.fixture
def episodes(tmp_path):
    def make(name, *played):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as file:
            write_trajectories(file, played)
        return path

    return make


def test_a_file_against_a_file(mentor, episodes):
    student = episodes(
        "student.jsonl",
        trajectory_of(calls("add"), calls("add"), "3"),
        trajectory_of("3", task_id="alone"),
    )
    teacher = episodes("teacher.jsonl", trajectory_of(calls("add"), "3"))
    out, _ = mentor("imitation", student, teacher)
    assert "1 episodes of 1 tasks compared" in out
    assert "without a trajectory of the teacher: tests alone" in out
    assert "similarity of called tools 1.000" in out
    assert "first differ at turn 2: 1" in out
    found = json.loads(mentor("imitation", student, teacher, "--json")[0])
    assert found["imitation_gap"]["over_calling"] == 1
    assert found["imitation_gap"]["first_divergence"] == {"2": 1}


def test_the_references_of_a_run_are_its_teacher(mentor, episodes, tmp_path):
    run = tmp_path / "run"
    episodes("run/trajectories/train.jsonl", trajectory_of(calls("add"), "3"))
    episodes("run/trajectories/eval-after.jsonl", trajectory_of("3", task_id="other"))
    episodes("run/references.jsonl", trajectory_of(calls("add"), "3"))
    (run / "config.toml").write_text(to_toml(RunConfig(env="calculator")))
    out, _ = mentor("imitation", run, run, "--of", "train")
    assert "1 episodes make the teacher's calls turn by turn" in out
    _, err = mentor("imitation", run, run, code=2)
    assert "--of train" in err
    _, err = mentor("imitation", run, run, "--of", "trian", code=2)
    assert "train" in err


def test_the_attempts_in_a_store(mentor, tmp_path, episodes):
    store, run = tmp_path / "teacher.db", tmp_path / "run"
    mentor("teach", "--env", "calculator", "--teacher", "expert", "--tasks", "2", "--split", "eval",
           "--store", store)  # fmt: skip
    mentor("teacher", "export", store, "--output", tmp_path / "teacher.jsonl")
    text = (tmp_path / "teacher.jsonl").read_text()
    student = run / "trajectories" / "eval-after.jsonl"
    student.parent.mkdir(parents=True)
    student.write_text(text)
    (run / "config.toml").write_text(to_toml(RunConfig(env="calculator")))
    found = json.loads(mentor("imitation", run, store, "--json")[0])["imitation_gap"]
    assert (found["tasks"], found["followed"], found["similarity"]) == (2, 2, 1)
    _, err = mentor("imitation", student, store, code=2)
    assert "mentor teacher export" in err


def test_bad_input_is_one_message(mentor, episodes, tmp_path):
    student = episodes("student.jsonl", trajectory_of(calls("add"), "3"))
    other = episodes("other.jsonl", trajectory_of(calls("add"), "3", env="elsewhere"))
    (tmp_path / "broken.jsonl").write_text("{}\n")
    (tmp_path / "run").mkdir()
    for given, said in (
        ([student, tmp_path / "no.jsonl"], "no.jsonl"),
        ([tmp_path / "no.jsonl", student], "no.jsonl"),
        ([student, other], "no trajectory of any of the 1 tasks"),
        ([student, tmp_path / "broken.jsonl"], "broken.jsonl:1"),
        ([student, tmp_path / "run"], "holds no run"),
        ([student], "TEACHER"),
    ):
        _, error = mentor("imitation", *given, code=2)
        assert said in " ".join(error.split()), error
