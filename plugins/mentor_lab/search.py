"""Search: Hypothesis looks for examples that break properties, and makes them small."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TypeVar

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky

from mentor_lab.verdict import Problem, Property, Untested, Verdict

__all__ = ["search"]

Subject = TypeVar("Subject")
Sample = TypeVar("Sample")

_SHRINK_SECONDS = 30.0


def search(
    subject: Subject,
    properties: Sequence[Property[Subject, Sample]],
    strategy: st.SearchStrategy[Sample],
    examples: int,
    first: Iterable[Sample] = (),
    on_example: Callable[[], None] = lambda: None,
) -> list[Verdict]:
    """Try all properties on the same examples, then make the counter-examples small.

    The same subject always gets the same examples. A broken property is not tried on further
    examples.

    Args:
        strategy: draws the examples, `examples` of them.
        first: examples to try before the drawn ones; they are not made smaller.
        on_example: called after each example.
    """
    verdicts = {p.name: Verdict(p.name, p.promise) for p in properties}

    def survey(example: Sample) -> None:
        for property_ in properties:
            verdict = verdicts[property_.name]
            if verdict.problem is not None:
                continue
            try:
                verdict.problem = property_.check(subject, example)
            except Untested:
                continue
            verdict.tested += 1
        on_example()

    for example in first:
        survey(example)
    small = {name for name, verdict in verdicts.items() if verdict.problem is not None}
    _explore(survey, strategy, examples)
    for property_ in properties:
        verdict = verdicts[property_.name]
        if verdict.problem is not None and property_.name not in small:
            verdict.problem = _smallest(subject, property_, strategy, examples) or verdict.problem
    return [*verdicts.values()]


class _Broken(Exception):
    """Tells Hypothesis that an example is a counter-example, to be made smaller."""


def _smallest(
    subject: Subject,
    property_: Property[Subject, Sample],
    strategy: st.SearchStrategy[Sample],
    examples: int,
) -> Problem | None:
    last: Problem | None = None
    give_up = time.monotonic() + _SHRINK_SECONDS

    def attempt(example: Sample) -> None:
        nonlocal last
        if last is not None and time.monotonic() > give_up:
            return
        try:
            problem = property_.check(subject, example)
        except Untested:
            return
        if problem is not None:
            last = problem
            raise _Broken

    with suppress(_Broken, Flaky, ExceptionGroup):  # flaky if the subject is
        _explore(attempt, strategy, examples)
    return last


def _explore(
    look: Callable[[Sample], None], strategy: st.SearchStrategy[Sample], examples: int
) -> None:
    """Call `look` with examples, always the same ones; if `look` raises, with smaller ones, too."""

    @settings(
        max_examples=examples,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        report_multiple_bugs=False,
        derandomize=True,
        database=None,
        deadline=None,
    )
    @given(strategy)
    def run(example: Sample) -> None:
        look(example)

    run()
