import math

import numpy as np
import pytest

from mentor_core.door.registry import CREDITS, create
from mentor_lab.comparison import compare, measure
from mentor_lab.scoring import Row


def rows(values, rewards, groups, batches=None):
    batches = batches or [0] * len(rewards)
    return [
        Row("f:1", "t", ("f", b), ("t", g), np.array(v, float), np.zeros((0, len(v))), reward=r)
        for v, r, g, b in zip(values, rewards, groups, batches, strict=True)
    ]


def effect(*given, terms=("x", "y")):
    return measure(rows(*given), terms, create(CREDITS, "group"))


def test_shares_of_a_linear_reward_are_those_of_its_terms():
    values = [(0, 0), (1, 0), (0, 1), (1, 1)]
    found = effect(values, [2 * x + y for x, y in values], [0] * 4)
    assert found.shares == pytest.approx({"x": 0.8, "y": 0.2})
    assert found.conflicts == []
    assert (found.groups, found.zero_variance, found.unscored) == (1, 0, 0)


def test_differences_between_groups_do_not_count():
    values = [(0, 0), (0, 1), (9, 5), (9, 6)]
    found = effect(values, [0, 1, 14, 15], [0, 0, 1, 1])
    assert found.shares == pytest.approx({"x": 0, "y": 1})


def test_terms_that_pull_apart_are_named():
    values = [(0, 1), (1, 0), (0, 1), (1, 0.5)]
    (conflict,) = effect(values, [0, 1, 2, 3], [0] * 4).conflicts
    assert (conflict.first, conflict.second) == ("x", "y") and conflict.correlation < -0.9


def test_dead_groups_singles_and_unscored_trajectories():
    values = [(1, math.nan)] * 6
    found = effect(values, [1, 1, 1, 2, 5, math.nan], [0, 0, 1, 1, 2, 1])
    assert (found.groups, found.zero_variance, found.unscored) == (2, 1, 1)
    assert found.advantages_B[[0, 1, 4, 5]].tolist() == [0] * 4
    assert found.shares == {"x": 0, "y": 0}


def test_groups_of_different_steps_are_different_groups():
    found = effect([(0, 0)] * 4, [1, 1, 2, 2], [0] * 4, [0, 0, 1, 1])
    assert (found.groups, found.zero_variance) == (2, 2)


def test_advantages_that_change_sign_appear_and_vanish():
    values, groups = [(0, 0)] * 6, [0, 0, 1, 1, 2, 2]
    before = effect(values, [0, 1, 0, 0, 0, 1], groups)
    after = effect(values, [1, 0, 0, 1, 5, 5], groups)
    found = compare(before, after)
    assert (found.flipped, found.appeared, found.vanished, found.trajectories) == (2, 2, 2, 6)
    assert compare(before, before).correlation == pytest.approx(1)
    assert math.isnan(compare(before, effect(values, [1] * 6, groups)).correlation)
