"""Leakage: finds answers that an environment shows to a policy that has not earned them.

Three kinds of text are searched: the opening messages, the tools' schemas, and the replies to calls
that cannot have earned anything. Such calls are malformed, unknown or incomplete, or have made-up
arguments.

A text contains an answer if the text has the same number, or the same whole words in any case. A
list stands for several answers, of which one is enough. Any other answer is found by its JSON or
its `repr`, whatever the spaces and quotes.

A text can contain an answer by chance: a prompt with a 7 whose answer is 7. So an answer is also
searched in the texts of tasks with other answers: an answer that is often there proves nothing. An
answer with a letter and at least eight characters that is in no other text is a leak. For all other
answers, the finds must exceed the expected number by two, by a fifth of the tasks, and by twice its
square root.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call
from mentor_lab.environments.arguments import Filler
from mentor_lab.environments.bench import Bench, Check
from mentor_lab.verdict import Problem, Untested

__all__ = ["LEAKAGE", "Text", "finder", "leak"]

_TASKS = 200
_COMPARED = 40
_DISTINCTIVE = 8
_SHARE = 0.2
_TOOLS = 6
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?(?:[eE][-+]?\d+)?(?!\w)")


class Text:
    """A text that is searched for answers."""

    def __init__(self, *parts: str) -> None:
        self.text = "\n".join(parts)

    @cached_property
    def numbers(self) -> frozenset[float | None]:
        return frozenset(map(_number, _NUMBER.findall(self.text)))

    @cached_property
    def words(self) -> str:
        return _words(self.text)

    @cached_property
    def squeezed(self) -> str:
        return _squeezed(self.text)


Finder = Callable[[Text], bool]


def finder(answer: Any) -> Finder | None:
    """A function that is true for texts with the answer; None if there is nothing to look for."""
    if isinstance(answer, list | tuple | set | frozenset) and all(map(_is_plain, answer)):
        parts = [found for part in answer if (found := finder(part)) is not None]
        return (lambda text: any(part(text) for part in parts)) if parts else None
    if not _is_plain(answer):
        try:
            forms = {_squeezed(json.dumps(answer)), _squeezed(repr(answer))}
        except (TypeError, ValueError):
            forms = {_squeezed(repr(answer))}
        return (lambda text: any(form in text.squeezed for form in forms)) if answer else None
    number = _number(str(answer))
    if number is not None:
        return lambda text: number in text.numbers
    words = _words(str(answer))
    if answer is None or not words:
        return None
    pattern = re.compile(rf"(?<!\w){re.escape(words)}(?!\w)")
    return lambda text: words in text.words and pattern.search(text.words) is not None


def leak(answers: Sequence[Any], texts: Sequence[Text], seed: int = 0) -> tuple[int, str] | None:
    """The index of a text that gives its answer away, and the evidence; None if no text does.

    Args:
        answers, texts: one of each for every task, in the same order.
        seed: seed of the choice of other tasks to compare with.
    """
    finders = [finder(answer) for answer in answers]
    draw = random.Random(seed)
    hits, expected = [], 0.0
    for index, (answer, find) in enumerate(zip(answers, finders, strict=True)):
        if find is None:
            continue
        others = [i for i in range(len(texts)) if answers[i] != answer]
        others = draw.sample(others, min(_COMPARED, len(others)))
        chance = sum(find(texts[i]) for i in others) / len(others) if others else 0.0
        expected += chance
        if find(texts[index]):
            if chance == 0 and len(others) > 2 and _is_distinctive(answer):
                return index, "no other task's does"
            hits.append(index)
    asked = sum(find is not None for find in finders)
    if hits and len(hits) - expected >= max(min(2, asked), _SHARE * asked, 2 * expected**0.5):
        return hits[0], f"{len(hits)} of {asked} do, and by chance it would be {expected:.1f}"
    return None


def _is_plain(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _is_distinctive(answer: Any) -> bool:
    if isinstance(answer, list | tuple | set | frozenset) and all(map(_is_plain, answer)):
        return all(map(_is_distinctive, answer))
    written = answer if isinstance(answer, str) else json.dumps(answer, default=repr)
    has_letter = any(character.isalpha() for character in written)
    return has_letter and len(written) >= _DISTINCTIVE and _number(written) is None


def _number(written: str) -> float | None:
    return float(written.replace(",", "")) if _NUMBER.fullmatch(written.strip()) else None


def _words(text: str) -> str:
    return " ".join(text.casefold().split())


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text).replace("'", '"')


@dataclass(frozen=True, slots=True)
class _Surface:
    """One kind of text that a policy reads: its name, and a function that gets the texts of a task.

    `read` gives pairs (turn, text of the environment's reply); the turn is None at the opening.
    """

    what: str
    read: Callable[[Bench, ToolEnv, Task], list[tuple[str | None, str]]]


def _opening(bench: Bench, env: ToolEnv, task: Task) -> list[tuple[str | None, str]]:
    messages, _ = env.reset(seed=bench.seed, options={"task": task})
    return [(None, message["content"]) for message in messages]


def _schemas(bench: Bench, env: ToolEnv, task: Task) -> list[tuple[str | None, str]]:
    _, info = env.reset(seed=bench.seed, options={"task": task})
    return [(None, json.dumps(tool, ensure_ascii=False, default=repr)) for tool in info["tools"]]


def _unearned(bench: Bench, env: ToolEnv, task: Task) -> list[tuple[str | None, str]]:
    """Replies to idle turns; the environment is reset whenever an episode ends."""
    env.reset(seed=bench.seed, options={"task": task})
    said: list[tuple[str | None, str]] = []
    for turn in _idle_turns(env, random.Random(f"{bench.seed} {task.id}")):
        if env.end is not None:
            env.reset(seed=bench.seed, options={"task": task})
        messages, *_ = env.step(turn)
        said += [(turn, message["content"]) for message in messages]
    return said


def _idle_turns(env: ToolEnv, draw: random.Random) -> list[str]:
    """Turns that earn nothing: calls that cannot be read, are incomplete or made up."""
    filler = Filler(draw, ["zqxjkv", "Zqxjkv Vkjxqz"], [918273645.0, -564738291.0])
    tools = [tool for tool in env.offered.values() if tool.parameters.get("required")]
    calls = [Call("mentor_has_no_such_tool", {})]
    for tool in draw.sample(tools, min(len(tools), _TOOLS)):
        calls += [Call(tool.name, {}), Call(tool.name, filler.arguments(tool.parameters))]
    turns = [env.parser.render("", [call]) for call in calls]
    return [*turns, turns[0][: len(turns[0]) // 2], "I do not know."]


def _secret(bench: Bench, surface: _Surface) -> Problem | None:
    tasks = [task for task in bench.some_tasks(_TASKS) if finder(task.answer) is not None]
    if not tasks:
        raise Untested("no task has an answer to look for")
    with bench.env() as env:
        read = [surface.read(bench, env, task) for task in tasks]
    texts = [Text(*(said for _, said in parts)) for parts in read]
    found = leak([task.answer for task in tasks], texts, bench.seed)
    if found is None:
        return None
    index, how = found
    task, find = tasks[index], finder(tasks[index].answer)
    turns = [turn for turn, said in read[index] if turn and find and find(Text(said))][:1]
    answer = json.dumps(task.answer, ensure_ascii=False, default=repr)[:200]
    return Problem(
        f"{surface.what} of task {task.id!r} shows its answer {answer} ({how})",
        bench.episode(task, turns),
    )


LEAKAGE = Check(
    "secret",
    "shows no answer in prompt, schemas or the results of calls that earn nothing",
    _secret,
    lambda _: (
        _Surface("the opening", _opening),
        _Surface("a tool's schema", _schemas),
        _Surface("the answer to a call that earns nothing", _unearned),
    ),
)
