"""What the repository may hold."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST = 1_000_000


def test_large_files_are_students_weights_only():
    """Each large file stays in the history for ever, and in every clone."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = (ROOT / name for name in listed.stdout.splitlines())
    large = [
        file.relative_to(ROOT) for file in files if file.is_file() and file.stat().st_size > MOST
    ]
    assert [file for file in large if file.parts[:2] != ("envs", "mentor_students")] == []
