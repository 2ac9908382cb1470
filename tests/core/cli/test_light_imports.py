"""`mentor --help` answers at once: torch, trl and transformers take seconds to import.

Seconds depend on the machine; what is imported does not. `benchmarks/startup.py` measures them.
"""

import json
import subprocess
import sys

import pytest

from mentor_core.door.registry import COMMANDS, names

HEAVY = {"torch", "trl", "transformers", "datasets", "peft", "accelerate", "sympy"}
TENTHS_OF_SECONDS = {"numpy", "scipy", "gymnasium", "pydantic", "rich", "asyncio"}
SCRIPT = """
import json, sys
from mentor_core.cli import main
sys.argv = ["mentor", *sys.argv[1:]]
try:
    main()
except SystemExit:
    pass
print(json.dumps(sorted(sys.modules)))
"""


def imported_by(arguments, directory):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        cwd=directory,
    )
    imported = set(json.loads(done.stdout.splitlines()[-1]))
    assert "mentor_core" in imported
    return imported


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--help"],
        ["--version"],
        ["run", "--help"],
        ["eval", "--help"],
        ["show", "--help"],
        ["envs"],
        ["rewards"],
        ["run", "--dry-run", "--set", "env_options.train_size=2"],
        ["run", "--env", "calculater"],
        ["show", "nowhere"],
    ],
    ids=" ".join,
)
def test_no_heavy_library_is_imported(arguments, tmp_path):
    assert not imported_by(arguments, tmp_path) & HEAVY


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["rnu"], *([name, "--help"] for name in names(COMMANDS))],
    ids=" ".join,
)
def test_help_takes_no_more_than_the_command_line_itself(arguments, tmp_path):
    """A module-level import in any command's file costs `mentor --help` its time."""
    imported = imported_by(arguments, tmp_path)
    assert not imported & (HEAVY | TENTHS_OF_SECONDS)
    laboratory = {name for name in imported if name.startswith("mentor_lab.")}
    assert not [name for name in laboratory if not name.startswith("mentor_lab.commands")]


def test_the_package_itself_imports_next_to_nothing():
    """Third parties import it in every plugin."""
    script = "import sys, mentor_core; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert not set(done.stdout.split()) & (HEAVY | TENTHS_OF_SECONDS | {"click"})
