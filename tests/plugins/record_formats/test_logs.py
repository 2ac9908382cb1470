"""Logs of benchmarks: τ-bench's results, and Inspect's samples."""

from __future__ import annotations

import pytest

from mentor_core import RowError
from mentor_core.door.registry import RECORD_FORMATS, create

QUESTION = {"role": "user", "content": "What is 1 + 2?"}
ANSWER = {"role": "assistant", "content": "Answer: 3"}


def test_a_result_of_tau_bench():
    call = {"id": "a", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
    row = {
        "task_id": 7,
        "reward": 1.0,
        "info": {"task": {"user_id": "u"}},
        "trial": 0,
        "traj": [
            {"role": "system", "content": "Rules."},
            QUESTION,
            {"role": "assistant", "content": None, "tool_calls": [call], "function_call": None},
            {"role": "tool", "tool_call_id": "a", "name": "add", "content": "3"},
            ANSWER,
        ],
    }
    trajectory = create(RECORD_FORMATS, "tau", {"env": "shop"}).read(row)
    assert trajectory.task_key == ("shop", "7")
    assert (trajectory.outcome, trajectory.end) == (1.0, "answered")
    assert [(c.name, c.arguments, c.result) for c in trajectory.calls] == [("add", {"a": 1}, "3")]


def sample(**fields):
    call = {"id": "a", "function": "add", "arguments": {"a": 1}, "type": "function"}
    return {
        "id": "s1",
        "epoch": 1,
        "messages": [
            QUESTION,
            {
                "role": "assistant",
                "content": [{"type": "text", "text": "Hm."}],
                "tool_calls": [call],
            },
            {"role": "tool", "tool_call_id": "a", "function": "add", "content": "3"},
            ANSWER,
        ],
        **fields,
    }


@pytest.mark.parametrize(
    ("scores", "outcome"),
    [
        ({"match": {"value": "C"}}, 1.0),
        ({"match": {"value": "I"}}, 0.0),
        ({"match": {"value": 0.5}}, 0.5),
        ({"match": {"value": "excellent"}}, None),  # not scored, and never 0
        ({}, None),
        (None, None),
    ],
)
def test_a_sample_of_inspect(scores, outcome):
    trajectory = create(RECORD_FORMATS, "inspect").read(sample(scores=scores))
    assert (trajectory.task_id, trajectory.outcome) == ("s1", outcome)
    assert [(c.name, c.arguments, c.result) for c in trajectory.calls] == [("add", {"a": 1}, "3")]
    assert trajectory.turns[0].text == "Hm."


def test_of_several_scores_the_one_that_is_named_counts():
    row = sample(scores={"style": {"value": "C"}, "match": {"value": "I"}})
    with pytest.raises(RowError, match="several scores: set the option scorer"):
        create(RECORD_FORMATS, "inspect").read(row)
    assert create(RECORD_FORMATS, "inspect", {"scorer": "match"}).read(row).outcome == 0.0


@pytest.mark.parametrize("name", ["tau", "inspect"])
@pytest.mark.parametrize("row", [{}, {"traj": 3, "messages": 3}, {"traj": [3], "messages": [3]}])
def test_what_is_no_such_row_says_so(name, row):
    with pytest.raises(RowError):
        create(RECORD_FORMATS, name).read(row)
