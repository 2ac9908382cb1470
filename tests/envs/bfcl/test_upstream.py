"""Multi-turn verdicts are those of BFCL's own checker."""

from __future__ import annotations

import importlib
import json
from collections import Counter
from copy import deepcopy
from random import Random

import pytest

from mentor_core.contracts.trajectory import Call
from mentor_envs.bfcl.env import Bfcl
from mentor_envs.bfcl.simulation import installed_data

from .playing import play_script

CHANGES = 12


def other(value):
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case str():
            return value + "x"
        case list():
            return value[:-1]
    return None


def changed(turns, random):
    """The calls of each turn, changed in one place."""
    turns = deepcopy(turns)
    index = random.choice([i for i, calls in enumerate(turns) if calls])
    calls = turns[index]
    at = random.randrange(len(calls))
    match random.choice(["drop", "repeat", "swap", "value", "later", "earlier", "name", "none"]):
        case "drop":
            calls.pop(at)
        case "repeat":
            calls.insert(random.randrange(len(calls) + 1), calls[at])
        case "swap":
            random.shuffle(calls)
        case "value" if calls[at].arguments:
            key = random.choice(sorted(calls[at].arguments))
            calls[at].arguments[key] = other(calls[at].arguments[key])
        case "later":
            turns[(index + 1) % len(turns)].insert(0, calls.pop(at))
        case "earlier":
            turns[index - 1].append(calls.pop(at))
        case "name":
            calls[at].name += "s"
        case "none":
            calls.clear()
    return turns


def calls_what_is_held_back(task, turns):
    return any(
        call.name in {name for names in task.metadata["held_back"][index + 1 :] for name in names}
        for index, calls in enumerate(turns)
        for call in calls
    )


def as_text(call):
    return f"{call.name}({', '.join(f'{k}={v!r}' for k, v in call.arguments.items())})"


def rows(path):
    with path.open(encoding="utf-8") as file:
        return {row["id"]: row for row in map(json.loads, file)}


@pytest.mark.slow
def test_verdicts_are_those_of_the_checker_of_bfcl(installed, category):
    name = "bfcl_eval.eval_checker.multi_turn_eval.multi_turn_checker"
    check = importlib.import_module(name).multi_turn_checker
    file = f"BFCL_v4_{category}.json"
    entries, answers = (
        rows(f / file) for f in (installed_data(), installed_data() / "possible_answer")
    )
    env = Bfcl(data=installed, categories=category, eval_share=0, max_turns=60)
    found, differ = Counter(), []
    for task in env.tasks("train"):
        random = Random(task.id)
        truth = [[Call(c["name"], c["arguments"]) for c in calls] for calls in task.answer]
        for number in range(CHANGES):
            turns = changed(truth, random) if number else truth
            if calls_what_is_held_back(task, turns):
                continue  # upstream carries out functions that it has not shown
            script = [t for calls in turns for t in ([("", calls)] if calls else []) + [("", [])]]
            ours = play_script(env, task, deepcopy(script))["outcome"] == 1.0
            theirs = check(
                [[[as_text(call) for call in calls]] if calls else [] for calls in turns],
                answers[task.id]["ground_truth"],
                entries[task.id],
                category,
                f"case{number}",
            )["valid"]
            found[theirs] += 1
            if ours != theirs:
                differ.append((task.id, number, env.verdict().reason, turns))
    env.close()
    assert differ == []
    assert min(found[True], found[False]) > 400
