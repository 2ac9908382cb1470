"""Fuzz of every domain: `python benchmarks/fuzz.py --turns 1000000`.

Plays so many random, mutated and hostile turns, shared equally by all built-in environments with
their own tasks. Prints for each the number of turns, the speed and the faults. Ends with 1 if there
is a fault; the first of each kind is printed as Python that shows it.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from mentor_core.door.registry import ENVIRONMENTS, entries, load
from mentor_lab.environments.bench import Bench
from mentor_lab.environments.episode import Maker
from mentor_lab.environments.fuzz import Fuzzed, fuzz

DOMAINS = [e.name for e in entries(ENVIRONMENTS) if e.distribution == "mentor-core"]

TOOLS = '''
def add(a: int, b: float) -> float:
    """a + b."""
    return a + b

def find(words: list[str], limit: int = 3, exact: bool | None = None) -> dict[str, int]:
    """How often each word is there."""
    return {word: len(word) for word in words[:limit]}
'''
SERVER = '''
from mcp.server.mcpserver import MCPServer

server = MCPServer("adder")

@server.tool()
def add(a: float, b: float) -> float:
    """Add a and b."""
    return a + b

@server.tool()
def repeat(text: str, times: int = 1) -> str:
    """The text again and again."""
    return text * min(times, 3)

server.run("stdio")
'''


def functions(folder: Path) -> dict[str, Any]:
    """Tools and tasks for the environment `functions`, which has none."""
    (folder / "fuzzed_tools.py").write_text(TOOLS)
    return {"tools": str(folder / "fuzzed_tools.py"), "tasks_file": _tasks(folder)}


def mcp(folder: Path) -> dict[str, Any]:
    """A server for the environment `mcp`, the same for all episodes."""
    (folder / "server.py").write_text(SERVER)
    command = f"{sys.executable} {folder / 'server.py'}"
    return {"command": command, "tasks_file": _tasks(folder), "keep_session": True}


def _tasks(folder: Path) -> Path:
    rows = []
    for n in range(20):
        call = {"name": "add", "arguments": {"a": 100 + n, "b": 300}}
        row = {"prompt": f"{100 + n} and 300?", "answer": 400 + n, "calls": [call]}
        rows.append(json.dumps(row))
    (folder / "fuzzed_tasks.jsonl").write_text("\n".join(rows))
    return folder / "fuzzed_tasks.jsonl"


OPTIONS: dict[str, Callable[[Path], dict[str, Any]]] = {"functions": functions, "mcp": mcp}


def fuzz_domain(name: str, turns: int, seed: int = 0) -> Fuzzed:
    """Play so many turns in a built-in environment."""
    with tempfile.TemporaryDirectory() as folder:
        options = OPTIONS[name](Path(folder)) if name in OPTIONS else {}
        bench = Bench(Maker(load(ENVIRONMENTS, name), options), registered=name, seed=seed)
        return fuzz(bench, turns)


def timed(name: str, turns: int, seed: int) -> tuple[Fuzzed, float]:
    """The result of `fuzz_domain`, and its seconds."""
    began = time.perf_counter()
    return fuzz_domain(name, turns, seed), time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description="Fuzz of every domain.")
    parser.add_argument("--turns", type=int, default=1_000_000, help="in all domains together")
    parser.add_argument("--domains", nargs="*", default=DOMAINS, choices=DOMAINS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    given = parser.parse_args()
    each = -(-given.turns // len(given.domains))
    broken: list[str] = []
    print(f"{'domain':<15}{'turns':>10}{'episodes':>10}{'turns/s':>10}{'broken':>10}")
    with ProcessPoolExecutor(given.jobs) as pool:
        running = {pool.submit(timed, name, each, given.seed): name for name in given.domains}
        for done in as_completed(running):
            found, seconds = done.result()
            count = found.problems.total()
            speed = found.turns / seconds
            row = (
                f"{running[done]:<15}{found.turns:>10}{found.episodes:>10}{speed:>10.0f}{count:>10}"
            )
            print(row, flush=True)
            for promise, problem in found.first.items():
                broken.append(f"{running[done]}, {promise}: {problem.text}\n{problem.example}")
    for problem_text in broken:
        print(f"\n{problem_text}")
    sys.exit(1 if broken else 0)


if __name__ == "__main__":
    main()
