"""A training that goes wrong says so while it can still be mended."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from mentor_core.support.errors import RunError
from mentor_plugins.commands.health import Health
from mentor_plugins.commands.job import run
from mentor_runs.assembly.assemble import assemble
from mentor_runs.settings.config import Sign
from mentor_runs.settings.resolve import resolve

GOOD = {
    "calls": 2.5,
    "entropy": 0.4,
    "groups/zero_variance": 0.1,
    "reward": 0.4,
    "success": 0.4,
    "end/token_limit": 0.0,
    "end/turn_limit": 0.1,
}


def told(first, last, steps=12, reference_calls=2.5):
    """What is told of a training that goes from one set of metrics to another."""
    health = Health(reference_calls)
    found = []
    for step in range(1, steps + 1):
        share = (step - 1) / (steps - 1)
        metrics = {k: first[k] + share * (last[k] - first[k]) for k in first}
        found += health.look(step, metrics)
    return found


@pytest.mark.parametrize(
    ("change", "sign", "setting"),
    [
        ({"calls": 0.0}, "few_calls", "outcome_gated"),
        ({"entropy": 0.0}, "low_entropy", "learning_rate"),
        ({"groups/zero_variance": 1.0}, "zero_variance", "--warm-start sft"),
        ({"end/token_limit": 0.9}, "truncation", "rollout.max_episode_tokens"),
        ({"reward": 0.9, "success": 0.2}, "reward_hacking", "outcome"),
    ],
)
def test_each_sign_is_told_once_with_a_figure_and_a_setting(change, sign, setting):
    [finding] = told(GOOD, GOOD | change, steps=30)
    assert finding.sign == sign
    assert setting in finding.message
    assert any(character.isdigit() for character in finding.message)


def test_a_training_that_learns_is_left_alone():
    assert told(GOOD, GOOD | {"reward": 0.9, "success": 0.9, "entropy": 0.1}, steps=40) == []


def test_groups_that_always_win_need_harder_tasks_and_no_imitation():
    last = GOOD | {"groups/zero_variance": 1.0, "success": 1.0, "reward": 1.0}
    [finding] = told(last, last)
    assert "harder tasks" in finding.message


def test_calls_may_fall_to_what_the_references_need():
    """A student that learns to waste no calls is not a student that stops calling."""
    assert told(GOOD | {"calls": 6.0}, GOOD | {"calls": 2.5}, steps=30) == []


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from([*GOOD, "other"]), st.none() | st.floats(0, 10), max_size=8
        ),
        max_size=40,
    ),
    st.none() | st.floats(0, 10),
)
def test_whatever_is_measured_nothing_is_told_twice_and_nothing_breaks(steps, reference_calls):
    health = Health(reference_calls)
    found = [f for step, metrics in enumerate(steps, 1) for f in health.look(step, metrics)]
    signs = [finding.sign for finding in found]
    assert len(signs) == len(set(signs))
    assert set(signs) <= set(get_args(Sign))


@pytest.mark.slow
def test_a_run_that_is_paid_for_not_calling_ends_with_the_reason(tmp_path):
    """`efficiency` alone pays for every call that is left out: the student stops calling."""
    config = resolve(
        {
            "reward": {"preset": "", "terms": {"length": 1.0}, "composer": "weighted_sum"},
            "env_options": {"train_size": 32},
            "train": {
                "steps": 40,
                "tasks_per_step": 4,
                "learning_rate": 1e-3,
                "stop_on": ["few_calls"],
            },
            "evaluate": {"tasks": 0},
        }
    )
    with pytest.raises(RunError, match=r"calls an episode fell from .*outcome_gated"):
        run(assemble(config), tmp_path / "run", Console(quiet=True))
