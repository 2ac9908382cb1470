"""MultiCallReplay: of a turn's calls, the useful one is reinforced, and their sum is the turn's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.parsing import HermesParser
from mentor_core.contracts.reward import Composed, RewardTerm
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Tokens
from mentor_core.door.registry import COMPOSERS, CREDITS, CRITICS, create
from mentor_core.support.errors import ConfigError
from mentor_lab.testing import trajectory_of
from mentor_plugins.trainers.grpo.batch import join, score_part
from mentor_plugins.trainers.grpo.learners import teach
from mentor_plugins.trainers.grpo.steps import Steps
from mentor_runs.assembly.assemble import assemble
from mentor_runs.assembly.references import References
from mentor_runs.assembly.reward import Reward
from mentor_runs.settings.resolve import resolve
from mentor_toolkit.noting import NotedLayout

TASK = Task("task-1", "tests", "?")
IDLE, USEFUL = ("round_number", "negate"), "add"
REFERENCE = trajectory_of([Call(USEFUL, {"a": 1, "b": 2}, "3")], "3", outcome=1.0)


class Outcome(RewardTerm):
    def score(self, trajectory, task, references):
        return trajectory.outcome


@pytest.fixture(scope="module")
def steps(student):
    return Steps(create(CREDITS, "multi_call_replay"), student.chat, HermesParser())


def played(chat, names):
    """An episode of one turn of calls and an answer, right if the useful call is among them."""
    calls = [Call(name, {"a": 1, "b": 2}, "3") for name in names]
    turns, tokens = [], Tokens([1])
    right = float(USEFUL in names)
    for turn in trajectory_of(calls, "3", outcome=right).turns:
        text = HermesParser().render(turn.text, turn.calls)
        ids = chat.turn_ids(text, turn.calls)
        observed = [{"role": "tool", "content": call.result} for call in turn.calls]
        span = tokens.add_sampled(ids, [-1.0] * len(ids))
        turns.append(replace(turn, text=text, span=span, observation=observed))
        tokens.add_written(chat.suffix_ids(observed) if observed else [])
    return trajectory_of(turns=turns, tokens=tokens, answer="3", end="answered", outcome=right)


def step(steps, critic, *trajectories):
    """One step of a training."""
    reward = Reward({"outcome": Outcome()}, {"outcome": 1.0}, create(COMPOSERS, "weighted_sum"))
    references = References({TASK.key: [REFERENCE]}, {})
    tasks = [TASK] * len(trajectories)
    learners = {"critic": critic}
    part = score_part(
        trajectories, tasks, references, reward, False, learners, "sampled", steps
    )  # fmt: skip
    credit = steps.credit if steps else create(CREDITS, "hier_critic")
    batch = join([part], reward, credit, 0.0, critic)
    teach(batch, learners)
    return part, batch


def test_only_the_useful_call_of_three_is_reinforced(steps, record_property):
    """The first and the third call have no effect; half of the second ones solve the task."""
    critic, draw = create(CRITICS, "linear"), np.random.default_rng(0)
    for _ in range(20):
        names = draw.choice(IDLE, size=(32, 3)).tolist()
        for calls in names[::2]:
            calls[1] = USEFUL
        step(steps, critic, *(played(steps.chat, calls) for calls in names))
    part, batch = step(steps, critic, played(steps.chat, [IDLE[0], USEFUL, IDLE[1]]))
    [layout], [found] = part.layouts, batch.advantages_T
    by_call = [found[slice(*span)] for span in layout.spans[:3]]
    record_property("advantages of the three calls", [float(of_T[0]) for of_T in by_call])
    assert all((of_T == of_T[0]).all() for of_T in by_call)
    assert by_call[1][0] > 0.4
    assert abs(by_call[0][0]) < by_call[1][0] / 5
    assert abs(by_call[2][0]) < by_call[1][0] / 5
    # telescoping: exactly the turn's own advantage
    [values_S] = batch.composed.values_N
    whole = values_S[3] - values_S[0]
    assert sum(of_T[0] for of_T in by_call) == pytest.approx(whole, abs=1e-12)


TURNS = st.lists(st.integers(1, 4), min_size=1, max_size=4)


@given(TURNS, st.floats(0, 1), st.randoms())
def test_the_sum_over_calls_is_the_turns_advantage_of_hier_critic(counts, reward, draw):
    turns = [n for n, count in enumerate(counts) for _ in range(count)]
    last = np.cumsum(counts)  # steps up to the end of each turn
    values_S = np.array([draw.uniform(-1, 1) for _ in range(len(turns))] + [0.0])
    added_S = np.array([draw.uniform(-0.5, 0.5) for _ in turns])
    spans = [(s, s + 1) for s in range(len(turns))]
    layout = NotedLayout(len(turns), spans, turns=turns)
    by_call = create(CREDITS, "multi_call_replay").assign(
        Composed(np.array([reward]), [added_S], [values_S]), np.zeros(1, int), [layout]
    )[0]
    added_N = np.add.reduceat(added_S, [0, *last[:-1]])
    values_N = values_S[[0, *last]]
    whole = create(CREDITS, "hier_critic").assign(
        Composed(np.array([reward]), [added_N], [values_N]),
        np.zeros(1, int),
        [NotedLayout(len(counts), [(n, n + 1) for n in range(len(counts))])],
    )[0]
    assert np.add.reduceat(by_call, [0, *last[:-1]]) == pytest.approx(whole, abs=1e-12)


def test_overlapping_calls_are_refused_by_the_environments_name():
    settings = {"credit": "multi_call_replay", "critic": "linear"}
    with pytest.raises(ConfigError, match=r"environment 'calculator'.*call_graph"):
        assemble(resolve(settings | {"env": "calculator"}))
    assemble(resolve(settings | {"env": "files"}))
    with pytest.raises(ConfigError, match=r"it is 0\.9.*critic_options\.discount=1"):
        discount = {"critic_options": {"discount": 0.9}}
        assemble(resolve(settings | {"env": "files"} | discount))
