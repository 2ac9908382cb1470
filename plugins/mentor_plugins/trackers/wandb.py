"""WandbTracker: metrics, evaluations, episodes and the model in Weights & Biases.

Needs wandb: `pip install "mentor-core[wandb]"`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, PrivateAttr, model_validator

from mentor_core.contracts.tracker import Metrics
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.support.errors import ConfigError
from mentor_core.support.redaction import hide
from mentor_plugins.trackers.episode_table import EpisodeTable, columns_and_cells
from mentor_plugins.trackers.recorded import (
    Recorded,
    ends_well,
    finite,
    run_folder,
    run_name,
    started,
)
from mentor_toolkit.extras import require

__all__ = ["WandbTracker"]


class WandbTracker(EpisodeTable):
    """Records a run in Weights & Biases; offline unless `mode` says otherwise.

    Offline, the files are in `wandb/` of the run directory, and `wandb sync` uploads them. Online,
    the key comes from `WANDB_API_KEY` or `wandb login`. Neither the console's text, nor the
    command line, nor code is recorded. Evaluations are in the run's summary.
    """

    project: str = Field("mentor", min_length=1, description="project of the run")
    name: str = Field("", description="name of the run; else its directory's")
    group: str = Field("", description="group of runs that belong together")
    entity: str = Field("", description="user or team; else the account's own")
    tags: list[str] = Field(default_factory=list, description="words to find the run by")
    mode: Literal["offline", "online"] = Field("offline", description="destination of the records")
    upload_model: bool = Field(False, description="also keep the trained student as an artifact")

    _run: Any = PrivateAttr(default=None)
    _recorded: Recorded = PrivateAttr()
    _rows: list[dict[str, Any]] = PrivateAttr(default_factory=list)

    @model_validator(mode="after")
    def _ready(self) -> Self:
        os.environ.setdefault("WANDB_ERROR_REPORTING", "false")
        require("tracker 'wandb'", "wandb", "wandb")
        if self.mode == "online":
            _check_key()
        return self

    def start(self, directory: Path, config: Mapping[str, Any], step: int) -> None:
        import wandb

        self._recorded = Recorded.of(directory, "wandb")
        self._run = wandb.init(
            project=self.project,
            name=self.name or run_name(directory),
            group=self.group or None,
            entity=self.entity or None,
            tags=self.tags or None,
            mode=self.mode,
            dir=str(run_folder(directory)),
            id=self._recorded.id,
            resume="allow",
            config=dict(config),
            settings=wandb.Settings(
                console="off",
                disable_code=True,
                disable_git=True,
                silent=True,
                x_disable_meta=True,  # the command line may hold a key
                x_disable_stats=True,
                x_save_requirements=False,
                x_transaction_log_flush_interval=0.1,  # seconds that a kill may cost
            ),
        )
        self._run.define_metric("*", step_metric="step")
        self._recorded.keep()

    def log(self, step: int, metrics: Metrics) -> None:
        import wandb

        values: dict[str, Any] = dict(finite(metrics))
        if self._rows:
            columns, cells = columns_and_cells(self._rows)
            values["episodes"] = wandb.Table(columns=columns, data=cells, allow_mixed_types=True)
            self._rows = []
        if values := self._recorded.fresh(step, values):
            started(self._run, "wandb").log({"step": step, **values})
            self._recorded.keep(step, values)

    def log_evaluation(self, name: str, step: int, metrics: Metrics) -> None:
        started(self._run, "wandb").summary.update(
            {f"{name}/{metric}": value for metric, value in finite(metrics).items()}
        )

    def log_trajectories(self, step: int, trajectories: Sequence[Trajectory]) -> None:
        self._rows = self.table(step, trajectories)

    def log_model(self, directory: Path) -> None:
        started(self._run, "wandb").summary["model"] = str(directory)
        if self.upload_model:  # the same files again are the same version of the artifact
            import wandb

            artifact = wandb.Artifact(f"model-{self._recorded.id}", "model")
            artifact.add_dir(str(directory), policy="immutable")  # no copy outside the run
            started(self._run, "wandb").log_artifact(artifact)

    def finish(self) -> None:
        if self._run is not None:
            self._run.finish(exit_code=0 if ends_well() else 1)
            self._run = None


def _check_key() -> None:
    """Ask the server if the key is valid.

    Raises:
        ConfigError: there is no key, the server does not answer, or the server refuses the key.
    """
    import wandb

    try:
        if wandb.login(prompt=False):
            return
        problem = "there is no key"
    except wandb.Error as error:
        problem = hide(str(error))
    raise ConfigError(
        f"tracker 'wandb': mode is online, and {problem}; set WANDB_API_KEY, run `wandb login`, "
        "or set tracker_options.wandb.mode=offline"
    )
