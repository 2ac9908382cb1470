"""The training pass against TRL's own: `python benchmarks/train_speed.py [--steps 6] [-- ARGS]`.

Trains as `mentor run` does. At each step the rows of the batch pass forward and backward twice. One
pass is TRL 1.16's, with its own micro batches, and one is mentor's. Each goes first in turn. Prints
the ratio of the seconds, and the differences of loss and gradient. The first step is a warm-up.
ARGS are settings of `mentor run`: KEY=VALUE, as for --set.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from trl import GRPOTrainer

from mentor_plugins.commands import job as train_run
from mentor_plugins.trainers.grpo import trainer as _trainer
from mentor_runs.assembly.assemble import assemble
from mentor_runs.settings.resolve import resolve
from mentor_runs.settings.tables import merge, parse_setting

grpo: Any = _trainer
MentorTrainer: Any = grpo.MentorTrainer


def passed(
    trainer: Any, batches: Sequence[dict[str, Any]], loss_of: Callable[..., torch.Tensor]
) -> tuple[float, float, torch.Tensor]:
    """Seconds, loss and gradient of one forward and backward pass over all micro batches."""
    weights = [weight for weight in trainer.model.parameters() if weight.requires_grad]
    trainer.model.zero_grad()
    _wait()
    began, total = time.perf_counter(), 0.0
    for batch in batches:
        loss = loss_of(trainer, trainer.model, batch)
        trainer.accelerator.backward(loss)
        total += loss.item()
    _wait()
    seconds = time.perf_counter() - began
    gradient = torch.cat([weight.grad.flatten() for weight in weights if weight.grad is not None])
    trainer.model.zero_grad()
    return seconds, total, gradient


def _wait() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def install(found: list[dict[str, float]]) -> None:
    """Compare both passes whenever a batch has been played."""
    prepare, arrange, share = MentorTrainer._prepare_inputs, grpo.arranged, grpo.can_share
    fresh: list[Sequence[dict[str, Any]]] = []

    def arranged(batches: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        fresh.append(batches)
        made: list[dict[str, Any]] = arrange(batches)
        return made

    def prepared(self: Any, rows: Any) -> dict[str, Any]:
        inputs: dict[str, Any] = prepare(self, rows)
        if fresh:
            compare(self, fresh.pop())
        return inputs

    def compare(trainer: Any, batches: Sequence[dict[str, Any]]) -> None:
        def as_trl() -> tuple[float, float, torch.Tensor]:
            grpo.can_share = lambda _: False
            try:
                return passed(trainer, batches, GRPOTrainer._compute_loss)
            finally:
                grpo.can_share = share

        def as_mentor() -> tuple[float, float, torch.Tensor]:
            return passed(trainer, trainer._buffered_inputs, MentorTrainer._compute_loss)

        if len(found) % 2:
            ours, theirs = as_mentor(), as_trl()
        else:
            theirs, ours = as_trl(), as_mentor()
        norm = float(theirs[2].norm())
        count = sum(len(batch["prompt_ids"]) for batch in batches)
        kept = sum(len(batch["prompt_ids"]) for batch in trainer._buffered_inputs)
        found.append(
            {
                "trl": theirs[0],
                "mentor": ours[0],
                "rows": kept / count,
                "loss": abs(ours[1] - theirs[1]),
                "gradient": float((ours[2] - theirs[2]).norm()) / max(norm, 1e-12),
            }
        )

    grpo.arranged = arranged
    MentorTrainer._prepare_inputs = prepared


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("settings", nargs="*", help="after --: KEY=VALUE, as for --set")
    options = parser.parse_args()
    values: dict[str, Any] = {
        "train": {"steps": options.steps + 1, "checkpoint_every": 1000},
        "evaluate": {"tasks": 0},
    }
    for setting in options.settings:
        values = merge(values, parse_setting(setting))
    found: list[dict[str, float]] = []
    install(found)
    with tempfile.TemporaryDirectory() as directory:
        train_run.run(
            assemble(resolve(values)), Path(directory) / "run", console=Console(file=sys.stderr)
        )
    found = found[1:]
    column = {name: np.array([step[name] for step in found]) for name in found[0]}
    ratios = column["mentor"] / column["trl"]
    print(f"{len(found)} batches, {torch.get_num_threads()} threads, seconds of a training pass:")
    print(f"  TRL     {column['trl'].mean():.2f}")
    print(f"  mentor  {column['mentor'].mean():.2f}")
    print(f"  ratio   {np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f})")
    print(f"  rows with an advantage {column['rows'].mean():.0%}")
    print(f"  difference of the loss at most {column['loss'].max():.1e}")
    print(f"  relative difference of the gradient at most {column['gradient'].max():.1e}")


if __name__ == "__main__":
    main()
