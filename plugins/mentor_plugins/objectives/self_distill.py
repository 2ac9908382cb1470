"""SelfDistill: the student, shown a success or its error, teaches the student that is not shown."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from mentor_core.contracts.lessons import PlayedGroup
from mentor_core.contracts.trajectory import Trajectory, Turn
from mentor_plugins.objectives.hinted import Hinted

__all__ = ["SelfDistill"]


class SelfDistill(Hinted):
    """−min(r·a, clip(r, 1 − low, 1 + high)·a) for each token, with a = weight·(log π(y_t | x, f,
    y_<t) − log π_old(y_t | x, y_<t)) + reward·A.

    f is the feedback: another episode of the group that solves the task, and the first error that
    the episode itself met, if it failed. Only the teacher reads f. The teacher is the student with
    its present weights, without gradient. So the student learns which of its own tokens it would
    write again, in the light of the feedback, and which not. Without another success and without
    an error there is no feedback, and the tokens have the advantage reward·A.

    The difference is bounded by `most` nats, and log-probabilities are [B, T]. Differences from the
    source: sampled tokens take the place of whole distributions over the vocabulary, and the
    teacher's weights are not averaged over steps.

    Source: Self-Distillation Policy Optimization (arXiv 2601.20802).
    """

    label: ClassVar[str] = "self_distill"

    show: Literal["both", "success", "error"] = Field(
        "both", description="feedback: a success of the group, the episode's own error, or both"
    )
    longest: int = Field(2000, ge=100, description="most characters of the success that is shown")

    def hint(self, own: Trajectory, group: PlayedGroup) -> str | None:
        parts = []
        if self.show != "error" and (shown := _success(own, group)) is not None:
            parts.append(f"A correct solution of the same task:\n{shown[: self.longest]}")
        if self.show != "success" and own.outcome != 1.0 and (said := _error(own)) is not None:
            parts.append(f"An earlier attempt met this error:\n{said}")
        return "\n\n".join([*parts, "Now solve the task yourself."]) if parts else None


def _success(own: Trajectory, group: PlayedGroup) -> str | None:
    """The shortest other episode of the group that solves the task, as text."""
    solved = [other for other in group.played if other.outcome == 1.0 and other.seed != own.seed]
    texts = ["\n".join(_said(turn) for turn in other.turns) for other in solved]
    return min(texts, key=lambda text: (len(text), text), default=None)


def _said(turn: Turn) -> str:
    return "\n".join([turn.text, *(message["content"] for message in turn.observation)])


def _error(own: Trajectory) -> str | None:
    """The first result that says why a turn or a call of the student's own failed."""
    for turn in own.turns[own.replayed :]:
        if turn.parse_failure or any(call.failure for call in turn.calls):
            failed = [call.result for call in turn.calls if call.failure]
            return failed[0] if failed else turn.observation[-1]["content"]
    return None
