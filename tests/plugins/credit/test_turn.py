from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.credit import Layout
from mentor_core.contracts.reward import Composed
from mentor_core.support.errors import ConfigError
from mentor_plugins.credit.turn import TurnAdvantage

NAN = np.nan
LAYOUTS = [Layout(6, [(0, 2), (4, 6)]), Layout(3, [(1, 3)]), Layout(2, [(0, 2)]), Layout(0, [])]


def assign(rewards_B, turns_N, groups_B=(5, 5, 5, 5), **options):
    composed = Composed(np.array(rewards_B), [np.array(turns, dtype=float) for turns in turns_N])
    return TurnAdvantage(**options).assign(composed, np.array(groups_B), LAYOUTS)


def test_by_hand():
    # mean reward 0.5; added from the first turn on 1, 0.5, 0: 0.5 in the mean; from the second on
    # 0.2, 0, 0; the trajectory without a reward does not count
    found = assign([1, 0, NAN, 0.5], [[0.8, 0.2], [0.5], [1], []], turn_weight=1, scale="none")
    assert found[0] == pytest.approx([0.5 + 0.5] * 2 + [0, 0] + [0.5 + 0.2 - 0.2 / 3] * 2)
    assert found[1] == pytest.approx([0, -0.5, -0.5])
    assert found[2].tolist() == [0, 0]
    assert found[3].shape == (0,)


def test_a_turn_of_which_nothing_is_known_added_nothing():
    found = assign([1, 0, 0.5, 0.5], [[NAN, 1], [0], [NAN], []], turn_weight=2, scale="none")
    assert found[0].tolist() == [0.5 + 2 * 0.75] * 2 + [0, 0] + [0.5 + 2 * 0.75] * 2
    assert found[2].tolist() == [-2 * 0.25] * 2


def test_a_turn_without_tokens_gets_nothing_and_costs_nobody_a_turn():
    """A server's turn, or one that broke, has no span: the turns after it keep their own."""
    layouts = [Layout(4, [(0, 2), None, (2, 4)]), Layout(0, [None])]
    turns = [np.array([0.5, 0.1, 0.2]), np.array([0.0])]
    composed = Composed(np.array([1.0, 0.0]), turns)
    found = TurnAdvantage(turn_weight=1, scale="none").assign(composed, np.zeros(2, int), layouts)
    assert found[0] == pytest.approx([0.5 + 0.8 / 2] * 2 + [0.5 + 0.2 / 2] * 2)
    assert found[1].shape == (0,)


def test_groups_are_compared_within_themselves_and_scaled_together():
    rewards = [1, 0, 0.5, 0.5]
    turns = [[1, 0], [1], [0.5], []]
    plain = assign(rewards, turns, groups_B=(0, 0, 1, 1), scale="none")
    scaled = assign(rewards, turns, groups_B=(0, 0, 1, 1))
    std = np.std(rewards, ddof=1) + 1e-4
    for one, other in zip(plain, scaled, strict=True):
        assert other == pytest.approx(one / std)
    assert plain[0] == pytest.approx([0.5, 0.5, 0, 0, 0.5, 0.5])
    assert plain[2] == pytest.approx([0.5 * 0.25] * 2)


def each_turn(rewards_B, turns_N, groups_B=None, **options):
    """The advantage of each turn, a token a turn."""
    turns = [np.array(added, dtype=float) for added in turns_N]
    layouts = [Layout(len(t), [(i, i + 1) for i in range(len(t))]) for t in turns]
    groups_B = np.zeros(len(turns), np.int64) if groups_B is None else np.array(groups_B)
    composed = Composed(np.array(rewards_B, dtype=float), turns)
    return TurnAdvantage(**options).assign(composed, groups_B, layouts)


added = st.lists(st.floats(0, 1).map(lambda x: round(x, 3)), min_size=1, max_size=5)


@given(
    added,
    st.lists(st.tuples(st.floats(0, 1), added), max_size=5),
    st.sampled_from(("batch", "group", "none")),
    st.floats(0, 4),
)
def test_cutting_a_trajectory_never_pays(whole, others, scale, turn_weight):
    """No turn of a beginning, nor an answer in place of what is cut off, gets more than the whole.

    Whatever else is in the group. Turns that are centred over all turns paid for it: a student
    learned to make one call and to answer at once.
    """
    cuts = [whole[:count] for count in range(1, len(whole))]
    early = [[*cut, 0.0] for cut in cuts]  # an answer adds nothing
    turns = [whole, *cuts, *early, *(turns for _, turns in others)]
    rewards = [sum(added) for added in turns[: 1 + 2 * len(cuts)]] + [
        reward for reward, _ in others
    ]
    found = each_turn(rewards, turns, scale=scale, turn_weight=turn_weight)
    for cut in found[1 : 1 + 2 * len(cuts)]:
        assert (cut <= found[0][: len(cut)] + 1e-9).all()
    if not others:
        assert all(cut.sum() <= found[0].sum() + 1e-9 for cut in found[1 : 1 + len(cuts)])


@given(
    st.tuples(*[st.floats(0.05, 0.95)] * 3),
    st.lists(st.tuples(*[st.floats(-1, 1)] * 2), min_size=4, max_size=4),
    st.floats(0, 3),
)
def test_the_expected_gradient_is_that_of_the_rewards_whatever_the_lengths(chances, ends, weight):
    """A policy goes on up to three times, each time with a chance of its own, or stops.

    The gradient, over all groups of two, of what the advantages reinforce is that of the mean
    of R + weight·(what the turns added): lengths earn and cost nothing by themselves.
    """
    rewards = [reward for reward, _ in ends]
    marks = np.cumsum([turn for _, turn in ends])  # what has been added in all at each stop
    turns = [
        [*np.diff([0, *marks[:count]]), marks[count] - (marks[count - 1] if count else 0)]
        for count in range(4)
    ]  # the last turn stops
    odds, slopes = [], []
    for count in range(4):
        passed = list(chances[:count])
        stop = [1 - chances[count]] if count < 3 else []
        odds.append(np.prod(passed + stop))
        # by the logit of each chance
        slopes.append([1 - p for p in passed] + ([-chances[count]] if stop else []))
    found, wanted = np.zeros(3), np.zeros(3)
    for one, other in product(range(4), repeat=2):
        pair = each_turn(
            [rewards[one], rewards[other]],
            [turns[one], turns[other]],
            turn_weight=weight,
            scale="none",
        )
        for which, advantages in zip((one, other), pair, strict=True):
            for place, slope in enumerate(slopes[which]):
                found[place] += odds[one] * odds[other] * advantages[place] * slope
    for count in range(4):
        gain = rewards[count] + weight * sum(turns[count])
        for place, slope in enumerate(slopes[count]):
            wanted[place] += odds[count] * gain * slope
    assert found == pytest.approx(wanted, abs=1e-9)  # two of them, each less half: 2·(1 - 1/2)


@pytest.mark.parametrize("scale", ["batch", "group"])
@given(
    st.lists(
        st.tuples(st.just(NAN) | st.floats(0, 1), st.lists(st.floats(-1, 1), max_size=4)),
        min_size=1,
        max_size=8,
    )
)
def test_advantages_stay_of_the_size_of_one(scale, batch):
    """Of equal rewards the std is 0, and turns may still differ: they must not blow up."""
    rewards_B, turns_N = zip(*batch, strict=True)
    flat = np.concatenate(each_turn(rewards_B, turns_N, scale=scale, turn_weight=1))
    assert np.isfinite(flat).all()
    assert (abs(flat) <= np.sqrt(max(len(flat), 1)) + np.sqrt(len(batch))).all()


def test_equal_rewards_that_were_earned_at_other_turns():
    found = each_turn([0.5, 0.5], [[0.5, 0], [0, 0.5]], turn_weight=1)
    # shifts 0, -0.25 and 0, 0.25
    assert found[0] == pytest.approx([0, -0.25 / np.sqrt(0.25**2 / 2)])
    assert found[1] == pytest.approx([0, 0.25 / np.sqrt(0.25**2 / 2)])


def test_a_composer_without_turn_rewards_is_refused():
    with pytest.raises(ConfigError, match="per turn"):
        TurnAdvantage().assign(Composed(np.zeros(4)), np.zeros(4, np.int64), LAYOUTS)
