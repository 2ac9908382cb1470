"""Report: a file that shows a run which has ended, beside `report.md`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

from mentor_core.contracts.component import Component

__all__ = ["Report"]


class Report(Component, ABC):
    """Shows a run to people. Its fields are its options: `report_options.NAME.OPTION`."""

    @abstractmethod
    def write(self, run: Path) -> Path:
        """Write the report of a run; called in the main process when the run has finished.

        A report that raises never fails the run: the run ends with a warning that gives the reason.

        Args:
            run: directory of the run, with all its files.

        Returns:
            The file that was written, in that directory; an older one of that name is replaced.
        """
