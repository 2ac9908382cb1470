"""Gymnasium finds mentor's environments by their id."""

from __future__ import annotations

import os
import subprocess
import sys

import gymnasium
import pytest


def test_the_module_prefix_is_enough():
    env = gymnasium.make("mentor_core.gym:mentor/calculator-v0", split="eval")
    messages, info = env.reset(seed=0)
    assert messages[-1]["role"] == "user"
    assert info["task_id"].startswith("eval")
    env.close()


@pytest.mark.slow
def test_gymnasium_before_1_0_needs_no_prefix(tmp_path):
    """It reads the entry point `gymnasium.envs`, which later versions have given up."""
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
    subprocess.run([*install, "--target", str(tmp_path), "gymnasium==0.29.1"], check=True)
    code = (
        "import gymnasium; assert gymnasium.__version__ == '0.29.1';"
        "env = gymnasium.make('mentor/calculator-v0');"
        "messages, _ = env.reset(seed=0); print(messages[-1]['role'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "user"
