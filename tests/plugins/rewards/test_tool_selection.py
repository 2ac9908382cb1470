import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call
from mentor_lab.testing import trajectory_of
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


def test_unknown_tools_count_unless_told_otherwise():
    unknown, failed = Call("zz", {}, failure="unknown_tool"), Call("b", {}, failure="tool_error")
    student, teacher = trajectory_of([*turn("a"), unknown, failed]), trajectory_of(turn("ab"))
    assert ToolSelection(mode="set").score(student, TASK, [teacher]) == 0
    assert ToolSelection(mode="set", count_unknown=False).score(student, TASK, [teacher]) == 1
    assert ToolSelection(count_unknown=False).score(student, TASK, [teacher]) == 1


def test_turns_get_what_they_added():
    student = trajectory_of(turn("a"), turn("ab"), turn("ac"), turn("a"), "3")
    teachers = [trajectory_of(turn("ab")), trajectory_of(turn("c"))]
    added = [2 / 3, 1 - 2 / 3, 4 / 5 - 1, 0, 0]
    assert ToolSelection().score_turns(student, TASK, teachers) == pytest.approx(added)


@pytest.mark.parametrize(
    ("made", "wanted", "multiset", "order"),
    [
        ("ab", "ab", 1, 1),
        ("ba", "ab", 1, 1 / 2),
        ("aab", "ab", 4 / 5, 4 / 5),
        ("aab", "abb", 4 / 6, 4 / 6),
        ("abab", "aabb", 1, 6 / 8),
        ("bbaa", "aabb", 1, 4 / 8),
        ("xaxb", "ab", 4 / 6, 4 / 6),
        ("aaaa", "a", 2 / 5, 2 / 5),
        ("c", "ab", 0, 0),
        ("", "ab", 0, 0),
    ],
)
def test_multiset_and_order_by_hand(made, wanted, multiset, order):
    student, teacher = trajectory_of(turn(made), "3"), trajectory_of(turn(wanted), "3")
    for mode, expected in [("multiset", multiset), ("order", order)]:
        score = ToolSelection(mode=mode).score(student, TASK, [teacher])
        assert score == pytest.approx(expected), mode


def test_in_multiset_and_order_a_tool_too_often_costs():
    student = trajectory_of(turn("b"), turn("ax"), turn("bb"), "3")
    teacher = trajectory_of(turn("ab"), turn("b"))
    multiset, order = ToolSelection(mode="multiset"), ToolSelection(mode="order")
    added = [2 / 4, 4 / 6 - 2 / 4, 6 / 8 - 4 / 6, 0]
    assert multiset.score_turns(student, TASK, [teacher]) == pytest.approx(added)
    added = [2 / 4, 2 / 6 - 2 / 4, 6 / 8 - 2 / 6, 0]
    assert order.score_turns(student, TASK, [teacher]) == pytest.approx(added)


@given(st.text("abc", max_size=6), st.text("abc", min_size=1, max_size=6))
def test_the_longest_common_subsequence_is_the_longest(made, wanted):
    def longest(a, b):
        if not a or not b:
            return 0
        if a[0] == b[0]:
            return 1 + longest(a[1:], b[1:])
        return max(longest(a[1:], b), longest(a, b[1:]))

    score = ToolSelection(mode="order").score(
        trajectory_of(turn(made)), TASK, [trajectory_of(turn(wanted))]
    )
    assert score == pytest.approx(2 * longest(made, wanted) / (len(made) + len(wanted)))


@pytest.mark.parametrize(
    ("gold", "made", "expected"),
    [("ab", "ab", 1), ("ab", "a", 2 / 3), ("", "", 1), ("", "a", 0), (None, "a", None)],
)
def test_against_gold_calls(gold, made, expected):
    calls = None if gold is None else [{"name": name, "arguments": {}} for name in gold]
    task = Task("task-1", "tests", "?", metadata={} if calls is None else {"calls": calls})
    term = ToolSelection(against="gold")
    assert term.score(trajectory_of(turn(made)), task, []) == expected
    assert term.needs == {"gold"}
