"""The battery: every property and attack, run on a reward term by Hypothesis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, Verbosity, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Flaky

from mentor_core.attacks import ATTACKS
from mentor_core.properties import PROPERTIES, Problem, Property, Untested
from mentor_core.reward import Example, RewardTerm
from mentor_core.sketch import sketch
from mentor_core.testing import episodes, honest_episodes, wild_episodes

__all__ = ["Verdict", "check_reward"]


@dataclass(slots=True)
class Verdict:
    """What came of one property.

    Attributes:
        tested: number of examples that could tell.
        problem: the smallest counter-example that was found; None where there is none.
    """

    property: str
    promise: str
    tested: int
    problem: Problem | None = None

    def __str__(self) -> str:
        if self.problem is None:
            return f"{self.property}: {'holds' if self.tested else 'not tested'}"
        example = self.problem.example
        shown = sketch(example.trajectory, example.task, example.references)
        return f"{self.property}: {self.problem.text}\n{shown}"


def check_reward(term: RewardTerm, examples: int = 200) -> list[Verdict]:
    """Try to break each promise of a term. The same term always gets the same examples.

    Args:
        examples: number of examples for each property.
    """
    anything = st.one_of(episodes(), honest_episodes(), wild_episodes())
    usual = st.one_of(honest_episodes(), episodes())
    return [
        *_verdicts(term, PROPERTIES[:1], anything, examples),
        *_verdicts(term, PROPERTIES[1:], usual, examples),
        *_verdicts(term, ATTACKS, honest_episodes(), examples),
    ]


def _verdicts(
    term: RewardTerm,
    properties: Sequence[Property],
    strategy: st.SearchStrategy[Example],
    examples: int,
) -> list[Verdict]:
    """Try all properties on the same examples, then make the counter-examples small."""
    verdicts = {p.name: Verdict(p.name, p.promise, 0) for p in properties}

    def survey(example: Example) -> None:
        for property_ in properties:
            verdict = verdicts[property_.name]
            try:
                problem = property_.check(term, example)
            except Untested:
                continue
            verdict.tested += 1
            verdict.problem = verdict.problem or problem

    _explore(survey, strategy, examples)
    for property_ in properties:
        verdict = verdicts[property_.name]
        if verdict.problem is not None:
            verdict.problem = _smallest(term, property_, strategy, examples) or verdict.problem
    return [*verdicts.values()]


class _Broken(Exception):
    """Tells Hypothesis that an example is a counter-example, to be made smaller."""


def _smallest(
    term: RewardTerm, property_: Property, strategy: st.SearchStrategy[Example], examples: int
) -> Problem | None:
    last: Problem | None = None

    def attempt(example: Example) -> None:
        nonlocal last
        try:
            problem = property_.check(term, example)
        except Untested:
            return
        if problem is not None:
            last = problem
            raise _Broken

    with suppress(_Broken, Flaky, ExceptionGroup):  # flaky where the term is not deterministic
        _explore(attempt, strategy, examples)
    return last


def _explore(
    look: Callable[[Example], None], strategy: st.SearchStrategy[Example], examples: int
) -> None:
    """Show `look` examples, always the same ones; where it raises, smaller ones, too."""

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
    def run(example: Example) -> None:
        look(example)

    run()
