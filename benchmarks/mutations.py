"""Do the proofs notice planted errors? `python benchmarks/mutations.py [METHOD …]`.

Each method of `mentor methods` has one planted error in `mutations.toml`: a flipped sign, or a
dropped term. The script copies the plugins to a temporary folder, plants the error there, and runs
the method's proof with the copy. Prints a table, and ends with exit code 1 if a proof passes.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from mentor_core.door.registry import RECIPES, names
from mentor_runs.settings.recipes import read_recipe

ROOT = Path(__file__).parents[1]
MUTATIONS = Path(__file__).with_name("mutations.toml")


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("methods", nargs="*", metavar="METHOD", help="default: all")
    chosen = parser.parse_args().methods
    planted = tomllib.loads(MUTATIONS.read_text(encoding="utf-8"))
    tests = proofs()
    if unknown := set(chosen) - set(tests):
        parser.error(f"no method {', '.join(sorted(unknown))}; there are {', '.join(tests)}")
    print("| method | error in | the proof |")
    print("|---|---|---|")
    missed = 0
    for method in chosen or tests:
        noticed = notices(tests[method], planted[method]) if method in planted else None
        missed += not noticed
        said = {True: "notices", False: "PASSES", None: "has no planted error"}[noticed]
        print(f"| {method} | {planted.get(method, {}).get('file', '')} | {said} |", flush=True)
    sys.exit(missed > 0)


def proofs() -> dict[str, str]:
    """Method → the test that is its proof, as pytest names it."""
    recipes = map(read_recipe, names(RECIPES))
    return {recipe.name: recipe.method.test for recipe in recipes if recipe.method}


def notices(test: str, error: dict[str, str]) -> bool:
    """True if the test fails with the planted error. The test must pass without the error."""
    with tempfile.TemporaryDirectory(prefix="mentor-mutation-") as folder:
        plugins = Path(folder) / "plugins"
        shutil.copytree(ROOT / "plugins", plugins)
        if not passes(test, plugins):
            raise SystemExit(f"{test} fails without a planted error")
        file = plugins / "mentor_plugins" / error["file"]
        file.write_text(mutated(file.read_text(encoding="utf-8"), error), encoding="utf-8")
        return not passes(test, plugins)


def mutated(source: str, error: dict[str, str]) -> str:
    """The source with the error planted.

    Raises:
        ValueError: the text to replace does not stand exactly once in the source.
    """
    if source.count(error["text"]) != 1:
        raise ValueError(f"{error['file']}: expected {error['text']!r} once")
    return source.replace(error["text"], error["wrong"])


def passes(test: str, plugins: Path) -> bool:
    """True if the test passes with these plugins in place of the installed ones."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", test]
    environment = {**os.environ, "PYTHONPATH": str(plugins), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode > 1:  # neither passed nor failed
        raise SystemExit(done.stdout + done.stderr)
    return done.returncode == 0


if __name__ == "__main__":
    main()
