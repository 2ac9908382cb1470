from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.task import Task
from mentor_core.support.errors import ConfigError
from mentor_plugins.samplers.uniform import Uniform


def sampler(total, seed=0):
    uniform = Uniform()
    uniform.start([Task(str(index), "tests", "?") for index in range(total)], seed)
    return uniform


@given(
    st.integers(1, 12),
    st.lists(st.integers(1, 12), min_size=1, max_size=12),
    st.integers(0, 2**32 - 1),
)
def test_every_task_comes_once_an_epoch_whatever_is_drawn_at_a_time(total, counts, seed):
    uniform = sampler(total, seed)
    row = []
    for count in counts:
        row += [task.id for task in uniform.choose(len(row), count)]
    assert len(row) == sum(counts)
    for epoch in range(len(row) // total):
        assert set(Counter(row[epoch * total : (epoch + 1) * total]).values()) == {1}
        assert len(set(row[epoch * total : (epoch + 1) * total])) == total


def test_a_step_does_not_depend_on_the_steps_before_it():
    first, resumed = sampler(10, seed=3), sampler(10, seed=3)
    for step in range(20):
        first.choose(4 * step, 4)
    assert first.choose(80, 4) == resumed.choose(80, 4)


def test_seeds_and_epochs_have_their_own_order():
    assert sampler(50, 1).choose(0, 50) != sampler(50, 2).choose(0, 50)
    assert sampler(50, 1).choose(0, 50) != sampler(50, 1).choose(50, 50)


def test_no_task_is_refused():
    with pytest.raises(ConfigError, match="no task"):
        sampler(0)


@given(st.integers(1, 12), st.lists(st.integers(1, 9), max_size=6), st.integers(0, 2**32 - 1))
def test_what_a_run_reaches_is_what_is_chosen_whatever_is_drawn_at_a_time(total, counts, seed):
    """A run has references of these tasks alone."""
    uniform, chosen = sampler(total, seed), []
    for count in counts:
        chosen += uniform.choose(len(chosen), count)
    reached = [task.id for task in sampler(total, seed).reach(sum(counts))]
    assert sorted(reached) == sorted({task.id for task in chosen})
