"""Watch: feeds trackers and progress while TRL trains, and stops the training when asked to."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from accelerate import PartialState
from accelerate.utils import gather_object
from transformers import TrainerCallback

from mentor_core.assemble import Parts
from mentor_core.progress import Bar
from mentor_core.run_directory import RunDirectory

__all__ = ["Watch"]

_NOT_KEPT = {"epoch", "num_tokens", "step_time", "num_input_tokens_seen"}


class Watch(TrainerCallback):  # type: ignore[misc]
    """TRL calls it; the main process alone writes.

    Args:
        parts: whose trackers hear of each step.
        directory: where the state of the run is noted.
        shown: advances with each step.
        interrupted: whether this process was asked to stop; one that was stops all.
    """

    def __init__(
        self,
        parts: Parts,
        directory: RunDirectory,
        shown: Bar,
        interrupted: Callable[[], bool],
    ) -> None:
        self.parts, self.directory, self.shown = parts, directory, shown
        self.interrupted = interrupted
        self.last = time.perf_counter()

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.last = time.perf_counter()

    def on_log(
        self, args: Any, state: Any, control: Any, logs: dict[str, Any] | None = None, **_: Any
    ) -> None:
        if not state.is_world_process_zero or not logs or "reward" not in logs:
            return
        now = time.perf_counter()
        seconds, self.last = now - self.last, now
        tokens = logs.get("sampled_tokens") or 0.0
        metrics = {name: value for name, value in logs.items() if name not in _NOT_KEPT}
        metrics["seconds/step"] = seconds
        metrics["tokens_per_second"] = tokens / seconds
        self.parts.trackers.log(state.global_step, metrics)
        facts = {"reward": _shown(logs.get("reward")), "success": _shown(logs.get("success"))}
        self.shown.advance(facts | {"tokens/s": f"{tokens / seconds:.0f}"})

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        asked = self.interrupted()
        if PartialState().num_processes > 1:
            asked = any(gather_object([asked]))
        if asked:
            control.should_save = control.should_training_stop = True

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if state.is_world_process_zero:
            self.directory.note("running", state.global_step)


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
