"""Determinism: the same seed and turns give the same episode, at any time and in any process."""

from __future__ import annotations

import importlib
import json
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise, zip_longest
from pathlib import Path

from mentor_core.contracts.env import ToolEnv
from mentor_lab.environments.bench import Bench, Check
from mentor_lab.environments.episode import Episode, difference, play, quote, replay
from mentor_lab.verdict import Problem, Untested

__all__ = ["DETERMINISM"]

_PROCESS_SECONDS = 300


def _scripts(bench: Bench) -> list[Episode]:
    """The scripts, and an episode whose task the environment chooses."""
    return [*bench.scripts, bench.episode(None)]


def _used(bench: Bench) -> Iterator[tuple[ToolEnv, Episode]]:
    """Each script, with an instance that has played the scripts before."""
    with bench.env() as env:
        for script in _scripts(bench):
            yield env, script


def _seed(bench: Bench, sample: tuple[ToolEnv, Episode]) -> Problem | None:
    used, script = sample
    with bench.env() as env:
        expected = list(play(env, script))
    with bench.env() as env:
        if differs := difference(expected, list(play(env, script))):
            return Problem(f"in another instance, {differs}", script)
    for when in ("after other episodes", "once more"):
        if differs := difference(expected, list(play(used, script))):
            return Problem(f"{when}, {differs}", script)
    return None


def _process(bench: Bench, _: None) -> Problem | None:
    factory, scripts = bench.make.factory, _scripts(bench)
    module, name = getattr(factory, "__module__", "__main__"), getattr(factory, "__qualname__", "")
    try:
        found = getattr(importlib.import_module(module), name, None)
        made = pickle.dumps((module, name, dict(bench.make.options)))
    except Exception as error:  # importing and pickling run a stranger's code: passed on
        raise Untested(f"it cannot be sent to another process: {error}") from error
    if module == "__main__" or found is not factory:
        raise Untested(f"another process cannot import {module}:{name}")
    played = [(s.seed, s.task and (s.task.split, s.task.id), s.turns) for s in scripts]
    hash_seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "played.json"
        done = subprocess.run(
            [sys.executable, "-m", "mentor_lab.environments.elsewhere", str(output)],
            input=pickle.dumps((sys.path, made, played)),
            capture_output=True,
            check=False,
            timeout=_PROCESS_SECONDS,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        )
        if done.returncode:
            last = done.stderr.decode(errors="replace").strip().rpartition("\n")[2]
            return Problem(f"another process could not play it: {last}", str(bench.make))
        elsewhere = json.loads(output.read_text(encoding="utf-8"))
    for script, there in zip(scripts, elsewhere, strict=True):
        with bench.env() as env:
            here = list(play(env, script))
        if differs := difference(here, there):
            return Problem(f"in another process, {differs}", script)
    return None


def _snapshot(bench: Bench, script: Episode) -> Problem | None:
    with bench.env() as env, bench.env() as other:
        expected = list(play(env, script))
        list(play(other, bench.scripts[-1]))
        for turns in sorted({0, 1, (len(expected) - 1) // 2}):
            if turns >= len(expected) - 1:
                continue
            list(play(env, replace(script, turns=script.turns[:turns])))
            snapshot = env.snapshot()
            for number, (where, what) in enumerate(
                ((env, "going on"), (env, "back there"), (other, "in another instance"))
            ):
                if number:
                    where.restore(snapshot)
                rest = script.turns[turns : len(expected) - 1]
                found = expected[: turns + 1] + [replay(where, turn) for turn in rest]
                if differs := difference(expected, found):
                    text = f"after a snapshot at turn {turns}, {what}, {differs}"
                    return Problem(text, _with_snapshot(script, turns, what))
    if len(expected) < 2:
        raise Untested
    return None


def _with_snapshot(script: Episode, turns: int, what: str) -> str:
    steps = [f"env.step({quote(turn)})" for turn in script.turns]
    lines = [str(script.make), *script.opening(), *steps[:turns], "snapshot = env.snapshot()"]
    lines += steps[turns:]
    if what == "in another instance":
        lines += [str(script.make).rpartition("\n")[2]]
    if what != "going on":
        lines += ["env.restore(snapshot)", *steps[turns:]]
    return "\n".join(lines)


def _pairs(bench: Bench) -> Iterator[tuple[Episode, Episode]]:
    """Each script with itself and with the next."""
    scripts = bench.scripts
    yield from zip(scripts, scripts, strict=True)
    yield from pairwise(scripts)


def _instances(bench: Bench, pair: tuple[Episode, Episode]) -> Problem | None:
    alone = []
    for script in pair:
        with bench.env() as env:
            alone.append(list(play(env, script)))
    with bench.env() as one, bench.env() as two:
        running = [play(env, script) for env, script in zip((one, two), pair, strict=True)]
        rounds = list(zip_longest(*running))
        together = [
            [line for line in seen if line is not None] for seen in zip(*rounds, strict=True)
        ]
    for number, (expected, found) in enumerate(zip(alone, together, strict=True)):
        if differs := difference(expected, found):
            which = ("first", "second")[number]
            return Problem(f"in the {which} of two instances, {differs}", _interleaved(pair))
    return None


def _interleaved(pair: tuple[Episode, Episode]) -> str:
    imported, made = str(pair[0].make).splitlines()
    lines = [imported, made.replace("env", "one", 1), made.replace("env", "two", 1)]
    for name, script in zip(("one", "two"), pair, strict=True):
        lines += script.opening(name)
    for turn in range(max(len(script.turns) for script in pair)):
        for name, script in zip(("one", "two"), pair, strict=True):
            lines += [f"{name}.step({quote(text)})" for text in script.turns[turn : turn + 1]]
    return "\n".join(lines)


DETERMINISM = (
    Check("seed", "plays the same episode for the same seed and turns", _seed, _used),
    Check("process", "plays the same episode in another process", _process, compares=True),
    Check(
        "snapshot",
        "goes on after snapshot and restore as it would have gone on",
        _snapshot,
        lambda bench: bench.scripts,
        compares=True,
    ),
    Check(
        "instances",
        "plays two episodes at a time as it plays them one by one",
        _instances,
        _pairs,
        compares=True,
    ),
)
