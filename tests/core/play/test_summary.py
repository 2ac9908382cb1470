"""Figures of an evaluation."""

import dataclasses
import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call
from mentor_core.play.summary import evaluation_starts, pass_at, play, summarise, summarise_split
from mentor_lab.testing import trajectories, trajectory_of

TASKS = [Task(f"task-{n}", "tests", "?") for n in range(3)]


def wilson(successes, count, z=1.959963984540054):
    share = successes / count
    middle = share + z * z / (2 * count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count**2))
    return (middle - half) / (1 + z * z / count), (middle + half) / (1 + z * z / count)


def of_outcomes(*outcomes):
    return summarise([trajectory_of("3", outcome=outcome) for outcome in outcomes])


def test_what_was_not_verified_counts_in_no_share_of_success():
    summary = of_outcomes(1.0, None, 0.0, None)
    assert (summary.episodes, summary.verified, summary.success) == (4, 2, 0.5)


def test_success_is_unknown_where_nothing_was_verified():
    summary = of_outcomes(None, None)
    assert (summary.verified, summary.success, summary.interval) == (0, None, None)


def test_a_partial_outcome_is_no_success():
    assert of_outcomes(0.99, 0.5, 1.0).success == pytest.approx(1 / 3)


@pytest.mark.parametrize(
    ("successes", "count", "expected"),
    [  # by hand, to three digits
        (0, 10, (0.0, 0.278)),
        (10, 10, (0.722, 1.0)),
        (5, 10, (0.237, 0.763)),
        (1, 1, (0.207, 1.0)),
    ],
)
def test_the_interval_is_wilsons(successes, count, expected):
    summary = of_outcomes(*[1.0] * successes, *[0.0] * (count - successes))
    assert summary.interval == pytest.approx(expected, abs=5e-4)


@given(st.lists(st.sampled_from((0.0, 1.0)), min_size=1, max_size=40))
def test_the_interval_contains_the_share(outcomes):
    summary = of_outcomes(*outcomes)
    low, high = summary.interval
    assert 0 <= low <= summary.success <= high <= 1
    assert summary.interval == pytest.approx(wilson(sum(outcomes), len(outcomes)), abs=1e-9)


def test_behaviour_is_counted_by_episode_and_failures_by_call():
    call, failed = Call("add", {}), Call("ad", {}, failure="unknown_tool")
    summary = summarise(
        [
            trajectory_of([call, failed], [failed], "3"),
            trajectory_of([call], end="turn_limit"),
            trajectory_of(end="error"),
            trajectory_of(),
        ]
    )
    assert (summary.turns, summary.calls, summary.call_failures) == (1.0, 1.0, 0.5)
    assert summary.ends == {"answered": 0.25, "error": 0.5, "turn_limit": 0.25}


def test_without_calls_no_share_of_them_failed():
    assert summarise([trajectory_of("3")]).call_failures is None


def test_nothing_played_is_not_a_division_by_zero():
    summary = summarise([])
    assert (summary.episodes, summary.success, summary.turns, summary.ends) == (0, None, 0.0, {})


@given(st.lists(trajectories(), min_size=1, max_size=5))
def test_shares_of_any_episodes_add_up(episodes):
    summary = summarise(episodes)
    assert sum(summary.ends.values()) == pytest.approx(1)
    assert 0 <= summary.verified <= summary.episodes == len(episodes)
    assert summary == summarise(episodes[::-1])


def test_of_several_environments_each_has_figures_of_its_own_beside_the_whole():
    right, wrong = (trajectory_of("3", outcome=o, env="dice") for o in (1.0, 0.0))
    other = trajectory_of("3", outcome=1.0, env="shop")
    found = summarise_split("eval", [right, other, wrong], ["shop", "dice", "files"])
    assert {name: summary.success for name, summary in found.items()} == {
        "eval": pytest.approx(2 / 3),
        "eval/shop": 1.0,
        "eval/dice": 0.5,
    }
    assert list(summarise_split("eval", [right, wrong], ["dice"])) == ["eval"]


def test_before_and_after_play_the_same_episodes():
    """Otherwise the difference between the two would not be that of the models."""
    starts = evaluation_starts(TASKS, 2, seed=5)
    assert starts == evaluation_starts(TASKS, 2, seed=5)
    assert [start.task for start in starts] == [t for task in TASKS for t in (task, task)]
    assert [start.group for start in starts] == [0, 0, 1, 1, 2, 2]
    assert len({start.seed for start in starts}) == 6


def test_a_tasks_seeds_do_not_depend_on_the_other_tasks_and_depend_on_the_run():
    alone = evaluation_starts(TASKS[2:], 2, seed=5)
    assert [s.seed for s in alone] == [s.seed for s in evaluation_starts(TASKS, 2, seed=5)[4:]]
    assert not {s.seed for s in alone} & {s.seed for s in evaluation_starts(TASKS, 2, seed=6)}


class Batches:
    def __init__(self):
        self.sizes = []

    def run(self, starts, on_end):
        self.sizes.append(len(starts))
        return [trajectory_of(task_id=start.task.id) for start in starts]


def test_episodes_are_played_in_batches_and_come_back_in_order():
    rollout, starts = Batches(), evaluation_starts(TASKS, 3, seed=0)
    played = play(rollout, starts, batch=4)
    assert rollout.sizes == [4, 4, 1]
    assert [t.task_id for t in played] == [start.task.id for start in starts]


def samples(*tasks):
    """Trajectories of several tasks, each with the outcomes of its samples."""
    return [
        dataclasses.replace(trajectory_of("3", outcome=outcome), task_id=f"task-{n}")
        for n, outcomes in enumerate(tasks)
        for outcome in outcomes
    ]


def test_pass_at_k_by_hand():
    # One of two succeeds; of the other task none: (1/2 + 0) / 2, and (1 + 0) / 2 with both.
    assert pass_at(samples([1.0, 0.0], [0.0, 0.0])) == {1: 0.25, 2: 0.5}
    assert pass_at(samples([1.0, 0.0, 0.0, None])) == {
        1: pytest.approx(1 / 3),
        2: pytest.approx(2 / 3),
    }
    assert pass_at([]) == {}


@given(st.lists(st.sampled_from((0.0, 0.5, 1.0)), min_size=1, max_size=9), st.data())
def test_pass_at_k_is_the_mean_over_all_choices_of_k(outcomes, data):
    """Taking the first k, or 1 − (1 − p)^k, would be biased."""
    found = pass_at(samples(outcomes))
    k = data.draw(st.sampled_from(sorted(found)))
    choices = list(itertools.combinations(outcomes, k))
    assert found[k] == pytest.approx(sum(1.0 in choice for choice in choices) / len(choices))
    assert list(found.values()) == sorted(found.values())
