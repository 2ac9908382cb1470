"""JsonlTracker: metrics and evaluations as lines of JSON in the run directory."""

from __future__ import annotations

import io
import json
import math
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from pydantic import Field, PrivateAttr, model_validator

from mentor_core.contracts.tracker import Metrics, Tracker
from mentor_core.support.errors import DataError, RunError

__all__ = ["JsonlTracker"]


class JsonlTracker(Tracker):
    """Writes a line of JSON for each step and each evaluation, at once.

    A step is `{"step": 1, **metrics}`. An evaluation, in a file of its own, is
    `{"evaluation": "before", "step": 0, **metrics}`. Numbers that JSON lacks are null.

    When a run resumes, the lines of later steps are removed, and so is a last line that a crash
    left unfinished. The file is replaced atomically: a crash in between leaves the old file.
    """

    file: str = Field(
        "metrics.jsonl", min_length=1, description="file of the steps, in the run directory"
    )
    evaluations: str = Field(
        "evaluations.jsonl", min_length=1, description="file of the evaluations, likewise"
    )

    _stream: io.TextIOWrapper | None = PrivateAttr(default=None)
    _evaluations: Path | None = PrivateAttr(default=None)

    @model_validator(mode="after")
    def _two_files(self) -> Self:
        if self.file == self.evaluations:
            raise ValueError(f"file and evaluations are both {self.file!r}; expected two files")
        return self

    def start(self, directory: Path, config: Mapping[str, Any], step: int) -> None:
        """Open the file; `step` 0 starts it afresh.

        Raises:
            DataError: a line before the last is not a line of metrics.
        """
        path = directory / self.file
        directory.mkdir(parents=True, exist_ok=True)
        kept = _lines_until(path, step) if step > 0 and path.exists() else []
        temporary = path.with_name(f"{path.name}.tmp")
        with temporary.open("w", encoding="utf-8") as stream:
            stream.writelines(kept)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
        self._stream = path.open("a", encoding="utf-8")
        self._evaluations = directory / self.evaluations
        self._evaluations.unlink(missing_ok=True)  # a run that resumes tells them again

    def log(self, step: int, metrics: Metrics) -> None:
        if self._stream is None:
            raise RunError("the jsonl tracker was not started")
        try:
            self._stream.write(_line({"step": step}, metrics))
            self._stream.flush()
        except OSError as error:  # a full disk does not say which file it was
            where = self._stream.name
            with suppress(OSError):  # else it would be tried again, loudly, when Python ends
                self._stream.close()
            self._stream = None
            raise RunError(f"{where} cannot be written: {error.strerror or error}") from error

    def log_evaluation(self, name: str, step: int, metrics: Metrics) -> None:
        if self._evaluations is None:
            raise RunError("the jsonl tracker was not started")
        with self._evaluations.open("a", encoding="utf-8") as stream:
            stream.write(_line({"evaluation": name, "step": step}, metrics))

    def finish(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def _line(facts: Mapping[str, Any], metrics: Metrics) -> str:
    finite = {
        name: value if value is not None and math.isfinite(value) else None
        for name, value in metrics.items()
    }
    return json.dumps({**facts, **finite}, allow_nan=False) + "\n"


def _lines_until(path: Path, step: int) -> list[str]:
    """The lines of `path` up to and including `step`, without a torn last one."""
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
    kept = []
    for number, line in enumerate(lines, 1):
        try:
            row_step = json.loads(line)["step"]
        except (ValueError, TypeError, KeyError):
            if number == len(lines):
                break
            raise DataError(f"{path}:{number}: not a line of metrics") from None
        if row_step <= step and line.endswith("\n"):
            kept.append(line)
    return kept
