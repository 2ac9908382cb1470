"""For the proofs of critics: a batch of states and rewards, as a run gives it to a critic."""

from __future__ import annotations

import numpy as np
import pytest

from mentor_core.contracts.learner import Judged
from mentor_core.contracts.reward import Composed, Scores


@pytest.fixture(scope="session")
def teach():
    """teach(critic, notes, rewards): one batch, of notes with a state more than turns each."""

    def judged(notes, rewards, values, terms):
        rewards_B = np.array(rewards, dtype=np.float64)
        columns = {"outcome": rewards_B} | {k: np.array(v) for k, v in (terms or {}).items()}
        turns_NK = [np.full((len(note) - 1, len(columns)), np.nan) for note in notes]
        groups_B = np.arange(len(notes))
        scores = Scores(
            tuple(columns), np.ones(len(columns)), np.stack([*columns.values()], 1), turns_NK,
            groups_B,
        )  # fmt: skip
        composed = Composed(rewards_B, None, values, 1.0, scores)
        return Judged(scores, composed, list(rewards), [0] * len(notes))

    def learn(critic, notes, rewards, terms=None):
        return critic.learn(notes, judged(notes, rewards, critic.values(notes), terms))

    return learn
