"""Imitation beside reinforcement: the teacher's references of tasks that the student fails.

A batch's loss gets `weight · mean over its tasks of (1 − success share) · nll(reference)`. A task
that the group solves is not taught, so a wrong teacher cannot win against success. Taught rows are
no episodes: they enter no group, no mean, no figure of success and no importance ratio.

Source: mentor's own, after hybrid methods that put a teacher's rows beside on-policy ones. The
estimator is plain maximum likelihood.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import torch
from accelerate.utils import gather_object

from mentor_core.contracts.rows import uses_of
from mentor_core.contracts.task import Task, TaskKey
from mentor_core.contracts.trajectory import Tokens, Trajectory
from mentor_core.run.training import Training
from mentor_core.support.errors import ConfigError, DataError
from mentor_plugins.trainers.grpo.batch import Metrics
from mentor_plugins.trainers.taught import taught_tokens

__all__ = ["Imitation"]


class Imitation:
    """Taught rows of the batch that is being trained on.

    Args:
        training: gives student, references and environments.
        weight: of the negative log-likelihood, in nats a token.

    Raises:
        ConfigError: there is no reference at all.
    """

    def __init__(self, training: Training, weight: float) -> None:
        if weight and not training.references.of:
            raise ConfigError("trainer_options.imitation needs references; the source gives none")
        self.training, self.weight = training, weight
        self._records: dict[tuple[TaskKey, int], Tokens | None] = {}
        self._rows: list[tuple[Tokens, float]] = []

    def choose(self, tasks: Sequence[Task], played: Sequence[Trajectory], step: int) -> None:
        """Choose the rows of a batch: one reference of each task, weighted by the group's failures.

        Args:
            tasks: of this process's episodes, one each.
            played: the episodes.
            step: optimizer steps made; decides which of several references is taken.
        """
        self._rows = []
        if not self.weight:
            return
        gives = self.training.policy.gives
        local = [
            (t.group or 0, t.outcome)
            for t in played
            if t.outcome is not None and "success" in uses_of(t, gives)
        ]
        outcomes: dict[int, list[float]] = {}
        for group, outcome in gather_object(local):
            outcomes.setdefault(group, []).append(float(outcome >= 1.0))
        for group, task in {
            t.group or 0: task for t, task in zip(played, tasks, strict=True)
        }.items():
            shares = outcomes.get(group, [0.0])
            failed = 1.0 - sum(shares) / len(shares)
            record = self._record(task, step) if failed else None
            if record is not None:
                self._rows.append((record, failed))

    def metrics(self) -> Metrics:
        """Metrics of the chosen rows; empty if imitation is off."""
        if not self.weight:
            return {}
        return {
            "imitation/rows": float(len(self._rows)),
            "imitation/failed": sum(failed for _, failed in self._rows) / max(len(self._rows), 1),
        }

    def loss(self, model: Any, part: int, parts: int) -> torch.Tensor | None:
        """The loss of one micro batch; the losses of all parts add up to the batch's loss.

        Args:
            model: the student.
            part: which micro batch of an optimizer step, from 0.
            parts: number of micro batches in the step.
        """
        rows = self._rows[part % parts :: parts]
        if not rows:
            return None
        device, pad = next(model.parameters()).device, 0
        length = max(len(r.prompt) + len(r.completion) for r, _ in rows)
        ids = torch.full((len(rows), length), pad)
        attention, weights = torch.zeros_like(ids), torch.zeros(ids.shape)
        for b, (record, failed) in enumerate(rows):
            whole = record.prompt + record.completion
            ids[b, : len(whole)] = torch.tensor(whole)
            attention[b, : len(whole)] = 1
            taught = torch.tensor(record.mask) == 2
            share = failed / (int(taught.sum()) * len(self._rows))
            weights[b, len(record.prompt) : len(whole)] = taught * share
        logits = model(input_ids=ids.to(device), attention_mask=attention.to(device)).logits
        nll = torch.nn.functional.cross_entropy(
            logits[:, :-1].float().transpose(1, 2), ids[:, 1:].to(device), reduction="none"
        )
        return self.weight * (nll * weights[:, 1:].to(device)).sum()

    def _record(self, task: Task, step: int) -> Tokens | None:
        """A reference of the task as the student would write it; None if there is none."""
        references = self.training.references.get(task)
        if not references:
            return None
        index = random.Random(f"{task.key}{step}").randrange(len(references))
        key = (task.key, index)
        if key not in self._records:
            env = self.training.parts.domains[task.env].env
            _, info = env.reset(seed=0, options={"task": task})
            try:
                self._records[key] = taught_tokens(
                    self.training.student.chat, env.parser, references[index], info["tools"]
                )
            except DataError:  # the student's format cannot hold it: it is not taught
                self._records[key] = None
        return self._records[key]
