"""Grounded: do the arguments of a turn's calls come from the task, or from a result?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import Field

from mentor_core.contracts.env import Judge
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Turn
from mentor_toolkit.numbers import close, numbers_in

__all__ = ["Grounded"]

_WORDS = re.compile(r"\w+")


class Grounded(Judge):
    """The share of a turn's values that stand in the task or in an earlier result, in [0, 1].

    The values are the numbers in the arguments of the turn's calls, and with `texts` the texts,
    too. A number is known if an equal number stands in the task or a result, with either sign. A
    text is known if all of its words stand there. Truth values are always known, and so are the
    numbers of `known`. None if a turn has no value to judge.

    The judge needs no reference, so it works in evaluations, too. It finds values that a student
    has copied wrongly or made up, and no call that has right values in a wrong place. Tasks whose
    numbers are written as words, or that need other constants, get false alarms. The gate stands
    before the expert, too, so a run with an expert's references names the refused call.
    """

    texts: bool = Field(False, description="judge texts, too; wrong for tools that take free text")
    known: list[float] = Field(
        default_factory=lambda: [0.0, 1.0, 2.0, 3.0], description="numbers that need no source"
    )

    def scores(
        self, task: Task, turns: Sequence[Turn], candidates: Sequence[Turn]
    ) -> list[float | None]:
        numbers, words = self._known(task, turns)
        return [self._score(candidate, numbers, words) for candidate in candidates]

    def say(self, task: Task, turns: Sequence[Turn], candidate: Turn) -> str | None:
        numbers, words = self._known(task, turns)
        unknown = [
            f"{value!r} of {call.name}({name}=…)"
            for call, name, value in self._written(candidate)
            if not _stands(value, numbers, words)
        ]
        if not unknown:
            return None
        return f"{', '.join(unknown)} stands neither in the task nor in a result; check the values"

    def _score(self, candidate: Turn, numbers: set[float], words: set[str]) -> float | None:
        found = [_stands(value, numbers, words) for *_, value in self._written(candidate)]
        return sum(found) / len(found) if found else None

    def _written(self, candidate: Turn) -> list[tuple[Call, str, float | str]]:
        """Call, name of the argument, and value, for each value that is judged."""
        return [
            (call, name, value)
            for call in candidate.calls
            for name, given in call.arguments.items()
            for value in _values(given, self.texts)
        ]

    def _known(self, task: Task, turns: Sequence[Turn]) -> tuple[set[float], set[str]]:
        """The absolute numbers and the words that the policy has read from others."""
        read = [task.prompt, *(call.result for turn in turns for call in turn.calls)]
        read += [said["content"] for turn in turns for said in turn.observation]
        numbers = {abs(number) for number in self.known}
        words: set[str] = set()
        for text in read:
            numbers |= {abs(number) for number in numbers_in(text)}
            words |= {word.lower() for word in _WORDS.findall(text)} if self.texts else set()
        return numbers, words


def _values(given: Any, texts: bool) -> Iterator[float | str]:
    """The numbers in a JSON value, and its texts if they are wanted."""
    if isinstance(given, dict):
        given = list(given.values())
    if isinstance(given, list):
        for part in given:
            yield from _values(part, texts)
    elif (isinstance(given, int | float) and not isinstance(given, bool)) or (
        texts and isinstance(given, str)
    ):
        yield given


def _stands(value: float | str, numbers: set[float], words: set[str]) -> bool:
    if isinstance(value, str):
        return all(word.lower() in words for word in _WORDS.findall(value))
    return any(close(abs(value), known, 1e-6) for known in numbers)
