"""The page of a run with 100,000 episodes: `python benchmarks/report.py [--episodes N]`.

Copies an expert's episodes into the training of a run directory, with two hundred tokens each, and
writes the page. Prints its seconds, its size, the process's peak memory, and the size of plotly.js
before and after packing.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import random
import resource
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from plotly.offline import get_plotlyjs

from mentor_core.contracts.trajectory import Tokens, format_trajectory
from mentor_envs.calculator.env import Calculator
from mentor_lab.report.page import write_page
from mentor_runs.directory.run_directory import RunDirectory
from mentor_runs.settings.resolve import resolve
from mentor_toolkit.scripts import play_expert

GROUP, STEP, TOKENS = 8, 64, 200


def main() -> None:
    """Make the run, write its page and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--episodes", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = RunDirectory.create(Path(folder, "run"), resolve({"env": "calculator"}))
        fill(run, options.episodes)
        size = run.trajectories("train").stat().st_size
        began = time.perf_counter()
        write_page([run.path], run.path / "report.html")
        seconds = time.perf_counter() - began
        page = (run.path / "report.html").stat().st_size
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{options.episodes:,} episodes, {size / 1e6:,.0f} MB of JSON lines:")
    print(f"  page       {seconds:8.1f} s  {page / 1e6:6.1f} MB")
    print(f"  memory     {memory / 1e3:8.0f} MB at most")
    plain = get_plotlyjs().encode()
    packed = base64.b64encode(gzip.compress(plain, 9))
    print(f"  plotly.js  {len(plain) / 1e6:6.1f} MB, packed {len(packed) / 1e6:.1f} MB")


def fill(run: RunDirectory, episodes: int) -> None:
    """Write the episodes of the training."""
    draw = random.Random(0)
    env = Calculator(train_size=64)
    played = [found for task in env.tasks("train") if (found := play_expert(env, task))]
    with run.trajectories("train").open("w", encoding="utf-8") as file:
        for number in range(episodes):
            tokens = Tokens([1] * 100)
            ids = [draw.randrange(1000) for _ in range(TOKENS)]
            tokens.add_sampled(ids, [-draw.random() for _ in ids])
            tokens.advantages = [1.0] * TOKENS
            episode = replace(
                played[number // GROUP % len(played)],
                source="student",
                tokens=tokens,
                policy_version=number // STEP,
                group=number // GROUP % (STEP // GROUP),
                reward=float(number % 2),
            )
            file.write(format_trajectory(episode))


if __name__ == "__main__":
    main()
