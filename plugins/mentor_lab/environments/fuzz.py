"""Fuzz: many random turns, played through the real environment; none of them may break it.

`robustness` searches for a small counter-example; `fuzz` plays many more turns. The turns are the
expert's, so that episodes make progress, and calls with fitting and unfitting arguments. Some of
all these turns have damaged text.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace

from mentor_core.contracts.parsing import CallParser
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call
from mentor_core.support.errors import PluginError
from mentor_core.tools.tool import Tool
from mentor_lab.environments.arguments import ADVERSARIAL, Filler
from mentor_lab.environments.bench import Bench
from mentor_lab.environments.episode import Episode
from mentor_lab.environments.robustness import ROBUSTNESS, Watcher
from mentor_lab.verdict import Problem, Untested
from mentor_toolkit.scripts import play_expert

__all__ = ["Fuzzed", "fuzz"]

_TASKS = 60
_LONGEST = 12
_PIECES = (
    *("<tool_call>", "</tool_call>", "<tool_response>", "<|im_end|>", "<think>", "</think>"),
    *('"', "\\", "{", "}", "[", "]", ":", ",", "\n", " ", "\0", "'", "`", "$", "%s", "e999", "-"),
    *("null", "true", "NaN", "Infinity", "1e400", "\\ud800", "\ud800", "\u202e", "\N{PARROT}"),
)


@dataclass(slots=True)
class Fuzzed:
    """The result of `fuzz`.

    Attributes:
        turns: number of turns played.
        episodes: number of episodes played.
        problems: promise of `ROBUSTNESS` → number of times broken.
        first: promise → its first problem, whose `str` has Python code that shows the problem.
    """

    turns: int = 0
    episodes: int = 0
    problems: Counter[str] = field(default_factory=Counter)
    first: dict[str, Problem] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Ground:
    """A task to play.

    Attributes:
        task: the task.
        tools: tools of the first turn.
        script: the expert's turns; empty if there is no expert.
        filler: makes arguments out of the prompt.
    """

    task: Task
    tools: Sequence[Tool]
    script: Sequence[str]
    filler: Filler


def fuzz(bench: Bench, turns: int, on_episode: Callable[[int], None] = lambda _: None) -> Fuzzed:
    """Play at least so many turns; the same bench always plays the same ones.

    Args:
        bench: the environment, and the seed.
        turns: least number of turns; the last episode is played to its end.
        on_episode: called after each episode with the number of its turns.
    """
    draw = random.Random(bench.seed)
    grounds = _grounds(bench, draw)
    with bench.env() as env:
        parser = env.parser
    found, watcher = Fuzzed(), Watcher(bench, lambda _: None)
    try:
        while found.turns < turns:
            ground = draw.choice(grounds)
            said = tuple(_turns(ground, parser, draw))
            seed = draw.randrange(2**31)
            episode = replace(bench.episode(ground.task, said), seed=seed)
            played = _judge(watcher, episode, found)
            found.turns += played
            found.episodes += 1
            on_episode(played)
    finally:
        watcher.close()
    return found


def _judge(watcher: Watcher, episode: Episode, found: Fuzzed) -> int:
    for property_ in ROBUSTNESS:
        try:
            problem = property_.check(watcher, episode)
        except Untested:
            continue
        if problem is not None:
            found.problems[property_.name] += 1
            found.first.setdefault(property_.name, problem)
    return max(
        watcher.watch(episode).turns, 1
    )  # a reset that raises is no reason to go on for ever


def _grounds(bench: Bench, draw: random.Random) -> list[_Ground]:
    grounds = []
    with bench.env() as env:
        for task in bench.some_tasks(_TASKS):
            played = None
            with suppress(PluginError):  # what the expert does is a property of its own
                played = play_expert(env, task, bench.seed)
            env.reset(seed=bench.seed, options={"task": task})
            words = re.findall(r"\w+", task.prompt) or ["word"]
            numbers = [float(number) for number in re.findall(r"\d{1,9}", task.prompt)] or [1.0]
            filler = Filler(draw, words, numbers)
            script = [turn.text for turn in played.turns] if played else []
            grounds.append(_Ground(task, [*env.offered.values()], script, filler))
    return grounds


def _turns(ground: _Ground, parser: CallParser, draw: random.Random) -> Iterator[str]:
    """The expert's turns with others in between, some of them damaged."""
    script = iter(ground.script)
    for _ in range(draw.randint(1, _LONGEST)):
        text = next(script, "") if draw.random() < 0.5 else ""
        if not text and draw.random() < 0.9:
            calls = [_call(ground, draw) for _ in range(draw.choice((1, 1, 1, 2, 3)))]
            text = parser.render(draw.choice(("", "", "So.", "42")), calls)
        yield text if draw.random() < 0.6 else _damaged(text or ground.task.prompt, draw)


def _call(ground: _Ground, draw: random.Random) -> Call:
    if not ground.tools or draw.random() < 0.05:
        return Call(draw.choice(("", "mentor_has_no_such_tool", "__init__", "\0")), {})
    tool = draw.choice(ground.tools)
    arguments = ground.filler.arguments(tool.parameters)
    for name in [*tool.parameters.get("properties", {}), "mentor_has_no_such_parameter"]:
        match draw.randrange(8):
            case 0:
                arguments[name] = draw.choice(ADVERSARIAL)
            case 1:
                arguments.pop(name, None)
            case 2:
                kind = type(arguments.get(name))
                arguments[name] = draw.choice(
                    [v for v in ADVERSARIAL if isinstance(v, kind)] or ADVERSARIAL
                )
            case 3:
                arguments[name] = [arguments.get(name), draw.choice(ground.filler.words)]
    return Call(tool.name, arguments)


def _damaged(text: str, draw: random.Random) -> str:
    """The text with pieces removed, doubled and inserted."""
    for _ in range(draw.randint(1, 4)):
        start, end = sorted(draw.randint(0, len(text)) for _ in range(2))
        match draw.randrange(4):
            case 0:
                text = text[:start] + text[min(end, start + draw.randint(1, 20)) :]
            case 1:
                text = text[:end] + text[start:end][:2_000] + text[end:]
            case 2:
                text = text[:start]
            case 3:
                text = text[:start] + draw.choice(_PIECES) * draw.choice((1, 1, 3)) + text[start:]
    return text
