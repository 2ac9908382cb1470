"""PrivilegedDistill: a teacher that reads the expert's hint teaches the student that does not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import ClassVar, Literal

from pydantic import Field

from mentor_core.contracts.lessons import PlayedGroup
from mentor_core.contracts.policy import Student
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.support.errors import bounded
from mentor_plugins.objectives.hinted import Hinted
from mentor_toolkit.calls import as_text

__all__ = ["PrivilegedDistill"]


class PrivilegedDistill(Hinted):
    """The losses of `distill`, with a hint at the end of the user's message for the teacher alone.

    The hint are the calls, or the answer, of the task's first reference. The teacher is the student
    as it began, or any model of its vocabulary. The student plays and learns without the hint, so
    its prompts are the same token for token. A task without a reference has no teacher's part.

    Differences from the source: the privileged policy is not trained by itself. The hint takes the
    place of a simulator's state.

    Source: asymmetric actor-critic distillation in TacSL (arXiv 2408.06506): a policy that knows
    more teaches one that sees less. On-policy distillation as in GKD (arXiv 2306.13649).
    """

    label: ClassVar[str] = "privileged_distill"
    needs_references: ClassVar[bool] = True

    teacher: str = Field(
        "", description="a model as in `model`, of one vocabulary; empty: the student as it began"
    )
    shows: Literal["calls", "answer", "both"] = Field(
        "both", description="parts of the reference that the teacher reads"
    )

    def start(self, student: Student, load: Callable[[str], Student]) -> None:
        super().start(student, load)
        if not self.teacher:
            self._model = copy.deepcopy(student.model).eval().requires_grad_(False)
            # TRL sets a `forward` on the student that holds the student itself: a copy of it would
            # give the student's answers, not those of the copied weights.
            vars(self._model).pop("forward", None)

    def hint(self, own: Trajectory, group: PlayedGroup) -> str | None:
        if not group.references:
            return None
        reference = group.references[0]
        calls = [
            f"{call.name}({as_text(call.arguments)}) gives {bounded(call.result, 100)}"
            for call in reference.calls
        ]
        parts = [*calls] if self.shows != "answer" else []
        if self.shows != "calls" and reference.answer:
            parts.append(f"the answer is {bounded(reference.answer, 100)}")
        return " ".join(f"Hint: {'; '.join(parts)}".split()) if parts else None
