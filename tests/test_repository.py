"""What the repository may hold."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST = 1_000_000
CORE = sorted((ROOT / "mentor_core").rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


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


def test_the_core_stays_small():
    """Decision 34: what plugins implement, the door, and an episode's play."""
    assert sum(map(physical_lines, CORE)) <= 6_500


def test_no_file_of_the_core_needs_a_table_of_contents():
    long = {str(file.relative_to(ROOT)): physical_lines(file) for file in CORE}
    assert {name: lines for name, lines in long.items() if lines > 400} == {}


def test_the_rules_of_imports_have_no_exemptions_and_name_every_room_of_the_plugins():
    rules = PROJECT["tool"]["importlinter"]["contracts"]
    assert not [rule["name"] for rule in rules if "ignore_imports" in rule]
    ruled = {name for rule in rules for name in rule.get("source_modules", rule.get("modules", ()))}
    rooms = {path.parent.name for path in (ROOT / "plugins/mentor_plugins").glob("*/__init__.py")}
    assert {f"mentor_plugins.{room}" for room in rooms} <= ruled


def physical_lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


if __name__ == "__main__":
    print(sum(map(physical_lines, CORE)), "lines of Python in mentor_core")  # noqa: T201
