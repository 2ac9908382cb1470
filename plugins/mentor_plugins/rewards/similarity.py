"""Similarity: how alike are the calls to the reference's, value by value?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from mentor_core.contracts.reward import Need, RewardTerm
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Trajectory
from mentor_plugins.rewards.matching import similarity, succeeded

__all__ = ["Similarity", "overlap"]


class Similarity(RewardTerm):
    """Σ similarity of paired calls / number of calls in the union, in [0, 1]; −1 if malformed.

    Each call takes the most similar call of the reference that has the same tool and is still
    free. Two calls have the similarity Σ similarity of common arguments' values / number of
    argument names in the union. If their canonical keys are equal, the similarity is 1. Texts have
    the F1 of their longest common subsequence of words (ROUGE-L). Other values have 1 if they are
    equal, else 0. The best reference counts. If a reference calls nothing: 1 if nothing is called,
    else 0.

    −1: a turn cannot be read, or a call names an unknown tool or has arguments that do not fit.
    None without a reference.

    Source: STAR (arXiv 2602.03022), similarity-guided RL. In the source each turn is an episode of
    its own; here the calls of the whole episode are compared, and words are not stemmed. Replies
    are not compared: by ROUGE-L an answer that names two numbers has a part of the score.
    """

    needs: ClassVar[frozenset[Need]] = frozenset({"reference"})
    bounds: ClassVar[tuple[float, float]] = (-1.0, 1.0)

    def score(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> float | None:
        if not references:
            return None
        malformed = any(turn.parse_failure is not None for turn in trajectory.turns)
        if malformed or any(
            call.failure in ("unknown_tool", "bad_arguments") for call in trajectory.calls
        ):
            return -1.0
        return max(_alike(trajectory, reference) for reference in references)


def _alike(own: Trajectory, reference: Trajectory) -> float:
    free, made = succeeded(reference), own.calls
    total = 0.0
    for call in made:
        alike = {n: _calls_alike(call, o) for n, o in enumerate(free) if o.name == call.name}
        if alike:
            best = max(alike, key=alike.__getitem__)
            total += alike[best]
            del free[best]
    union = len(made) + len(free)
    return total / union if union else 1.0


def _calls_alike(one: Call, other: Call) -> float:
    if one.key is not None and one.key == other.key:
        return 1.0
    names = one.arguments.keys() | other.arguments.keys()
    common = one.arguments.keys() & other.arguments.keys()
    shared = sum(_values_alike(one.arguments[name], other.arguments[name]) for name in common)
    return shared / len(names) if names else 1.0


def _values_alike(one: Any, other: Any) -> float:
    if isinstance(one, str) and isinstance(other, str):
        return overlap(one, other)
    return float(similarity(one, other, 1e-6) == 1.0)


def overlap(one: str, other: str) -> float:
    """F1 of the longest common subsequence of words, in [0, 1]; equal texts have 1."""
    from rapidfuzz.distance import LCSseq

    if one.strip() == other.strip():
        return 1.0
    ours, theirs = (re.findall(r"\w+", text.lower()) for text in (one, other))
    longest = LCSseq.similarity(ours, theirs)
    return 2 * longest / (len(ours) + len(theirs)) if longest else 0.0
