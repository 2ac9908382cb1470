"""Tracker: receives the metrics, evaluations and episodes of a run.

A run calls its trackers in this order, in the main process only:

    start            once, before anything is told
    log_evaluation   the evaluation before training
    log_trajectories the episodes of a step …
    log              … and its metrics; again for each step
    log_model        where the trained student was saved
    log_evaluation   the evaluation after training
    finish           once, at the end, also after Ctrl-C or an error

A step is the number of optimizer steps that have been made: 0 before training. When a run resumes,
`start` has the step that the run resumes from. Data of later steps is void, as those steps are
repeated. Evaluations and the model are logged again, too, with the same figures.

A tracker that raises stops the run, with one message; the run can be resumed.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mentor_core.contracts.component import Component
from mentor_core.contracts.trajectory import Trajectory

__all__ = ["Metrics", "Tracker"]

Metrics = Mapping[str, float | None]
"""Name → value; None if there was nothing to measure."""


class Tracker(Component, ABC):
    """Receives a run's metrics. Its fields are its options: `tracker_options.NAME.OPTION`."""

    @abstractmethod
    def start(self, directory: Path, config: Mapping[str, Any], step: int) -> None:
        """Called once, before the other methods.

        Args:
            directory: the run's directory, which exists.
            config: all settings of the run, JSON values only.
            step: 0 for a new run; above 0, the run resumes and data of later steps is void.
        """

    @abstractmethod
    def log(self, step: int, metrics: Metrics) -> None:
        """The metrics of optimizer step `step`, which has just been made; the first is 1."""

    def log_evaluation(self, name: str, step: int, metrics: Metrics) -> None:
        """The figures of an evaluation.

        Args:
            name: before or after.
            step: optimizer steps made until then.
            metrics: `SPLIT/success` and the like; with several environments also `SPLIT/NAME/…`.
        """

    def log_trajectories(self, step: int, trajectories: Sequence[Trajectory]) -> None:
        """The scored episodes that step `step` is the first to train on, before `log` of it.

        With several processes, only the main process's episodes. A tracker must not change them.
        """

    def log_model(self, directory: Path) -> None:
        """The trained student was saved to `directory`, as `transformers` loads it."""

    def finish(self) -> None:
        """Called at the end, once for each `start`."""
