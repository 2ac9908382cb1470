"""RunDirectory: a run on disk, as plain files that people can read.

config.toml           every setting, resolved; `mentor run --config` takes it again
versions.json         Python, packages, platform and the command
state.json            status (running, interrupted, finished) and steps done
references.jsonl      the teacher's reference trajectories
metrics.jsonl         one line an optimizer step (written by the jsonl tracker)
trajectories/         train.jsonl, and one file an evaluated split, before and after
checkpoints/          what a run resumes from
model/                the trained student, which `transformers` loads
warm/                 the same of the stage that goes before the training, if there is one
report.md             the table of before and after; report.json the same for programs
"""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from mentor_core.config import RunConfig, read_toml, resolve, to_toml
from mentor_core.errors import RunError
from mentor_core.trajectory import Trajectory, write_trajectories

__all__ = ["RunDirectory", "cut_lines", "default_output", "write_atomically"]

Status = Literal["running", "interrupted", "finished"]
_PACKAGES = ("mentor-core", "torch", "transformers", "trl", "accelerate", "peft", "gymnasium")
CHECKPOINT_STATE = "mentor_state.json"
"""Written last into a checkpoint: one without it was not finished."""


class RunDirectory:
    """One run's files. Use `create` or `open`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @staticmethod
    def check(path: Path) -> None:
        """Refuse a directory that `create` would refuse, before work is done for it.

        Raises:
            RunError: the directory holds another run or other files, or cannot be written.
        """
        if (path / "config.toml").exists():
            raise RunError(f"{path} holds another run; resume it with: mentor run --resume {path}")
        if path.exists() and (not path.is_dir() or any(path.iterdir())):
            raise RunError(f"{path} exists and is not empty; choose another --output")
        there = next(
            parent for parent in (path.absolute(), *path.absolute().parents) if parent.exists()
        )
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            raise RunError(f"{path} cannot be written: {there} takes no files")

    @classmethod
    def create(cls, path: Path, config: RunConfig) -> RunDirectory:
        """Set up a new run.

        Raises:
            RunError: the directory holds another run or other files, or cannot be written.
        """
        cls.check(path)
        run = cls(path)
        try:
            (path / "trajectories").mkdir(parents=True, exist_ok=True)
            write_atomically(path / "versions.json", json.dumps(_versions(), indent=2) + "\n")
            write_atomically(path / "config.toml", to_toml(config))
        except OSError as error:
            raise RunError(f"{path} cannot be written: {error.strerror or error}") from error
        run.note("running", 0)
        return run

    @classmethod
    def open(cls, path: Path) -> RunDirectory:
        """A run that is there.

        Raises:
            RunError: the directory holds no run.
        """
        if not (path / "config.toml").is_file():
            raise RunError(f"{path} holds no run (there is no config.toml)")
        return cls(path)

    @property
    def config(self) -> RunConfig:
        """The resolved configuration."""
        file = self.path / "config.toml"
        return resolve(read_toml(file), str(file))

    @property
    def status(self) -> Status:
        """What `state.json` says."""
        status: Status = self._state()["status"]
        return status

    @property
    def steps(self) -> int:
        """Optimizer steps done when the state was last noted."""
        return int(self._state()["steps"])

    @property
    def model(self) -> Path:
        """Where the trained student is."""
        return self.path / "model"

    @property
    def checkpoints(self) -> Path:
        """Where checkpoints are."""
        return self.path / "checkpoints"

    def stage(self, name: str) -> RunDirectory:
        """What a stage before the run's own training keeps: a directory alike, below this one."""
        path = self.path / name
        (path / "trajectories").mkdir(parents=True, exist_ok=True)
        return RunDirectory(path)

    def trajectories(self, name: str) -> Path:
        """The file of one kind of trajectories: train, eval-before, ood-after …."""
        return self.path / "trajectories" / f"{name}.jsonl"

    @property
    def references(self) -> Path:
        """The file of reference trajectories."""
        return self.path / "references.jsonl"

    def note(self, status: Status, steps: int) -> None:
        """Note how far the run is."""
        state = {"status": status, "steps": steps}
        write_atomically(self.path / "state.json", json.dumps(state) + "\n")

    def last_checkpoint(self) -> tuple[Path, int] | None:
        """The newest finished checkpoint and its step; None where there is none."""
        finished = [
            (int(path.name.rpartition("-")[2]), path)
            for path in self.checkpoints.glob("checkpoint-*")
            if (path / CHECKPOINT_STATE).is_file()
        ]
        return (max(finished)[1], max(finished)[0]) if finished else None

    def rewind(self, steps: int) -> None:
        """Drop the training trajectories of what comes after `steps`: it will come again."""
        for file in (self.path / "trajectories").glob("train*.jsonl"):
            cut_lines(file, lambda line: int(line["policy_version"]) < steps)

    def write(self, file: Path, trajectories: Iterable[Trajectory]) -> None:
        """Write a file of trajectories, all or nothing."""
        partial = file.with_suffix(".partial")
        with partial.open("w", encoding="utf-8") as stream:
            write_trajectories(stream, trajectories)
        partial.replace(file)

    def append(self, file: Path, trajectories: Iterable[Trajectory]) -> None:
        """Append to a file of trajectories."""
        with file.open("a", encoding="utf-8") as stream:
            write_trajectories(stream, trajectories)

    def _state(self) -> dict[str, Any]:
        try:
            state: dict[str, Any] = json.loads((self.path / "state.json").read_text())
        except (OSError, ValueError):  # killed before its first note
            return {"status": "interrupted", "steps": 0}
        return state


def default_output(environments: Iterable[str]) -> Path:
    """`runs/ENV-DATE-TIME`, in the working directory; of several environments `ENV+ENV`."""
    now = datetime.now().astimezone()
    return Path("runs") / f"{'+'.join(environments)}-{now:%Y%m%d-%H%M%S}"


def write_atomically(path: Path, text: str) -> None:
    """Replace a file's text, all or nothing."""
    partial = path.with_name(path.name + ".partial")
    with partial.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def cut_lines(path: Path, keep: Callable[[dict[str, Any]], bool]) -> None:
    """Keep the JSON lines for which `keep` holds; a torn last line goes. All or nothing."""
    if not path.exists():
        return
    partial = path.with_suffix(".partial")
    with path.open("rb") as old, partial.open("wb") as new:
        for line in old:
            try:
                whole = line.endswith(b"\n") and keep(json.loads(line))
            except ValueError:  # the line that was being written when the run was killed
                whole = False
            if whole:
                new.write(line)
    partial.replace(path)


def _versions() -> dict[str, Any]:
    packages: dict[str, str | None] = {}
    for name in _PACKAGES:
        try:
            packages[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            packages[name] = None
    return {
        "command": sys.argv,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": packages,
    }
