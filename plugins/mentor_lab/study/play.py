"""Plays the cells of a study, several side by side, each in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from mentor_core.support.errors import MentorError
from mentor_lab.study.cell import INTERRUPTED
from mentor_lab.study.cells import Cell
from mentor_lab.study.folder import CellState, StudyFolder
from mentor_toolkit.progress_bar import bar
from mentor_toolkit.signals import sigterm_as_ctrl_c

__all__ = ["StudyInterrupted", "play"]

_LOOK_SECONDS = 0.2


class StudyInterrupted(MentorError):
    """A study was asked to stop; finished cells stay, and the others can go on."""

    interrupted = True


def play(folder: StudyFolder, cells: Sequence[Cell], jobs: int, console: Console) -> None:
    """Play the cells that have not finished; a failed cell does not stop the others.

    Args:
        jobs: most cells at a time; the cores are divided among them.

    Raises:
        StudyInterrupted: Ctrl-C or SIGTERM; the running cells save their step and stop.
        RunError: the folder cannot be written.
    """
    left = [cell for cell in cells if not _finished(folder.state(cell))]
    running: list[tuple[Cell, subprocess.Popen[bytes], float]] = []
    done = len(cells) - len(left)
    with sigterm_as_ctrl_c(), bar(console, "cells", len(cells), done, at_once=jobs) as shown:
        try:
            while left or running:
                while left and len(running) < jobs:
                    cell = left.pop(0)
                    running.append((cell, _start(folder.begin(cell), jobs), time.monotonic()))
                for item in [item for item in running if item[1].poll() is not None]:
                    running.remove(item)
                    cell, process, began = item
                    process.communicate()  # closes its input
                    state = _ended(folder.of(cell), process.returncode)
                    if state.status == "failed":
                        shown.say(f"{cell.name} failed: {state.reason}")
                    else:
                        line = f"{cell.name} finished in {time.monotonic() - began:.0f} s"
                        console.print(line, highlight=False, markup=False, soft_wrap=True)
                    shown.advance()
                time.sleep(_LOOK_SECONDS)
        except KeyboardInterrupt:
            console.print("stopping: the running cells save their work", highlight=False)
            _stop([process for _, process, _ in running], signal.SIGTERM)
            raise StudyInterrupted(
                f"interrupted; finished cells stay in {folder.path}, and the same command goes on"
            ) from None
        finally:
            _stop([process for _, process, _ in running], signal.SIGKILL)


def _finished(state: CellState | None) -> bool:
    return state is not None and state.status == "finished"


def _start(folder: Path, jobs: int) -> subprocess.Popen[bytes]:
    """A process for a cell, which ends with this one: it holds the other end of its input."""
    threads = str(max((os.cpu_count() or 1) // jobs, 1))
    environment = {"OMP_NUM_THREADS": threads, "COLUMNS": "120", **os.environ}
    with (folder / "log.txt").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "mentor_lab.study.cell", str(folder)],
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,  # Ctrl-C of a terminal reaches this process alone
        )


def _ended(folder: Path, code: int) -> CellState:
    """The state of a cell whose process has ended, also of one that could not write it."""
    state = CellState.read(folder) or CellState()
    if state.status == "begun":
        why = f"its process ended with code {code}"
        if code < 0:
            why = f"its process was ended by {signal.Signals(-code).name}"
        if code == INTERRUPTED:
            why = "it was interrupted"
        why += f"; see {folder / 'log.txt'}"
        state = state.model_copy(update={"status": "failed", "reason": why})
        state.write(folder)
    return state


def _stop(processes: Sequence[subprocess.Popen[bytes]], number: signal.Signals) -> None:
    """Ask the processes to end, and wait for them; a second Ctrl-C kills them."""
    for process in processes:
        if process.poll() is None:
            process.send_signal(number)
    for process in processes:
        process.wait()  # with its input open: a closed one would ask once more
        process.communicate()
