import pytest

from mentor_core.task import Task
from mentor_core.testing import trajectory_of
from mentor_core.trajectory import Call
from mentor_plugins.rewards.arguments import Arguments

TASK = Task("task-1", "tests", "?")


def add(a, b, **fields):
    return Call("add", {"a": a, "b": b}, **fields)


def search(query):
    return Call("search", {"query": query})


@pytest.mark.parametrize(
    ("made", "wanted", "expected"),
    [
        ([add(1, 2)], [add(1, 2)], 1),
        ([add(1.0, 2)], [add(1, 2.0)], 1),
        ([add(1, 3)], [add(1, 2)], 1 / 2),
        ([add(3, 4)], [add(1, 2)], 0),
        ([search("x")], [add(1, 2)], 0),
        ([], [add(1, 2)], 0),
        ([add(1, 2)], [], None),
        # any order, the best pairs: (1, 2) with (1, 2), (5, 6) with (5, 7)
        ([add(5, 6), add(1, 2)], [add(1, 2), add(5, 7)], 3 / 4),
        # the greedy choice for the first call would leave the second with nothing
        ([add(1, 2), add(1, 9)], [add(1, 2), add(8, 2)], 1 / 2),
        # more calls than the teacher only lower it
        ([add(1, 2)] * 4, [add(1, 2)], 1 / 4),
        ([add(1, 2)], [add(1, 2), search("x")], 1 / 2),
        # failed calls are worth nothing, and are nothing to follow
        ([add(1, 2, failure="tool_error")], [add(1, 2)], 0),
        ([add(1, 2)], [add(1, 2), add("x", 2, failure="bad_arguments")], 1),
        # what the environment calls the same is the same
        ([add(2, 1, key="add:1,2")], [add(1, 2, key="add:1,2")], 1),
        ([Call("sum", {"numbers": [1, 2]}, key="k")], [add(1, 2, key="k")], 1),
        ([add(2, 1)], [add(1, 2)], 0),
        ([Call("now", {})], [Call("now", {})], 1),
    ],
)
def test_scores_by_hand(made, wanted, expected):
    score = Arguments().score(trajectory_of(made, "3"), TASK, [trajectory_of(wanted, "3")])
    assert score == (None if expected is None else pytest.approx(expected))


def test_the_best_reference_counts_also_for_the_turns():
    student = trajectory_of([add(1, 2)], [add(5, 6), search("x")], "3")
    near = trajectory_of([add(1, 2), add(5, 7)])
    far = trajectory_of([search("y")])
    assert Arguments().score(student, TASK, [far, near]) == pytest.approx(1.5 / 3)
    assert Arguments().score_turns(student, TASK, [far, near]) == [1, 0.25, None]


def test_the_tolerance_is_relative():
    student, teacher = trajectory_of([add(100, 2)]), trajectory_of([add(101, 2)])
    assert Arguments(tolerance=0.02).score(student, TASK, [teacher]) == 1
    assert Arguments(tolerance=0.005).score(student, TASK, [teacher]) == 0.5
