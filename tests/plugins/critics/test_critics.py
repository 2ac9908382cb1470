"""Critics: what they promise to a run, and the proofs of entries 11 and 31 of the methods."""

from __future__ import annotations

import json
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core.contracts.credit import Layout
from mentor_core.contracts.learner import Judged
from mentor_core.contracts.reward import Composed, Example, Scores
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Turn
from mentor_core.door.registry import CREDITS, CRITICS, create, names
from mentor_lab.testing import episodes, trajectory_of
from mentor_plugins.critics.features import states

# An episode is a list of states' features, one more than its turns, and a reward ----------------


def judged(notes, rewards, values=None, replayed=None, discount=1.0):
    rewards_B = np.array(rewards, dtype=np.float64)
    turns_NK = [np.full((len(note) - 1, 1), np.nan) for note in notes]
    groups_B = np.zeros(len(notes), dtype=np.int64)
    scores = Scores(("outcome",), np.ones(1), rewards_B[:, None], turns_NK, groups_B)
    composed = Composed(rewards_B, None, values, discount, scores)
    return Judged(scores, composed, list(rewards), replayed or [0] * len(notes))


def learnt(critic, *batches):
    for notes, rewards in batches:
        critic.learn(notes, judged(notes, rewards, critic.values(notes)))
    return critic


def advantages(critic, credit, notes, rewards, shift=0):
    """Each turn's advantage, by the critic's values; `shift` is the fault of a broken variant."""
    values = critic.values(notes)
    if shift:
        values = [np.concatenate([v[shift:], np.zeros(shift)]) for v in values]
    composed = judged(notes, rewards, values, discount=critic.discount).composed
    spans = [Layout(len(n) - 1, [(k, k + 1) for k in range(len(n) - 1)]) for n in notes]
    return credit.assign(composed, np.zeros(len(notes), int), spans)


def path(*states):
    return [{state: 1.0} for state in states]


# Entry 11: values make the deciding turn's gradient quieter --------------------------------------


def chain(seed, count=400, turns=6, deciding=2):
    """One turn's choice moves success from 30 % to 70 %; the state then tells the choice."""
    draw = np.random.default_rng(seed)
    notes, rewards, chosen = [], [], []
    for _ in range(count):
        good = bool(draw.integers(2))
        told = {"good": 1.0} if good else {"bad": 1.0}
        notes.append(
            [{"turns": float(k)} | (told if k > deciding else {}) for k in range(turns + 1)]
        )
        rewards.append(float(draw.random() < (0.7 if good else 0.3)))
        chosen.append(1.0 if good else -1.0)
    return notes, rewards, np.array(chosen)


def signal_to_noise(credit="turn_critic", shift=0, **options):
    """Of the deciding turn's policy gradient, advantage times the sign of the choice."""
    critic = learnt(create(CRITICS, "linear", {"warmup": 1, "memory": 1}), chain(0)[:2])
    notes, rewards, chosen = chain(1)
    made = create(CREDITS, credit, options)
    found = np.array([row[2] for row in advantages(critic, made, notes, rewards, shift)])
    gradient = found * chosen
    return gradient.mean() / gradient.std()


def test_entry_11_a_deciding_turns_gradient_is_twice_as_clear():
    plain = signal_to_noise("group", scale="none")
    assert signal_to_noise(lam=0.5) > 2 * plain > 0


def test_entry_11_fails_with_values_of_the_wrong_state():
    """The broken variant: each turn's value taken from the state after it."""
    assert signal_to_noise(lam=0.5, shift=1) < 2 * signal_to_noise("group", scale="none")


# Entry 31: temporal differences join pieces of failed episodes -----------------------------------

PIECES = [
    ([path("0", "1", "x")], [0.0]),  # right, then a failure
    ([path("1", "2", "x")], [0.0]),  # from there on right, then a failure
    ([path("2", "x")], [1.0]),  # from there on success
    ([path("0", "stay", "x")], [0.0]),
]


def preference(critic_name, credit="hier_critic", rounds=6, **options):
    """Advantage of going right from state 0 over staying: no episode did both and succeeded."""
    critic = create(CRITICS, critic_name, {"ridge": 1e-3, "warmup": 1, **options})
    learnt(critic, *(PIECES * rounds))
    notes = [path("0", "1", "x"), path("0", "stay", "x")]
    right, stay = advantages(critic, create(CREDITS, credit), notes, [0.0, 0.0])
    return right[0] - stay[0]


def test_entry_31_pieces_of_episodes_show_the_way():
    """V(2) = 1, V(1) = γ·V(2)/2 and so on: exactly, but for the penalty."""
    found = preference("td", discount=0.9, sweeps=30)
    v2 = (1.0 + 0.0) / 2  # one of two visits succeeds, the other ends in failure
    v1 = (0.0 + 0.9 * v2) / 2
    assert found == pytest.approx(0.9 * v1, abs=0.01)


def test_entry_31_returns_of_whole_episodes_cannot():
    """Neither variant joins the pieces: whole returns, or a window that forgets each piece."""
    assert preference("linear", memory=1.0) == pytest.approx(0, abs=0.01)
    assert preference("linear", "turn_critic", memory=1.0) == pytest.approx(0, abs=0.01)
    assert preference("td", window=1, discount=0.9) < 0.05


# What a run needs of every critic -----------------------------------------------------------------


@pytest.fixture(params=names(CRITICS))
def critic(request):
    return create(CRITICS, request.param, {"warmup": 1})


DRAWN = st.lists(st.tuples(episodes(), st.floats(0, 1), st.integers(0, 2)), min_size=1, max_size=4)


@pytest.mark.parametrize("name", names(CRITICS))
@settings(max_examples=15, deadline=None)
@given(first=DRAWN, second=DRAWN)
def test_a_resumed_critic_goes_on_bit_for_bit(name, first, second):
    """Not only its weights: also everything that the next batch changes."""
    whole, again = create(CRITICS, name, {"warmup": 1}), create(CRITICS, name, {"warmup": 1})
    batches = []
    for drawn in (first, second):
        notes = [whole.note(example) for example, _, _ in drawn]
        batches.append(
            (notes, judged(notes, [r for _, r, _ in drawn], None, [k for *_, k in drawn]))
        )
    notes, heard = batches[0]
    whole.learn(notes, heard)
    other = create(CRITICS, name, {"warmup": 1})
    other.learn(pickle.loads(pickle.dumps(notes)), heard)  # as in another process
    assert json.dumps(other.state()) == json.dumps(whole.state())
    again.restore(json.loads(json.dumps(whole.state())))
    for part in (whole, again):
        part.learn(*batches[1])
    assert json.dumps(again.state()) == json.dumps(whole.state())
    for one, other in zip(*(p.values(batches[0][0]) for p in (whole, again)), strict=True):
        assert one.tolist() == other.tolist()
        assert np.isfinite(one).all()
        assert not one[-1].any()  # the terminal value


def test_a_critic_that_has_learnt_nothing_gives_no_values(critic):
    notes = [path("0", "1")]
    assert critic.values(notes) is None
    learnt(critic, (notes, [1.0]))
    assert critic.values(notes) is not None


def test_equal_rewards_leave_no_advantage():
    """An error of the values would blame all episodes alike, batch after batch."""
    for name in ("linear", "td"):
        notes = [path("0", "1", "x"), path("0", "2", "x")]
        critic = learnt(
            create(CRITICS, name, {"warmup": 1, "sweeps": 60} if name == "td" else {"warmup": 1}),
            *([(notes, [0.5, 0.5])] * 3),
        )
        for row in advantages(critic, create(CREDITS, "turn_critic"), notes, [0.5, 0.5]):
            assert row == pytest.approx([0, 0], abs=1e-6)


def test_states_before_the_students_own_turns_teach_nothing(critic):
    """They are the teacher's: with them, V would be the worth of having a teacher."""
    notes = [path("teacher", "own", "x")]
    critic.learn(notes, judged(notes, [1.0], replayed=[1]))
    saved = json.dumps(critic.state())
    assert "own" in saved
    assert "teacher" not in saved


def test_a_figure_says_how_much_the_values_explained(critic):
    notes = [path("good", "x"), path("bad", "x")]
    first = critic.learn(notes, judged(notes, [1.0, 0.0]))
    assert first["explained"] is None
    for _ in range(20):
        figures = critic.learn(notes, judged(notes, [1.0, 0.0], critic.values(notes)))
    assert figures["explained"] > 0.5


# Features ----------------------------------------------------------------------------------------


def test_states_say_what_was_known_before_each_turn_and_no_more():
    reference = trajectory_of([Call("add", {}), Call("multiply", {})], "3")
    turns = [
        Turn("", [Call("add", {"a": 1}, "1")]),
        Turn("", [Call("add", {"a": 1}, "", "timeout")]),
        Turn("3"),
    ]
    example = Example(trajectory_of(turns=turns), Task("t", "tests", "?", answer="3"), [reference])
    begin, one, two, end = states(example)
    assert begin == {"env=tests": 1.0, "to_go": 2.0}
    assert one == {
        "env=tests": 1.0, "turns": 1.0, "calls": 1.0, "begun": 1.0, "last=add": 1.0,
        "to_go": 1.0, "tools_used": 0.5,
    }  # fmt: skip
    assert (two["failed=timeout"], two["last_failed"], two["repeated"]) == (1.0, 1.0, 1.0)
    assert end["last_without_calls"] == 1.0
