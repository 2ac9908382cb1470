"""Constrained distillation: a teacher's likely tokens, and no mass on tokens it finds unlikely."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch

__all__ = ["Constrained", "divergence"]


class Constrained:
    """The loss of imitation with a teacher's probabilities in place of its tokens alone.

    Args:
        teacher: a model of the student's vocabulary; its weights stay as they are.
        top: number k of the likeliest tokens that are compared at each place.
        tail: weight λ of the student's mass on tokens that the teacher finds unlikely.
    """

    def __init__(self, teacher: Any, top: int, tail: float) -> None:
        self.teacher = teacher.eval().requires_grad_(False)
        self.top, self.tail = top, tail

    def __call__(self, model: Any, inputs: Mapping[str, Any]) -> torch.Tensor:
        """The sum over the taught tokens of a micro batch.

        Args:
            model: the student, wrapped as the trainer trains it.
            inputs: TRL's micro batch; `labels` are −100 on tokens that are not taught.
        """
        told = {name: value for name, value in inputs.items() if name != "labels"}
        taught_BT = inputs["labels"][:, 1:] != -100
        with torch.no_grad():
            teacher_NV = self.teacher(**told).logits[:, :-1][taught_BT]
        student_NV = model(**told).logits[:, :-1][taught_BT]
        return divergence(student_NV, teacher_NV, self.top, self.tail).sum()


def divergence(
    student_NV: torch.Tensor, teacher_NV: torch.Tensor, top: int, tail: float
) -> torch.Tensor:
    """Σ_{v ∈ T} p_T(v)·log(p_T(v)/p_S(v)) + λ·Σ_{v ∈ S∖T} p_S(v) for each of N places, [N].

    T are the teacher's k likeliest tokens, and S the student's. The first part is the forward KL
    divergence on T, which does not say how the student spreads the rest. The second part is the
    mass of confident mistakes. Tokens of T have no part in it, so the student keeps alternatives
    that the teacher finds likely.

    Source: STAR (arXiv 2602.03022), constrained knowledge distillation, as in its published code.

    Args:
        student_NV: logits over V tokens, with gradient.
        teacher_NV: logits, no gradient.
    """
    top = min(top, student_NV.shape[-1])
    student_NV = student_NV.float().log_softmax(-1)
    likeliest, ids_NK = teacher_NV.float().log_softmax(-1).topk(top)
    forward_N = (likeliest.exp() * (likeliest - student_NV.gather(-1, ids_NK))).sum(-1)
    if not tail:
        return forward_N
    known_NV = torch.zeros_like(student_NV, dtype=torch.bool).scatter(-1, ids_NK, True)
    own_NK, own_ids_NK = student_NV.topk(top)
    mistaken_NK = own_NK.exp() * ~known_NV.gather(-1, own_ids_NK)
    return forward_N + tail * mistaken_NK.sum(-1)
