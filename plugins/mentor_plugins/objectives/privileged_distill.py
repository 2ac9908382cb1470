"""PrivilegedDistill: a teacher that reads the expert's hint teaches the student that does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field, PrivateAttr

from mentor_core.contracts.objective import MicroBatch
from mentor_core.contracts.policy import Student
from mentor_core.contracts.task import TaskKey
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.support.errors import ConfigError, bounded
from mentor_plugins.objectives.distill import Distill
from mentor_toolkit.calls import as_text
from mentor_toolkit.reading import ReadingObjective

__all__ = ["PrivilegedDistill"]


class PrivilegedDistill(Distill, ReadingObjective):
    """The losses of `distill`, with a hint at the end of the user's message for the teacher alone.

    The hint are the calls, or the answer, of the task's first reference. The teacher is the student
    as it began, or any model of its vocabulary. The student plays and learns without the hint, so
    its prompts are the same token for token. A task without a reference, or a conversation too long
    for the teacher, has no teacher's part.

    Differences from the source: the privileged policy is not trained by itself. The hint takes the
    place of a simulator's state.

    Source: asymmetric actor-critic distillation in TacSL (arXiv 2408.06506): a policy that knows
    more teaches one that sees less. On-policy distillation as in GKD (arXiv 2306.13649).
    """

    teacher: str = Field(
        "", description="a model as in `model`, of one vocabulary; empty: the student as it began"
    )
    shows: Literal["calls", "answer", "both"] = Field(
        "both", description="parts of the reference that the teacher reads"
    )

    _hints: dict[TaskKey, list[int]] = PrivateAttr(default_factory=dict)
    _ending: list[int] = PrivateAttr(default_factory=list)
    _tokenizer: Any = PrivateAttr(default=None)

    def start(self, student: Student, load: Callable[[str], Student]) -> None:
        super().start(student, load)
        self._tokenizer = student.tokenizer
        self._ending = self._tokenizer.encode(student.chat.opening, add_special_tokens=False)
        asked = student.chat.prompt_ids([{"role": "user", "content": "?"}], [])
        if not self._ending or asked[-len(self._ending) :] != self._ending:
            raise ConfigError(
                "objective privileged_distill: this student's chat template writes other tokens "
                "than usual after a message, so a hint has no place; use objective=distill with a "
                "larger teacher"
            )

    def read(self, references: Mapping[TaskKey, Sequence[Trajectory]]) -> None:
        self._hints = {
            key: self._tokenizer.encode(
                f"\n{self.hint(found[0])}", add_special_tokens=False, split_special_tokens=True
            )
            for key, found in references.items()
        }
        if not self._hints:
            raise ConfigError(
                "objective privileged_distill needs references, whose calls are the hints, and no "
                "task has one; choose a source of references, such as source=expert"
            )

    def hint(self, reference: Trajectory) -> str:
        """The hint for a reference's task, one line."""
        calls = [
            f"{call.name}({as_text(call.arguments)}) gives {bounded(call.result, 100)}"
            for call in reference.calls
        ]
        parts = [*calls] if self.shows != "answer" else []
        if self.shows != "calls" and reference.answer:
            parts.append(f"the answer is {bounded(reference.answer, 100)}")
        return " ".join(f"Hint: {'; '.join(parts)}".split())

    def loss(self, batch: MicroBatch) -> tuple[Any, dict[str, Any]]:
        losses_BT, figures = super().loss(batch)
        hinted_B = [self._hinted(trajectory) is not None for trajectory in batch.trajectories]
        taught_BT = losses_BT.new_tensor(hinted_B)[:, None].expand_as(losses_BT)
        return losses_BT, figures | {"hinted": taught_BT}

    def _teacher_logps(self, batch: MicroBatch) -> Any:
        """As in `distill`, of the same completions after prompts with hints."""
        import torch

        length = batch.logps_BT.shape[1]
        prompts = [self._hinted(trajectory) for trajectory in batch.trajectories]
        width = max((len(prompt) for prompt in prompts if prompt), default=0) + length
        found_BT = batch.old_logps_BT.clone()  # no teacher's part without a hint
        rows = [b for b, prompt in enumerate(prompts) if prompt is not None]
        if not rows:
            return found_BT
        pad = self._tokenizer.pad_token_id
        ids = batch.ids_BL.new_full((len(rows), width), pad)
        attention = torch.zeros_like(ids)
        for row, b in enumerate(rows):
            prompt = batch.ids_BL.new_tensor(prompts[b])
            ids[row, -length - len(prompt) :] = torch.cat([prompt, batch.ids_BL[b, -length:]])
            attention[row, -length - len(prompt) : -length] = 1
            attention[row, -length:] = batch.attention_BL[b, -length:]
        found_BT[rows] = self._logps(ids, attention, length).to(found_BT.dtype)
        return found_BT

    def _hinted(self, trajectory: Trajectory) -> list[int] | None:
        """The teacher's prompt; None if there is no hint, or no place for the hint."""
        hint, tokens = self._hints.get(trajectory.task_key), trajectory.tokens
        if hint is None or tokens is None or tokens.prompt[-len(self._ending) :] != self._ending:
            return None
        most = getattr(self._model.config, "max_position_embeddings", None)
        if most and len(tokens.prompt) + len(hint) + len(tokens.completion) > most:
            return None
        return [*tokens.prompt[: -len(self._ending)], *hint, *self._ending]
