import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.credit import Layout
from mentor_core.contracts.reward import Composed
from mentor_plugins.credit.group import GroupAdvantage

NEAR_TIE = [1.0] * 7 + [0.95]


def advantages(rewards_B, groups_B, **options):
    layouts = [Layout(b + 1, [(0, b + 1)]) for b in range(len(rewards_B))]
    composed = Composed(np.array(rewards_B, dtype=float))
    found = GroupAdvantage(**options).assign(composed, np.array(groups_B), layouts)
    assert [a.shape for a in found] == [(layout.length,) for layout in layouts]
    assert all((a == a[0]).all() for a in found)
    return np.array([a[0] for a in found])


def test_by_hand():
    rewards, groups = [0, 1, 0.5, 0.5, np.nan], [7, 7, 3, 3, 3]
    assert advantages(rewards, groups, scale="none").tolist() == [-0.5, 0.5, 0, 0, 0]
    std = np.std([0, 1, 0.5, 0.5], ddof=1) + 1e-4
    assert advantages(rewards, groups) == pytest.approx(np.array([-0.5, 0.5, 0, 0, 0]) / std)
    std = np.std([0, 1], ddof=1) + 1e-4
    assert advantages(rewards, groups, scale="group") == pytest.approx(
        np.array([-0.5, 0.5, 0, 0, 0]) / std
    )


def test_a_near_tie_stays_small_under_the_spread_of_the_batch():
    assert advantages(NEAR_TIE, [0] * 8, scale="group")[7] == pytest.approx(-2.46, abs=0.01)
    rewards, groups = NEAR_TIE + [0.0, 1.0] * 4, [0] * 8 + [1] * 8
    found = advantages(rewards, groups)
    assert abs(found[:8]).max() < 0.15
    assert abs(found[8:]).min() > 1


@given(
    st.lists(
        st.tuples(st.just(np.nan) | st.floats(0, 1), st.integers(0, 3)), min_size=1, max_size=20
    ),
    st.sampled_from(("batch", "group", "none")),
)
def test_advantages_sum_to_zero_in_each_group_and_are_zero_where_unscored(batch, scale):
    rewards_B, groups_B = (np.array(column) for column in zip(*batch, strict=True))
    found = advantages(rewards_B, groups_B, scale=scale)
    assert np.isfinite(found).all()
    assert (found[np.isnan(rewards_B)] == 0).all()
    for group in groups_B:
        assert found[groups_B == group].sum() == pytest.approx(0, abs=1e-9)
