"""Progress: how far did the trajectory get?"""

from __future__ import annotations

from collections.abc import Sequence

from mentor_core.contracts.reward import RewardTerm
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Trajectory

__all__ = ["Progress"]


class Progress(RewardTerm):
    """A ladder; the first line that holds counts.

        1             right: outcome 1
        0.5 + o / 2   partly right: outcome o between 0 and 1
        0.5           runs, wrong: there is an answer, and no call was malformed or failed
        0.25          runs with errors: there is an answer, or a call was carried out
        0             does not parse: neither

    A blank answer is none. If the environment ended the episode by its own rules, the final action
    is the answer. None if the outcome could not be verified.

    Source: the execution ladder of CodeRL, arXiv 2207.01780.
    """

    def score(
        self, trajectory: Trajectory, task: Task, references: Sequence[Trajectory]
    ) -> float | None:
        if trajectory.outcome is None:
            return None
        if trajectory.outcome > 0:
            return 0.5 + trajectory.outcome / 2
        carried_out = [call.failure is None for call in trajectory.calls]
        readable = all(turn.parse_failure is None for turn in trajectory.turns)
        answered = trajectory.answer is not None and bool(trajectory.answer.strip())
        if answered or trajectory.end == "finished":
            return 0.5 if readable and all(carried_out) else 0.25
        return 0.25 if any(carried_out) else 0.0
