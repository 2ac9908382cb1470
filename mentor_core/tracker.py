"""Tracker: where the metrics of a run go."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mentor_core.component import Component

__all__ = ["Tracker"]


class Tracker(Component, ABC):
    """Receives the metrics of a run, in the main process only."""

    @abstractmethod
    def start(self, directory: Path, config: Mapping[str, Any], step: int) -> None:
        """Called once. `step` > 0: the run resumes, and what came after `step` is void."""

    @abstractmethod
    def log(self, step: int, metrics: Mapping[str, float | None]) -> None:
        """The metrics of one optimizer step; None where nothing was measured."""

    def finish(self) -> None:
        """Called at the end, also after Ctrl-C or an error."""
