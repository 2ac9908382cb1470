"""DurationAware: right in a world in which slow is better, and in the opposite one."""

from __future__ import annotations

import heapq

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.reward import Composed
from mentor_core.contracts.trajectory import Call
from mentor_core.door.registry import CREDITS, create
from mentor_core.support.errors import ConfigError
from mentor_lab.testing import trajectory_of
from mentor_runs.assembly.assemble import assemble
from mentor_runs.settings.resolve import resolve
from mentor_toolkit.noting import NotedLayout

SECONDS = (1.0, 10.0)  # of the fast arm and of the slow one
WORKERS, BATCH, RATE = 16, 16, 0.03


def assigned(name, rewards, seconds, groups=None, **options):
    """The advantages of each turn; `seconds` are those of each episode's turns."""
    layouts = [
        NotedLayout(len(own), [(k, k + 1) for k in range(len(own))], range(len(own)), own)
        for own in seconds
    ]
    groups_B = np.array(groups if groups is not None else [0] * len(rewards))
    composed = Composed(np.array(rewards, dtype=float))
    return create(CREDITS, name, options).assign(composed, groups_B, layouts)


def chance_of_slow(name, worth, until, seed):
    """Workers play one of two arms for its seconds; each batch of finished episodes is learnt."""
    draw, logit, chances = np.random.default_rng(seed), 0.0, []
    running = []

    def begin(now, worker):
        chance = 1 / (1 + np.exp(-logit))
        arm = int(draw.random() < chance)
        heapq.heappush(running, (now + SECONDS[arm], worker, arm, chance))

    for worker in range(WORKERS):
        begin(draw.random(), worker)
    finished, now = [], 0.0
    while now < until:
        now, worker, arm, chance = heapq.heappop(running)
        finished.append((arm, chance, float(draw.random() < worth[arm])))
        begin(now, worker)
        if len(finished) == BATCH:
            arms, chances, rewards = zip(*finished, strict=True)
            found = assigned(name, rewards, [[SECONDS[arm]] for arm in arms])
            for advantage, arm, chance in zip(found, arms, chances, strict=True):
                logit += RATE * advantage[0] * (arm - chance)
            finished = []
    return 1 / (1 + np.exp(-logit))


def mean_chance(name, worth, until):
    return np.mean([chance_of_slow(name, worth, until, seed) for seed in range(8)])


SLOW_IS_BETTER, FAST_IS_BETTER = (0.8, 1.0), (1.0, 0.8)


def test_entry_37_the_better_arm_wins_in_both_worlds(record_property):
    """If fast is better, the weights make the way there longer, too: they help slow turns only."""
    found = {
        (name, worth): [mean_chance(name, worth, until) for until in (60, 800)]
        for name in ("group", "duration_aware")
        for worth in (SLOW_IS_BETTER, FAST_IS_BETTER)
    }
    record_property("chance of the slow arm after 60 and 800 s", repr(found))
    early, late = found["duration_aware", SLOW_IS_BETTER]
    assert early > found["group", SLOW_IS_BETTER][0] + 0.05
    assert late > 0.9
    assert found["duration_aware", FAST_IS_BETTER][1] < 0.1
    # the plain gradient comes to the better arm in both worlds, too
    assert found["group", SLOW_IS_BETTER][1] > 0.9
    assert found["group", FAST_IS_BETTER][1] < 0.1


EPISODES = st.lists(
    st.tuples(
        st.floats(0, 1) | st.just(np.nan),
        st.lists(st.floats(0, 1e6), max_size=4),
        st.integers(0, 2),
    ),
    min_size=1,
    max_size=6,
)


@given(EPISODES)
def test_the_advantages_of_a_group_sum_to_zero_over_its_turns(episodes):
    rewards, seconds, groups = zip(*episodes, strict=True)
    found = assigned("duration_aware", rewards, seconds, groups)
    for reward, of_T in zip(rewards, found, strict=True):
        assert np.isfinite(of_T).all()
        assert not (np.isnan(reward) and of_T.any())
    for group in set(groups):
        own = [of_T.sum() for of_T, label in zip(found, groups, strict=True) if label == group]
        assert sum(own) == pytest.approx(0, abs=1e-6)


def test_replayed_turns_change_no_advantage_of_the_turns_after_them():
    """They take no time to generate; as turns they would lower the mean and move the baseline."""
    rewards, seconds = np.array([1.0, 0.0, 1.0]), [[2.0], [9.0, 1.0], [4.0]]
    own = assigned("duration_aware", rewards, seconds)
    layouts = [
        NotedLayout(
            len(of), [None, None, *((k, k + 1) for k in range(len(of)))], (), [0.0, 7.0, *of]
        )
        for of in seconds
    ]
    credit = create(CREDITS, "duration_aware")
    found = credit.assign(Composed(rewards), np.zeros(3, dtype=int), layouts)
    assert np.concatenate(found) == pytest.approx(np.concatenate(own))


def test_turns_of_equal_time_are_those_of_group_but_for_the_divisor():
    rewards, seconds = [0.0, 1.0, 0.5, 0.1], [[2.0]] * 4
    found = np.concatenate(assigned("duration_aware", rewards, seconds))
    plain = np.concatenate(assigned("group", rewards, seconds, scale="none"))
    assert found == pytest.approx(plain / (np.sqrt(np.mean(plain**2)) + 1e-4))


def test_seconds_are_those_of_generation_and_tools():
    steps = trajectory_of([Call("add", {}, seconds=2.0), Call("add", {}, seconds=1.0)], "3")
    steps.turns[0].seconds, steps.turns[1].seconds = 0.5, 0.25
    assert create(CREDITS, "duration_aware").note(steps, [0, 1]) == [3.5, 0.25]


def test_a_run_without_a_limit_of_time_is_refused():
    with pytest.raises(ConfigError, match=r"duration_aware.*rollout\.episode_seconds=60"):
        assemble(resolve({"credit": "duration_aware"}))
    assemble(resolve({"credit": "duration_aware", "rollout": {"episode_seconds": 60}}))
