"""Report: a file that shows a finished run, beside `report.md`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from mentor_core.contracts.component import Component

__all__ = ["Report"]


class Report(Component, ABC):
    """Shows a run to people. The fields are the report's options: `report_options.NAME.OPTION`."""

    @abstractmethod
    def write(self, run: Path) -> Path:
        """Write the report of a run; called in the main process when the run has finished.

        A report that raises never fails the run: the run ends with a warning that gives the reason.

        Args:
            run: directory of the run, with all its files.

        Returns:
            The written file in the run's directory; an older file of the same name is replaced.
        """
