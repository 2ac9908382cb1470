"""`mentor compare` on files and on runs."""

from __future__ import annotations

import json

import pytest

from mentor_core.contracts.trajectory import Trajectory, write_trajectories


@pytest.fixture
def episodes(tmp_path):
    def make(name, outcomes, env="calculator"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w") as file:
            write_trajectories(
                file,
                [
                    Trajectory(f"task-{number}", env, outcome=outcome, end="answered")
                    for number, outcome in enumerate(outcomes)
                ],
            )
        return path

    return make


def test_files_and_runs(mentor, episodes, tmp_path):
    a = episodes("a.jsonl", [0.0] * 20)
    b = episodes("run/trajectories/eval-after.jsonl", [1.0] * 15 + [0.0] * 5)
    out, _ = mentor("compare", a, tmp_path / "run")
    assert "success of A 0.0%, of B 75.0%, on 20 tasks" in out
    assert "B − A +75.0 points" in out
    assert "one seed each, so nothing about seeds" in out
    assert "B won 15 tasks: task-0, task-1" in out
    assert "cannot be told apart" not in out
    (row,) = json.loads(mentor("compare", a, b, "--json")[0])["comparisons"]
    assert row["difference"] == 0.75
    assert len(row["won"]) == 15


def test_seeds_are_separated_by_commas(mentor, episodes):
    first = [episodes(f"a{n}.jsonl", [0.0, 1.0, 0.0, 1.0]) for n in range(3)]
    second = [episodes(f"b{n}.jsonl", [0.0, 1.0, 1.0, 0.0]) for n in range(3)]
    out, _ = mentor("compare", ",".join(map(str, first)), ",".join(map(str, second)))
    assert "3 and 3 seed(s)" in out
    assert "over seeds and tasks" in out
    assert "cannot be told apart with 4 tasks" in out


def test_bad_input_is_one_message(mentor, episodes, tmp_path):
    a = episodes("a.jsonl", [1.0])
    episodes("run/trajectories/eval-before.jsonl", [1.0])
    other = episodes("c.jsonl", [1.0], env="webshop")
    unverified = episodes("d.jsonl", [None, None])
    for given, said in (
        ([a], "at least two systems"),
        ([a, tmp_path / "no.jsonl"], "no.jsonl"),
        ([a, tmp_path / "run"], "no episodes 'eval-after'"),
        ([a, other], "no task that all"),
        ([a, unverified], "no task that all"),
    ):
        _, error = mentor("compare", *given, code=2)
        assert said in " ".join(error.split()), error
