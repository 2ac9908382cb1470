"""Worked examples of the terms that need no reference."""

import pytest

from mentor_core.registry import REWARD_TERMS, create
from mentor_core.task import Task
from mentor_core.testing import trajectory_of
from mentor_core.trajectory import Call, Turn

TASK = Task("task-1", "tests", "?")
CALL = Call("add", {"a": 1, "b": 2}, "3")
UNKNOWN = Call("ad", {}, "Error", failure="unknown_tool")


def score(name, trajectory):
    term = create(REWARD_TERMS, name)
    return term.score(trajectory, TASK, []), term.score_turns(trajectory, TASK, [])


@pytest.mark.parametrize(
    ("trajectory", "expected"),
    [
        (trajectory_of(), (None, [])),
        (trajectory_of([CALL], "3"), (1, [1, 1])),
        (trajectory_of([CALL], [UNKNOWN]), (1, [1, 1])),
        (trajectory_of([CALL], "", end="policy_stopped"), (1 / 2, [1, 0])),
        (trajectory_of("thinking", "3"), (1 / 2, [0, 1])),
        (trajectory_of(turns=[Turn("", [CALL], parse_failure="malformed_call")]), (0, [0])),
        (trajectory_of(turns=[Turn("", [CALL], complete=False)]), (0, [0])),
    ],
)
def test_format(trajectory, expected):
    assert score("format", trajectory) == expected


@pytest.mark.parametrize("outcome", [None, 0.0, 0.25, 1.0])
def test_outcome(outcome):
    assert score("outcome", trajectory_of("3", outcome=outcome)) == (outcome, None)


@pytest.mark.parametrize(
    ("trajectory", "expected"),
    [
        (trajectory_of("3"), (1, [1])),
        (trajectory_of([CALL], [CALL, UNKNOWN], "3"), (0, [1, 0, 1])),
        (trajectory_of([Call("add", {}, failure="bad_arguments")]), (1, [1])),
        (trajectory_of(), (1, [])),
    ],
)
def test_valid_tools(trajectory, expected):
    assert score("valid_tools", trajectory) == expected


@pytest.mark.parametrize(
    ("trajectory", "expected"),
    [
        (trajectory_of(), 0),
        (trajectory_of("3"), 1),
        (trajectory_of(turns=[Turn("", complete=False), Turn("3")]), 1),
        (trajectory_of(turns=[Turn("3"), Turn("", complete=False)]), 0),
    ],
)
def test_ended(trajectory, expected):
    assert score("ended", trajectory) == (expected, None)


@pytest.mark.parametrize(
    ("trajectory", "expected"),
    [
        (trajectory_of(), 0),
        (trajectory_of("3"), 1),
        (trajectory_of("3", answer=" \n"), 0),
        (trajectory_of("3", answer=None), 0),
        (trajectory_of([CALL], end="turn_limit"), 0),
        (trajectory_of([CALL], end="finished"), 1),
    ],
)
def test_answered(trajectory, expected):
    assert score("answered", trajectory) == (expected, None)
