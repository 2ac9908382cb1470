"""The main job for several seeds: `python benchmarks/main_job.py [--seeds 0,1,2]`.

Prints success on eval and ood before the training and after each stage, the difference that each
stage made, and the seconds of training. Differences are in percentage points, with a 95 %
t-interval over seeds. Without arguments for `mentor run`, the run is that of `make run`.
`--measure outcome` gives the mean outcome instead, in percent, for environments with partial
outcomes.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy import stats

from mentor_core.contracts.trajectory import read_trajectories
from mentor_runs.evaluation.summary import summarise

MAIN = [
    *("--env", "calculator", "--recipe", "imitate_then_reinforce"),
    *("--set", "warm_start_options.references=128"),
]
"""Flags of `make run`; a test compares them with the Makefile."""
STAGES = {"before": "before", "warm": "after imitation", "after": "after"}


def measured(run: Path, split: str, when: str, measure: str) -> float:
    """Success, or the mean outcome, in percent."""
    summary = summarise(read_trajectories(run / "trajectories" / f"{split}-{when}.jsonl"))
    share: float | None = getattr(summary, measure)
    if share is None:
        raise SystemExit(f"{run}: nothing verified in {split} {when}")
    return 100 * share


def training_seconds(run: Path) -> int:
    """Seconds of training, all stages together, from the report."""
    report = (run / "report.md").read_text(encoding="utf-8")
    return sum(map(int, re.findall(r"steps in (\d+) s", report)))


def stages(run: Path) -> list[str]:
    """The names of the evaluations that the run has, in order."""
    return [when for when in STAGES if (run / "trajectories" / f"eval-{when}.jsonl").exists()]


def gain(differences: list[float]) -> str:
    """Mean and 95 % t-interval over seeds, in percentage points."""
    mean = float(np.mean(differences))
    if np.ptp(differences) == 0:
        return f"{mean:+.1f} with every seed"
    low, high = stats.t.interval(0.95, len(differences) - 1, loc=mean, scale=stats.sem(differences))
    return f"{mean:+.1f} ({low:+.1f} to {high:+.1f})"


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument(
        "--output", type=Path, help="folder of new and finished runs; default: temporary"
    )
    parser.add_argument("--measure", choices=("success", "outcome"), default="success")
    parser.add_argument("arguments", nargs="*", help="after --: for mentor run")
    options = parser.parse_args()
    output = options.output or Path(tempfile.mkdtemp(prefix="mentor-main-job-"))
    found: dict[str, dict[str, list[float]]] = {"eval": {}, "ood": {}}
    rows = []
    for seed in options.seeds.split(","):
        run = output / f"seed-{seed}"
        command = [sys.executable, "-m", "mentor_core", "run", "--seed", seed]
        if not (run / "report.md").exists():
            subprocess.run(
                [*command, "--output", str(run), *(options.arguments or MAIN)],
                check=True,
                stdout=subprocess.DEVNULL,
            )
        for split, by_stage in found.items():
            for when in stages(run):
                success = measured(run, split, when, options.measure)
                by_stage.setdefault(when, []).append(success)
        shown = [f"{of[-1]:.1f} %" for by_stage in found.values() for of in by_stage.values()]
        rows.append("| " + " | ".join([seed, *shown, f"{training_seconds(run)} s"]) + " |")
    titles = [f"{split} {STAGES[when]}" for split, of in found.items() for when in of]
    print("| " + " | ".join(["seed", *titles, "training"]) + " |")
    print("|---" * (len(titles) + 2) + "|")
    print("\n".join(rows))
    for split, by_stage in found.items():
        for earlier, later in pairwise(by_stage):
            change = np.subtract(by_stage[later], by_stage[earlier]).tolist()
            print(f"\n{split}, {later} less {earlier}: {gain(change)} percentage points")


if __name__ == "__main__":
    main()
