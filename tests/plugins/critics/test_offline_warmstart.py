"""Offline_warmstart: the proofs of entry 3 of the methods."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core.contracts.reward import Example
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Turn, write_trajectories
from mentor_core.door.registry import CRITICS, create
from mentor_core.support.errors import ConfigError, DataError
from mentor_lab.testing import trajectory_of
from mentor_plugins.critics.offline_warmstart import OfflineWarmstart

STATES, BATCHES, EPISODES = 6, 100, 16


class Contrary(OfflineWarmstart):
    """Broken: a planted sign error."""

    def values(self, notes):
        found = super().values(notes)
        return None if found is None else [-8 * each for each in found]


def play(teach, factory=OfflineWarmstart, **options):
    """A policy for 6 states, taught by advantages: its regret, and the critic's switches."""
    draw, critic = np.random.default_rng(0), factory(warmup=1, **options)
    worth = np.linspace(0.0, 1.0, STATES)  # what a state is worth beside the choice in it
    logits, regret = np.zeros(STATES), 0.0
    for _ in range(BATCHES):
        state = draw.integers(STATES, size=EPISODES)
        p = 1 / (1 + np.exp(-logits[state]))
        right = draw.random(EPISODES) < p
        rewards = worth[state] + 0.5 * right + draw.normal(0, 0.2, EPISODES)
        notes = [[{f"s{s}": 1.0}, {}] for s in state]
        values = critic.values(notes)
        advantages = rewards - (rewards.mean() if values is None else [v[0] for v in values])
        np.add.at(logits, state, 0.5 * advantages * (right - p))
        figures = teach(critic, notes, rewards)
        regret += float((0.5 * (1 - p)).sum())
    return regret, figures["switches"]


def bound(rows, features, ridge=1.0, length=2.0):
    """d·log₂(1 + T·L²/(λ·d)); one state and the intercept have length √2."""
    return features * np.log2(1 + rows * length / (ridge * features))


def test_values_switch_rarely_and_cost_no_regret(teach):
    rare, switches = play(teach)
    often, every = play(teach, switch=1.0)
    most = bound(BATCHES * EPISODES, STATES + 1)
    assert switches <= most < every == BATCHES  # at every batch: the bound is broken
    assert rare == pytest.approx(often, rel=0.1)


def test_values_of_the_wrong_sign_cost_regret(teach):
    assert play(teach, Contrary)[0] > 1.1 * play(teach)[0]


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.lists(st.sampled_from("abcd"), min_size=1, max_size=8), min_size=1, max_size=20),
    st.floats(0.1, 10),
)
def test_the_number_of_switches_has_its_bound_whatever_the_states(teach, batches, ridge):
    critic = OfflineWarmstart(warmup=1, ridge=ridge)
    for names in batches:
        figures = teach(critic, [[{name: 1.0}, {}] for name in names], [1.0] * len(names))
    seen = {name for names in batches for name in names}
    rows = sum(map(len, batches))
    assert figures["switches"] <= 1 + bound(rows, len(seen) + 1, ridge)


def earlier(draw, count=60):
    """Episodes of an earlier run: whoever failed a call first fails mostly."""
    for _ in range(count):
        failed = bool(draw.integers(2))
        call = Call("add", {"a": 1}, "", "tool_error" if failed else None)
        outcome = float(draw.random() < (0.1 if failed else 0.9))
        yield trajectory_of([call], "3", outcome=outcome, end="answered")


def saved(path, trajectories):
    with path.open("w", encoding="utf-8") as file:
        write_trajectories(file, trajectories)
    return str(path)


def test_files_give_values_before_the_first_batch(teach, tmp_path):
    """Cold, a critic says nothing in its first batches; from files it tells good from bad."""
    file = saved(tmp_path / "train.jsonl", earlier(np.random.default_rng(0)))
    warm, cold = (create(CRITICS, "offline_warmstart", o) for o in ({"files": [file]}, {}))
    task = Task("task-1", "tests", "?")
    episodes = [*earlier(np.random.default_rng(1), 200)]
    notes = [warm.note(Example(each, task)) for each in episodes]
    assert cold.values(notes) is None
    good, bad = (
        [
            v[1]
            for v, n in zip(warm.values(notes), notes, strict=True)
            if ("last_failed" in n[1]) == bad
        ]
        for bad in (False, True)
    )
    assert np.mean(good) == pytest.approx(0.9, abs=0.1)
    assert np.mean(bad) == pytest.approx(0.1, abs=0.1)


def test_rewards_come_before_outcomes_and_replayed_turns_are_left_out(tmp_path):
    turns = [Turn("", [Call("add", {}, "1")]), Turn("", [Call("multiply", {}, "2")]), Turn("2")]
    one = trajectory_of(turns=turns, outcome=1.0, reward=0.25, replayed=1)
    broken = replace(one, end="error", replayed=0)
    file = saved(tmp_path / "t.jsonl", [one, broken])
    critic = create(CRITICS, "offline_warmstart", {"files": [file], "discount": 0.5, "ridge": 1e-6})
    [values] = critic.values([critic.note(Example(one, Task("task-1", "tests", "?")))])
    assert values[1:] == pytest.approx([0.125, 0.25, 0.0], abs=1e-3)
    assert critic._fits["reward"].gram_DD[0, 0] == 2  # states, of the student's own turns only


def test_references_in_the_files_tell_how_much_is_to_come(tmp_path):
    reference = trajectory_of([Call("add", {}, "1")], "1", source="expert", outcome=1.0)
    file = saved(tmp_path / "t.jsonl", [reference, *earlier(np.random.default_rng(0), 3)])
    critic = create(CRITICS, "offline_warmstart", {"files": [file]})
    assert "to_go" in critic.state()["fits"]["reward"]["features"]


def test_files_that_teach_nothing_are_refused(tmp_path):
    file = saved(tmp_path / "t.jsonl", [trajectory_of("hello")])
    with pytest.raises(ConfigError, match="no trajectory has turns and a reward or an outcome"):
        create(CRITICS, "offline_warmstart", {"files": [file]})
    with pytest.raises(DataError, match=r"none\.jsonl"):
        create(CRITICS, "offline_warmstart", {"files": [str(tmp_path / "none.jsonl")]})
    with pytest.raises(ConfigError, match="switch"):
        create(CRITICS, "offline_warmstart", {"switch": 0.5})
