import json

import numpy as np
import pytest
from pydantic import ValidationError

from mentor_core.contracts.reward import RewardTerm, Scores
from mentor_core.support.errors import ConfigError
from mentor_plugins.composers.constrained import Constrained
from mentor_runs.assembly.reward import Reward

NAN = np.nan


class Fixed(RewardTerm):
    def score(self, trajectory, task, references):
        return 1.0


def compose(composer, values_BK, weights_K=(1, 0), training_progress=0.0):
    values_BK = np.array(values_BK, dtype=float)
    turns_NK, groups_B = [values_BK[:1]] * len(values_BK), np.zeros(len(values_BK), np.int64)
    weights_K = np.array(weights_K, dtype=float)
    return composer.compose(
        Scores(("a", "b"), weights_K, values_BK, turns_NK, groups_B), training_progress
    )


def multiplier(composer):
    return composer.state()["multipliers"].get("b", 0.0)


def test_a_multiplier_rises_below_the_floor_and_falls_above_it_but_not_below_zero():
    composer = Constrained(floors={"b": 0.5}, rate=0.5)
    assert compose(composer, [[1, 0], [0, 0.2]]).rewards_B.tolist() == [1, 0]
    assert multiplier(composer) == pytest.approx(0.5 * (0.5 - 0.1))
    composed = compose(composer, [[1, 0], [0, 1]])
    assert composed.rewards_B == pytest.approx([1 / 1.2, 0.2 / 1.2])
    assert composed.turns_N[0] == pytest.approx([1 / 1.2])
    assert multiplier(composer) == pytest.approx(0.2)  # exactly at the floor: it stays
    compose(composer, [[1, 0.8]])
    assert multiplier(composer) == pytest.approx(0.05)
    compose(composer, [[1, 0.8]])
    assert multiplier(composer) == 0


def test_a_multiplier_stays_below_the_most_and_where_nothing_is_scored():
    composer = Constrained(floors={"b": 1.0}, rate=3, most=4)
    for _ in range(3):
        compose(composer, [[1, 0]])
    assert multiplier(composer) == 4
    assert np.isnan(compose(composer, [[1, NAN]]).rewards_B).all()
    assert multiplier(composer) == 4
    composer = Constrained(floors={"b": 1.0}, missing="renormalise")
    compose(composer, [[1, 0]])
    assert compose(composer, [[0.5, NAN]]).rewards_B == [0.5]


def test_a_resumed_run_goes_on_with_its_multipliers():
    composer, other = (Constrained(floors={"b": 0.5}) for _ in range(2))
    compose(composer, [[1, 0]])
    other.restore(json.loads(json.dumps(composer.state())))
    for values_BK in ([[1, 0.1]], [[0, 0.9], [1, 0]]):
        assert np.array_equal(
            compose(composer, values_BK).rewards_B, compose(other, values_BK).rewards_B
        )
    assert other.state() == composer.state()
    other.restore({})
    assert other.state() == {"multipliers": {}}


def test_the_floor_is_reached_where_the_policy_follows_the_reward():
    """Two ways to act, (1, 0) and (0.4, 1); the share p of the second follows the advantage."""
    composer, p = Constrained(floors={"b": 0.5}, rate=0.05), 0.0
    shares = []
    for _ in range(4000):
        count = round(p * 100)
        rewards_B = compose(composer, [[0.4, 1]] * count + [[1, 0]] * (100 - count)).rewards_B
        weight = multiplier(composer)
        gain = (0.4 + weight) - 1
        p = min(1.0, max(0.0, p + 0.01 * gain))
        shares.append(p)
        assert np.isfinite(rewards_B).all()
    assert np.mean(shares[2000:]) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize(
    ("floors", "weights", "message"),
    [
        ({"c": 0.5}, {"a": 1}, "'c' is not a term"),
        ({"b": 1.5}, {"a": 1}, r"'b' is in \[0.0, 1.0\]; its floor is 1.5"),
        ({"b": 0.5}, {"a": 1, "b": -1}, "the weight of 'b' is negative"),
    ],
)
def test_floors_that_do_not_fit_are_refused_before_the_run(floors, weights, message):
    with pytest.raises(ConfigError, match=message):
        Reward({"a": Fixed(), "b": Fixed()}, weights, Constrained(floors=floors))


def test_without_a_floor_there_is_nothing_to_constrain():
    with pytest.raises(ValidationError):
        Constrained(floors={})
