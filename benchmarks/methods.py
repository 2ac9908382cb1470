"""Every method on one task set: `python benchmarks/methods.py [METHOD …] [--seeds 0,1]`.

Each method of `mentor methods`, and plain reinforcement (recipe ""), trains the embedded student on
the calculator with equally many episodes. The regime "easy" begins with the student as it ships.
"hard" has tasks of four steps, which the student fails, and begins with 24 steps of imitation of
256 references. Prints success after the training, in percent of the evaluated tasks, and the
difference to plain reinforcement. Both have a 95 % t-interval over seeds. The last columns are
seconds a step and peak memory.

Two seeds tell large differences only. A method whose interval of differences includes 0 is not
shown to help. Finished runs in `--output` are read, not repeated.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from hard_regime import interval

from mentor_core.contracts.trajectory import read_trajectories
from mentor_core.door.registry import RECIPES, names
from mentor_runs.evaluation.summary import summarise
from mentor_runs.settings.recipes import read_recipe

PLAIN = "(plain)"
REGIMES: dict[str, list[str]] = {
    "easy": [],
    "hard": [
        *("--set", "env_options.min_steps=4", "--set", "env_options.max_steps=4"),
        *("--set", "env_options.train_size=8192"),
        *("--warm-start", "sft:24", "--set", "warm_start_options.references=256"),
    ],
}
"""Regime → its flags of `mentor run`."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One run: success in percent, seconds a step, and peak memory in GiB."""

    success: float
    seconds: float
    memory: float


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("methods", nargs="*", metavar="METHOD", help="default: all")
    parser.add_argument("--regimes", default=",".join(REGIMES))
    parser.add_argument("--seeds", default="0,1")
    parser.add_argument("--steps", type=int, default=20, help="of 64 episodes")
    parser.add_argument("--tasks", type=int, default=256, help="evaluated tasks")
    parser.add_argument("--output", type=Path, help="folder of the runs; default: temporary")
    options = parser.parse_args()
    output = options.output or Path(tempfile.mkdtemp(prefix="mentor-methods-"))
    methods = options.methods or [n for n in names(RECIPES) if read_recipe(n).method]
    seeds = options.seeds.split(",")
    for regime in options.regimes.split(","):
        print(f"\n{regime}: {options.steps} steps, {options.tasks} tasks, seeds {options.seeds}\n")
        print("| method | success | less plain | s/step | GiB |\n|---|---|---|---|---|")
        plain: list[float] = []
        for method in (PLAIN, *methods):
            runs = [
                measured(
                    output / f"{regime}-{method.strip('()')}-{seed}", method, regime, seed, options
                )
                for seed in seeds
            ]
            found = [run.success for run in runs]
            plain = plain or found
            less = interval(np.subtract(found, plain).tolist()) if method != PLAIN else ""
            seconds, memory = (
                np.mean([getattr(run, key) for run in runs]) for key in ("seconds", "memory")
            )
            print(
                f"| {method} | {interval(found)} | {less} | {seconds:.1f} | {memory:.2f} |",
                flush=True,
            )


def measured(
    folder: Path, method: str, regime: str, seed: str, options: argparse.Namespace
) -> Measured:
    """Train, unless the folder has the finished run, and read the figures."""
    note = folder / "memory.json"
    if not note.exists():
        command = [sys.executable, "-m", "mentor_core", "run", "--env", "calculator"]
        command += ["--recipe", method] if method != PLAIN else []
        command += [*REGIMES[regime], "--steps", str(options.steps), "--seed", seed]
        sizes = (f"env_options.eval_size={options.tasks}", f"evaluate.tasks={options.tasks}")
        for setting in (*sizes, 'evaluate.splits=["eval"]', "reports=[]"):
            command += ["--set", setting]
        process = subprocess.Popen(
            [*command, "--output", str(folder)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        assert process.stderr is not None
        said = process.stderr.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit(f"{method}: {said.strip()[-2000:]}")
        note.write_text(json.dumps(usage.ru_maxrss / 2**20))
    played = summarise(read_trajectories(folder / "trajectories" / "eval-after.jsonl"))
    if played.success is None:
        raise SystemExit(f"{folder}: nothing verified")
    seconds = re.findall(r"training: \d+ steps in (\d+) s", (folder / "report.md").read_text())
    return Measured(
        100 * played.success, int(seconds[-1]) / options.steps, json.loads(note.read_text())
    )


if __name__ == "__main__":
    main()
