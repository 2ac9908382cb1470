"""Batches, drawn by Hypothesis: scores of terms, and rewards with the places of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from mentor_core.contracts.credit import Layout
from mentor_core.contracts.reward import Composed, Scores

__all__ = ["Rewarded", "rewarded_batches", "scores"]

_VALUES = st.none() | st.sampled_from((0.0, 1.0)) | st.floats(0, 1, width=32)


@dataclass(frozen=True, slots=True)
class Rewarded:
    """The arguments of `Credit.assign`."""

    composed: Composed
    groups_B: npt.NDArray[np.int64]
    layouts: Sequence[Layout]


@st.composite
def scores(draw: st.DrawFn, terms: Sequence[str] = ("outcome", "teacher")) -> Scores:
    """Scores of one to six trajectories in [0, 1] or NaN, with those of their turns.

    Args:
        terms: the reward's terms; all have weights above 0.
    """
    size, width = draw(st.integers(1, 6)), len(terms)
    row = st.lists(_VALUES, min_size=width, max_size=width)
    values = draw(st.lists(row, min_size=size, max_size=size))
    turns = draw(st.lists(st.lists(row, max_size=3), min_size=size, max_size=size))
    weights = draw(st.lists(st.floats(0.1, 2), min_size=width, max_size=width))
    groups = draw(st.lists(st.integers(0, 2), min_size=size, max_size=size))
    return Scores(
        tuple(terms),
        np.array(weights),
        np.array(values, dtype=np.float64),
        [np.array(own, dtype=np.float64).reshape(len(own), width) for own in turns],
        np.array(sorted(groups), dtype=np.int64),
    )


@st.composite
def rewarded_batches(draw: st.DrawFn) -> Rewarded:
    """Rewards of one to six trajectories, in [0, 1] or NaN, with up to three turns each."""
    layouts, turns, rewards = [], [], []
    groups = draw(st.lists(st.integers(0, 2), min_size=1, max_size=6))
    for _ in groups:
        spans: list[tuple[int, int] | None] = []
        end = 0
        for length in draw(st.lists(st.integers(0, 4), max_size=3)):
            spans.append((end, end + length) if length else None)
            end += length + draw(st.integers(0, 2))  # an observation
        layouts.append(Layout(end, spans))
        rewards.append(draw(_VALUES))
        turns.append(np.array([draw(st.floats(-1, 1, width=32)) for _ in spans]))
    composed = Composed(np.array(rewards, dtype=np.float64), turns)
    return Rewarded(composed, np.array(sorted(groups), dtype=np.int64), layouts)
