"""Fuzz: what breaks an environment is found, and written down so that it can be seen again."""

import importlib.util
from pathlib import Path

import pytest

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call
from mentor_core.tools.tool import Tool
from mentor_lab.environments.bench import Bench
from mentor_lab.environments.episode import Maker, play
from mentor_lab.environments.fuzz import fuzz

_SPEC = importlib.util.spec_from_file_location(
    "fuzz_benchmark", Path(__file__).parents[3] / "benchmarks" / "fuzz.py"
)
benchmark = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(benchmark)


def add(a: int, b: int) -> int:
    """Add."""
    return a + b


class Sound(ToolEnv):
    name = "sound"

    def make_tools(self):
        return [Tool(add)]

    def load_tasks(self, split):
        return [Task(f"{split}-{n}", "sound", f"{n} and 3?", n + 3, split) for n in range(3)]

    def expert(self, task):
        (call,) = yield "", [Call("add", {"a": task.answer - 3, "b": 3})]
        yield f"Answer: {call.result}", []

    def verify(self):
        return float(self.answer == f"Answer: {self.task.answer}")


class Breaks(Sound):
    """After the expert's call a damaged turn is too much for it."""

    def read_answer(self, content):
        if self.turns[:-1] and "Answer" not in content:
            raise ValueError("no answer")
        return content


class Crashes(Sound):
    def make_tools(self):
        def first(words: list[str]) -> str:
            """The first of them."""
            return next(iter(words))

        return [Tool(add), Tool(first)]


class Boasts(Sound):
    def verify(self):
        return 1.5 if self.end == "turn_limit" else 1.0


def fuzzed(environment, turns=3_000, seed=0):
    return fuzz(Bench(Maker(environment), seed=seed), turns)


def test_a_sound_environment_is_not_blamed_and_gets_somewhere():
    seen = []
    found = fuzz(Bench(Maker(Sound)), 300, seen.append)
    assert not found.problems
    assert found.turns >= 300 and sum(seen) == found.turns and len(seen) == found.episodes


@pytest.mark.parametrize(
    ("environment", "promise"), [(Breaks, "robust"), (Crashes, "refusing"), (Boasts, "outcome")]
)
def test_what_breaks_is_found_under_its_own_promise(environment, promise):
    found = fuzzed(environment)
    assert set(found.problems) == {promise}
    assert found.problems[promise] >= 1
    assert "env.step(" in str(found.first[promise].example)


def test_the_first_problem_can_be_played_again():
    episode = fuzzed(Breaks).first["robust"].example
    with pytest.raises(ValueError, match="no answer"):
        list(play(Breaks(), episode))


def test_the_same_seed_plays_the_same_turns():
    one, other = fuzzed(Breaks), fuzzed(Breaks)
    assert (one.problems, one.episodes) == (other.problems, other.episodes)
    assert one.first["robust"].example == other.first["robust"].example
    assert fuzzed(Breaks, seed=1).first["robust"].example != one.first["robust"].example


@pytest.mark.slow
@pytest.mark.parametrize("name", benchmark.DOMAINS)
def test_ten_thousand_turns_break_no_domain(name):
    found = benchmark.fuzz_domain(name, 10_000)
    assert found.turns >= 10_000
    assert not found.problems, "\n".join(f"{p.text}\n{p.example}" for p in found.first.values())
