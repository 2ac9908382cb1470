import pytest
from hypothesis import given

from mentor_core.task import Task
from mentor_core.testing import episodes, trajectory_of
from mentor_core.trajectory import Call
from mentor_plugins.rewards.teacher import Teacher

TASK = Task("task-1", "tests", "Work it out.")


def add(a, b, **fields):
    return Call("add", {"a": a, "b": b}, str(a + b), **fields)


def multiply(a, b, **fields):
    return Call("multiply", {"a": a, "b": b}, str(a * b), **fields)


WORK = [add(3, 4), add(2, 9), multiply(7, 11)]  # (3 + 4) * (2 + 9)


@pytest.mark.parametrize(
    ("made", "wanted", "flexible", "sequence", "set_"),
    [
        (WORK, WORK, 1, 1, 1),
        # independent calls in any order
        ([add(2, 9), add(3, 4), multiply(7, 11)], WORK, 1, 0, 1),
        # 11 had not been worked out yet: the call comes too early, and reaches nothing
        ([add(3, 4), multiply(7, 11), add(2, 9)], WORK, 2 / 3, 0, 1),
        ([multiply(7, 11)], WORK, 0, 0, 0),
        ([add(3, 4)], WORK, 1 / 2, 0, 0),
        # idle and repeated calls lower it
        ([*WORK, add(5, 5)], WORK, 6 / 7, 0, 1),
        ([add(3, 4)] * 9, [add(3, 4)], 2 / 10, 0, 1),
        # a call that the reference makes twice can be reached twice
        ([add(3, 4)] * 2, [add(3, 4)] * 2, 1, 1, 1),
        # failed calls reach nothing, and are nothing to reach
        ([add(3, 4, failure="timeout")], [add(3, 4)], 0, 1, 1),
        ([add(3, 4)], [add(3, 4), add(1, 1, failure="tool_error")], 1, 0, 1),
        ([add(3.0, 4)], [add(3, 4)], 1, 1, 1),
        ([add(4, 3, key="7")], [add(3, 4, key="7")], 1, 0, 1),
        ([], [add(3, 4)], 0, 0, 0),
        ([], [], 1, 1, 1),
        ([add(3, 4)], [], 0, 0, 0),
    ],
)
def test_scores_by_hand(made, wanted, flexible, sequence, set_):
    for mode, expected in [("flexible", flexible), ("sequence", sequence), ("set", set_)]:
        term = Teacher(mode=mode)
        score = term.score(trajectory_of(made, "77"), TASK, [trajectory_of(wanted, "77")])
        assert score == pytest.approx(expected), mode


def test_the_best_reference_counts():
    other = [multiply(2, 7), multiply(9, 7), add(14, 63)]
    references = [trajectory_of(other), trajectory_of(WORK)]
    assert Teacher().score(trajectory_of(WORK), TASK, references) == 1
    assert Teacher().score(trajectory_of(other), TASK, references) == 1
    assert Teacher().score(trajectory_of(WORK), TASK, []) is None


def test_turns_get_the_share_of_their_calls_that_reached_something():
    student = trajectory_of([add(3, 4), add(6, 6)], [multiply(7, 11)], [add(2, 9)], "77")
    assert Teacher().score_turns(student, TASK, [trajectory_of(WORK)]) == [0.5, 0, 1, None]
    assert Teacher(mode="set").score_turns(student, TASK, [trajectory_of(WORK)]) is None


@given(episodes())
def test_a_reference_played_again_without_failures_scores_one(example):
    for reference in example.references:
        for turn in reference.turns:
            turn.calls = [call for call in turn.calls if call.failure is None]
        assert Teacher().score(reference, example.task, [reference]) == 1


@given(episodes())
def test_a_further_call_that_reaches_nothing_lowers_a_positive_score(example):
    before = Teacher().score(example.trajectory, example.task, example.references)
    if before and example.trajectory.turns:
        example.trajectory.turns[-1].calls.append(Call("elsewhere", {}))
        assert Teacher().score(example.trajectory, example.task, example.references) < before
