"""InstrumentedProgress: milestones count in their order, and only if tools report them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call
from mentor_core.door.registry import REWARD_TERMS, create
from mentor_core.support.errors import ConfigError
from mentor_lab.testing import trajectory_of

TASK = Task("task-1", "tests", "?")
MARKS = ["[loaded]", "[fitted]", "[written]"]
TERM = create(REWARD_TERMS, "instrumented_progress", {"milestones": MARKS, "cap": 0.6})
OUTCOMES = st.sampled_from((0.0, 0.5, 1.0))


def score(*turns, outcome=0.0, term=TERM):
    return term.score(trajectory_of(*turns, outcome=outcome), TASK, [])


def shown(*results, **fields):
    return [Call("run", {}, result, **fields) for result in results]


def test_each_milestone_adds_a_third_of_the_cap_in_its_order():
    assert score(shown("nothing")) == 0.0
    assert score(shown("ok [loaded]")) == pytest.approx(0.2)
    assert score(shown("[loaded]"), shown("[fitted]"), "wrong") == pytest.approx(0.4)
    assert score(shown("[loaded] [fitted] [written]")) == pytest.approx(0.6)
    # out of order: the last step alone is worth nothing
    assert score(shown("[written]")) == 0.0
    assert score(shown("[fitted] [loaded]")) == pytest.approx(0.2)
    assert score(shown("[fitted]"), shown("[loaded]")) == pytest.approx(0.2)
    # twice is once
    assert score(shown("[loaded]", "[loaded]")) == pytest.approx(0.2)


def test_only_tools_report():
    assert score([Call("say", {"text": "[loaded]"}, "you said [loaded]")]) == 0.0
    assert score(shown("Error: [loaded]", failure="tool_error")) == 0.0
    assert score("[loaded] [fitted] [written]") == 0.0


@pytest.mark.parametrize("mark", ['"status": "done"', "fertig für heute", "two\nlines", "[1, 2]"])
def test_no_writing_of_a_mark_in_the_arguments_counts(mark):
    """Quotes and letters beyond ASCII are written in another way in JSON."""
    term = create(REWARD_TERMS, "instrumented_progress", {"milestones": [mark]})
    assert score([Call("say", {"text": mark}, f"you said {mark}")], term=term) == 0.0
    assert score([Call("say", {"text": "hello"}, f"you said {mark}")], term=term) > 0.0


RESULTS = st.lists(
    st.lists(st.lists(st.sampled_from([*MARKS, "text"])).map(" ".join), max_size=3), max_size=4
)


@given(RESULTS, OUTCOMES)
def test_a_wrong_episode_never_has_what_a_right_one_has(results, outcome):
    turns = [shown(*of_turn) for of_turn in results]
    found = score(*turns, outcome=outcome)
    assert found == 1.0 if outcome == 1.0 else found <= 0.6 < score(outcome=1.0)


@given(RESULTS, st.sampled_from([*MARKS, "text"]))
def test_one_result_more_never_lowers_the_score(results, more):
    turns = [shown(*of_turn) for of_turn in results]
    assert score(*turns, shown(more)) >= score(*turns)


def test_nothing_is_said_of_an_episode_that_was_not_verified():
    assert score(shown("[loaded]"), outcome=None) is None


def test_a_right_turn_gets_the_rest():
    right = trajectory_of(shown("[loaded]"), "42", outcome=1.0)
    assert TERM.score_turns(right, TASK, []) == pytest.approx([0.2, 0.8])


@pytest.mark.parametrize("milestones", [[], [" "], ["a", "a"], ["ready", "not ready"]])
def test_milestones_that_cannot_be_told_apart_are_refused(milestones):
    with pytest.raises(ConfigError, match="milestones"):
        create(REWARD_TERMS, "instrumented_progress", {"milestones": milestones})
