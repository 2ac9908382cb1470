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
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mentor_core.contracts.component import Component
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.support.errors import MentorError, PluginError

__all__ = ["Metrics", "Tracker", "Trackers"]

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


class Trackers:
    """The trackers of a run, called as one; nothing is called before `start`.

    Raises:
        PluginError: from each method; a tracker raised; names the tracker and the exception.
    """

    def __init__(self, trackers: Mapping[str, Tracker]) -> None:
        self._trackers = dict(trackers)
        self._started: dict[str, Tracker] = {}

    def __iter__(self) -> Iterator[Tracker]:
        return iter(self._trackers.values())

    def start(self, directory: Path, config: Mapping[str, Any], step: int) -> None:
        for name, tracker in self._trackers.items():
            self._started[name] = tracker  # one that fails to start is finished, too
            self._tell(lambda each: each.start(directory, config, step), only=name)

    def log(self, step: int, metrics: Metrics) -> None:
        self._tell(lambda tracker: tracker.log(step, metrics))

    def log_evaluation(self, name: str, step: int, metrics: Metrics) -> None:
        self._tell(lambda tracker: tracker.log_evaluation(name, step, metrics))

    def log_trajectories(self, step: int, trajectories: Sequence[Trajectory]) -> None:
        self._tell(lambda tracker: tracker.log_trajectories(step, trajectories))

    def log_model(self, directory: Path) -> None:
        self._tell(lambda tracker: tracker.log_model(directory))

    def finish(self) -> None:
        """Finish the started trackers, each even if another raises."""
        problems = []
        for name in list(self._started):
            try:
                self._tell(lambda tracker: tracker.finish(), only=name)
            except (MentorError, OSError) as error:
                problems.append(error)
            del self._started[name]
        if problems:
            raise problems[0]

    def _tell(self, call: Callable[[Tracker], None], only: str | None = None) -> None:
        for name, tracker in self._started.items():
            if only is not None and name != only:
                continue
            try:
                call(tracker)
            except (MentorError, OSError):
                raise
            except Exception as error:  # a plugin's code runs: passed on, with its name
                raise PluginError(f"tracker {name!r}: {type(error).__name__}: {error}") from error
