"""The files of a study's report: study.json, report.md and report.html."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from mentor_lab.study.page import page
from mentor_lab.study.results import Results
from mentor_lab.study.tables import markdown
from mentor_toolkit.disk import write_atomically, writing

__all__ = ["write_report"]


def write_report(found: Results, folder: Path) -> list[Path]:
    """Write the files, each whole or not at all.

    Raises:
        RunError: a file cannot be written.
    """
    texts = {
        "study.json": json.dumps({"schema_version": 1, **asdict(found)}, indent=2) + "\n",
        "report.md": markdown(found),
        "report.html": page(found),
    }
    with writing(folder):
        for name, text in texts.items():
            write_atomically(folder / name, text)
    return [folder / name for name in texts]
