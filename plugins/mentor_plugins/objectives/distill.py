"""Distill: the student plays, and a larger model's probabilities give each token's worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import Field

from mentor_core.contracts.objective import MicroBatch
from mentor_core.contracts.policy import Student
from mentor_plugins.objectives.teacher import TokenTeacher, completion_logps
from mentor_plugins.objectives.turns import sums_of_turns

__all__ = ["Distill"]


class Distill(TokenTeacher):
    """The losses of `dapo` with the advantage reward·A + weight·(log π_teacher − log π_old).

    The second part is the negative reverse KL divergence from student to teacher, estimated on the
    student's own tokens. So the teacher corrects the states that the student reaches, and each
    token that the teacher finds unlikely has a penalty of its own. The teacher sees the same ids,
    so both need one vocabulary. π_old has the temperature of sampling, and π_teacher has none.

    With `step`, each turn has a weight of its own, w = min(1, step/D). D is the turn's mean of
    log π_old − log π_teacher over its sampled tokens, and at least 0. So a turn that is nearer than
    `step` nats a token keeps its whole pull, and no turn has a pull beyond that. A wrong tool call
    leads to states that the teacher does not know, and the teacher's probabilities there mislead.
    As soon as the student is near again, the weight is 1.

    Differences from the source: only sampled tokens are compared, not whole distributions. The cost
    is one forward pass of the teacher a batch.

    Source: GKD (arXiv 2306.13649), section 3, with reverse KL and on-policy data only. Weights of
    steps after Step-wise On-policy Distillation (arXiv 2605.07725), with a formula of mentor's own.
    """

    teacher: str = Field(..., min_length=1, description="a model as in `model`, of one vocabulary")
    step: float | None = Field(
        None, gt=0, description="divergence of a turn, in nats a token, from which its weight falls"
    )

    def start(self, student: Student, load: Callable[[str], Student]) -> None:
        self.load_teacher(self.teacher, student, load, "distill")

    def judge(self, batch: MicroBatch) -> tuple[Any, Any]:
        length = batch.logps_BT.shape[1]
        logps_BT = completion_logps(self._model, batch.ids_BL, batch.attention_BL, length)
        return logps_BT, logps_BT.new_ones(logps_BT.shape)

    def strength(self, nearer_BT: Any, batch: MicroBatch) -> Any:
        if self.step is None:
            return 1.0
        totals_BT, counts_BT = sums_of_turns(-nearer_BT, batch.mask_BT)
        divergence_BT = (totals_BT / counts_BT.clamp(min=1.0)).clamp(min=0.0)
        # A plain number would be multiplied by a rounded inverse.
        step = divergence_BT.new_tensor(self.step)
        return step / divergence_BT.maximum(step)
