"""RunDirectory: a run on disk, as plain files that people can read.

Its files:

    config.toml           every setting, resolved; `mentor run --config` takes it again
    versions.json         Python, packages, platform, command, and the run's first settings
    state.json            status (running, interrupted, finished) and steps done
    code/                 copies of a user's own files of code
    references.jsonl      the teacher's reference trajectories
    metrics.jsonl         one line an optimizer step (written by the jsonl tracker)
    evaluations.jsonl     one line an evaluation (also by the jsonl tracker)
    tracker-NAME.json     a tracker's note of its records in a store elsewhere
    trajectories/         train.jsonl, and one file an evaluated split, before and after
    checkpoints/          states to resume from
    model/                the trained student, which `transformers` loads
    warm/                 files of the stage before the training, if there is one
    report.md             the table of before and after; report.json is for programs
"""

from __future__ import annotations

import json
import os
import shutil
import tomllib
import weakref
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import tomli_w

from mentor_core.contracts.trajectory import Trajectory, write_trajectories
from mentor_core.support.errors import RunError
from mentor_runs.directory.checkpoint import damage, newest_whole, seal, set_aside
from mentor_runs.directory.fingerprints import differences, versions
from mentor_runs.directory.kept_code import CODE, KeptCode
from mentor_runs.settings.config import RunConfig, to_toml
from mentor_runs.settings.old_keys import with_new_keys
from mentor_runs.settings.paths import anchored, change_code
from mentor_runs.settings.resolve import resolve
from mentor_runs.settings.tables import read_toml
from mentor_toolkit.disk import check_writable, cut_lines, lock, write_atomically, writing

__all__ = ["RunDirectory", "default_output"]

Status = Literal["running", "interrupted", "finished"]
_LOCK = ".lock"
_BEGUN = {_LOCK, CODE, "config.toml.partial", "versions.json", "state.json", "trajectories"}
"""Possible files of a run that was killed before its config.toml was written."""


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
        with writing(path):
            if (path / "config.toml").exists():
                raise RunError(
                    f"{path} holds another run; resume it with: mentor run --resume {path}"
                )
            if path.exists() and not (path.is_dir() and _is_free(path)):
                raise RunError(f"{path} exists and is not empty; choose another --output")
            there = next(p for p in (path.absolute(), *path.absolute().parents) if p.exists())
            if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
                raise RunError(f"{path} cannot be written: {there} takes no files")
        check_writable(path)

    @classmethod
    def create(cls, path: Path, config: RunConfig) -> RunDirectory:
        """Set up a new run; see `set_up`."""
        run = cls(path)
        run.set_up(config)
        return run

    @classmethod
    def open(cls, path: Path) -> RunDirectory:
        """An existing run.

        Raises:
            RunError: the directory holds no run.
        """
        if not (path / "config.toml").is_file():
            again = f"; begin one there: mentor run --output {path}" if _is_free(path) else ""
            raise RunError(f"{path} holds no run (there is no config.toml){again}")
        return cls(path)

    def set_up(self, config: RunConfig) -> None:
        """Write the first files of a new run, and lock the run for this process.

        Raises:
            RunError: the directory holds another run or other files, or cannot be written.
        """
        self.check(self.path)
        with writing(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            self._take()
            (self.path / "state.json").unlink(missing_ok=True)
            settings = change_code(tomllib.loads(to_toml(config)), KeptCode(self.path).keep)
            write_atomically(self.path / "config.toml", tomli_w.dumps(settings))
            self._begin()

    def resume(self) -> None:
        """Resume an existing run, and lock the run for this process.

        Raises:
            RunError: another process works on the run, or the settings have changed since it began.
        """
        self._take()
        self.check_settings()
        with writing(self.path):
            self._begin()

    def check_free(self) -> None:
        """Refuse a run that another process works on, before work is done for it.

        Raises:
            RunError: another process works on the run; names the process.
        """
        lock(self.path / _LOCK).close()

    def _take(self) -> None:
        """Lock the run for the lifetime of this object, at most of the process."""
        weakref.finalize(self, lock(self.path / _LOCK).close)

    def _begin(self) -> None:
        """Write the files after config.toml, unless that was done before."""
        (self.path / "trajectories").mkdir(exist_ok=True)
        if not (self.path / "state.json").is_file():
            facts = {**versions(), "settings": read_toml(self.path / "config.toml")}
            write_atomically(self.path / "versions.json", json.dumps(facts, indent=2) + "\n")
            self.note("running", 0)

    def check_settings(self) -> None:
        """Refuse to go on if the settings have changed since the run began.

        Raises:
            RunError: names the settings that differ.
        """
        if not (self.path / "state.json").is_file():
            return  # killed before anything was done with them
        file = self.path / "versions.json"
        try:
            began = self._resolve(json.loads(file.read_text(encoding="utf-8"))["settings"], file)
        except (OSError, ValueError, LookupError, TypeError):
            raise RunError(
                f"{file} does not say which settings the run began with, so it cannot be resumed; "
                f"begin another: mentor run --config {self.path / 'config.toml'}"
            ) from None
        differ = differences(
            *(c.model_dump(mode="json", exclude_none=True) for c in (began, self.config))
        )
        if differ:
            raise RunError(
                f"{self.path / 'config.toml'} was edited since the run began: "
                f"{', '.join(differ)}; put it back, or begin another run: mentor run --config "
                f"{self.path / 'config.toml'}"
            )

    def check_data(self, digests: Mapping[str, str]) -> None:
        """Refuse to go on if the data has changed since the run began.

        Args:
            digests: name of the data → fingerprint.

        Raises:
            RunError: names the data that has changed.
        """
        file = self.path / "versions.json"
        known = json.loads(file.read_text(encoding="utf-8"))
        if "data" not in known:
            with writing(file):
                write_atomically(file, json.dumps({**known, "data": digests}, indent=2) + "\n")
        elif changed := [what for what in digests if known["data"].get(what) != digests[what]]:
            raise RunError(
                f"the {' and the '.join(changed)} of {self.path} are not those that the run began "
                "with; put the changed file back, or begin another run: "
                f"mentor run --config {self.path / 'config.toml'}"
            )

    @property
    def config(self) -> RunConfig:
        """The resolved configuration."""
        file = self.path / "config.toml"
        return self._resolve(read_toml(file), file)

    def _resolve(self, settings: Mapping[str, Any], file: Path) -> RunConfig:
        return resolve(anchored(with_new_keys(settings), self.path.absolute()), str(file))

    @property
    def status(self) -> Status:
        """The status in `state.json`."""
        status: Status = self._state()["status"]
        return status

    @property
    def steps(self) -> int:
        """Optimizer steps done when the state was last noted."""
        return int(self._state()["steps"])

    @property
    def model(self) -> Path:
        """The directory of the trained student."""
        return self.path / "model"

    @property
    def checkpoints(self) -> Path:
        """The directory of checkpoints."""
        return self.path / "checkpoints"

    def stage(self, name: str) -> RunDirectory:
        """The directory of a stage before the run's own training, below this one."""
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
        """Record status and steps of the run."""
        state = {"status": status, "steps": steps}
        with writing(self.path / "state.json"):
            write_atomically(self.path / "state.json", json.dumps(state) + "\n")

    def last_checkpoint(
        self, tell: Callable[[str], None] = lambda _: None
    ) -> tuple[Path, int] | None:
        """The newest whole checkpoint and its step; None if there is none.

        Args:
            tell: is called with a message on each newer one that is left out.
        """
        return newest_whole(self.checkpoints, tell)

    def is_trained(self, tell: Callable[[str], None] = lambda _: None) -> bool:
        """True if the trained student exists and is whole; a damaged one is set aside.

        Args:
            tell: is called with a message on a damaged student.
        """
        if not (self.model / "config.json").exists():
            return False
        wrong = damage(self.model)
        if wrong is not None:
            tell(f"the trained student in {self.model} is left out: {wrong}")
            aside = self.path / "model.damaged"
            shutil.rmtree(aside, ignore_errors=True)
            self.model.rename(aside)
        return wrong is None

    def write_model(self, *save: Callable[[Path], Any]) -> None:
        """Write the trained student, all or nothing, and seal it.

        Args:
            *save: functions that each write files into a directory.
        """
        partial = self.path / "model.partial"
        with writing(partial, Exception):  # safetensors has errors of its own
            shutil.rmtree(partial, ignore_errors=True)  # of a run that was killed here
            partial.mkdir()
            for part in save:
                part(partial)
            seal(partial)
            partial.replace(self.model)

    def rewind(self, steps: int) -> None:
        """Drop training trajectories and checkpoints after `steps`, as these steps are repeated."""
        with writing(self.path):
            set_aside(self.checkpoints, steps)
            for file in (self.path / "trajectories").glob("train*.jsonl"):
                cut_lines(file, lambda line: int(line["policy_version"]) < steps)

    def write(self, file: Path, trajectories: Iterable[Trajectory]) -> None:
        """Write a file of trajectories, all or nothing."""
        partial = file.with_suffix(".partial")
        with writing(file):
            with partial.open("w", encoding="utf-8") as stream:
                write_trajectories(stream, trajectories)
                stream.flush()
                os.fsync(stream.fileno())
            partial.replace(file)

    def append(self, file: Path, trajectories: Iterable[Trajectory]) -> None:
        """Append to a file of trajectories."""
        with writing(file), file.open("a", encoding="utf-8") as stream:
            write_trajectories(stream, trajectories)

    def _state(self) -> dict[str, Any]:
        try:
            state = json.loads((self.path / "state.json").read_text(encoding="utf-8"))
            return {"status": str(state["status"]), "steps": int(state["steps"])}
        except (OSError, ValueError, TypeError, KeyError):  # killed before its first note
            return {"status": "interrupted", "steps": 0}


def default_output(environments: Iterable[str]) -> Path:
    """`runs/ENV-DATE-TIME`, in the working directory; with several environments `ENV+ENV`."""
    now = datetime.now().astimezone()
    return Path("runs") / f"{'+'.join(environments)}-{now:%Y%m%d-%H%M%S}"


def _is_free(path: Path) -> bool:
    """True if a directory is empty, or holds only the first files of a run."""
    there = {file.name for file in path.iterdir()} if path.is_dir() else {path.name}
    return not there or (
        there <= _BEGUN
        and bool(there & {_LOCK, "trajectories"})
        and not any((path / "trajectories").glob("*"))
    )
