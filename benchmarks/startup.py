"""Startup time of the command line, compared with the two libraries that it needs.

    python benchmarks/startup.py

Prints the CPU seconds of `mentor --help` and of `import click, pluggy` (user and system, median of
15 interleaved starts). Also prints their ratio, which depends less on the machine. Ends with 1 if
`mentor --help` takes more than 0.15 s.
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys

LIMIT_SECONDS = 0.15
STARTS = 15
COMMANDS = {
    "python -c 'import click, pluggy'": ["-c", "import click, pluggy"],
    "mentor --help": ["-m", "mentor_core", "--help"],
    "mentor run --help": ["-m", "mentor_core", "run", "--help"],
    "mentor run --env calculater": ["-m", "mentor_core", "run", "--env", "calculater"],
}


def cpu_seconds(arguments: list[str]) -> float:
    """User and system time of one start."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    quiet = subprocess.DEVNULL
    subprocess.run([sys.executable, *arguments], stdout=quiet, stderr=quiet, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


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
    sys.exit(medians["mentor --help"] > LIMIT_SECONDS)


if __name__ == "__main__":
    main()
