"""ExportFolder: the artefact's directory, which is whole or not there."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from mentor_core.support.errors import RunError
from mentor_runs.directory.checkpoint import CHECKSUMS
from mentor_toolkit.disk import check_writable, write_atomically, writing

__all__ = ["EXPORT", "ExportFolder", "Facts", "source_digest"]

EXPORT = "export.json"
"""The file that tells an export from other directories."""


class Facts(BaseModel):
    """The facts of an export that later commands need.

    Attributes:
        run: name of the run's directory; environment: the run's environment.
        checkpoint: optimizer step of the exported checkpoint; None for the trained student.
        parser: registered name of the student's call parser; None if the parser has no name.
        source: digest of the exported student's files; None if the run has no checksums.
        mentor: mentor's version.
    """

    model_config = ConfigDict(extra="ignore")

    run: str
    environment: str
    checkpoint: int | None
    parser: str | None
    source: str | None
    mentor: str


class ExportFolder:
    """Writes an export beside its place, and moves it there once it is whole.

    Args:
        path: the export's place.

    Attributes:
        partial: the directory to write into.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.partial = path.with_name(path.name + ".partial")

    def check(self) -> None:
        """Refuse a place that must not be replaced, before work is done for it.

        Raises:
            RunError: other files than an export's stand there, or the place cannot be written.
        """
        other = self.path.exists() and not (self.path / EXPORT).is_file()
        if other and not (self.path.is_dir() and not any(self.path.iterdir())):
            raise RunError(
                f"{self.path} exists and is no export (there is no {EXPORT}); choose another "
                "--output"
            )
        check_writable(self.path.parent)

    def begin(self) -> Path:
        """An empty directory to write into; the rest of an interrupted export is removed."""
        with writing(self.partial):
            shutil.rmtree(self.partial, ignore_errors=True)
            self.partial.mkdir(parents=True)
        return self.partial

    def finish(self, facts: Facts) -> None:
        """Write the facts, and put the export in its place, over an older export.

        Raises:
            RunError: the place cannot be written.
        """
        old = self.path.with_name(self.path.name + ".old")
        with writing(self.path):
            write_atomically(self.partial / EXPORT, facts.model_dump_json(indent=2) + "\n")
            shutil.rmtree(old, ignore_errors=True)
            if self.path.exists():
                self.path.rename(old)
            self.partial.rename(self.path)
            shutil.rmtree(old, ignore_errors=True)

    @staticmethod
    def read(path: Path) -> Facts | None:
        """The facts of an export; None if the directory is no export.

        Raises:
            RunError: the facts cannot be read.
        """
        file = path / EXPORT
        if not file.is_file():
            return None
        try:
            return Facts.model_validate(json.loads(file.read_text(encoding="utf-8")))
        except (OSError, ValueError, ValidationError) as error:
            reason: Any = str(error).partition("\n")[0]
            raise RunError(f"{file} cannot be read ({reason}); export the run again") from error


def source_digest(model: Path) -> str | None:
    """A digest of a student's files, from the checksums that the run wrote; None without them."""
    import hashlib

    try:
        return hashlib.sha256((model / CHECKSUMS).read_bytes()).hexdigest()
    except OSError:
        return None
