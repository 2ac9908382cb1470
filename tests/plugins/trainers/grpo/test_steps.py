"""Steps of one call: the real tokens of each call, in every format that allows it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core.contracts.parsing import HermesParser
from mentor_core.contracts.reward import Example
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Tokens
from mentor_core.door.registry import COMPOSERS, CREDITS, CRITICS, PARSERS, create
from mentor_core.support.errors import ConfigError
from mentor_lab.testing import trajectory_of
from mentor_plugins.rewards.outcome import Outcome
from mentor_plugins.rewards.valid_tools import ValidTools
from mentor_plugins.trainers.grpo.batch import join, score_part
from mentor_plugins.trainers.grpo.learners import teach
from mentor_plugins.trainers.grpo.steps import Steps
from mentor_runs.assembly.references import References
from mentor_runs.assembly.reward import Reward

CALL = Call("add", {"a": 12, "b": 3})
SCHEMA = {
    "name": "add",
    "parameters": {"properties": {"a": {"type": "number"}, "b": {"type": "number"}}},
}
TOGETHER = {"lfm2", "mistral"}
"""Formats with one list of all calls, which can be read only when the list is closed."""


def steps_of(student, credit="call_graph", parser=None):
    return Steps(create(CREDITS, credit), student.chat, parser or HermesParser())


FORMATS = ["hermes", "glm", "gemma", "qwen_coder", "llama3", "mistral", "lfm2", "harmony"]


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_calls_with_spans_or_is_refused(student, name):
    parser = create(PARSERS, name)
    parser.prepare(student.chat, [{"function": SCHEMA}])
    steps = steps_of(student, parser=parser)
    if name in TOGETHER:
        with pytest.raises(ConfigError, match=f"{type(parser).__name__}.*credit=turn_critic"):
            steps.check("call_graph")
        return
    steps.check("call_graph")
    text = parser.render("", [CALL, CALL, CALL])
    ids = student.chat.turn_ids(text, [CALL] * 3)
    turn = replace(trajectory_of([CALL] * 3).turns[0], text=text)
    tokens = Tokens([1])
    turn.span = tokens.add_sampled(ids, [-1.0] * len(ids))
    trajectory = trajectory_of(turns=[turn], tokens=tokens)
    example, layout = steps.split(Example(trajectory, Task("t", "e", "?")))
    assert layout.turns == [0, 0, 0]
    assert layout.spans[0][0] == 0
    assert layout.spans[-1][1] == len(ids)
    assert [len(step.calls) for step in example.trajectory.turns] == [1, 1, 1]


def played(chat, outcome, counts, group):
    """An episode with turns of so many calls, a result of which is used in the next turn."""
    tokens, turns = Tokens([1]), []
    calls = [
        [Call("add", {"a": 9 + n, "b": k}, f"{10 + n}") for k in range(count)]
        for n, count in enumerate(counts)
    ]
    for turn in trajectory_of(*calls, "10").turns:
        text = HermesParser().render(turn.text, turn.calls)
        ids = chat.turn_ids(text, turn.calls)
        turns.append(replace(turn, text=text, span=tokens.add_sampled(ids, [-1.0] * len(ids))))
    fields = {"answer": "10", "end": "answered", "outcome": outcome, "group": group}
    return trajectory_of(turns=turns, tokens=tokens, **fields)


EPISODE = st.tuples(
    st.sampled_from([None, 0.0, 1.0]), st.lists(st.integers(1, 3), max_size=2), st.integers(0, 1)
)


@pytest.mark.parametrize("credit", ["call_graph", "multi_call_replay"])
@settings(max_examples=30)
@given(st.lists(EPISODE, min_size=2, max_size=5), st.integers(1, 4))
def test_two_processes_together_are_as_one(student, credit, episodes, cut):
    critic = "linear" if create(CREDITS, credit).needs_values else None
    steps = steps_of(student, credit)
    terms = {"outcome": Outcome(), "valid_tools": ValidTools()}
    weights = {"outcome": 1.0, "valid_tools": 0.5}
    reward = Reward(terms, weights, create(COMPOSERS, "weighted_sum"))

    def advantages(*processes):
        """Of the third of three steps, all with the same episodes."""
        made = create(CRITICS, critic) if critic else None
        learners = {"critic": made} if made else {}
        for _ in range(3):
            parts = [
                score_part(
                    some, [Task("task-1", "tests", "?")] * len(some), References({}, {}), reward,
                    False, learners, steps=steps,
                )
                for some in processes
            ]  # fmt: skip
            batch = join(parts, reward, steps.credit, 0.5, made)
            teach(batch, learners)
        return batch.advantages_T

    batch = [played(steps.chat, *episode) for episode in episodes]
    cut = min(cut, len(batch) - 1)
    alone, together = advantages(batch), advantages(batch[:cut], batch[cut:])
    for one, other, trajectory in zip(alone, together, batch, strict=True):
        np.testing.assert_array_equal(one, other)
        assert np.isfinite(one).all()
        assert len(one) == len(trajectory.tokens.completion)
