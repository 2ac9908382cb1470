"""TokenTeacher: base of objectives whose teacher judges the student's own tokens, one by one."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from pydantic import Field, PrivateAttr

from mentor_core.contracts.objective import MicroBatch, Objective
from mentor_core.contracts.policy import Student
from mentor_plugins.objectives.dapo import clipped
from mentor_toolkit.vocabulary import check_vocabulary

__all__ = ["TokenTeacher", "completion_logps"]


class TokenTeacher(Objective):
    """The losses of `dapo` with the advantage reward·A + weight·(log π_teacher − log π_old).

    The second part is the negative reverse KL divergence from student to teacher, estimated on the
    student's own tokens. Tokens that the teacher does not judge have no second part.
    """

    weight: float = Field(1.0, gt=0, description="factor of the teacher's part, for each nat")
    reward: float = Field(0.0, ge=0, description="factor of the advantage from rewards")
    most: float = Field(5.0, gt=0, description="largest part of one token, in nats either way")
    low: float = Field(0.2, gt=0, lt=1, description="the ratio counts down to 1 − low")
    high: float = Field(0.2, gt=0, description="the ratio counts up to 1 + high")

    _model: Any = PrivateAttr(default=None)

    def load_teacher(
        self, name: str, student: Student, load: Callable[[str], Student], objective: str
    ) -> None:
        """Load the teacher `name`, whose weights stay as they are.

        Args:
            objective: name of the objective in errors.

        Raises:
            ConfigError: the teacher's vocabulary differs from the student's.
        """
        teacher = load(name)
        what = f"objective {objective}"
        check_vocabulary(what, name, student.tokenizer, teacher.tokenizer)
        self._model = teacher.model.to(student.model.device).eval().requires_grad_(False)

    def loss(self, batch: MicroBatch) -> tuple[Any, dict[str, Any]]:
        logps_BT, judged_BT = self.judge(batch)
        nearer_BT = (logps_BT - batch.old_logps_BT) * judged_BT
        pull_BT = self.strength(nearer_BT, batch) * nearer_BT.clamp(-self.most, self.most)
        advantages_BT = self.reward * batch.advantages_BT + self.weight * pull_BT
        losses_BT, figures = clipped(batch, advantages_BT, self.low, self.high)
        return losses_BT, figures | {"reverse_kl": -nearer_BT}

    @abstractmethod
    def judge(self, batch: MicroBatch) -> tuple[Any, Any]:
        """Log-probabilities of the tokens under the teacher, [B, T], and 1.0 on judged tokens."""

    def strength(self, nearer_BT: Any, batch: MicroBatch) -> Any:
        """Factor of the teacher's part of each token, [B, T] or a number."""
        return 1.0


def completion_logps(model: Any, ids_BL: Any, attention_BL: Any, length: int) -> Any:
    """Log-probabilities in nats of the last `length` tokens, [B, length]; no gradient."""
    import torch

    training = model.training
    model.eval()
    with torch.no_grad():
        logits = model(
            input_ids=ids_BL,
            attention_mask=attention_BL,
            logits_to_keep=length + 1,
            use_cache=False,  # else the keys and values of all layers stay in memory
        ).logits[:, -length - 1 : -1]
        targets_BT = ids_BL[:, -length:]
        chosen = logits.float().log_softmax(-1).gather(-1, targets_BT[..., None])
    model.train(training)
    return chosen.squeeze(-1)
