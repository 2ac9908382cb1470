"""Tasks at which the base fails: `python benchmarks/hard_regime.py [--methods …] [--seeds 0,1,2]`.

Calculator tasks of exactly four steps. Every method that plays generates 2,560 episodes, but
"sft 24, sparse 120" 7,680. Every method that imitates has the same references. Prints costs, and
success in percent with a 95 % t-interval over seeds. The tasks have four steps, or one of three
shifts: five steps, new sentences, new numbers. Then prints each method's difference to `--against`
on the same references, paired by task, with a 95 % bootstrap interval over seeds and tasks
(`mentor_runs.evaluation.paired`). A `--model` is trained with an embedded student's learning rates.

Finished runs in `--output` are read, not repeated. `--jobs 2` runs two at a time.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from scipy import stats

from mentor_core.contracts.task import TaskKey
from mentor_core.contracts.trajectory import iterate_trajectories, read_trajectories
from mentor_runs.evaluation.paired import compare, success_by_task

METHODS: dict[str, list[str]] = {
    "base": ["--steps", "0"],
    "sparse": ["--rewards", "sparse", "--steps", "40"],
    "mentor-paper": ["--rewards", "mentor-paper", "--steps", "40"],
    "mentor": ["--rewards", "mentor", "--steps", "40"],
    "sft": ["--set", "trainer=sft", "--steps", "240"],
    "sft, mentor": ["--rewards", "mentor", "--warm-start", "sft:240", "--steps", "40"],
    "sft, sparse": ["--rewards", "sparse", "--warm-start", "sft:240", "--steps", "40"],
    "sft, mentor + imitation": [
        *("--rewards", "mentor", "--warm-start", "sft:240", "--steps", "40"),
        *("--set", "trainer_options.imitation=0.3"),
    ],
    "prefix_start": ["--rewards", "mentor", "--set", "plan=prefix_start", "--steps", "40"],
    "sft, prefix_start": [
        *("--rewards", "mentor", "--warm-start", "sft:240", "--steps", "40"),
        *("--set", "plan=prefix_start"),
    ],
    "sft, 24 steps": ["--set", "trainer=sft", "--steps", "24"],
    "sft, sparse on all tasks": [
        *("--rewards", "sparse", "--warm-start", "sft:240", "--steps", "40"),
    ],
    "sft 24, sparse 120": ["--rewards", "sparse", "--warm-start", "sft:24", "--steps", "120"],
    "sft, 720 steps": ["--set", "trainer=sft", "--steps", "720"],
    "hard, 240 steps": ["--recipe", "hard", "--steps", "240"],
    "hard": ["--recipe", "hard"],
}
"""Method → its flags of `mentor run`."""
LIMITED = {
    **dict.fromkeys(("sft", "sft, 24 steps", "sft, 720 steps"), "trainer_options"),
    **dict.fromkeys(("hard, 240 steps", "hard"), "trainer_options"),
    "sft, sparse on all tasks": "warm_start_options",
    "sft 24, sparse 120": "warm_start_options",
}
"""Method → the table whose key `references` limits them; the others get so many training tasks."""

HARD = {"min_steps": "4", "max_steps": "4", "train_size": "8192"}
SETS: dict[str, tuple[str, dict[str, str]]] = {
    "four steps": ("eval", {}),
    "five steps": ("eval", {"min_steps": "5", "max_steps": "5"}),
    "sentences": ("ood", {"shifts": '["phrasing"]'}),
    "numbers": ("ood", {"shifts": '["numbers"]'}),
}
"""Set of tasks → its split, and options of the environment."""


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--methods", default=";".join(METHODS), help="separated by ;")
    parser.add_argument("--against", default="sft", help="method that the others are compared with")
    parser.add_argument(
        "--model", default="embedded", help="the student to train, as in mentor run"
    )
    parser.add_argument("--references", type=int, default=256)
    parser.add_argument("--tasks", type=int, default=512, help="of each set")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--jobs", type=int, default=1, help="runs at a time")
    parser.add_argument("--output", type=Path, help="folder of the runs; default: temporary")
    options = parser.parse_args()
    output = options.output or Path(tempfile.mkdtemp(prefix="mentor-hard-regime-"))
    methods, seeds = options.methods.split(";"), options.seeds.split(",")
    folders = {
        (method, seed): output / f"{_plain(method)}-{options.references}-{seed}"
        for seed in seeds
        for method in methods
    }

    def work(job: tuple[tuple[str, str], Path]) -> None:
        (method, seed), folder = job
        play(method, options.references, seed, folder, options.tasks, options.model)

    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(work, folders.items()))
    found = {job: measured(folder, options.tasks) for job, folder in folders.items()}
    print(f"{options.references} references, {options.tasks} tasks a set, seeds {options.seeds}\n")
    print("| method | " + " | ".join(SETS) + " | seconds | sampled tokens |")
    print("|---|" + "---|" * (len(SETS) + 2))
    for method in methods:
        successes = {
            name: [100 * float(np.mean([*found[method, seed][name].values()])) for seed in seeds]
            for name in SETS
        }
        cells = [interval(successes[name]) for name in SETS]
        costs = [cost(folders[method, seed]) for seed in seeds]
        seconds, tokens = (f"{np.mean(column):,.0f}" for column in zip(*costs, strict=True))
        print("| " + " | ".join([method, *cells, seconds, tokens]) + " |")
    for method in methods if options.against in methods else ():
        if method == options.against:
            continue
        print(f"\n{method} − {options.against}")
        for name in SETS:
            a, b = ([found[one, seed][name] for seed in seeds] for one in (options.against, method))
            print_difference(name, a, b)


def print_difference(
    name: str, a: Sequence[Mapping[TaskKey, float]], b: Sequence[Mapping[TaskKey, float]]
) -> None:
    """Print the difference of two methods' success on one set of tasks; both have a dict a seed."""
    paired = compare(a, b)
    low, high = (100 * bound for bound in paired.interval)
    needed = f", {paired.needed} tasks needed" if paired.needed else ""
    print(
        f"  {name}: {100 * paired.difference:+.1f} ({low:+.1f} to {high:+.1f}), "
        f"p = {paired.p_value:.4f}{needed}"
    )


def play(
    method: str, references: int, seed: str, folder: Path, tasks: int, start: str = "embedded"
) -> None:
    """Train, and evaluate on each set; finished parts are not repeated."""
    own = dict(HARD)
    flags = [*METHODS[method], "--model", start]
    flags += ["--set", "train.learning_rate=1e-4", "--set", "evaluate.splits=[]"]
    if method in LIMITED:
        flags += ["--set", f"{LIMITED[method]}.references={references}"]
        flags += ["--set", f"{LIMITED[method]}.learning_rate=3e-4"]
    elif method != "base":
        own["train_size"] = str(references)
    mentor = [sys.executable, "-m", "mentor_core"]
    if not (folder / "report.md").exists():
        command = [*mentor, "run", *_options(own), "--seed", seed, "--output", str(folder), *flags]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    model = folder / "model"
    for name, (split, more) in SETS.items():
        file = folder / f"{split}-{_plain(name)}-{tasks}.jsonl"
        if file.exists():
            continue
        partial = file.with_suffix(".partial.jsonl")
        partial.unlink(missing_ok=True)
        sizes = {"eval_size": str(tasks), "ood_size": str(tasks)}
        command = [*mentor, "eval", *_options(own | sizes | more), "--split", split]
        command += ["--count", str(tasks)]
        command += ["--output", str(partial)]
        command += ["--model", str(model) if model.exists() else start]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        partial.rename(file)


def _plain(method: str) -> str:
    return re.sub(r"\W+", "-", method)


def _options(values: dict[str, str]) -> list[str]:
    flags = ["--env", "calculator"]
    for name, value in values.items():
        flags += ["--set", f"env_options.{name}={value}"]
    return flags


def measured(folder: Path, tasks: int) -> dict[str, dict[TaskKey, float]]:
    """Set of tasks → task → success."""
    found = {}
    for name, (split, _) in SETS.items():
        file = folder / f"{split}-{_plain(name)}-{tasks}.jsonl"
        found[name] = success_by_task(read_trajectories(file))
        if not found[name]:
            raise SystemExit(f"{folder}: nothing verified on {name}")
    return found


def cost(folder: Path) -> tuple[float, float]:
    """Seconds of training, and number of tokens that the student sampled."""
    report = (folder / "report.md").read_text(encoding="utf-8")
    tokens = sum(
        sum(kind == 1 for kind in trajectory.tokens.mask)
        for file in folder.rglob("trajectories/train*.jsonl")
        for trajectory in iterate_trajectories(file)
        if trajectory.tokens
    )
    return sum(map(int, re.findall(r"steps in (\d+) s", report))), tokens


def interval(values: Sequence[float]) -> str:
    """Mean and 95 % t-interval over seeds."""
    mean = float(np.mean(values))
    if len(values) == 1 or np.ptp(values) == 0:
        return f"{mean:.1f}"
    low, high = stats.t.interval(0.95, len(values) - 1, loc=mean, scale=stats.sem(values))
    return f"{mean:.1f} ({low:.1f} to {high:.1f})"


if __name__ == "__main__":
    main()
