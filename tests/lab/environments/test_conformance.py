"""The suite finds each planted defect under its own name, and none in a sound environment."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.task import Task
from mentor_core.support.errors import ConfigError, DataError, PluginError
from mentor_core.tools.tool import Tool
from mentor_lab.environments import confined
from mentor_lab.environments.conformance import PROPERTIES, STAGES, check_environment

sys.path.append(str(Path(__file__).parent))  # other processes import it, too
import planted_environments as planted

ELSEWHERE = """
from planted_environments import Sums, Task


class Scattered(Sums):
    def ask(self, a, b):
        return " or ".join({f"{a} and {b}", f"{b} and {a}", f"{a} plus {b}", f"{b} plus {a}"})
"""


@pytest.fixture(autouse=True)
def litter(tmp_path, monkeypatch):
    """Where planted environments leave things behind."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def failed(factory, **options):
    options = {"examples": 25, "skip": ["process"], **options}
    return {v.property: v for v in check_environment(factory, **options).failed}


def test_a_sound_environment_keeps_every_promise():
    stages = []
    inspection = check_environment(
        planted.Sums, examples=50, on_progress=lambda stage, _: stages.append(stage)
    )
    assert not [str(verdict) for verdict in inspection.failed]
    assert [verdict.property for verdict in inspection.verdicts] == list(PROPERTIES)
    assert all(verdict.tested for verdict in inspection.verdicts)
    assert inspection.steps_per_second > 0
    assert len(set(stages)) == STAGES


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:unclosed file")
@pytest.mark.parametrize("environment", planted.BROKEN, ids=lambda env: env.__name__)
def test_a_planted_defect_fails_on_its_own_property(environment):
    assert set(failed(environment)) == {planted.BROKEN[environment]}


def test_what_depends_on_the_order_of_a_set_differs_in_another_process(tmp_path, monkeypatch):
    (tmp_path / "scattered_7.py").write_text(ELSEWHERE)
    monkeypatch.syspath_prepend(tmp_path)
    import scattered_7

    found = failed(scattered_7.Scattered, skip=[])
    assert set(found) == {"process"}
    assert "in another process, messages of the opening: " in str(found["process"])


def test_every_property_has_a_planted_defect():
    assert set(PROPERTIES) == {*planted.BROKEN.values(), "process"}


def test_comparisons_say_nothing_where_the_same_seed_gives_another_episode():
    inspection = check_environment(planted.Moody, examples=5)
    untested = {v.property: v.why_untested for v in inspection.verdicts if not v.tested}
    why = "the same seed does not give the same episode"
    assert untested == dict.fromkeys(("process", "snapshot", "instances"), why)


@pytest.mark.parametrize(
    ("environment", "raised"),
    [(planted.Raises, ValueError), (planted.ExpertRaises, None), (planted.TellsInThePrompt, None)],
)
def test_a_counter_example_is_python_that_shows_it(environment, raised):
    (verdict,) = failed(environment).values()
    code = str(verdict.problem.example)
    if raised:
        with pytest.raises(raised):
            exec(code, {})
    else:
        exec(code, {})


def test_a_task_that_raises_is_found_and_leaves_what_was_checked_untested():
    # Otherwise the expert would pass for one that solves all that it was asked.
    inspection = check_environment(planted.CannotStart, examples=5, skip=["process"])
    (robust,) = inspection.failed
    heading, *_, last = str(robust).splitlines()
    assert "py:" in heading and heading.endswith("raised KeyError: 'eval-5'")
    assert "t.id == 'eval-5'" in last
    (expert,) = (v for v in inspection.verdicts if v.property == "expert")
    assert str(expert).startswith("expert: not tested (while expert was checked, ")


def test_a_counter_example_is_small_and_says_what_happened():
    heading, *lines = str(failed(planted.ExpertErrs)["expert"]).splitlines()
    assert heading == "expert: its episode on task 'eval-3' ends with answered and outcome 0.0"
    assert lines[-1] == "env.step('1')"
    heading, *lines = str(failed(planted.Raises)["robust"]).splitlines()
    assert heading.startswith("robust: turn 1 raised ValueError: invalid literal for int()")
    assert len(lines) == 5
    tells = str(failed(planted.TellsWhatWasWrong)["secret"])
    assert "shows its answer" in tells
    assert tells.count("env.step(") == 1


@pytest.mark.slow
def test_what_leaks_is_named():
    problems = [
        str(failed(environment)["closing"])
        for environment in (planted.LeavesAThread, planted.LeavesADirectory, planted.NeverForgets)
    ]
    assert "5 × thread" in problems[0]
    assert "temporary file" in problems[1]
    assert "refers to every instance" in problems[2]


class Answerless(planted.Sums):
    """Verified by its state; no expert."""

    def load_tasks(self, split):
        return [
            Task(f"{split}-{n}", "sums", f"In {split}, make it {n}.", split=split) for n in range(3)
        ]

    def verify(self):
        return None

    def expert(self, task):
        return None


def test_what_an_environment_does_not_have_is_not_tested():
    inspection = check_environment(Answerless, examples=5, skip=["process"])
    assert not inspection.failed
    untested = {v.property: str(v) for v in inspection.verdicts if not v.tested}
    assert untested == {
        "expert": "expert: not tested (it has no expert)",
        "secret": "secret: not tested (no task has an answer to look for)",
    }


def test_a_function_may_make_the_environment():
    def make(turns=4):
        return planted.Sums(max_turns=turns)

    verdicts = check_environment(make, {"turns": 6}, examples=5).verdicts
    assert all(verdict.problem is None for verdict in verdicts)
    (process,) = (str(v) for v in verdicts if not v.tested)
    assert process.startswith("process: not tested (another process cannot import")


class Unmade(ToolEnv):
    name = "unmade"

    def make_tools(self):
        raise RuntimeError("no tools")

    load_tasks = verify = None


class Empty(planted.Sums):
    def load_tasks(self, split):
        return []


@pytest.mark.parametrize(
    ("factory", "options", "error", "message"),
    [
        (planted.Sums, {"skip": ["sed"]}, ConfigError, "no property 'sed'; did you mean seed?"),
        (planted.Sums, {"options": {"size": 3}}, ConfigError, "unknown option 'size'"),
        (Unmade, {}, PluginError, "RuntimeError: no tools"),
        (lambda: 3, {}, PluginError, "it makes 3, which is no ToolEnv"),
        (Empty, {}, DataError, "has no task in any split"),
    ],
)
def test_what_cannot_be_checked_is_an_error(factory, options, error, message):
    with pytest.raises(error, match=message.replace("?", r"\?")):
        check_environment(factory, **options)


GREEDY = """
import psutil
from mentor_core.tools.tool import Tool
from mentor_lab.environments import confined
from mentor_lab.environments.conformance import check_environment
from planted_environments import Sums


class Between(Sums):
    def make_tools(self):
        def between(after: int, before: int) -> int:
            '''The whole numbers after `after` and before `before`.'''
            return sum([number * 1 for number in range(after + 1, before)])

        return [*super().make_tools(), Tool(between)]


confined.SPARE_BYTES = 2**28
before = psutil.Process().memory_info().rss
failed = {v.property: v for v in check_environment(Between, examples=40, skip=["process"]).failed}
assert psutil.Process().memory_info().rss - before < 2**28
print(failed["refusing"])
"""


def test_a_tool_that_takes_all_memory_is_found_and_takes_no_more_than_it_may(tmp_path):
    # It took 17 GB, and the machine's killer of processes ended something else. A new process: one
    # that has freed gigabytes can use those again, and the limit is on what it has.
    script = tmp_path / "check.py"
    script.write_text(GREEDY, encoding="utf-8")
    places = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    output = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, places))},
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    ).stdout
    heading, *lines = output.strip().splitlines()
    assert "tool 'between' needs more memory than a check may take" in heading
    assert "called with after=" in heading
    assert "between" in lines[-1]


def test_a_process_that_falls_silent_is_given_up_with_the_episode(monkeypatch):
    # After a fork, or without memory, a lock may stay closed; the check would wait for ever.
    monkeypatch.setattr(confined, "SILENT_SECONDS", 3.0)

    class Silent(planted.Sums):
        def reset(self, **options):
            if self.silent:
                time.sleep(60)
            return super().reset(**options)

        silent = False

        def make_tools(self):
            def hush(how: str) -> str:
                """Fall silent."""
                Silent.silent = True
                return how

            return [*super().make_tools(), Tool(hush)]

    inspection = check_environment(Silent, examples=50, skip=["process"])
    assert any("said nothing for 3 s" in str(verdict) for verdict in inspection.failed)


@pytest.mark.parametrize("code", [0, 3])
def test_a_tool_that_ends_the_process_is_found_with_the_episode(code):
    class Exits(planted.Sums):
        def make_tools(self):
            def leave(how: str) -> str:
                """Leave the program where `how` is empty."""
                return os._exit(code) if how == "" else how

            return [*super().make_tools(), Tool(leave)]

    inspection = check_environment(Exits, examples=50, skip=["process"])
    (robust,) = inspection.failed
    assert robust.property == "robust"
    assert f"its process ended with exit code {code} while this was checked" in str(robust)
    assert '"how": ""' in str(robust)
    untested = [v.property for v in inspection.verdicts if not v.tested]
    assert untested == ["robust", "refusing", "outcome"]
    assert inspection.steps_per_second is None


def test_a_tool_whose_result_is_not_json_is_found():
    # Each call of it would fail, and its author would not know.
    class Opaque(planted.Sums):
        def make_tools(self):
            def look(where: str) -> object:
                """Look at `where`."""
                return object()

            return [*super().make_tools(), Tool(look)]

    assert "the result is not JSON: " in str(failed(Opaque)["refusing"])


def test_neither_environment_nor_tasks_need_be_pickled_or_imported():
    class Local(planted.Raises):
        def load_tasks(self, split):
            tasks = super().load_tasks(split)
            return [replace(t, metadata={**t.metadata, "lock": threading.Lock()}) for t in tasks]

    assert set(failed(Local)) == {"robust"}
