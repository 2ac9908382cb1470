"""Privileged: values that know the answer and the teacher's results, which no student sees."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from mentor_core.contracts.reward import Example
from mentor_core.contracts.trajectory import Trajectory, Turn
from mentor_plugins.critics.features import states
from mentor_plugins.critics.linear import Linear
from mentor_toolkit.calls import common_turns
from mentor_toolkit.ridge import Features

__all__ = ["Privileged"]


class Privileged(Linear):
    """V(s) = w·x(s), as `linear`, with features of the task's answer and of its references in x.

    - `answer_found`, `answer_named`: a result, or an argument, of the turns so far is the answer.
    - `on_path`: turns at the start with the same calls as in the nearest reference; `off_path`:
      turns after these.
    - `results_shared`: share of the nearest reference's results that the turns so far have;
      `results_beyond`: number of results that the reference does not have.

    The nearest reference has most calls in common with the turns so far, of several the first. All
    of this is known before a turn, and depends on no later action. So the advantages stay unbiased:
    with λ = 1 the expected gradient is that without values. Only the critic's note reads answer and
    references, and no note reaches a policy.

    Differences from the source: features take the place of the simulator's state. The source also
    distils a privileged policy into the student: the objective `privileged_distill`.

    Source: asymmetric actor-critic, Pinto et al. (arXiv 1710.06542); for tactile
    policies TacSL (arXiv 2408.06506), asymmetric actor-critic distillation.
    """

    def note(self, example: Example) -> list[Features]:
        turns, answer = example.trajectory.turns, example.task.answer
        return [
            {**state, **_privileged(turns[:count], answer, example.references)}
            for count, state in enumerate(states(example))
        ]


def _privileged(
    turns: Sequence[Turn], answer: Any, references: Sequence[Trajectory]
) -> dict[str, float]:
    """The turns' part of the answer and of the nearest reference; zeros are left out."""
    done = [call for turn in turns for call in turn.calls if call.failure is None]
    results = [_plain(call.result) for call in done]
    found: dict[str, float] = {}
    if answer is not None:
        wanted = _plain(answer)
        found["answer_found"] = float(wanted in results)
        named = (_plain(value) for call in done for value in call.arguments.values())
        found["answer_named"] = float(wanted in named)
    if references:
        nearest = max(references, key=lambda other: common_turns(turns, other.turns))
        common = common_turns(turns, nearest.turns)
        theirs = {_plain(call.result) for call in nearest.calls if call.failure is None}
        found |= {"on_path": float(common), "off_path": float(len(turns) - common)}
        found["results_shared"] = len(theirs & {*results}) / max(len(theirs), 1)
        found["results_beyond"] = float(len({*results} - theirs))
    return {name: value for name, value in found.items() if value}


def _plain(value: Any) -> float | str:
    """A value to compare: a finite number by its worth, everything else by its text."""
    text = str(value).strip()
    try:
        number = float(text)
    except ValueError:
        return text.casefold()
    return number if isfinite(number) else text.casefold()
