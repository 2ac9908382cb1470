"""Hinted: base of objectives whose teacher reads a hint that the student is not shown."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from pydantic import Field, PrivateAttr

from mentor_core.contracts.lessons import PlayedGroup
from mentor_core.contracts.objective import MicroBatch
from mentor_core.contracts.policy import Student
from mentor_core.contracts.trajectory import Message, Trajectory
from mentor_core.support.errors import ConfigError
from mentor_plugins.objectives.teacher import TokenTeacher, completion_logps

__all__ = ["Hinted", "with_hint"]


class Hinted(TokenTeacher):
    """The losses of `TokenTeacher`; the teacher has the student's tokens after another prompt.

    A subclass gives the hint of each episode. The hint stands at the end of the user's message in
    the teacher's prompt alone: the student's prompt and its rollout stay as they are. Teacher and
    student then have the same T completion tokens. Episodes without a hint, or whose prompt is
    longer than the model allows, are not judged. The figure `hinted` is the share of judged tokens,
    and `reverse_kl` is 0 on the others.

    Refuses a teacher of another vocabulary. A teacher that is the student needs
    `rollout.temperature=1`, as the teacher's probabilities are those without a temperature. Costs
    one forward pass of the teacher a batch.
    """

    hears: ClassVar[bool] = True
    label: ClassVar[str]
    """Name of the objective in errors."""

    teacher: str = Field(
        "", description="a model as in `model`, of one vocabulary; empty: the student as it is now"
    )

    _student: Any = PrivateAttr(default=None)
    _prompts: dict[int, list[int]] = PrivateAttr(default_factory=dict)

    @abstractmethod
    def hint(self, own: Trajectory, group: PlayedGroup) -> str | None:
        """The hint that the teacher reads; None: the teacher does not judge the episode.

        Args:
            own: the episode.
            group: the task with its references, and all episodes of the group, `own` among them.
        """

    def check(self, config: Any) -> None:
        if not self.teacher and config.rollout.temperature != 1:
            raise ConfigError(
                f"objective {self.label} compares the student with itself, and sampling has the "
                f"temperature {config.rollout.temperature}: all tokens would differ, hint or "
                "not; set rollout.temperature=1, or the option teacher to a model"
            )

    def start(self, student: Student, load: Callable[[str], Student]) -> None:
        self._student, self._model = student, student.model
        if self.teacher:
            self.load_teacher(self.teacher, student, load, self.label)

    def hear(self, groups: Sequence[PlayedGroup]) -> None:
        self._prompts = {}
        for group in groups:
            hints = [(own, self.hint(own, group)) for own in group.played if own.tokens]
            if any(hint for _, hint in hints):
                _, info = group.env.reset(seed=0, options={"task": group.task})
                for own, hint in hints:
                    self._tell(own, hint, info["tools"])

    def _tell(self, own: Trajectory, hint: str | None, schemas: Sequence[dict[str, Any]]) -> None:
        """Keep the teacher's prompt for an episode."""
        if not hint or own.tokens is None or own.seed is None:
            return
        prompt = self._student.chat.prompt_ids(with_hint(own.prompt, hint), schemas)
        limit = getattr(self._model.config, "max_position_embeddings", None)
        if limit is None or len(prompt) + len(own.tokens.completion) <= limit:
            self._prompts[own.seed] = prompt

    def loss(self, batch: MicroBatch) -> tuple[Any, dict[str, Any]]:
        losses_BT, figures = super().loss(batch)
        hinted = [own.seed in self._prompts for own in batch.trajectories]
        judged_B1 = losses_BT.new_tensor(hinted)[:, None].detach()
        return losses_BT, figures | {"hinted": judged_B1.expand(losses_BT.shape)}

    def judge(self, batch: MicroBatch) -> tuple[Any, Any]:
        import torch

        length = batch.logps_BT.shape[1]
        logps_BT, judged_BT = batch.old_logps_BT.clone(), torch.zeros_like(batch.old_logps_BT)
        known = [
            (b, self._prompts[own.seed])
            for b, own in enumerate(batch.trajectories)
            if own.seed in self._prompts
        ]
        if not known:
            return logps_BT, judged_BT
        rows, longest = [b for b, _ in known], max(len(prompt) for _, prompt in known)
        ids_RP = batch.ids_BL.new_zeros((len(rows), longest))
        attention_RP = torch.zeros_like(ids_RP)
        for r, (_, prompt) in enumerate(known):  # padded on the left, as the student's prompts are
            ids_RP[r, longest - len(prompt) :] = ids_RP.new_tensor(prompt)
            attention_RP[r, longest - len(prompt) :] = 1
        ids_RL = torch.cat([ids_RP, batch.ids_BL[rows, -length:]], 1)
        attention_RL = torch.cat([attention_RP, batch.attention_BL[rows, -length:]], 1)
        logps_BT[rows] = completion_logps(self._model, ids_RL, attention_RL, length)
        judged_BT[rows] = 1.0
        return logps_BT, judged_BT


def with_hint(messages: Sequence[Message], hint: str) -> list[Message]:
    """The messages with the hint at the end of the user's last one, or as a message of the user."""
    told: list[Message] = [*messages]
    for place in reversed(range(len(told))):
        if told[place]["role"] == "user":
            told[place] = {**told[place], "content": f"{told[place]['content']}\n\n{hint}"}
            return told
    return [*told, {"role": "user", "content": hint}]
