"""Figures of an evaluation."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Turn
from mentor_lab.testing import trajectories, trajectory_of
from mentor_runs.evaluation.summary import (
    by_environment,
    evaluation_starts,
    pass_all,
    pass_at,
    play,
    summarise,
)

TASKS = [Task(f"task-{n}", "tests", "?") for n in range(3)]


def of_outcomes(*outcomes):
    """Figures of tasks with one episode each."""
    return summarise(samples(*([outcome] for outcome in outcomes)))


def samples(*tasks):
    """Trajectories of several tasks, each with the outcomes of its samples."""
    return [
        trajectory_of("3", outcome=outcome, task_id=f"task-{n}")
        for n, outcomes in enumerate(tasks)
        for outcome in outcomes
    ]


def test_what_was_not_verified_counts_in_no_share_of_success():
    summary = of_outcomes(1.0, None, 0.0, None)
    assert (summary.episodes, summary.verified, summary.success) == (4, 2, 0.5)


def test_success_is_unknown_where_nothing_was_verified():
    summary = of_outcomes(None, None)
    assert (summary.verified, summary.success, summary.interval) == (0, None, None)


def test_a_partial_outcome_is_no_success():
    assert of_outcomes(0.99, 0.5, 1.0).success == pytest.approx(1 / 3)


def test_a_task_counts_once_however_many_of_its_episodes_are_verified():
    summary = summarise(samples([1.0], [0.0, 0.0, 0.0]))
    assert (summary.success, summary.outcome, summary.verified) == (0.5, 0.5, 4)


def test_the_interval_of_one_episode_a_task_is_wilsons():
    low, high = of_outcomes(*[1.0] * 5, *[0.0] * 5).interval
    assert (low, high) == pytest.approx((0.237, 0.763), abs=5e-4)


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


def test_calls_are_invalid_if_they_could_not_be_carried_out_as_written():
    made = [Call("add", {}, failure=failure) for failure in (None, "bad_arguments", "timeout")]
    made.append(Call("ad", {}, failure="unknown_tool"))
    unread = Turn("<tool_call>", parse_failure="malformed_json")
    thinking = Turn("<think>", parse_failure="unclosed_thinking")
    episode = trajectory_of(turns=[Turn("", calls=made), unread, thinking])
    assert summarise([episode]).invalid_calls == 3 / 5
    assert summarise([trajectory_of(turns=[unread])]).invalid_calls == 1.0
    assert summarise([trajectory_of("3")]).invalid_calls is None


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
    right, wrong = (trajectory_of("3", outcome=o, env="dice", task_id=f"t{o}") for o in (1.0, 0.0))
    other = trajectory_of("3", outcome=1.0, env="shop")
    found = by_environment("eval", [right, other, wrong], ["shop", "dice", "files"])
    assert {name: summarise(own).success for name, own in found.items()} == {
        "eval": pytest.approx(2 / 3),
        "eval/shop": 1.0,
        "eval/dice": 0.5,
    }
    assert list(by_environment("eval", [right, wrong], ["dice"])) == ["eval"]


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


def means(found):
    return {k: estimate.mean for k, estimate in found.items()}


def test_pass_at_k_by_hand():
    # One of two succeeds; of the other task none: (1/2 + 0) / 2, and (1 + 0) / 2 with both.
    assert means(pass_at(samples([1.0, 0.0], [0.0, 0.0]))) == {1: 0.25, 2: 0.5}
    assert means(pass_at(samples([1.0, 0.0, 0.0, None]))) == {
        1: pytest.approx(1 / 3),
        2: pytest.approx(2 / 3),
    }
    assert pass_at([]) == {}


def test_pass_hat_k_by_hand():
    """All of k succeed: of one task both do, of the other one of two, of the third none."""
    found = pass_all(samples([1.0, 1.0], [1.0, 0.0], [0.0, 0.5]))
    assert means(found) == {1: pytest.approx(0.5), 2: pytest.approx(1 / 3)}
    assert found[2].tasks == 3
    assert pass_all(samples([1.0, 1.0], [1.0]))[2].tasks == 1


@given(st.lists(st.sampled_from((0.0, 0.5, 1.0)), min_size=1, max_size=9), st.data())
def test_chances_of_k_are_means_over_all_choices_of_k(outcomes, data):
    """Taking the first k, or 1 − (1 − p)^k and p^k, would be biased."""
    at, all_of = (means(figure(samples(outcomes))) for figure in (pass_at, pass_all))
    k = data.draw(st.sampled_from(sorted(at)))
    choices = list(itertools.combinations([o == 1.0 for o in outcomes], k))
    assert at[k] == pytest.approx(sum(map(any, choices)) / len(choices))
    assert all_of[k] == pytest.approx(sum(map(all, choices)) / len(choices))
    assert list(at.values()) == sorted(at.values())
    assert list(all_of.values()) == sorted(all_of.values(), reverse=True)
    assert at[1] == pytest.approx(all_of[1])
    assert at[1] == pytest.approx(summarise(samples(outcomes)).success)
