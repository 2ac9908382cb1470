"""Recorded: a tracker's note of its records, so that a resumed run records nothing twice.

`jsonl`, `csv` and `tensorboard` can cut the records after the step that a run resumes from. Other
trackers write to stores that only grow. Such trackers keep the note `tracker-NAME.json` in the run
directory. The note holds the run's id in the store, the last step and the names of that step's
values.
"""

from __future__ import annotations

import json
import math
import sys
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self, TypeVar

from mentor_core.contracts.tracker import Metrics
from mentor_core.support.errors import RunError
from mentor_toolkit.disk import write_atomically, writing

__all__ = ["Recorded", "ends_well", "finite", "run_folder", "run_name", "started"]

T = TypeVar("T")


@dataclass(slots=True)
class Recorded:
    """The note of one tracker in one run directory.

    Attributes:
        path: the file of the note.
        id: the run's id in the tracker's store; a new note has a new id.
        step: the last step with recorded values; -1 if there is none.
        names: the recorded values of that step.
        once: names of records that are made once, and were made: evaluations and the model.
    """

    path: Path
    id: str
    step: int = -1
    names: list[str] = field(default_factory=list)
    once: list[str] = field(default_factory=list)
    _until: tuple[int, frozenset[str]] = (-1, frozenset())

    @classmethod
    def of(cls, directory: Path, tracker: str) -> Self:
        """The note of a tracker, or a new one that is written by the first `keep`.

        Raises:
            RunError: the file cannot be read as a note.
        """
        path = directory / f"tracker-{tracker}.json"
        try:
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            note = cls(path, **found)
        except FileNotFoundError:
            note = cls(path, uuid.uuid4().hex)
        except (OSError, ValueError, TypeError) as error:
            raise RunError(
                f"{path} cannot be read: {error}. Delete the file to begin another run in the "
                f"store of the tracker {tracker!r}"
            ) from error
        note._until = (note.step, frozenset(note.names))
        return note

    @property
    def is_new(self) -> bool:
        """The note is not on disk yet."""
        return not self.path.exists()

    def fresh(self, step: int, values: Mapping[str, T]) -> dict[str, T]:
        """The values of a step that were not recorded before the run was resumed."""
        last, names = self._until
        return {
            name: value
            for name, value in values.items()
            if step > last or (step == last and name not in names)
        }

    def keep(self, step: int | None = None, names: Iterable[str] = (), once: str = "") -> None:
        """Note that values of a step, or a record that is made once, have been recorded.

        Raises:
            RunError: the note cannot be written.
        """
        if step is not None and step >= self.step:
            self.names = sorted({*names, *(self.names if step == self.step else ())})
            self.step = step
        if once:
            self.once.append(once)
        facts = {name: value for name, value in asdict(self).items() if name not in _NOT_WRITTEN}
        with writing(self.path):
            write_atomically(self.path, json.dumps(facts) + "\n")


_NOT_WRITTEN = ("path", "_until")


def finite(metrics: Metrics) -> dict[str, float]:
    """The measured metrics: None and NaN are left out, and never become 0."""
    return {
        name: float(value)
        for name, value in metrics.items()
        if value is not None and math.isfinite(value)
    }


def started(what: T | None, tracker: str) -> T:
    """The open writer of a tracker.

    Raises:
        RunError: there is no open writer.
    """
    if what is None:
        raise RunError(f"the {tracker} tracker was not started")
    return what


def ends_well() -> bool:
    """True if neither an error nor Ctrl-C ends the run; to be called in `finish`."""
    return sys.exc_info()[0] is None


def run_name(directory: Path) -> str:
    """The name of a run in a store: the directory's name; `RUN-STAGE` for a stage before."""
    run, directory = run_folder(directory), directory.absolute()
    return run.name if run == directory else f"{run.name}-{directory.name}"


def run_folder(directory: Path) -> Path:
    """The directory of a whole run, given the directory of the run or of a stage."""
    directory = directory.absolute()
    above = directory.parent
    return above if (above / "config.toml").is_file() else directory
