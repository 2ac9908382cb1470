"""From episodes to TRL's rows and micro batches, without work that changes no gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from mentor_core.contracts.rows import RowKind, uses_of
from mentor_core.contracts.trajectory import Trajectory
from mentor_plugins.trainers.grpo.batch import is_truncated

__all__ = ["arranged", "as_rows", "is_free", "trimmed"]

MicroBatch = dict[str, Any]
"""TRL's columns: name → tensor of one row an episode, or a value for the whole batch, or None."""


def as_rows(
    trajectories: Sequence[Trajectory], pad: int, played: RowKind, mask_truncated: bool
) -> dict[str, list[Any]]:
    """TRL's columns of episodes. A token that may not be learnt from has mask 0.

    Args:
        pad: id of the padding token.
        played: kind of the rows that the policy plays.
        mask_truncated: episodes that a limit cut off have mask 0.
    """
    rows: dict[str, list[Any]] = {
        name: [] for name in ("prompt_ids", "completion_ids", "logprobs", "env_mask")
    }
    for trajectory in trajectories:
        record = trajectory.tokens
        # An episode that broke at once still needs a row: one padding token without loss.
        if record is None or not record.completion:
            prompt = record.prompt if record is not None else [pad]
            ids, logprobs, mask = [pad], [0.0], [0]
        else:
            prompt, ids = record.prompt, record.completion
            logprobs, mask = record.logprobs, [int(kind == 1) for kind in record.mask]
        learns = "gradient" in uses_of(trajectory, played)
        if not learns or (mask_truncated and is_truncated(trajectory)):
            mask = [0] * len(ids)
        for column, value in zip(rows, (prompt, ids, logprobs, mask), strict=True):
            rows[column].append(value)
    return rows


def is_free(trainer: Any) -> bool:
    """True if rows may change places, and rows without an advantage may be left out.

    The loss is then a sum over tokens of advantage times ratio, divided by a number that the whole
    batch decides. All micro batches of a batch belong to one optimizer step. So neither the order
    of the rows nor a row whose advantages are all 0 changes the gradient.
    """
    args = trainer.args
    return bool(
        trainer.loss_type in ("dapo", "cispo")
        and trainer.beta == 0
        and trainer.top_entropy_quantile == 1.0
        and not trainer._entropy_bonus_enabled
        and not trainer.aux_loss_enabled
        and trainer.num_iterations == 1
        and args.steps_per_generation == args.gradient_accumulation_steps
    )


def arranged(batches: Sequence[MicroBatch]) -> list[MicroBatch]:
    """The rows that have an advantage, by length, in as many micro batches as before.

    A micro batch that would be empty gets one of the other rows, the shortest ones first. So every
    process makes the same number of passes.

    Args:
        batches: micro batches of one optimizer step.
    """
    first = batches[0]
    rows = [name for name, value in first.items() if _is_column(value)]
    whole = {name: torch.cat([batch[name] for batch in batches]) for name in rows}
    loss_mask_BT = whole["completion_mask"] * whole.get("tool_mask", 1)
    has_gradient_B = (whole["advantages"] * loss_mask_BT).any(1)
    lengths_B = whole["prompt_mask"].sum(1) + whole["completion_mask"].sum(1)
    order = sorted(range(len(lengths_B)), key=lambda row: int(lengths_B[row]))
    chosen = [row for row in order if has_gradient_B[row]]
    others = [row for row in order if not has_gradient_B[row]]
    chosen = others[: max(len(batches) - len(chosen), 0)] + chosen
    parts = torch.tensor(chosen).tensor_split(len(batches))
    return [{**first, **{name: whole[name][part] for name in rows}} for part in parts]


def trimmed(batch: MicroBatch) -> MicroBatch:
    """A micro batch without the columns that are padding in all its rows.

    TRL pads a whole generation batch to its longest episode before it splits it. Prompts are
    padded on the left, completions and all that goes with them on the right.
    """
    shape = batch["completion_ids"].shape
    start = int(batch["prompt_mask"].any(0).int().argmax())
    end = max(int(batch["completion_mask"].any(0).sum()), 1)
    short = dict(batch)
    for name, value in batch.items():
        if name in ("prompt_ids", "prompt_mask"):
            short[name] = value[:, start:]
        elif isinstance(value, torch.Tensor) and value.shape == shape:
            short[name] = value[:, :end]
    return short


def _is_column(value: Any) -> bool:
    return isinstance(value, torch.Tensor) and value.ndim > 0
