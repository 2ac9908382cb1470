"""Expert iteration: which episodes are imitated, and that a killed run ends as a whole one."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.trajectory import Tokens, Trajectory, Turn, read_trajectories
from mentor_core.door.registry import TRAINERS, create
from mentor_core.support.errors import ConfigError
from mentor_plugins.trainers.expert_iteration.plugin import _row
from mentor_runs.settings.resolve import resolve


def played(task, ids, outcome, mask=None):
    """An episode of a task, with these completion ids."""
    record = Tokens(prompt=[1, 2], completion=ids, mask=mask or [1] * len(ids))
    return Trajectory(
        task_id=str(task), env="calculator", turns=[Turn("x")], outcome=outcome, tokens=record
    )


episodes = st.builds(
    played,
    task=st.integers(0, 3),
    ids=st.lists(st.integers(0, 3), min_size=1, max_size=2),
    outcome=st.sampled_from([None, 0.0, 0.5, 1.0]),
)


@given(st.lists(episodes, max_size=30), st.integers(1, 4), st.integers())
def test_only_verified_and_different_episodes_are_imitated(group, keep, seed):
    """A half-solved or unverified episode would be taught as if it were right."""
    trainer = create(TRAINERS, "expert_iteration", {"keep": keep})
    chosen = trainer.chosen(group, random.Random(seed))
    assert chosen == trainer.chosen(group, random.Random(seed))
    assert all(trajectory.outcome == 1.0 for trajectory in chosen)
    wanted: dict = {}
    for trajectory in group:
        if trajectory.outcome == 1.0:
            wanted.setdefault(trajectory.task_id, set()).add(tuple(trajectory.tokens.completion))
    for task in {trajectory.task_id for trajectory in group}:
        ids = [tuple(t.tokens.completion) for t in chosen if t.task_id == task]
        assert len(ids) == len(set(ids)) == min(keep, len(wanted.get(task, ())))


@given(st.integers(1, 300), st.integers(1, 6), st.none() | st.floats(0.01, 0.99))
def test_every_step_belongs_to_one_imitation(steps, rounds, first):
    """A step lost between two parts would leave the run short of its steps, or endless."""
    trainer = create(TRAINERS, "expert_iteration", {"rounds": rounds, "first": first})
    try:
        bounds = trainer.bounds(steps)
    except ConfigError:
        share = steps / (rounds + 1) if first is None else min(first, 1 - first) * steps
        assert share < rounds + 1
        return
    assert (bounds[0], bounds[-1], len(bounds)) == (0, steps, rounds + 2)
    parts = [last - begin for begin, last in pairwise(bounds)]
    assert min(parts) >= 1
    assert max(parts[1:]) - min(parts[1:]) <= 1
    assert parts[0] == round(steps * (first or 1 / (rounds + 1)))


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from([0, 1])), min_size=1))
def test_the_students_own_tokens_alone_carry_loss(tokens):
    ids, mask = [token for token, _ in tokens], [kind for _, kind in tokens]
    row = _row(played(0, ids, 1.0, mask))
    assert row["input_ids"] == [1, 2, *ids]
    assert row["labels"] == [-100, -100] + [t if kind else -100 for t, kind in tokens]


@pytest.mark.parametrize(
    ("options", "settings", "message"),
    [
        ({"episodes": 3, "rounds": 4}, {}, "fewer than 1 for each of 1"),
        ({"samples": 2}, {"rollout": {"temperature": 0}}, "is greedy"),
    ],
)
def test_settings_that_teach_nothing_are_refused(options, settings, message):
    with pytest.raises(ConfigError, match=message):
        create(TRAINERS, "expert_iteration", options).check(resolve(settings), 1)


SMALL = [
    *("--recipe", "hard", "--steps", "6", "--env", "calculator"),
    *("--set", "env_options.train_size=64", "--set", "evaluate.tasks=0"),
    *("--set", "trainer_options.rounds=2", "--set", "trainer_options.episodes=32"),
    *("--set", "trainer_options.batch=8", "--set", "train.checkpoint_every=1"),
]


def mentor(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "mentor_core", "run", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process):
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    return output


def weights(run):
    from safetensors.torch import load_file

    return load_file(run / "model" / "model.safetensors")


@pytest.mark.slow
def test_a_killed_run_resumes_to_the_same_end(tmp_path):
    """Episodes that were kept before the kill are rows afterwards, too."""
    whole, run = tmp_path / "whole", tmp_path / "run"
    said = finish(mentor(*SMALL, "--output", str(whole)))
    assert "round 2: " in said
    process = mentor(*SMALL, "--output", str(run))
    deadline = time.monotonic() + 200
    while not list(run.glob("checkpoints/*-3*")) and time.monotonic() < deadline:
        assert process.poll() is None, process.stdout.read()
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    finish(mentor("--resume", str(run)))
    mine, theirs = weights(run), weights(whole)
    assert all(torch.equal(mine[name], tensor) for name, tensor in theirs.items())
    files = [folder / "trajectories" / "train.jsonl" for folder in (run, whole)]
    resumed, uninterrupted = (
        [(t.task_id, t.policy_version, t.tokens.completion) for t in read_trajectories(file)]
        for file in files
    )
    assert resumed == uninterrupted
    assert len(resumed) == 32


@pytest.mark.slow
def test_too_few_steps_are_one_message(tmp_path):
    process = mentor(*SMALL, "--output", str(tmp_path / "run"), "--set", "train.steps=2")
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 2
    assert "too few for an imitation and 2 rounds" in output
    assert "Traceback" not in output
