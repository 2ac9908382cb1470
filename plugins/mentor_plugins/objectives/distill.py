"""Distill: the student plays, and a larger model's probabilities give each token's worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import Field

from mentor_core.contracts.objective import MicroBatch
from mentor_core.contracts.policy import Student
from mentor_plugins.objectives.teacher import TokenTeacher, completion_logps

__all__ = ["Distill"]


class Distill(TokenTeacher):
    """The losses of `dapo` with the advantage reward·A + weight·(log π_teacher − log π_old).

    The second part is the negative reverse KL divergence from student to teacher, estimated on the
    student's own tokens. So the teacher corrects the states that the student reaches, and each
    token that the teacher finds unlikely has a penalty of its own. The teacher sees the same ids,
    so both need one vocabulary.

    Differences from the source: only sampled tokens are compared, not whole distributions. The cost
    is one forward pass of the teacher a batch.

    Source: GKD (arXiv 2306.13649), section 3, with reverse KL and on-policy data only.
    """

    teacher: str = Field(..., min_length=1, description="a model as in `model`, of one vocabulary")

    def start(self, student: Student, load: Callable[[str], Student]) -> None:
        self.load_teacher(self.teacher, student, load, "distill")

    def judge(self, batch: MicroBatch) -> tuple[Any, Any]:
        length = batch.logps_BT.shape[1]
        logps_BT = completion_logps(self._model, batch.ids_BL, batch.attention_BL, length)
        return logps_BT, logps_BT.new_ones(logps_BT.shape)
