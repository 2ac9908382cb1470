"""TensorboardTracker: metrics, evaluations and episodes as event files of TensorBoard.

Needs tensorboard: `pip install "mentor-core[tensorboard]"`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import Field, PrivateAttr, model_validator

from mentor_core.contracts.tracker import Metrics
from mentor_core.contracts.trajectory import Trajectory
from mentor_plugins.trackers.episode_table import EpisodeTable, columns_and_cells
from mentor_plugins.trackers.recorded import finite, started
from mentor_toolkit.extras import require

__all__ = ["TensorboardTracker"]


class TensorboardTracker(EpisodeTable):
    """Writes event files: scalars of the steps and evaluations, tables of episodes as text.

    Evaluations, settings and the path of the model are in the folder `evaluations` below. When a
    run resumes, the reader drops the events of later steps (`purge_step`), and the folder is
    written again.
    """

    directory: str = Field(
        "tensorboard", min_length=1, description="folder of the events, in the run directory"
    )

    _steps: Any = PrivateAttr(default=None)
    _evaluated: Any = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _installed(self) -> Self:
        require("tracker 'tensorboard'", "tensorboard", "tensorboard")
        return self

    def start(self, directory: Path, config: Mapping[str, Any], step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        folder = directory / self.directory
        evaluations = folder / "evaluations"
        for old in evaluations.glob("events.out.tfevents.*"):
            old.unlink()
        self._steps = SummaryWriter(str(folder), purge_step=step + 1)
        self._evaluated = SummaryWriter(str(evaluations))
        settings = json.dumps(config, indent=2).replace("\n", "\n    ")
        self._evaluated.add_text("settings", f"    {settings}", 0)
        self._evaluated.flush()

    def log(self, step: int, metrics: Metrics) -> None:
        _add(started(self._steps, "tensorboard"), "", step, metrics)

    def log_evaluation(self, name: str, step: int, metrics: Metrics) -> None:
        _add(started(self._evaluated, "tensorboard"), f"{name}/", step, metrics)

    def log_trajectories(self, step: int, trajectories: Sequence[Trajectory]) -> None:
        rows = self.table(step, trajectories)
        if rows:
            started(self._steps, "tensorboard").add_text("episodes", _markdown(rows), step)

    def log_model(self, directory: Path) -> None:
        writer = started(self._evaluated, "tensorboard")
        writer.add_text("model", str(directory))
        writer.flush()

    def finish(self) -> None:
        for writer in (self._steps, self._evaluated):
            if writer is not None:
                writer.close()
        self._steps = self._evaluated = None


def _add(writer: Any, prefix: str, step: int, metrics: Metrics) -> None:
    for name, value in finite(metrics).items():
        writer.add_scalar(prefix + name, value, step)
    writer.flush()


def _markdown(rows: Sequence[dict[str, Any]]) -> str:
    columns, cells = columns_and_cells(rows)
    lines = [columns, ["---"] * len(columns), *cells]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(value: Any) -> str:
    text = "" if value is None else str(value)
    return text.replace("|", "\\|").replace("\n", "<br>")
