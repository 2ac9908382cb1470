import numpy as np
import pytest

from mentor_core.credit import Layout
from mentor_core.errors import ConfigError
from mentor_core.reward import Composed
from mentor_plugins.credit.turn import TurnAdvantage

NAN = np.nan
LAYOUTS = [Layout(6, [(0, 2), (4, 6)]), Layout(3, [(1, 3)]), Layout(2, [(0, 2)]), Layout(0, [])]


def assign(rewards_B, turns_N, groups_B=(5, 5, 5, 5), **options):
    composed = Composed(np.array(rewards_B), [np.array(turns, dtype=float) for turns in turns_N])
    return TurnAdvantage(**options).assign(composed, np.array(groups_B), LAYOUTS)


def test_by_hand():
    # mean reward 0.5; mean turn reward (1 + 0 + 0.5) / 3, the unscored trajectory's not counted
    found = assign([1, 0, NAN, 0.5], [[1, 0], [0.5], [1], []], turn_weight=1, scale="none")
    assert found[0].tolist() == [1, 1, 0, 0, 0, 0]
    assert found[1].tolist() == [0, -0.5, -0.5]
    assert found[2].tolist() == [0, 0]
    assert found[3].shape == (0,)


def test_a_turn_without_reward_gets_the_trajectory_s_advantage():
    found = assign([1, 0, 0.5, 0.5], [[NAN, 1], [0], [NAN], []], turn_weight=2, scale="none")
    assert found[0].tolist() == [0.5, 0.5, 0, 0, 1.5, 1.5]
    assert found[2].tolist() == [0, 0]


def test_groups_are_compared_within_themselves_and_scaled_together():
    rewards = [1, 0, 0.5, 0.5]
    turns = [[1, 0], [1], [0.5], []]
    plain = assign(rewards, turns, groups_B=(0, 0, 1, 1), scale="none")
    scaled = assign(rewards, turns, groups_B=(0, 0, 1, 1))
    spread = np.std(rewards, ddof=1) + 1e-4
    for one, other in zip(plain, scaled, strict=True):
        assert other == pytest.approx(one / spread)
    assert plain[2].tolist() == [0, 0]
    assert plain[0] == pytest.approx([0.5 + 0.5 / 3] * 2 + [0, 0] + [0.5 - 1 / 3] * 2)


def test_a_composer_without_turn_rewards_is_refused():
    with pytest.raises(ConfigError, match="per turn"):
        TurnAdvantage().assign(Composed(np.zeros(4)), np.zeros(4, np.int64), LAYOUTS)
