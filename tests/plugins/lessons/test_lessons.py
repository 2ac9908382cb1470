"""Every lesson in a run: rows are taught, resumed, and refused where they would have no effect."""

from __future__ import annotations

import json

import pytest

from mentor_core.door.registry import LESSONS, names

HARD = (
    "--set", "env_options.min_steps=4", "--set", "env_options.max_steps=4",
    "--set", "env_options.train_size=8", "--set", "train.tasks_per_step=2",
    "--set", "train.group_size=4", "--set", "evaluate.tasks=0", "--rewards", "sparse",
)  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("name", names(LESSONS))
def test_a_run_teaches_beside_reinforcement(mentor, tmp_path, name):
    mentor(
        "run", *HARD, "--steps", 2, "--set", "trainer_options.imitation=0.3",
        "--set", f"trainer_options.lessons={name}", "--output", tmp_path / "run",
    )  # fmt: skip
    lines = (tmp_path / "run/metrics.jsonl").read_text().splitlines()
    steps = [line for line in map(json.loads, lines) if "loss" in line]
    assert sum(line["imitation/rows"] for line in steps) > 0


@pytest.mark.parametrize(
    ("flags", "complaint"),
    [
        (("trainer_options.lessons=trek",), "set trainer_options.imitation"),
        (
            ("trainer_options.imitation=0.3", "trainer_options.lessons=treck"),
            "unknown lesson 'treck'; did you mean trek",
        ),
        (
            ("trainer_options.imitation=0.3", "trainer_options.lessons_options.row=2"),
            "lesson 'failed': unknown option 'row'",
        ),
    ],
)
def test_what_would_teach_nothing_is_refused_before_the_run(mentor, flags, complaint):
    sets = [word for flag in flags for word in ("--set", flag)]
    _, error = mentor("run", *sets, "--dry-run", code=2)
    assert complaint in error
