"""Trackers: all trackers of a run, called as one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mentor_core.contracts.tracker import Metrics, Tracker
from mentor_core.contracts.trajectory import Trajectory
from mentor_core.support.errors import MentorError, PluginError

__all__ = ["Trackers"]


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
