"""Worked examples of the terms that need no reference."""

import pytest

from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Tokens, Turn
from mentor_core.door.registry import REWARD_TERMS, create
from mentor_core.support.errors import ConfigError
from mentor_lab.testing import trajectory_of

TASK = Task("task-1", "tests", "?")
CALL = Call("add", {"a": 1, "b": 2}, "3")
UNKNOWN = Call("ad", {}, "Error", failure="unknown_tool")
MALFORMED = Turn("<tool_call>{", parse_failure="malformed_call")


def score(name, trajectory):
    term = create(REWARD_TERMS, name)
    return term.score(trajectory, TASK, []), term.score_turns(trajectory, TASK, [])


@pytest.mark.parametrize(
    ("trajectory", "expected"),
    [
        (trajectory_of(), (None, [])),
        (trajectory_of([CALL], "3"), (1, [0, 0])),
        (trajectory_of([CALL], [UNKNOWN]), (1, [0, 0])),
        (trajectory_of([CALL], "", end="policy_stopped"), (1 / 2, [0, -1 / 2])),
        (trajectory_of("thinking", "3"), (1 / 2, [-1, 1 / 2])),
        (trajectory_of(turns=[Turn("", [CALL], parse_failure="malformed_call")]), (0, [-1])),
        (trajectory_of(turns=[Turn("", [CALL], complete=False)]), (0, [-1])),
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
        (trajectory_of("3"), (1, [0])),
        (trajectory_of([CALL], [CALL, UNKNOWN], "3"), (0, [0, -1, 0])),
        (trajectory_of([UNKNOWN], [UNKNOWN]), (0, [-1, 0])),
        (trajectory_of([Call("add", {}, failure="bad_arguments")]), (1, [0])),
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


@pytest.mark.parametrize(
    ("trajectory", "expected"),
    [
        (trajectory_of([CALL], "3", outcome=None), None),
        # does not parse < runs with errors < runs, wrong < partly right < right
        (trajectory_of(outcome=0.0), 0),
        (trajectory_of(turns=[MALFORMED], outcome=0.0), 0),
        (trajectory_of([UNKNOWN], outcome=0.0), 0),
        (trajectory_of("", answer=" ", outcome=0.0), 0),
        (trajectory_of([CALL], outcome=0.0), 0.25),
        (trajectory_of([CALL], "", answer=" ", outcome=0.0), 0.25),
        (trajectory_of([CALL, UNKNOWN], "4", outcome=0.0), 0.25),
        (trajectory_of(turns=[MALFORMED, Turn("4")], answer="4", outcome=0.0), 0.25),
        (trajectory_of([CALL], "4", outcome=0.0), 0.5),
        (trajectory_of("4", outcome=0.0), 0.5),
        (trajectory_of([CALL], end="finished", outcome=0.0), 0.5),
        (trajectory_of([CALL], end="finished", outcome=0.5), 0.75),
        (trajectory_of([CALL], "3", outcome=1.0), 1),
        (trajectory_of([CALL, UNKNOWN], "3", outcome=1.0), 1),
    ],
)
def test_progress(trajectory, expected):
    assert score("progress", trajectory) == (expected, None)


def with_tokens(sampled, written, outcome=1.0):
    tokens = Tokens([1])
    tokens.add_sampled([1] * sampled, [0.0] * sampled)
    tokens.add_written([1] * written)
    return trajectory_of([CALL], "3", outcome=outcome, tokens=tokens)


@pytest.mark.parametrize(
    ("trajectory", "unit", "expected"),
    [
        (with_tokens(2, 90), "tokens", 1),
        (with_tokens(4, 90), "tokens", 1),
        (with_tokens(5, 0), "tokens", 0.75),
        (with_tokens(8, 0), "tokens", 0),
        (with_tokens(80, 0), "tokens", 0),
        (with_tokens(2, 0, outcome=0.5), "tokens", 0),
        (with_tokens(2, 0, outcome=None), "tokens", None),
        (trajectory_of("3", outcome=1.0), "tokens", None),
        (trajectory_of("3", outcome=1.0), "turns", 1),
        (trajectory_of(*["x"] * 6, outcome=1.0), "turns", 0.5),
        (trajectory_of("123456", "7", outcome=1.0), "characters", 0.25),
    ],
)
def test_length(trajectory, unit, expected):
    term = create(REWARD_TERMS, "length", {"unit": unit, "target": 4, "limit": 8})
    assert term.score(trajectory, TASK, []) == expected
    assert term.reads_text is (unit == "characters")


def test_a_length_that_costs_before_it_may_is_refused():
    with pytest.raises(ConfigError, match=r"target \(8\) must be less than limit \(8\)"):
        create(REWARD_TERMS, "length", {"target": 8, "limit": 8})


@pytest.mark.parametrize(
    ("made", "wanted", "expected"),
    [
        (2, [2], 1),
        (1, [2], 1),
        (3, [2], 1 / 1.5),
        (4, [2], 1 / 2),
        (4, [2, 4], 1),
        (0, [0], 1),
        (2, [0], 1 / 3),
        (2, [], None),
    ],
)
def test_efficiency(made, wanted, expected):
    term = create(REWARD_TERMS, "efficiency")
    references = [trajectory_of([CALL] * count + [UNKNOWN]) for count in wanted]
    for outcome, value in [(1.0, expected), (0.5, 0.0 if wanted else None), (None, None)]:
        student = trajectory_of([CALL] * made, "3", outcome=outcome)
        assert term.score(student, TASK, references) == (
            None if value is None else pytest.approx(value)
        )
