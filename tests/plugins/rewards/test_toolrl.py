"""ToolRL's correctness reward, number by number, and on its own rows."""

import gzip
import json
import re

import pytest

from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Turn
from mentor_lab.testing import trajectory_of
from mentor_plugins.rewards.toolrl import ToolRL

TASK = Task("task-1", "tests", "?")


def add(a, b):
    return Call("add", {"a": a, "b": b})


def search(query):
    return Call("search", {"query": query})


NOW = Call("now", {})
BOTH = [add(1, 2), search("x")]  # Smax = 1 + (1 + 2) + (1 + 1) = 6


@pytest.mark.parametrize(
    ("made", "wanted", "expected"),
    [
        (BOTH, BOTH, 3),
        # S = names 1 + (keys 1 + values 2) + (keys 1 + values 1) = 6 = Smax, in another order
        (BOTH[::-1], BOTH, 3),
        # S = 1 + (1 + 1) + (1 + 1)
        ([add(1, 9), search("x")], BOTH, 6 * 5 / 6 - 3),
        # S = names 1/2 + (1 + 2)
        ([add(1, 2)], BOTH, 6 * 3.5 / 6 - 3),
        # S = names 2/3 + (1 + 2) + (1 + 1)
        ([*BOTH, NOW], BOTH, 6 * (2 / 3 + 5) / 6 - 3),
        # names as often as called: 1/2; Smax = 1 + 3
        ([add(1, 2), add(1, 2)], [add(1, 2)], 6 * 3.5 / 4 - 3),
        # S = 1 + (keys 1/3 + values 1)
        ([Call("add", {"a": 1, "c": 3})], [add(1, 2)], 6 * (2 + 1 / 3) / 4 - 3),
        # the best unused call, not the first
        ([add(8, 9), add(1, 2)], [add(1, 2)], 6 * (1 / 2 + 3) / 4 - 3),
        ([add(1, 9), add(1, 2)], [add(1, 2), add(1, 9)], 3),
        # the reference's first call takes the best, though the second needs it: 1 + 2 + 1, of 7
        ([add(1, 9), add(8, 8)], [add(1, 2), add(1, 9)], 6 * (1 + 2 + 1) / 7 - 3),
        ([search("x")], [add(1, 2)], -3),
        ([NOW], [NOW], 3),
        # no argument in common with none: names 1/2, keys 0, of 2
        ([Call("now", {"tz": 1}), search("x")], [NOW], 6 * 0.5 / 2 - 3),
        ([], [NOW], -3),
        ([NOW], [], None),
    ],
)
def test_scores_by_hand(made, wanted, expected):
    student, teacher = trajectory_of(made, "3"), trajectory_of(wanted, "3")
    found = ToolRL().score(student, TASK, [teacher])
    assert found == (None if expected is None else pytest.approx(expected))
    gold = [{"name": call.name, "arguments": call.arguments} for call in wanted]
    task = Task("task-1", "tests", "?", metadata={"calls": gold})
    assert ToolRL(against="gold").score(student, task, []) == found


def test_what_cannot_be_parsed_gives_the_least():
    turns = [Turn("", [NOW]), Turn("<tool_call>", parse_failure="malformed_call")]
    assert ToolRL().score(trajectory_of(turns=turns), TASK, [trajectory_of([NOW])]) == -3


def test_the_best_reference_counts_and_none_gives_none():
    references = [trajectory_of([NOW]), trajectory_of(BOTH)]
    assert ToolRL().score(trajectory_of(BOTH), TASK, references) == 3
    assert ToolRL().score(trajectory_of(BOTH), TASK, []) is None
    assert ToolRL().bounds == (-3, 3)


def test_the_correct_calls_of_toolrl_s_rows_get_3_and_others_less(shared_data):
    with gzip.open(shared_data / "toolrl" / "rlla_sft.json.gz", "rt") as file:
        outputs = [row["output"] for row in json.load(file)]
    blocks = [
        re.search(r"<tool_call>\n(.*?)\n</tool_call>", output, re.DOTALL) for output in outputs
    ]
    rows = [map(json.loads, block.group(1).split("\n")) for block in blocks if block]
    assert len(rows) > 200
    for row in rows:
        calls = [Call(call["name"], call["parameters"]) for call in row]
        gold = [{"name": call.name, "arguments": call.arguments} for call in calls]
        task = Task("task-1", "tests", "?", metadata={"calls": gold})

        def score(made, task=task):
            return ToolRL(against="gold").score(trajectory_of(made), task, [])

        assert score(calls) == 3
        assert score([]) == -3
        assert -3 < score([*calls, Call("another", {})]) < 3
        assert score([Call(call.name + "x", call.arguments) for call in calls]) < -1
