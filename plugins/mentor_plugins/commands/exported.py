"""The student of a run, for `mentor export` and `mentor serve`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mentor_core import __version__
from mentor_plugins.commands.evaluated_model import settings_of
from mentor_plugins.export.folder import ExportFolder, Facts, source_digest
from mentor_runs.directory.run_directory import RunDirectory

__all__ = ["Source"]


@dataclass(frozen=True, slots=True)
class Source:
    """A trained student on disk.

    Attributes:
        checkpoint: optimizer step of the checkpoint; None for the trained student.
        settings: the run's settings, with the student as the model.
    """

    run: RunDirectory
    checkpoint: int | None
    settings: dict[str, Any]

    @classmethod
    def find(cls, path: Path, checkpoint: int | None) -> Source:
        """The student of a run that has ended.

        Raises:
            MentorError: there is no run, it is still going, or it has no such student.
        """
        run = RunDirectory.open(path)
        run.check_free()
        return cls(run, checkpoint, settings_of(path, checkpoint))

    @property
    def model(self) -> Path:
        """The student's directory: a model, or an adapter."""
        return Path(self.settings["model"])

    @property
    def export(self) -> ExportFolder:
        """The usual place of the student's export."""
        name = "export" if self.checkpoint is None else f"export-{self.checkpoint}"
        return ExportFolder(self.run.path / name)

    def facts(self, parser: str | None) -> Facts:
        """The facts of an export of the student."""
        return Facts(
            run=self.run.path.resolve().name,
            environment=self.run.config.env,
            checkpoint=self.checkpoint,
            parser=parser,
            source=source_digest(self.model),
            mentor=__version__,
        )
