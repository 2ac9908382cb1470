"""Weights that follow a schedule, in every composer that has weights."""

import numpy as np
import pytest
from pydantic import ValidationError

from mentor_core.contracts.reward import RewardTerm, Scores
from mentor_core.door.registry import COMPOSERS, create
from mentor_core.support.errors import ConfigError
from mentor_runs.assembly.reward import Reward

TERMS = ("outcome", "teacher")
SCHEDULE = {"teacher": [[0.25, 1.0], [0.75, 0.0]]}
OPTIONS = {"constrained": {"floors": {"outcome": 0.0}}}
NAMES = ("annealed", "constrained", "normalised", "outcome_gated", "weighted_sum")


class Fixed(RewardTerm):
    def score(self, trajectory, task, references):
        return 1.0


def composer(name, schedule=SCHEDULE):
    return create(COMPOSERS, name, {"schedule": schedule, **OPTIONS.get(name, {})})


def rewards(made, weights_K, training_progress):
    values_BK = np.array([[1, 0], [1, 1], [0, 1], [0, 0]], dtype=float)
    turns_NK, groups_B = [np.empty((0, 2))] * 4, np.array([0, 0, 1, 1])
    scores = Scores(TERMS, np.array(weights_K, dtype=float), values_BK, turns_NK, groups_B)
    found = made.compose(scores, training_progress).rewards_B
    assert scores.weights_K.tolist() == weights_K
    return found


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("training_progress", "weight"), [(0, 1), (0.25, 1), (0.5, 0.5), (0.7, 0.1), (0.75, 0), (1, 0)]
)
def test_a_weight_goes_in_straight_lines_from_point_to_point(name, training_progress, weight):
    """The weight that the user gave the term, 9, does not count."""
    found = rewards(composer(name), [2, 9], training_progress)
    assert found == pytest.approx(rewards(composer(name, {}), [2, weight], 0.5))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        ({"techer": [[0, 1]]}, "'techer' is not a term of this reward; did you mean teacher"),
        ({"teacher": [[0.5, 0]], "outcome": [[0, 1], [0.5, 0]]}, "zero at 0.5 of the training"),
    ],
)
def test_a_schedule_that_does_not_fit_is_refused_before_the_run(name, schedule, message):
    terms = {term: Fixed() for term in TERMS}
    with pytest.raises(ConfigError, match=message):
        Reward(terms, dict.fromkeys(TERMS, 1), composer(name, schedule))


@pytest.mark.parametrize(
    "points", [[], [[0.5, 1], [0.5, 2]], [[0.6, 1], [0.5, 2]], [[-0.1, 1]], [[1.1, 1]], [[0]]]
)
def test_malformed_points_are_refused(points):
    with pytest.raises((ConfigError, ValidationError)):
        composer("weighted_sum", {"teacher": points})


def test_the_guarantee_of_outcome_gated_is_asked_for_at_every_point():
    terms = {term: Fixed() for term in TERMS}
    made = composer("outcome_gated", {"outcome": [[0, 1], [0.5, 0.1], [1, 1]]})
    with pytest.raises(ConfigError, match="raise the weight of 'outcome'"):
        Reward(terms, {"outcome": 1, "teacher": 1}, made)
