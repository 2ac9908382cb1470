"""HtmlReport: the page that a run writes when it ends."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from mentor_core.contracts.report import Report

__all__ = ["HtmlReport"]


class HtmlReport(Report):
    """Writes `report.html`: figures, tables and episodes in one file, without a network."""

    episodes: int = Field(500, ge=0, description="most episodes that the page has")
    file: str = Field("report.html", min_length=1, description="file in the run directory")

    def write(self, run: Path) -> Path:
        from mentor_lab.report.page import write_page

        write_page([run], run / self.file, self.episodes)
        return run / self.file
