"""Does mentor's BFCL check give the verdicts of BFCL's own checker?

    pip install --no-deps --target /tmp/bfcl bfcl-eval
    python benchmarks/bfcl_agreement.py --data ../shared/data/bfcl --upstream /tmp/bfcl

Both checkers check every row of the single-turn files in the folder, with correct answers and with
mutated ones (see `mutations`). Correct answers have each acceptable value of each argument once,
with optional arguments given and left out. Prints rows, cases, agreement and every kind of
disagreement; ends with 1 if there is a disagreement. Without bfcl-eval, prints this and ends with
0.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

from mentor_core.contracts.trajectory import Call
from mentor_envs.bfcl.files import SINGLE_TURN
from mentor_toolkit.call_check import check_calls, example_arguments

CATEGORIES = [name for name in SINGLE_TURN if name != "live_relevance"]  # it has no answers

Calls = list[tuple[str, dict[str, Any]]]
Checker = Callable[[Sequence[Mapping[str, Any]], Calls, Sequence[Any], str], bool]


def rows(folder: Path, category: str) -> Iterator[tuple[list[Any], list[Any]]]:
    """Functions and acceptable answers of each row; irrelevance has none."""
    answers = {}
    path = folder / "possible_answer" / f"BFCL_v4_{category}.json"
    if path.exists():
        with path.open(encoding="utf-8") as file:
            answers = {row["id"]: row["ground_truth"] for row in map(json.loads, file)}
    with (folder / f"BFCL_v4_{category}.json").open(encoding="utf-8") as file:
        for row in map(json.loads, file):
            yield row["function"], answers.get(row["id"], [])


def correct(answers: Sequence[Any]) -> Iterator[Calls]:
    """The first acceptable values; then each acceptable value in its place; then reversed."""
    first: Calls = []
    for answer in answers:
        ((name, wanted),) = answer.items()
        first.append((name, example_arguments(wanted)))
    yield first
    for index, answer in enumerate(answers):
        ((name, wanted),) = answer.items()
        for key, values in wanted.items():
            for value in values:
                calls = deepcopy(first)
                if value == "":
                    calls[index][1].pop(key, None)
                else:
                    calls[index][1].update(example_arguments({key: [value]}))
                yield calls
    yield first[::-1]


def mutations(calls: Calls) -> Iterator[tuple[str, Calls]]:
    """The name of a change, and the calls changed in one place; many of them are wrong."""
    yield "no call", []
    yield "one call more", [*calls, ("another", {})]
    for index, (name, arguments) in enumerate(calls):

        def changed(**given: Any) -> Calls:
            name_, arguments_ = given.get("name", name), given.get("arguments", arguments)  # noqa: B023
            return [*calls[:index], (name_, arguments_), *calls[index + 1 :]]  # noqa: B023

        yield "call repeated", [*calls, (name, arguments)]
        yield "call left out", calls[:index] + calls[index + 1 :]
        yield "another name", changed(name=name + "_")
        yield "unknown argument", changed(arguments={**arguments, "unheard_of": 1})
        for key, value in arguments.items():
            rest = {k: v for k, v in arguments.items() if k != key}
            yield "argument left out", changed(arguments=rest)
            for what, other in values(value):
                yield what, changed(arguments={**arguments, key: other})


def values(value: Any) -> Iterator[tuple[str, Any]]:
    """The name of a change, and a value near the given one."""
    yield from (("null", None), ("empty text", ""), ("true", True), ("1", 1), ("0.5", 0.5))
    yield from (("empty list", []), ("empty object", {}), ("in a list", [value]))
    yield "as text", str(value)
    match value:
        case bool():
            yield from (("negated", not value), ("as integer", int(value)))
        case int():
            yield from (("plus 1", value + 1), ("as float", float(value)), ("negative", -value))
        case float():
            yield from (("plus 1e-9", value + 1e-9), ("as integer", int(value)))
        case str():
            yield "other case", value.swapcase()
            yield "punctuation", f" {value.replace(' ', '-')}.,/_*^"
            yield from (("quotes", value.replace('"', "'")), ("letter more", value + "x"))
            yield from (("exclamation", value + "!"), ("line break", value + "\n"))
        case list():
            yield from (("reversed", value[::-1]), ("shorter", value[:-1]), ("longer", value * 2))
            for index, item in enumerate(value[:3]):
                for what, other in values(item):
                    yield f"item: {what}", [*value[:index], other, *value[index + 1 :]]
        case dict():
            yield "key more", {**value, "unheard_of": 1}
            for key, item in value.items():
                yield "key left out", {k: v for k, v in value.items() if k != key}
                for what, other in values(item):
                    yield f"key: {what}", {**value, key: other}


def upstream() -> Checker | None:
    """BFCL's checker; None if it is not installed."""
    # The module of all model handlers is asked only whether a model writes "." as "_"; its own
    # imports are the packages of a dozen vendors.
    models = ModuleType("bfcl_eval.constants.model_config")
    plain_names = SimpleNamespace(underscore_to_dot=False)
    models.MODEL_CONFIG_MAPPING = defaultdict(lambda: plain_names)  # type: ignore[attr-defined]
    sys.modules[models.__name__] = models
    try:
        ast = importlib.import_module("bfcl_eval.eval_checker.ast_eval.ast_checker")
        language = importlib.import_module("bfcl_eval.constants.enums").Language.PYTHON
    except ImportError as error:
        print(f"skipped: bfcl-eval is not installed ({error}); see the head of this file")
        return None

    def check(functions: Sequence[Any], calls: Calls, answers: Sequence[Any], what: str) -> bool:
        if not answers:  # irrelevance: upstream's runner looks for an empty output
            return not calls
        output = [{name: arguments} for name, arguments in calls]
        return bool(ast.ast_checker(functions, output, answers, language, what, "none")["valid"])

    return check


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])  # type: ignore[union-attr]
    parser.add_argument("--data", type=Path, required=True, help="folder of BFCL_v4_*.json")
    parser.add_argument("--upstream", help="folder that bfcl-eval was installed into")
    options = parser.parse_args()
    if options.upstream:
        sys.path.insert(0, options.upstream)
    theirs = upstream()
    if theirs is None:
        return 0
    differ: Counter[str] = Counter()
    for category in CATEGORIES:
        if not (options.data / f"BFCL_v4_{category}.json").exists():
            continue
        count: Counter[str] = Counter()
        seconds = 0.0
        for functions, answers in rows(options.data, category):
            count["rows"] += 1
            right = list(correct(answers))
            cases = [("correct", calls) for calls in right]
            if answers:
                cases += mutations(right[0])
            else:
                cases.append(("a call", [("anything", {})]))
            for what, calls in cases:
                given = deepcopy(calls)
                start = time.perf_counter()
                made = [Call(name, arguments) for name, arguments in calls]
                ours = check_calls(made, functions, answers).valid
                seconds += time.perf_counter() - start
                kind = "correct" if what == "correct" else "mutated"
                count[kind] += 1
                try:
                    valid = theirs(functions, given, answers, category)
                except Exception:  # noqa: BLE001 - upstream raises on some of the mutated calls
                    count["upstream raises"] += 1
                    count["upstream raises, we pass"] += ours
                    continue
                count[f"{kind}: upstream passes"] += valid
                count[f"{kind}: agree"] += valid == ours
                if valid != ours:
                    differ[f"{category}: {what}: upstream {valid}, ours {ours}"] += 1
        print(f"{category}: {count['rows']} rows")
        for kind in ("correct", "mutated"):
            print(
                f"  {kind:8} {count[kind]:6} cases, upstream passes "
                f"{count[f'{kind}: upstream passes']}, same verdict {count[f'{kind}: agree']}"
            )
        with contextlib.suppress(ZeroDivisionError):
            rate = (count["correct"] + count["mutated"]) / seconds
            print(
                f"  upstream raises on {count['upstream raises']}, of which we pass "
                f"{count['upstream raises, we pass']}; {rate:,.0f} checks a second"
            )
    for what, number in differ.most_common():
        print(f"  differs {number:6} {what}")
    print("verdicts agree" if not differ else f"{differ.total()} verdicts differ")
    return int(bool(differ))


if __name__ == "__main__":
    sys.exit(main())
