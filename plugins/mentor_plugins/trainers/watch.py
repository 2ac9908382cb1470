"""Watch: updates trackers and progress while TRL trains, and stops the training when asked to."""

from __future__ import annotations

import time
from typing import Any

from accelerate import PartialState
from accelerate.utils import gather_object
from transformers import TrainerCallback

from mentor_runs.training import Training

__all__ = ["Watch"]

_FACTS = ("reward", "success")
"""Metrics shown beside the progress bar, if the trainer has them."""
_NOT_KEPT = {"epoch", "num_tokens", "step_time", "num_input_tokens_seen"}


class Watch(TrainerCallback):  # type: ignore[misc]
    """A callback for any trainer of TRL; only the main process writes.

    Args:
        training: its trackers are told of each step, and its directory notes the progress.
    """

    def __init__(self, training: Training) -> None:
        self.training, self.trackers = training, training.parts.trackers
        self.last = time.perf_counter()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.last = time.perf_counter()

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
    ) -> None:
        if not state.is_world_process_zero or not logs or "loss" not in logs:
            return
        now = time.perf_counter()
        seconds, self.last = now - self.last, now
        metrics = {name: value for name, value in logs.items() if name not in _NOT_KEPT}
        metrics["seconds/step"] = seconds
        facts = {name: _shown(logs[name]) for name in _FACTS if name in logs}
        if "sampled_tokens" in logs:
            speed = metrics["tokens_per_second"] = (logs["sampled_tokens"] or 0.0) / seconds
            facts["tokens/s"] = f"{speed:.0f}"
        self.trackers.log(state.global_step, metrics)
        self.training.on_metrics(state.global_step, metrics)
        self.training.shown.advance(facts or {"loss": _shown(logs["loss"])})

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        asked = self.training.interrupted()
        if PartialState().num_processes > 1:
            asked = any(gather_object([asked]))
        if asked:
            control.should_save = control.should_training_stop = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:
            self.training.directory.note("running", state.global_step)


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
