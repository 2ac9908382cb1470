"""Rewards per turn of a term that scores whole episodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from mentor_core.contracts.reward import RewardTerm
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Trajectory

__all__ = ["added_by_turns"]


def added_by_turns(
    term: RewardTerm, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
) -> list[float | None] | None:
    """Each turn's addition to a term's score: the score up to the turn, less the score before it.

    The sum is the score less the score of an episode without turns, so that rewards per turn favour
    the same episodes as the score. None if the term does not score the trajectory, and for turns
    before or after which there is no score. An unfinished episode has no end, answer or outcome.
    """
    whole = term.score(trajectory, task, references)
    if whole is None:
        return None
    begun = replace(trajectory, end=None, answer=None, outcome=None)
    scores = [
        term.score(replace(begun, turns=trajectory.turns[:count]), task, references)
        for count in range(len(trajectory.turns))
    ]
    return [
        None if before is None or after is None else after - before
        for before, after in pairwise([*scores, whole])
    ]
