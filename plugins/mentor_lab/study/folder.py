"""A study on disk, as plain files that people can read.

Its files:

    study.toml                        the study, as it was read
    study.json, report.md, report.html    figures of the finished cells
    ENVIRONMENT/teacher.jsonl         the teacher's verified episodes of the evaluated tasks
    ENVIRONMENT/METHOD/SEED/          a cell:
      cell.toml                       settings of the run
      cell.json                       status (begun, finished, failed), reason, costs
      log.txt                         output of the cell's process
      run/                            the directory of `mentor run`
      evaluations/SPLIT.jsonl         the evaluated episodes
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import tomli_w
from pydantic import BaseModel, ConfigDict

from mentor_core.support.errors import ConfigError, RunError
from mentor_lab.study.cells import Cell
from mentor_lab.study.file import Study
from mentor_runs.directory.fingerprints import differences
from mentor_runs.settings.tables import read_toml
from mentor_toolkit.disk import check_writable, lock, write_atomically, writing

__all__ = ["CellState", "StudyFolder"]

_FILE = "study.toml"
_LOCK = ".lock"


class CellState(BaseModel):
    """The state of a cell, as `cell.json` has it.

    Attributes:
        tasks: digest of the evaluated tasks.
        reason: why the cell failed.
        seconds: time of optimizer steps, over all stages.
        sampled_tokens: number of tokens that the student sampled in training; None if not all
            episodes were kept (train.record_every).
        references: number of the teacher's references at hand.
    """

    model_config = ConfigDict(frozen=True)

    status: Literal["begun", "finished", "failed"] = "begun"
    tasks: str = ""
    reason: str = ""
    seconds: float = 0.0
    sampled_tokens: int | None = 0
    references: int = 0

    @classmethod
    def read(cls, cell: Path) -> CellState | None:
        """The state of a cell's folder; None if the cell was not begun."""
        try:
            return cls.model_validate_json((cell / "cell.json").read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:  # torn: the cell begins again where its run is
            return cls()

    def write(self, cell: Path) -> None:
        """Write the state."""
        with writing(cell):
            write_atomically(cell / "cell.json", self.model_dump_json(indent=2) + "\n")


class StudyFolder:
    """The folder of a study."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def of(self, cell: Cell) -> Path:
        """The folder of a cell."""
        return self.path / cell.name

    def state(self, cell: Cell) -> CellState | None:
        """The state of a cell; None if the cell was not begun."""
        return CellState.read(self.of(cell))

    def teacher(self, environment: str) -> Path:
        """The file of the teacher's episodes."""
        return self.path / environment / "teacher.jsonl"

    def check(self, study: Study, cells: Sequence[Cell]) -> None:
        """Refuse a folder that holds another study, or finished cells of other settings.

        Raises:
            RunError: names the other study or the files.
            ConfigError: the study has changed since cells finished; names what has changed, and
                the cells.
        """
        if self.path.exists() and not self.path.is_dir():
            raise RunError(f"{self.path} is no folder; choose another --output")
        there = {file.name for file in self.path.iterdir()} if self.path.is_dir() else set()
        if _FILE in there:
            name = read_toml(self.path / _FILE).get("study", {}).get("name")
            if name != study.name:
                raise RunError(
                    f"{self.path} holds the study {name!r}, and this one is {study.name!r}; choose "
                    "another --output"
                )
        elif there - {_LOCK}:
            raise RunError(f"{self.path} exists and holds no study; choose another --output")
        changed: dict[str, list[str]] = {}
        for cell in cells:
            state = self.state(cell)
            if state is not None and state.status == "finished":
                for change in self._changes(cell, state):
                    changed.setdefault(change, []).append(cell.name)
        if changed:
            told = "; ".join(f"{change} of {_some(names)}" for change, names in changed.items())
            raise ConfigError(
                f"the study {study.name!r} has changed since cells in {self.path} finished: "
                f"{told}; "
                "put the change back, or choose another --output: cells of different settings are "
                "never mixed"
            )

    def open(self, study: Study) -> None:
        """Lock the folder for the lifetime of this object, and write the study.

        Raises:
            RunError: another process works on the study, or the folder cannot be written.
        """
        check_writable(self.path)
        with writing(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            weakref.finalize(self, lock(self.path / _LOCK).close)
            write_atomically(self.path / _FILE, tomli_w.dumps(_as_file(study)))

    def begin(self, cell: Cell) -> Path:
        """Write the settings of a cell, unless it was begun with the same ones.

        The folder of an unfinished cell with other settings is kept under another name.
        """
        folder = self.of(cell)
        with writing(folder):
            state = self.state(cell)
            if state is not None and list(self._changes(cell, state)):
                aside = (folder.with_name(f"{folder.name}.old-{n}") for n in range(1, 10_000))
                folder.rename(next(path for path in aside if not path.exists()))
            folder.mkdir(parents=True, exist_ok=True)
            write_atomically(folder / "cell.toml", tomli_w.dumps(cell.settings))
            CellState(tasks=cell.tasks).write(folder)
        return folder

    def _changes(self, cell: Cell, state: CellState) -> Iterable[str]:
        """The differences between the cell on disk and the cell of the study."""
        yield from differences(read_toml(self.of(cell) / "cell.toml"), cell.settings)
        if state.tasks and state.tasks != cell.tasks:
            yield "the evaluated tasks"


def _some(names: Sequence[str], most: int = 4) -> str:
    more = f" and {len(names) - most} more cells" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _as_file(study: Study) -> Mapping[str, Any]:
    """The study in the form of its file."""
    values = json.loads(study.model_dump_json())
    about = ("name", "description", "folder", "seeds", "baseline")
    tables = {key: value for key, value in values.items() if key not in about}
    return {"study": {key: values[key] for key in about}, **tables}
