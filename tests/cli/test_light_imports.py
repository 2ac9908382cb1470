"""`mentor --help` answers at once: torch, trl and transformers take seconds to import."""

import json
import subprocess
import sys

import pytest

HEAVY = {"torch", "trl", "transformers", "datasets", "peft", "accelerate", "sympy"}
SCRIPT = """
import json, sys
from mentor_core.cli import main
sys.argv = ["mentor", *sys.argv[1:]]
try:
    main()
except SystemExit:
    pass
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""


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
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        cwd=tmp_path,
    )
    imported = set(json.loads(done.stdout.splitlines()[-1]))
    assert "mentor_core" in imported
    assert not imported & HEAVY


def test_the_package_itself_imports_next_to_nothing():
    """Third parties import it in every plugin."""
    script = "import sys, mentor_core; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert not set(done.stdout.split()) & (HEAVY | {"numpy", "gymnasium", "pydantic", "click"})
