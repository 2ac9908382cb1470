"""TrackioTracker: metrics, evaluations and episodes in trackio's local store.

Needs trackio: `pip install "mentor-core[trackio]"`.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any, Self

from pydantic import Field, PrivateAttr, model_validator

from mentor_core.contracts.tracker import Metrics
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.support.errors import ConfigError
from mentor_plugins.trackers.episode_table import EpisodeTable
from mentor_plugins.trackers.recorded import Recorded, finite, run_name, started
from mentor_toolkit.extras import require

__all__ = ["TrackioTracker"]

_REMOTE = ("TRACKIO_SPACE_ID", "TRACKIO_SERVER_URL")


class TrackioTracker(EpisodeTable):
    """Records a run in trackio's store on this machine, which `trackio show` opens.

    The store is in `TRACKIO_DIR`, trackio's own variable. Evaluations are named `before/…` and
    `after/…`.
    """

    project: str = Field("mentor", min_length=1, description="project of the run")
    name: str = Field("", description="name of the run, before its short id; else its directory's")
    group: str = Field("", description="group of runs that belong together")

    _run: Any = PrivateAttr(default=None)
    _recorded: Recorded = PrivateAttr()
    _rows: list[dict[str, Any]] = PrivateAttr(default_factory=list)

    @model_validator(mode="after")
    def _ready(self) -> Self:
        for variable in _REMOTE:
            if os.environ.get(variable):
                raise ConfigError(
                    f"tracker 'trackio' records on this machine, and {variable} is set; unset the "
                    "variable, and publish the project afterwards with `trackio sync`"
                )
        require("tracker 'trackio'", "trackio", "trackio")
        return self

    def start(self, directory: Path, config: Mapping[str, Any], step: int) -> None:
        import trackio

        self._recorded = Recorded.of(directory, "trackio")
        with redirect_stdout(io.StringIO()):  # trackio greets
            self._run = trackio.init(
                self.project,
                name=f"{self.name or run_name(directory)}-{self._recorded.id[:6]}",
                group=self.group or None,
                config=dict(config),
                resume="allow",
                embed=False,
                auto_log_cpu=False,
                auto_log_gpu=False,
            )
        self._recorded.keep()

    def log(self, step: int, metrics: Metrics) -> None:
        import trackio

        values: dict[str, Any] = dict(finite(metrics))
        if self._rows:
            values["episodes"] = trackio.Table(data=self._rows)
            self._rows = []
        if values := self._recorded.fresh(step, values):
            started(self._run, "trackio").log(values, step=step)
            self._recorded.keep(step, values)

    def log_evaluation(self, name: str, step: int, metrics: Metrics) -> None:
        if name not in self._recorded.once:
            values = {f"{name}/{metric}": value for metric, value in finite(metrics).items()}
            started(self._run, "trackio").log(values, step=step)
            self._recorded.keep(once=name)

    def log_trajectories(self, step: int, trajectories: Sequence[Trajectory]) -> None:
        self._rows = self.table(step, trajectories)

    def log_model(self, directory: Path) -> None:
        if "model" not in self._recorded.once:
            import trackio

            started(self._run, "trackio").log(
                {"model": trackio.Markdown(f"`{directory}`")}, step=max(self._recorded.step, 0)
            )
            self._recorded.keep(once="model")

    def finish(self) -> None:
        if self._run is not None:
            import trackio

            with redirect_stdout(io.StringIO()):
                trackio.finish()
            self._run = None
