"""Imitation beside reinforcement: the likelihood of the taught rows that the lessons choose.

A batch's loss gets `weight · mean over its taught rows of (row weight · nll)`. Taught rows are no
episodes: they enter no group, no mean, no figure of success and no importance ratio.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import torch
from accelerate.utils import gather_object

from mentor_core.contracts.lessons import Lessons, Taught
from mentor_core.contracts.rows import uses_of
from mentor_core.contracts.task import Task, TaskKey
from mentor_core.contracts.trajectory import Tokens, Trajectory
from mentor_core.support.errors import ConfigError, DataError
from mentor_plugins.trainers.grpo.batch import Metrics
from mentor_plugins.trainers.grpo.groups import failures_of, played_groups
from mentor_plugins.trainers.sft.choose import likelihood
from mentor_plugins.trainers.taught import as_row, taught_tokens
from mentor_runs.training import Training

__all__ = ["Imitation"]


class Imitation:
    """Taught rows of the batch that is being trained on.

    Args:
        training: gives student, references and environments.
        lessons: choose the rows.
        weight: of the negative log-likelihood, in nats a token; 0: no imitation.

    Raises:
        ConfigError: there is no reference at all.
    """

    def __init__(self, training: Training, lessons: Lessons, weight: float) -> None:
        if weight and not training.references.of:
            raise ConfigError("trainer_options.imitation needs references; the source gives none")
        self.training, self.lessons, self.weight = training, lessons, weight
        tasks = {task.key: task for task in training.tasks if training.references.get(task)}
        lessons.start(tasks, training.references.of)
        self._records: dict[int, tuple[Trajectory, Tokens | None]] = {}
        self._rows: list[tuple[Tokens, float]] = []

    def choose(
        self,
        tasks: Sequence[Task],
        played: Sequence[Trajectory],
        step: int,
        model: Any,
    ) -> None:
        """Let the lessons choose the rows of a batch.

        Args:
            tasks: of this process's episodes, one each.
            played: the episodes.
            step: optimizer steps made.
            model: the student; tells which rows are likely.
        """
        self._rows = []
        if not self.weight:
            return
        gives = self.training.policy.gives
        own = [t for t in played if "success" in uses_of(t, gives)]
        gathered = gather_object([(t.task_key, t.group or 0, t.outcome) for t in own])
        outcomes: dict[TaskKey, list[float]] = {}
        for key, _, outcome in gathered:
            if outcome is not None:
                outcomes.setdefault(key, []).append(outcome)
        failures = failures_of((group, outcome) for _, group, outcome in gathered)
        self.lessons.observe(outcomes)
        groups = played_groups(self.training, tasks, played, failures, step)
        for row in self.lessons.taught(groups, lambda row: self._likelihood(row, model)):
            record = self._record(row)
            if record is not None and row.weight:
                self._rows.append((record, row.weight))

    def metrics(self) -> Metrics:
        """Metrics of the chosen rows; empty if imitation is off."""
        if not self.weight:
            return {}
        weights = [weight for _, weight in self._rows]
        return {
            "imitation/rows": float(len(weights)),
            "imitation/failed": sum(weights) / max(len(weights), 1),
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
        nll_BT, taught_BT = likelihoods([record for record, _ in rows], model)
        shares = [weight / len(self._rows) for _, weight in rows]
        weights_B1 = torch.tensor(shares, device=nll_BT.device)[:, None]
        means_BT = nll_BT * taught_BT / taught_BT.sum(1, keepdim=True)
        return self.weight * (means_BT * weights_B1).sum()

    def _likelihood(self, row: Taught, model: Any) -> float | None:
        record = self._record(row)
        if record is None:
            return None
        return likelihood(as_row(record, 2), model)

    def _record(self, row: Taught) -> Tokens | None:
        """The row as the student would write it; None if the student's format cannot hold it."""
        kept = self._records.get(id(row.trajectory))
        if kept is not None and kept[0] is row.trajectory:
            return kept[1]
        env = self.training.parts.domains[row.task.env].env
        _, info = env.reset(seed=0, options={"task": row.task})
        record: Tokens | None = None
        with suppress(DataError):  # the student's format cannot hold it: it is not taught
            record = taught_tokens(
                self.training.student.chat, env.parser, row.trajectory, info["tools"], row.skip
            )
        if record is not None and 2 not in record.mask:
            record = None
        if not row.skip:  # a reference, which comes again
            self._records[id(row.trajectory)] = row.trajectory, record
        return record


def likelihoods(records: Sequence[Tokens], model: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Negative log-likelihood of each token after the first, in nats, and 1.0 on taught tokens.

    Returns:
        Two tensors [B, L − 1], L tokens of the longest row.
    """
    device, pad = next(model.parameters()).device, 0
    length = max(len(r.prompt) + len(r.completion) for r in records)
    ids_BL = torch.full((len(records), length), pad)
    attention_BL, taught_BL = torch.zeros_like(ids_BL), torch.zeros(ids_BL.shape)
    for b, record in enumerate(records):
        whole = record.prompt + record.completion
        ids_BL[b, : len(whole)] = torch.tensor(whole)
        attention_BL[b, : len(whole)] = 1
        taught_BL[b, len(record.prompt) : len(whole)] = (torch.tensor(record.mask) == 2).float()
    logits = model(input_ids=ids_BL.to(device), attention_mask=attention_BL.to(device)).logits
    nll = torch.nn.functional.cross_entropy(
        logits[:, :-1].float().transpose(1, 2), ids_BL[:, 1:].to(device), reduction="none"
    )
    return nll, taught_BL[:, 1:].to(device)
