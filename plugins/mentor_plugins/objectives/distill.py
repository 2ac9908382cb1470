"""Distill: the student plays, and a larger model's probabilities give each token's worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import Field, PrivateAttr

from mentor_core.contracts.objective import MicroBatch, Objective
from mentor_core.contracts.policy import Student
from mentor_core.support.errors import ConfigError
from mentor_plugins.objectives.dapo import clipped

__all__ = ["Distill"]


class Distill(Objective):
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
    weight: float = Field(1.0, gt=0, description="factor of the teacher's part, for each nat")
    reward: float = Field(0.0, ge=0, description="factor of the advantage from rewards")
    most: float = Field(5.0, gt=0, description="largest part of one token, in nats either way")
    low: float = Field(0.2, gt=0, lt=1, description="the ratio counts down to 1 − low")
    high: float = Field(0.2, gt=0, description="the ratio counts up to 1 + high")

    _model: Any = PrivateAttr(default=None)

    def start(self, student: Student, load: Callable[[str], Student]) -> None:
        name = self.teacher or student.name
        teacher = load(name)
        ours, theirs = student.tokenizer.get_vocab(), teacher.tokenizer.get_vocab()
        if ours != theirs:
            differ = [token for token in ours | theirs if ours.get(token) != theirs.get(token)]
            raise ConfigError(
                f"objective distill: the teacher {name!r} has another vocabulary than the "
                f"student ({len(differ)} tokens differ, such as {differ[0]!r}); use a teacher of "
                "the same family, or imitate its episodes: mentor teach, then trainer=sft"
            )
        self._model = teacher.model.to(student.model.device).eval().requires_grad_(False)

    def loss(self, batch: MicroBatch) -> tuple[Any, dict[str, Any]]:
        nearer_BT = self._teacher_logps(batch) - batch.old_logps_BT
        advantages_BT = self.reward * batch.advantages_BT + self.weight * nearer_BT.clamp(
            -self.most, self.most
        )
        losses_BT, figures = clipped(batch, advantages_BT, self.low, self.high)
        return losses_BT, figures | {"reverse_kl": -nearer_BT}

    def _teacher_logps(self, batch: MicroBatch) -> Any:
        """Log-probabilities of the completion's tokens under the teacher, [B, T]."""
        return self._logps(batch.ids_BL, batch.attention_BL, batch.logps_BT.shape[1])

    def _logps(self, ids_BL: Any, attention_BL: Any, length: int) -> Any:
        """Log-probabilities of the last `length` tokens under the teacher."""
        import torch

        with torch.no_grad():
            logits = self._model(
                input_ids=ids_BL,
                attention_mask=attention_BL,
                logits_to_keep=length + 1,
            ).logits[:, -length - 1 : -1]
            targets_BT = ids_BL[:, -length:]
            chosen = logits.float().log_softmax(-1).gather(-1, targets_BT[..., None])
        return chosen.squeeze(-1)
