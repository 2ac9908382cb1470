"""A task's references among 100,000 attempts: `python benchmarks/teacher_store.py [--attempts N]`.

Fills a teacher store with an expert's attempts under other task ids, and a JSONL file with the same
trajectories. Prints the median time to find a task's references in the store, the time to find them
in the file, the ratio, and the sizes.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mentor_core.contracts.trajectory import (
    Trajectory,
    iterate_trajectories,
    write_trajectories,
)
from mentor_envs.calculator.env import Calculator
from mentor_plugins.teacher_store.store import Stored, TeacherStore
from mentor_toolkit.scripts import play_expert

BATCH = 10_000


def main() -> None:
    """Fill, ask and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attempts", type=int, default=100_000)
    parser.add_argument("--asked", type=int, default=200, help="tasks asked for")
    options = parser.parse_args()
    env = Calculator(train_size=64)
    played = [found for task in env.tasks("train") if (found := play_expert(env, task))]
    with tempfile.TemporaryDirectory() as folder:
        path, file = Path(folder, "teacher.db"), Path(folder, "teacher.jsonl")
        fill(path, file, played, options.attempts)
        in_store = [asked(path, f"task-{n}") for n in ids(options.attempts, options.asked)]
        in_file = scanned(file, f"task-{options.attempts // 2}")
        store_ms, file_ms = 1000 * statistics.median(in_store), 1000 * in_file
        print(f"{options.attempts:,} attempts; references of one task:")
        print(f"  store  {store_ms:10.2f} ms  {path.stat().st_size / 1e6:8.1f} MB")
        print(f"  file   {file_ms:10.2f} ms  {file.stat().st_size / 1e6:8.1f} MB")
        print(f"  the store answers {file_ms / store_ms:,.0f} times as fast")


def fill(path: Path, file: Path, played: list[Trajectory], attempts: int) -> None:
    """Store the same trajectories in the store and in the file."""
    store = TeacherStore.open(path, create=True)
    with store.database, file.open("w", encoding="utf-8") as stream:
        for first in range(0, attempts, BATCH):
            part = [
                replace(played[n % len(played)], task_id=f"task-{n}")
                for n in range(first, min(first + BATCH, attempts))
            ]
            write_trajectories(stream, part)
            store.add(
                Stored(found.task_id, "", "train", "t", 0, "verified", "", "", found)
                for found in part
            )


def ids(attempts: int, asked: int) -> Iterator[int]:
    """Numbers of tasks, spread over all."""
    return (attempts * n // asked for n in range(asked))


def asked(path: Path, task: str) -> float:
    """Seconds to open the store, and to find and read a task's references."""
    began = time.perf_counter()
    store = TeacherStore.open(path)
    with store.database:
        (found,) = store.of_tasks("calculator", [task], ["verified"])
    seconds = time.perf_counter() - began
    assert found.trajectory.task_id == task
    return seconds


def scanned(file: Path, task: str) -> float:
    """Seconds to find a task's references in a file."""
    began = time.perf_counter()
    assert any(found.task_id == task for found in iterate_trajectories(file))
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
