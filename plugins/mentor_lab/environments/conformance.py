"""The conformance suite: every promise of an environment, checked one after another."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.task import Task
from mentor_core.support.errors import ConfigError, DataError, MentorError, PluginError, nearest
from mentor_lab.environments.bench import Bench, Check
from mentor_lab.environments.closing import CLOSING
from mentor_lab.environments.confined import Ended, confined
from mentor_lab.environments.contract import CONTRACT, EXPERT
from mentor_lab.environments.determinism import DETERMINISM
from mentor_lab.environments.episode import Episode, Maker, play
from mentor_lab.environments.leakage import LEAKAGE
from mentor_lab.environments.robustness import ROBUSTNESS, check_robustness
from mentor_lab.verdict import Problem, Untested, Verdict

__all__ = ["PROPERTIES", "STAGES", "Inspection", "check_environment"]

CHECKS = (*CONTRACT, EXPERT, LEAKAGE, *DETERMINISM, CLOSING)
PROPERTIES = tuple(part.name for part in (*CHECKS, *ROBUSTNESS))
"""The names of all properties."""

STAGES = len(CHECKS) + 2
"""Number of stages that `check_environment` reports: the checks, the adversarial episodes, the
speed.
"""

_SPEED_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Inspection:
    """The verdicts on all properties.

    Attributes:
        steps_per_second: speed of one instance on one core, resets included; None if it cannot
            play.
    """

    verdicts: list[Verdict]
    steps_per_second: float | None

    @property
    def failed(self) -> list[Verdict]:
        """The verdicts that have a counter-example."""
        return [verdict for verdict in self.verdicts if verdict.problem is not None]


def check_environment(
    factory: Callable[..., ToolEnv],
    options: Mapping[str, Any] | None = None,
    *,
    registered: str | None = None,
    seed: int = 0,
    tasks: int | None = None,
    examples: int = 200,
    skip: Collection[str] = (),
    on_progress: Callable[[str, int], None] = lambda *_: None,
) -> Inspection:
    """Try to break each promise of an environment. The same environment always gets the same
    examples.

    Adversarial turns are played: isolate tools that act on the outside world. All checks run in a
    process with a limit of memory (see `confined`).

    Args:
        factory: a subclass of `ToolEnv`, or a function that makes one.
        options: its arguments.
        registered: the environment's registered name, if it has one.
        seed: seed of everything random.
        tasks: most eval tasks that the expert must solve; None: all.
        examples: number of adversarial episodes to search.
        skip: names of properties to leave out.
        on_progress: is called with the name of the check and the number of examples tried.

    Raises:
        ConfigError: `skip` has a name that no property has; an option of the environment is wrong.
        DataError: the environment's data cannot be read, or has no task.
        PluginError: the environment cannot be made, or its tasks cannot be loaded.
    """
    for name in skip:
        if name not in PROPERTIES:
            raise ConfigError(f"no property {name!r}{nearest(name, PROPERTIES)}")
    bench = Bench(Maker(factory, options or {}), registered, seed, tasks, examples)
    _begin(bench)
    found = _Found(on_progress)
    shared = [bench.make, *chain.from_iterable(bench.tasks.values())]
    try:
        confined(partial(_inspect, bench, skip), found.hear, shared)
    except Ended as error:
        found.verdicts += _unfinished(found, bench, skip, str(error))
    return Inspection(found.verdicts, found.speed)


@dataclass(slots=True)
class _Found:
    """The messages of the inspecting process."""

    on_progress: Callable[[str, int], None]
    verdicts: list[Verdict] = field(default_factory=list)
    speed: float | None = None
    stage: str = ""
    playing: Episode | None = None

    def hear(self, said: Any) -> None:
        match said:
            case Verdict():
                self.verdicts.append(said)
            case Episode():
                self.playing = said
            case (stage, number):
                self.stage = stage
                self.on_progress(stage, number)
            case _:
                self.speed = said


def _inspect(bench: Bench, skip: Collection[str], say: Callable[[Any], None]) -> None:
    """Check all; sends progress, verdicts, adversarial episodes before their play, and speed."""

    def on_progress(stage: str, number: int) -> None:
        say((stage, number))

    raised: list[Problem] = []
    repeatable = True
    for check in CHECKS:
        on_progress(check.name, 0)
        if check.name in skip:
            continue
        if check.compares and not repeatable:
            why = "the same seed does not give the same episode"
            say(Verdict(check.name, check.promise, why_untested=why))
            continue
        verdict = _verdict(check, bench, raised, on_progress)
        repeatable = repeatable and (check.name != "seed" or verdict.problem is None)
        say(verdict)
    on_progress(ROBUSTNESS[0].name, 0)
    if not {part.name for part in ROBUSTNESS} <= set(skip):
        for verdict in _hostile(bench, raised, on_progress, say):
            if verdict.property not in skip:
                say(verdict)
    on_progress("speed", 0)
    say(_speed(bench))


def _unfinished(found: _Found, bench: Bench, skip: Collection[str], why: str) -> Iterator[Verdict]:
    """Verdicts on the check during which the process ended, and on all checks after it."""
    known = {verdict.property for verdict in found.verdicts}
    for part in (*CHECKS, *ROBUSTNESS):
        if part.name in known or part.name in skip:
            continue
        verdict = Verdict(part.name, part.promise, why_untested=why)
        if part.name == found.stage:
            verdict.problem = Problem(f"{why} while this was checked", found.playing or bench.make)
        yield verdict


def _begin(bench: Bench) -> None:
    """Make the environment and load its tasks, without which nothing can be checked."""
    try:
        if not isinstance(made := bench.make(), ToolEnv):
            raise TypeError(f"it makes {made!r}, which is no ToolEnv")
        made.close()
        tasks = bench.tasks
    except MentorError:
        raise
    except Exception as error:  # a stranger's code: passed on, with what made the environment
        code = str(bench.make).replace("\n", "; ")
        raise PluginError(f"{code}: {type(error).__name__}: {error}") from error
    if not any(tasks.values()):
        raise DataError(f"environment {bench.name!r} has no task in any split")


def _verdict(
    check: Check, bench: Bench, raised: list[Problem], on_progress: Callable[[str, int], None]
) -> Verdict:
    """Try all samples; keep the first that breaks the promise, and count such samples.

    An exception of the environment breaks another promise: it ends the check and goes to `raised`.
    """
    verdict = Verdict(check.name, check.promise)
    broken, trying = 0, None
    try:
        for number, sample in enumerate(check.samples(bench), 1):
            trying = sample
            try:
                problem = check.check(bench, sample)
            except Untested as why:
                verdict.why_untested = verdict.why_untested or str(why)
            else:
                verdict.tested += 1
                verdict.problem = verdict.problem or problem
                broken += problem is not None
            trying = None  # the samples themselves may raise
            on_progress(check.name, number)
    except Exception as error:  # noqa: BLE001 - whatever it raises is the finding
        raised.append(_raised(check.name, error, bench, trying))
        if verdict.problem is None:
            verdict.tested, verdict.why_untested = 0, raised[-1].text
    if verdict.problem is not None and broken > 1:
        text = f"{verdict.problem.text} ({broken} of {verdict.tested} fail)"
        verdict.problem = replace(verdict.problem, text=text)
    return verdict


def _raised(doing: str, error: Exception, bench: Bench, sample: Any = None) -> Problem:
    """The problem of an unexpected exception, raised on a sample of a check."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{Path(frame.filename).name}:{frame.lineno}"
    text = f"while {doing} was checked, {where} raised {type(error).__name__}: {error}"
    for part in sample if isinstance(sample, tuple) else (sample,):
        if isinstance(part, Task):
            return Problem(text, bench.episode(part))
        if isinstance(part, Episode):
            return Problem(text, part)
    return Problem(text, bench.make)


def _hostile(
    bench: Bench,
    raised: list[Problem],
    on_progress: Callable[[str, int], None],
    on_episode: Callable[[Episode], None],
) -> list[Verdict]:
    """The verdicts on adversarial episodes; earlier exceptions count for the first verdict."""
    tried = 0

    def count() -> None:
        nonlocal tried
        tried += 1
        on_progress(ROBUSTNESS[0].name, tried)

    try:
        verdicts = check_robustness(bench, count, on_episode)
    except Exception as error:  # noqa: BLE001 - whatever it raises is the finding
        raised.append(_raised("robust", error, bench))
        verdicts = [Verdict(p.name, p.promise, why_untested=raised[-1].text) for p in ROBUSTNESS]
    if raised:
        known = [problem for problem in raised if isinstance(problem.example, Episode)]
        verdicts[0].problem = verdicts[0].problem or (known or raised)[0]
    return verdicts


def _speed(bench: Bench) -> float | None:
    """Steps per second over the scripts, played repeatedly."""
    steps, began = 0, time.perf_counter()
    try:
        with bench.env() as env:
            while time.perf_counter() - began < _SPEED_SECONDS:
                for script in bench.scripts:
                    steps += len(list(play(env, script))) - 1
                if not steps:
                    return None
    except Exception:  # noqa: BLE001 - it has been found by the checks
        return None
    return steps / (time.perf_counter() - began)
