"""Format: are the turns well-formed?"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from mentor_core.contracts.reward import RewardTerm
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Trajectory

__all__ = ["Format", "well_formed"]


class Format(RewardTerm):
    """Share of the turns that are well-formed; None for an episode without turns.

    With n malformed turns, the score is at most 1 / (1 + n): well-formed calls that do nothing
    cannot make up for a malformed one.

    A turn is well-formed if it fulfils three conditions. The policy ended the turn itself, every
    tool call could be parsed, and the turn calls a tool or is the final answer. Per turn: the
    turn's addition to the score, which is 1 before the first turn.
    """

    def score(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> float | None:
        return _share(well_formed(trajectory)) if trajectory.turns else None

    def score_turns(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> list[float | None] | None:
        turns = well_formed(trajectory)
        shares = [_share(turns[:count]) for count in range(len(turns) + 1)]
        return [after - before for before, after in pairwise(shares)]


def _share(turns: Sequence[float]) -> float:
    return min(sum(turns) / len(turns), 1 / (1 + turns.count(0.0))) if turns else 1.0


def well_formed(trajectory: Trajectory) -> list[float]:
    """For each turn 1 if it is well-formed, else 0; see `Format`."""
    answer = trajectory.turns[-1] if trajectory.turns and trajectory.end == "answered" else None
    return [
        float(turn.complete and turn.parse_failure is None and (bool(turn.calls) or turn is answer))
        for turn in trajectory.turns
    ]
