"""The work of one cell, in a process of its own: `python -m mentor_lab.study.cell FOLDER`.

The cell runs `mentor run`, resumed if it was begun, and `mentor eval`. The process ends with the
process that started it, whose end of standard input it sees.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import click

from mentor_core.contracts.trajectory import iterate_trajectories, read_trajectories
from mentor_core.door.registry import COMMANDS, load
from mentor_core.support.errors import MentorError, RunError
from mentor_core.support.redaction import hide
from mentor_core.support.user_code import reason
from mentor_lab.study.folder import CellState
from mentor_runs.assembly.assemble import assemble
from mentor_runs.assembly.parts import Parts
from mentor_runs.directory.run_directory import RunDirectory
from mentor_runs.settings.resolve import resolve
from mentor_runs.settings.tables import read_toml
from mentor_toolkit.disk import lock

__all__ = ["INTERRUPTED", "main"]

INTERRUPTED = 130
"""Exit code of a cell that was asked to stop, and can be resumed."""
_PATIENCE = 60.0
"""Seconds to wait for the process of a study that was killed: it saves its step first."""


def main(folder: Path) -> int:
    """Run the cell; the exit code is 0, 1 if it failed, or `INTERRUPTED`."""
    state = CellState.read(folder) or CellState()
    held = _take(folder)
    try:
        costs = _work(folder)
    except MentorError as error:
        if getattr(error, "interrupted", False):
            return INTERRUPTED
        return _fail(folder, state, str(error))
    except click.ClickException as error:
        return _fail(folder, state, error.format_message())
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except Exception as error:  # noqa: BLE001 - a fault of one cell must not end the others
        traceback.print_exc()
        return _fail(folder, state, reason(error))
    finally:
        held.close()
    state.model_copy(update={"status": "finished", "reason": "", **costs}).write(folder)
    for checkpoints in list((folder / "run").rglob("checkpoints")):
        shutil.rmtree(checkpoints, ignore_errors=True)  # the trained student stays
    return 0


def _fail(folder: Path, state: CellState, why: str) -> int:
    state.model_copy(update={"status": "failed", "reason": hide(why)}).write(folder)
    return 1


def _take(folder: Path) -> IO[str]:
    """The lock of the cell; waits for a process of before that still saves its step."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return lock(folder / ".lock")
        except RunError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def _work(folder: Path) -> dict[str, Any]:
    """Train and evaluate; returns the costs."""
    settings = folder / "cell.toml"
    parts = assemble(resolve(read_toml(settings), str(settings)))
    run = RunDirectory(folder / "run")
    evaluated = ["--config", str(settings)]
    if parts.stages:
        if (run.path / "config.toml").exists():
            _mentor("run", ["--resume", str(run.path)])
        else:
            given = ["--config", str(settings), "--set", "evaluate.splits=[]"]
            _mentor("run", [*given, "--output", str(run.path)])
        evaluated += ["--model", str(run.model)]
    splits = {split: folder / "evaluations" / f"{split}.jsonl" for split in _splits(parts)}
    if not all(file.exists() for file in splits.values()):
        played = folder / "evaluation.jsonl"
        evaluated += ["--output", str(played), *(["--resume"] if played.exists() else [])]
        _mentor("eval", evaluated)
        _divide(parts, played, splits)
    return _costs(run, parts)


def _mentor(name: str, arguments: Sequence[str]) -> None:
    command: Any = load(COMMANDS, name)
    command.main(list(arguments), prog_name=f"mentor {name}", standalone_mode=False)


def _splits(parts: Parts) -> list[str]:
    """The evaluated splits, without those that have no tasks."""
    return [split for split in parts.config.evaluate.splits if parts.evaluation_tasks(split)]


def _divide(parts: Parts, played: Path, splits: dict[str, Path]) -> None:
    """A file for each split, in place of one for all."""
    trajectories = read_trajectories(played)
    folder = RunDirectory(played.parent)
    for split, file in splits.items():
        file.parent.mkdir(exist_ok=True)
        keys = {task.key for task in parts.evaluation_tasks(split)}
        folder.write(file, [t for t in trajectories if t.task_key in keys])
    played.unlink()


def _costs(run: RunDirectory, parts: Parts) -> dict[str, Any]:
    """Seconds of all optimizer steps, sampled tokens, and number of references."""
    seconds = 0.0
    for file in run.path.rglob("metrics.jsonl"):
        for line in file.read_text(encoding="utf-8").splitlines():
            seconds += json.loads(line).get("seconds/step") or 0.0
    tokens = sum(
        trajectory.tokens.mask.count(1)
        for file in run.path.rglob("trajectories/train*.jsonl")
        for trajectory in iterate_trajectories(file)
        if trajectory.tokens
    )
    whole = parts.config.train.record_every == 1
    references = 0
    if run.references.exists():
        references = sum(1 for _ in run.references.open("rb"))
    return {
        "seconds": seconds,
        "sampled_tokens": tokens if whole else None,
        "references": references,
    }


def _end_with_parent() -> None:
    """Ask this process to stop when the process that started it has ended."""

    def watch() -> None:
        while os.read(0, 1):  # not through sys.stdin, whose lock would be held at the end
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    _end_with_parent()
    sys.exit(main(Path(sys.argv[1])))
