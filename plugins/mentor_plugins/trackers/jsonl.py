"""JsonlTracker: metrics as lines of JSON in the run directory."""

from __future__ import annotations

import io
import json
import math
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import Field, PrivateAttr

from mentor_core.errors import DataError, RunError
from mentor_core.tracker import Tracker

__all__ = ["JsonlTracker"]


class JsonlTracker(Tracker):
    """Writes one line `{"step": …, **metrics}` a step, at once; numbers JSON lacks are null.

    When a run resumes, the lines after the step it resumes from are cut away, and so is a last
    line that a crash left unfinished. The file is replaced in one go: a crash while it
    is cut leaves the old one.
    """

    file: str = Field("metrics.jsonl", description="file name within the run directory")

    _stream: io.TextIOWrapper | None = PrivateAttr(default=None)

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

    def log(self, step: int, metrics: Mapping[str, float | None]) -> None:
        if self._stream is None:
            raise RunError("the jsonl tracker was not started")
        row = {name: _json_number(value) for name, value in metrics.items()}
        try:
            self._stream.write(json.dumps({"step": step, **row}, allow_nan=False) + "\n")
            self._stream.flush()
        except OSError as error:  # a full disk does not say which file it was
            where = self._stream.name
            with suppress(OSError):  # else it would be tried again, loudly, when Python ends
                self._stream.close()
            self._stream = None
            raise RunError(f"{where} cannot be written: {error.strerror or error}") from error

    def finish(self) -> None:
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def _json_number(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


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
