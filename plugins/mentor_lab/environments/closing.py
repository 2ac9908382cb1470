"""Closing: threads, processes and files that a closed environment still holds.

Libraries keep threads, files and processes of their own after their first use. So instances are
made, played and closed before counting starts. A leak grows with every further instance.
"""

from __future__ import annotations

import gc
import os
import re
import tempfile
import threading
import time
import weakref
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from mentor_core.contracts.env import ToolEnv
from mentor_lab.environments.bench import Bench, Check
from mentor_lab.environments.episode import play
from mentor_lab.verdict import Problem

__all__ = ["CLOSING"]

_ROUNDS = 5
_PATIENCE = 3.0  # seconds that threads and processes may take to end


def _closing(bench: Bench, _: None) -> Problem | None:
    episodes = bench.scripts[:3]

    def used() -> ToolEnv:
        env = bench.make()
        for episode in episodes:
            list(play(env, episode))
        env.close()
        return env

    lines = [*str(episodes[-1]).splitlines(), "env.close()"]
    with _temporary_directory() as folder:
        used(), used()
        gc.collect()
        before = _held(folder)
        closed = [used() for _ in range(_ROUNDS)]  # kept: what goes with them was not closed
        give_up = time.monotonic() + _PATIENCE
        while left := _grown(before, _held(folder)):
            if time.monotonic() > give_up:
                text = f"after {_ROUNDS} instances were closed, {left} left"
                return Problem(text, "\n".join(lines))
            time.sleep(0.02)
        references = [weakref.ref(env) for env in closed]
        closed[0].close()
        bench.make().close()
        closed.clear()
        gc.collect()
        alive = sum(reference() is not None for reference in references)
    if alive == _ROUNDS:
        return Problem("something still refers to every instance that was closed", "\n".join(lines))
    return None


@contextmanager
def _temporary_directory() -> Iterator[Path]:
    """A separate folder for temporary files."""
    kept, variable = tempfile.tempdir, os.environ.get("TMPDIR")
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = os.environ["TMPDIR"] = folder
        try:
            yield Path(folder)
        finally:
            tempfile.tempdir = kept
            if variable is None:
                del os.environ["TMPDIR"]
            else:
                os.environ["TMPDIR"] = variable


def _held(folder: Path) -> Counter[str]:
    """The resources that this process holds: name → count."""
    process = psutil.Process()
    held = Counter(f"thread {_plain(thread.name)!r}" for thread in threading.enumerate())
    held.update(f"child process {_plain(child.name())!r}" for child in _children(process))
    held.update(f"temporary file {_plain(path.name)!r}" for path in folder.rglob("*"))
    descriptors = Path("/proc/self/fd")
    if descriptors.is_dir():
        held.update(f"open file {_plain(name)!r}" for name in _targets(descriptors))
    else:
        held["open file"] = getattr(process, "num_fds", getattr(process, "num_handles", int))()
    return held


def _children(process: psutil.Process) -> list[psutil.Process]:
    return [c for c in process.children(recursive=True) if c.is_running()]


def _targets(descriptors: Path) -> Iterator[str]:
    for descriptor in descriptors.iterdir():
        try:
            yield str(descriptor.readlink())
        except OSError:  # the one that lists the others is closed by now
            continue


def _plain(name: str) -> str:
    """A name without its changing parts: digits and random letters."""
    return re.sub(r"\d+|(?<=tmp)\w+", "…", name)


def _grown(before: Counter[str], after: Counter[str]) -> str:
    """The resources that grew by at least one an instance; empty if there are none."""
    grown = {name: count - before[name] for name, count in after.items()}
    return ", ".join(f"{n} × {name}" for name, n in grown.items() if n >= _ROUNDS)


CLOSING = Check("closing", "holds no thread, file, process or memory once it is closed", _closing)
