"""Stopping early: by no reward and no credit may the beginning of an episode beat the whole."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings

from mentor_core.contracts.credit import Layout
from mentor_core.contracts.reward import Example
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Turn
from mentor_core.door.registry import CREDITS, PRESETS, create, names
from mentor_lab.testing import honest_episodes, trajectory_of
from mentor_runs.assembly.assemble import make_reward
from mentor_runs.settings.resolve import resolve

THE_HACKED = {"teacher": 1, "arguments": 1, "outcome": 1}
REWARDS = {
    **{preset: {"preset": preset} for preset in names(PRESETS)},
    "teacher,arguments,outcome": {"terms": THE_HACKED, "composer": "weighted_sum"},
    "normalised": {"terms": THE_HACKED | {"format": 1}, "composer": "normalised"},
    "constrained": {
        "terms": THE_HACKED | {"tool_selection": 1},
        "composer": "constrained",
        "composer_options": {"floors": {"teacher": 0.9}},
    },
}

PAYS_SILENCE = {"mentor-any-overlap"}
"""As published: no answer gets 0.1, a wrong one 0.06 at most."""


def cuts(trajectory):
    """Cut off after each turn, and answered there, wrongly."""
    for count in range(1, len(trajectory.turns)):
        turns = trajectory.turns[:count]
        end = {"answer": None, "end": "turn_limit", "outcome": 0.0}
        yield replace(trajectory, turns=turns, **end)
        end = {"answer": "13", "end": "answered", "outcome": 0.0}
        yield replace(trajectory, turns=[*turns, Turn("Answer: 13")], **end)


def wrong(trajectory):
    turns = [*trajectory.turns[:-1], Turn("Answer: 13")]
    return replace(trajectory, turns=turns, answer="13", outcome=0.0)


@pytest.mark.parametrize("weight", [0.5, 1.0, 5.0])
@pytest.mark.parametrize("name", REWARDS)
@settings(max_examples=25, deadline=None)
@given(example=honest_episodes())
def test_no_turn_of_a_beginning_gets_more_than_in_the_whole(name, weight, example):
    """Whether the whole is right or wrong: else a student learns to make one call and to answer."""
    reward = make_reward(resolve({"reward": REWARDS[name]}).reward)
    wholes = [example.trajectory] + [wrong(example.trajectory)] * (name not in PAYS_SILENCE)
    for whole in wholes:
        batch = [replace(t, group=0) for t in (whole, *cuts(whole))]
        scores = reward.score([replace(example, trajectory=t) for t in batch])
        composed = reward.composer.compose(scores, 0.0)
        layouts = [Layout(len(t.turns), [(i, i + 1) for i in range(len(t.turns))]) for t in batch]
        estimators = [create(CREDITS, "group")]
        if composed.turns_N is not None:
            estimators.append(create(CREDITS, "turn", {"turn_weight": weight}))
        for credit in estimators:
            kept, *others = credit.assign(composed, scores.groups_B, layouts)
            for early in others:
                count = min(len(kept), len(early))
                assert (early[:count] <= kept[:count] + 1e-9).all()
                assert np.isfinite(early).all()


TASK = Task("task-1", "tests", "Add four pairs.", "x")
RIGHT = [Call("add", {"a": 10 + n, "b": 20 + n}, str(30 + 2 * n)) for n in range(4)]
WRONG = [Call("add", {"a": 50 + n, "b": 20 + n}, str(70 + 2 * n)) for n in range(8)]
TEACHER = trajectory_of(*([call] for call in RIGHT), "x", outcome=1.0, source="teacher")
SKILL = (0.6, 0.3, 0.2, 0.1, 0, 0, 0, 0)
"""How often a call is the right one, if one is made: later steps are harder."""


def played(chances, draw):
    """An episode of a student that goes on with these chances, or answers; and whether it did."""
    turns, went_on = [], []
    for place, (chance, skill) in enumerate(zip(chances, SKILL, strict=True)):
        went_on.append(draw.random() < chance)
        if not went_on[-1]:
            break
        turns.append([RIGHT[place] if draw.random() < skill else WRONG[place]])
    right = turns == [[call] for call in RIGHT] and not went_on[-1]
    answer = ["x" if right else "y"] if not went_on[-1] else []
    end = "turn_limit" if went_on[-1] else "answered"
    return trajectory_of(*turns, *answer, outcome=float(right), end=end), went_on


def trained(settings, turn_weight, steps=25):
    """Mean calls at first, and after training, of a student that learns only when to stop."""
    reward = make_reward(resolve({"reward": settings}).reward)
    credit = create(CREDITS, "turn", {"turn_weight": turn_weight})
    draw, logits, calls = np.random.default_rng(0), np.full(8, np.log(0.7 / 0.3)), []
    for _ in range(steps):
        chances = 1 / (1 + np.exp(-logits))
        episodes = [played(chances, draw) for _ in range(64)]
        batch = [replace(t, group=index // 8) for index, (t, _) in enumerate(episodes)]
        scores = reward.score([Example(t, TASK, [TEACHER]) for t in batch])
        layouts = [Layout(len(t.turns), [(i, i + 1) for i in range(len(t.turns))]) for t in batch]
        composed = reward.composer.compose(scores, 0.0)
        advantages = credit.assign(composed, scores.groups_B, layouts)
        for (_, went_on), advantages_N in zip(episodes, advantages, strict=True):
            for place, (on, advantage) in enumerate(zip(went_on, advantages_N, strict=False)):
                logits[place] += 0.02 * advantage * (on - chances[place])
        calls.append(np.mean([len(t.calls) for t in batch]))
    return np.mean(calls[:3]), np.mean(calls[-3:])


@pytest.mark.parametrize("name", ["mentor", "teacher,arguments,outcome"])
@pytest.mark.parametrize("turn_weight", [0.5, 1.0])
def test_a_student_that_is_seldom_right_does_not_learn_to_stop(name, turn_weight):
    """With turns centred over all turns the calls fell to 1 and, with `mentor`, to none."""
    before, after = trained(REWARDS[name], turn_weight)
    assert after > before
    assert after < 4.5  # nor to go on for its own sake: there are four steps
