"""The main job for several seeds: `python benchmarks/main_job.py [--seeds 0,1,2]`.

Prints success before and after on eval and ood, the difference, and the seconds of training.
Differences are in percentage points, with a 95 % t-interval over seeds. `--measure outcome` gives
the mean outcome instead, in percent, for environments with partial outcomes.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy import stats

from mentor_core.contracts.trajectory import read_trajectories
from mentor_runs.evaluation.summary import summarise


def measured(run: Path, split: str, when: str, measure: str) -> float:
    """Success, or the mean outcome, in percent."""
    summary = summarise(read_trajectories(run / "trajectories" / f"{split}-{when}.jsonl"))
    share: float | None = getattr(summary, measure)
    if share is None:
        raise SystemExit(f"{run}: nothing verified in {split} {when}")
    return 100 * share


def training_seconds(run: Path) -> int:
    """Seconds of training, from the report."""
    found = re.search(r"steps in (\d+) s", (run / "report.md").read_text(encoding="utf-8"))
    return int(found.group(1)) if found else 0


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
    print("| seed | eval before | eval after | ood before | ood after | training |")
    print("|---|---|---|---|---|---|")
    gains: dict[str, list[float]] = {"eval": [], "ood": []}
    for seed in options.seeds.split(","):
        run = output / f"seed-{seed}"
        command = [sys.executable, "-m", "mentor_core", "run", "--seed", seed]
        if not (run / "report.md").exists():
            subprocess.run(
                [*command, "--output", str(run), *options.arguments],
                check=True,
                stdout=subprocess.DEVNULL,
            )
        cells = [seed]
        for split, differences in gains.items():
            before, after = (measured(run, split, w, options.measure) for w in ("before", "after"))
            differences.append(after - before)
            cells += [f"{before:.1f} %", f"{after:.1f} %"]
        print("| " + " | ".join([*cells, f"{training_seconds(run)} s"]) + " |", flush=True)
    for split, differences in gains.items():
        print(f"\n{split}: {gain(differences)} percentage points")


if __name__ == "__main__":
    main()
