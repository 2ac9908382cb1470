"""Parts of a training step's time: `python benchmarks/step_split.py [--steps 10] [-- ARGS]`.

Trains as `mentor run` does, with clocks on the parts of a step:

    model      forward passes of rollouts, forward and backward passes of the loss, sampling,
               clipping and the optimizer
    tools      waiting for tools, while no model was at work
    reward     scoring, composing and credit
    rest       all else: rendering, encoding, parsing, environments, bookkeeping, TRL's own work

The framework's overhead is tools, reward and rest as a share of model. The first step, which also
makes environments and threads, is not counted. ARGS are arguments of `mentor run`.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from mentor_core.contracts.execution import ToolExecutor
from mentor_plugins.commands import job as train_run
from mentor_plugins.trainers.grpo.trainer import MentorTrainer
from mentor_runs.assembly.assemble import assemble
from mentor_runs.settings.resolve import resolve
from mentor_runs.settings.tables import merge, parse_setting


class Clocks:
    """Seconds by part, without the time of other clocks inside the part."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._inner: list[float] = []

    @contextmanager
    def on(self, part: str) -> Iterator[None]:
        """Add the time of the block to a part."""
        began = time.perf_counter()
        self._inner.append(0.0)
        try:
            yield
        finally:
            whole = time.perf_counter() - began
            self.seconds[part] += whole - self._inner.pop()
            if self._inner:
                self._inner[-1] += whole

    def wrap(self, owner: Any, name: str, part: str | Callable[[], str]) -> None:
        """Time every call of a method."""
        method = getattr(owner, name)

        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.on(part if isinstance(part, str) else part()):
                return method(*args, **kwargs)

        setattr(owner, name, timed)


def install(clocks: Clocks) -> list[float]:
    """Install the clocks; returns the times at which steps began."""
    begun: list[float] = []
    phase = ["loss"]
    original = MentorTrainer.__init__

    def init(self: MentorTrainer, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        clocks.wrap(self.model, "forward", lambda: f"model: forward of the {phase[0]}")
        clocks.wrap(self.accelerator, "backward", "model: backward")
        clocks.wrap(self.accelerator, "clip_grad_norm_", "model: clipping")

    def play(self: MentorTrainer, *args: Any) -> Any:
        if len(begun) == 1:  # the first step is warm-up
            clocks.seconds.clear()
        begun.append(time.perf_counter())
        phase[0] = "rollout"
        try:
            with clocks.on("rest: rollout"):
                return plain_play(self, *args)
        finally:
            phase[0] = "loss"

    plain_play = MentorTrainer._play
    MentorTrainer.__init__ = init  # type: ignore[method-assign]
    MentorTrainer._play = play  # type: ignore[method-assign,assignment]
    clocks.wrap(MentorTrainer, "_calculate_rewards", "reward")
    clocks.wrap(MentorTrainer, "training_step", "rest: training step")
    clocks.wrap(ToolExecutor, "collect", "tools: waiting")
    clocks.wrap(torch.optim.AdamW, "step", "model: optimizer")
    import mentor_plugins.policies.transformers as policy

    clocks.wrap(policy, "sample", "model: sampling")
    return begun


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("settings", nargs="*", help="after --: KEY=VALUE, as for --set")
    options = parser.parse_args()
    values: dict[str, Any] = {
        "train": {"steps": options.steps, "checkpoint_every": 1000},
        "evaluate": {"tasks": 0},
    }
    for setting in options.settings:
        values = merge(values, parse_setting(setting))
    clocks = Clocks()
    begun = install(clocks)
    ended: list[float] = []
    keep = MentorTrainer._inner_training_loop

    def loop(self: MentorTrainer, *args: Any, **kwargs: Any) -> Any:
        made = keep(self, *args, **kwargs)
        ended.append(time.perf_counter())
        return made

    MentorTrainer._inner_training_loop = loop  # type: ignore[method-assign]
    with tempfile.TemporaryDirectory() as directory:
        train_run.run(
            assemble(resolve(values)), Path(directory) / "run", console=Console(file=sys.stderr)
        )
    steps = len(begun) - 1
    total = (ended[0] - begun[1]) / steps
    parts = {name: seconds / steps for name, seconds in sorted(clocks.seconds.items())}
    parts["rest: trainer"] = total - sum(parts.values())
    print(f"{steps} steps of {total:.2f} s, {torch.get_num_threads()} threads")
    for name, seconds in sorted(parts.items()):
        print(f"  {name:<28} {seconds:6.3f} s  {seconds / total:6.1%}")
    model = sum(seconds for name, seconds in parts.items() if name.startswith("model"))
    print(f"model {model:.3f} s; the framework adds {(total - model) / model:.1%}")


if __name__ == "__main__":
    main()
