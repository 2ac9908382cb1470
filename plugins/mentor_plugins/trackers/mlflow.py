"""MlflowTracker: settings, metrics, evaluations, episodes and the model in MLflow.

Needs mlflow: `pip install "mentor-core[mlflow]"`.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from pydantic import Field, PrivateAttr, model_validator

from mentor_core.contracts.tracker import Metrics
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.support.errors import RunError
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
from mentor_toolkit.variables import expand

__all__ = ["MlflowTracker"]

_SQLITE = "sqlite:///"
_MOST_PARAMETERS = 100
"""Most parameters that MLflow accepts in one request."""


class MlflowTracker(EpisodeTable):
    """Records a run in an MLflow server, or in an SQLite file.

    `tracking_uri` may hold `${NAME}`, an environment variable. Without the option, the variable
    `MLFLOW_TRACKING_URI` decides; without both, the file is `mlflow.db` in the run directory.
    Artifacts of an SQLite file are in `mlflow-artifacts/` beside the file. Evaluations are metrics
    named `before/…` and `after/…`; tables of episodes are the artifacts `episodes/step-N.json`.
    """

    tracking_uri: str = Field("", description="address of the server, or sqlite:///FILE")
    experiment: str = Field("mentor", min_length=1, description="experiment of the run")
    name: str = Field("", description="name of the run; else its directory's")
    tags: dict[str, str] = Field(default_factory=dict, description="tags of the run")
    upload_model: bool = Field(False, description="also keep the trained student as an artifact")

    _client: Any = PrivateAttr(default=None)
    _recorded: Recorded = PrivateAttr()

    @model_validator(mode="after")
    def _ready(self) -> Self:
        uri = expand(self.tracking_uri)
        if uri.startswith(_SQLITE) and not uri.startswith(f"{_SQLITE}/"):
            raise ValueError(
                f"tracking_uri is {self.tracking_uri}; expected an absolute path, as a run may be "
                f"resumed elsewhere: {_SQLITE}{Path(uri.removeprefix(_SQLITE)).absolute()}"
            )
        os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
        require("tracker 'mlflow'", "mlflow", "mlflow", "sqlalchemy", "alembic")
        return self

    def start(self, directory: Path, config: Mapping[str, Any], step: int) -> None:
        """Begin a run in the store, or go on with the run of the note.

        Raises:
            RunError: the store cannot be used, or does not have the run.
        """
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException

        for library in ("mlflow", "alembic"):
            logging.getLogger(library).setLevel(logging.WARNING)
        uri = expand(self.tracking_uri) or os.environ.get("MLFLOW_TRACKING_URI", "")
        uri = uri or f"{_SQLITE}{run_folder(directory) / 'mlflow.db'}"
        note = self._recorded = Recorded.of(directory, "mlflow")
        try:
            self._client = MlflowClient(uri)
            if note.is_new:
                note.id = self._create(run_name(directory), uri, config)
            else:
                self._client.update_run(note.id, status="RUNNING")
        except MlflowException as error:
            self._client = None
            again = "" if note.is_new else f"; to begin another run there, delete {note.path}"
            raise RunError(hide(f"tracker 'mlflow': {uri}: {error}{again}")) from error
        note.keep()

    def log(self, step: int, metrics: Metrics) -> None:
        if fresh := self._recorded.fresh(step, finite(metrics)):
            self._log(step, fresh)
            self._recorded.keep(step, fresh)

    def log_evaluation(self, name: str, step: int, metrics: Metrics) -> None:
        if name not in self._recorded.once:
            self._log(step, {f"{name}/{key}": value for key, value in finite(metrics).items()})
            self._recorded.keep(once=name)

    def log_trajectories(self, step: int, trajectories: Sequence[Trajectory]) -> None:
        columns, data = columns_and_cells(self.table(step, trajectories))
        if data:  # the same file again after a resume
            table = {"columns": columns, "data": data}
            started(self._client, "mlflow").log_dict(
                self._recorded.id, table, f"episodes/step-{step}.json"
            )

    def log_model(self, directory: Path) -> None:
        started(self._client, "mlflow").set_tag(self._recorded.id, "model", str(directory))
        if self.upload_model:
            started(self._client, "mlflow").log_artifacts(
                self._recorded.id, str(directory), "model"
            )

    def finish(self) -> None:
        if self._client is not None:
            self._client.set_terminated(self._recorded.id, "FINISHED" if ends_well() else "KILLED")
            self._client = None

    def _create(self, name: str, uri: str, config: Mapping[str, Any]) -> str:
        """Create a run in the store, with its settings; returns the run's id."""
        client = self._client
        found = client.get_experiment_by_name(self.experiment)
        if found is not None:
            experiment = found.experiment_id
        elif uri.startswith(_SQLITE):
            folder = Path(uri.removeprefix(_SQLITE)).absolute().parent / "mlflow-artifacts"
            experiment = client.create_experiment(self.experiment, folder.as_uri())
        else:
            experiment = client.create_experiment(self.experiment)
        run = client.create_run(experiment, tags=self.tags, run_name=self.name or name)
        identity: str = run.info.run_id
        client.log_dict(identity, dict(config), "settings.json")
        from mlflow.entities import Param

        settings = [Param(key, value) for key, value in _flat(config)]
        for first in range(0, len(settings), _MOST_PARAMETERS):
            client.log_batch(identity, params=settings[first : first + _MOST_PARAMETERS])
        return identity

    def _log(self, step: int, values: Mapping[str, float]) -> None:
        from mlflow.entities import Metric

        now = int(time.time() * 1000)
        metrics = [Metric(name, value, now, step) for name, value in values.items()]
        started(self._client, "mlflow").log_batch(self._recorded.id, metrics=metrics)


def _flat(settings: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Nested settings as `train.steps` → text."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", str(value)
