"""Startup time of the command line, compared with the two libraries that it needs.

    python benchmarks/startup.py

Prints the CPU seconds of `mentor --help` and of `import click, pluggy` (user and system, median of
15 interleaved starts). Also prints their ratio, which depends less on the machine. Then prints the
milliseconds that 100 installed plugins add to `mentor --help`. Each has metadata, a real entry
point and a module with a hook. Ends with 1 if `mentor --help` takes more than 0.15 s, or if the
plugins add more than 0.05 s.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

LIMIT_SECONDS = 0.15
STARTS = 15
PLUGINS = 100
MOST_ADDED_SECONDS = 0.05
METADATA = """Metadata-Version: 2.4
Name: mentor-plugin-{name}
Version: 0.1.0
Requires-Dist: mentor-core>=0.1

{description}
"""
MODULE = """from mentor_core import hookimpl


@hookimpl
def mentor_reward_terms() -> dict[str, str]:
    return {{"{name}": "mentor_plugin_{name}.reward:Score"}}
"""
COMMANDS = {
    "python -c 'import click, pluggy'": ["-c", "import click, pluggy"],
    "mentor --help": ["-m", "mentor_core", "--help"],
    "mentor run --help": ["-m", "mentor_core", "run", "--help"],
    "mentor run --env calculater": ["-m", "mentor_core", "run", "--env", "calculater"],
}


def install(folder: Path) -> None:
    """Write 100 distributions with a plugin each, as pip would install them."""
    for name in (f"number{number}" for number in range(PLUGINS)):
        facts = folder / f"mentor_plugin_{name}-0.1.0.dist-info"
        facts.mkdir()
        text = METADATA.format(name=name, description="A line of the description.\n" * 100)
        (facts / "METADATA").write_text(text, encoding="utf-8")
        (facts / "entry_points.txt").write_text(f"[mentor]\n{name} = mentor_plugin_{name}\n")
        package = folder / f"mentor_plugin_{name}"
        package.mkdir()
        (package / "__init__.py").write_text(MODULE.format(name=name), encoding="utf-8")


def cpu_seconds(arguments: list[str], environment: Mapping[str, str] | None = None) -> float:
    """User and system time of one start."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    quiet = subprocess.DEVNULL
    command = [sys.executable, *arguments]
    subprocess.run(command, stdout=quiet, stderr=quiet, check=False, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def added_seconds() -> float:
    """The time that the plugins add to `mentor --help`: the median of interleaved starts."""
    help_ = COMMANDS["mentor --help"]
    with tempfile.TemporaryDirectory() as folder:
        install(Path(folder))
        with_plugins = {**os.environ, "PYTHONPATH": folder}
        cpu_seconds(help_, with_plugins)  # writes the modules' byte code
        differences = [cpu_seconds(help_, with_plugins) - cpu_seconds(help_) for _ in range(STARTS)]
    return statistics.median(differences)


def main() -> None:
    """Measure and print."""
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(STARTS):
        for name, arguments in COMMANDS.items():
            taken[name].append(cpu_seconds(arguments))
    medians = {name: statistics.median(seconds) for name, seconds in taken.items()}
    base = next(iter(medians.values()))
    for name, seconds in medians.items():
        print(f"{name:34} {seconds:6.3f} s  {seconds / base:5.1f} times")
    added = added_seconds()
    print(f"{PLUGINS} plugins add {added * 1000:.0f} ms to mentor --help")
    sys.exit(medians["mentor --help"] > LIMIT_SECONDS or added > MOST_ADDED_SECONDS)


if __name__ == "__main__":
    main()
