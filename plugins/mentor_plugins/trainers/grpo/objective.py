"""The forward pass and the normaliser around a plugin's objective, in place of TRL's loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from mentor_core.contracts.objective import MicroBatch, Objective
from mentor_core.contracts.trajectory import Trajectory

__all__ = ["ObjectiveLoss"]

_ENTROPY = "entropy"


class ObjectiveLoss:
    """Computes the loss of micro batches, and gives the objective the figures of each step.

    Args:
        objective: the run's objective.
        trainer: TRL's trainer, whose forward pass and counters are used.
    """

    def __init__(self, objective: Objective, trainer: Any) -> None:
        self.objective, self._trainer = objective, trainer
        self._sums: dict[str, torch.Tensor] = {}
        self._tokens: torch.Tensor | float = 0.0

    def __call__(
        self, model: Any, inputs: Mapping[str, Any], trajectories: Sequence[Trajectory]
    ) -> torch.Tensor:
        """The loss of one micro batch; the losses of an optimizer step add up to the step's loss.

        Args:
            model: the student, wrapped as the trainer trains it.
            inputs: TRL's micro batch.
            trajectories: the micro batch's episodes, in the order of the rows.
        """
        trainer = self._trainer
        ids_BL = torch.cat([inputs["prompt_ids"], inputs["completion_ids"]], dim=1)
        attention_BL = torch.cat([inputs["prompt_mask"], inputs["completion_mask"]], dim=1)
        mask_BT = (inputs["completion_mask"] * inputs["tool_mask"]).float()
        logps_BT, entropies_BT, _ = trainer._get_per_token_logps_and_entropies(
            model, ids_BL, attention_BL, mask_BT.shape[1], compute_entropy=True
        )
        old_logps_BT = inputs.get("old_per_token_logps")
        batch = MicroBatch(
            logps_BT=logps_BT,
            old_logps_BT=logps_BT.detach() if old_logps_BT is None else old_logps_BT,
            entropies_BT=entropies_BT.detach(),
            advantages_BT=inputs["advantages"],
            mask_BT=mask_BT,
            ids_BL=ids_BL,
            attention_BL=attention_BL,
            trajectories=trajectories,
            training_progress=trainer.state.global_step / max(trainer.state.max_steps, 1),
        )
        losses_BT, figures = self.objective.loss(batch)
        if "importance_sampling_ratio" in inputs:  # an engine sampled, which rounds differently
            losses_BT = losses_BT * inputs["importance_sampling_ratio"]
        self._add({**figures, _ENTROPY: batch.entropies_BT}, mask_BT)
        loss: torch.Tensor = (losses_BT * mask_BT).sum() / self._normaliser(inputs)
        return loss

    def _normaliser(self, inputs: Mapping[str, Any]) -> torch.Tensor:
        """Sampled tokens of the optimizer step, divided by the processes: gradients are averaged.

        Source: TRL's GRPOTrainer, `loss_type="dapo"`.
        """
        trainer = self._trainer
        tokens: torch.Tensor = inputs["num_items_in_batch"].clamp(min=1.0)
        share: float = (
            trainer.current_gradient_accumulation_steps / trainer.args.steps_per_generation
        )
        processes: int = trainer.accelerator.num_processes
        return tokens * share / processes

    def _add(self, figures: Mapping[str, torch.Tensor], mask_BT: torch.Tensor) -> None:
        """Add a micro batch's figures; at the end of an optimizer step, pass on their means."""
        for name, values_BT in figures.items():
            self._sums[name] = self._sums.get(name, 0.0) + (values_BT.detach() * mask_BT).sum()
        self._tokens = self._tokens + mask_BT.sum()
        accelerator = self._trainer.accelerator
        if not accelerator.sync_gradients:
            return
        totals = torch.stack([*self._sums.values(), torch.as_tensor(self._tokens)])
        totals = accelerator.reduce(totals, reduction="sum")
        means = (totals[:-1] / totals[-1].clamp(min=1.0)).tolist()
        told = dict(zip(self._sums, means, strict=True))
        self._sums, self._tokens = {}, 0.0
        log = self._trainer._metrics["train"]
        for name, mean in told.items():
            if name != _ENTROPY:
                log[f"objective/{name}"].append(mean)
            elif not log[name]:  # a later pass over a batch: no estimate of its own
                log[name].append(mean)
        self.objective.after_step(told)
