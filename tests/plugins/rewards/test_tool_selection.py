import pytest

from mentor_core.task import Task
from mentor_core.testing import trajectory_of
from mentor_core.trajectory import Call
from mentor_plugins.rewards.tool_selection import ToolSelection

TASK = Task("task-1", "tests", "?")


def turn(names):
    return [Call(name, {}) for name in names]


@pytest.mark.parametrize(
    ("made", "references", "set_", "overlap", "f1"),
    [
        ("ab", ["ab"], 1, 1, 1),
        ("aab", ["bba"], 1, 1, 1),
        ("a", ["ab"], 0, 1, 2 / 3),
        ("abcd", ["ab"], 0, 1, 2 / 3),
        ("c", ["ab"], 0, 0, 0),
        ("", ["ab"], 0, 0, 0),
        ("a", ["ab", "a"], 1, 1, 1),
        ("a", ["", "ab"], 0, 1, 2 / 3),
        ("a", [""], None, None, None),
        ("a", [], None, None, None),
    ],
)
def test_scores_by_hand(made, references, set_, overlap, f1):
    student = trajectory_of(turn(made), "3")
    teachers = [trajectory_of(turn(names), "3") for names in references]
    for mode, expected in [("set", set_), ("overlap", overlap), ("f1", f1)]:
        assert ToolSelection(mode=mode).score(student, TASK, teachers) == expected


def test_failed_calls_count_unless_told_otherwise():
    student = trajectory_of([Call("a", {}), Call("zz", {}, failure="unknown_tool")])
    teacher = trajectory_of(turn("a"))
    assert ToolSelection(mode="set").score(student, TASK, [teacher]) == 0
    assert ToolSelection(mode="set", count_failed=False).score(student, TASK, [teacher]) == 1


def test_a_turn_counts_if_one_reference_has_all_its_tools():
    student = trajectory_of(turn("a"), turn("ab"), turn("ac"), "3")
    teachers = [trajectory_of(turn("ab")), trajectory_of(turn("c"))]
    assert ToolSelection().score_turns(student, TASK, teachers) == [1, 1, 0, None]
