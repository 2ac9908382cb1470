"""Robustness: turns that no good policy writes, which must not hurt an environment.

Every tool is given every adversarial value for every parameter, one call an episode. Then
Hypothesis looks for whole episodes that break something, and makes them small.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from inspect import isawaitable
from typing import Any

from hypothesis import strategies as st

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.parsing import CallParser
from mentor_core.contracts.spaces import AssistantText
from mentor_core.contracts.trajectory import Call
from mentor_core.tools.results import NOT_JSON
from mentor_core.tools.tool import Tool, ToolError
from mentor_lab.environments.arguments import ADVERSARIAL, Filler, adversarial_arguments
from mentor_lab.environments.bench import Bench
from mentor_lab.environments.confined import SPARE_BYTES
from mentor_lab.environments.contract import toolsets
from mentor_lab.environments.episode import Episode
from mentor_lab.search import search
from mentor_lab.verdict import Problem, Property, Untested, Verdict

__all__ = ["ROBUSTNESS", "Watcher", "check_robustness"]

_TASKS = 4
_UNKNOWN = ("", "mentor_has_no_such_tool", "x" * 10_000, "\0", "__init__")
_TEXTS = (
    "",
    " \n",
    "\0",
    "42",
    "x" * 10_000,
    "\N{PARROT}" * 2_500,
    "<tool_call>",
    "</tool_call><tool_call>",
    "<tool_call>null</tool_call>",
    '<tool_call>{"name": null, "arguments": []}</tool_call>',
    '<tool_call>{"name": "x", "arguments": {"x": NaN}}</tool_call>',
    "<tool_call>" + "[" * 10_000 + "</tool_call>",
)


@dataclass(slots=True)
class _Seen:
    """The result of an adversarial episode.

    Attributes:
        turns: number of turns played.
        raised: exception of the environment, as text; empty if there was none.
        crashed: fault of a tool that broke; empty if no tool did.
        outcomes: values given as outcomes.
    """

    turns: int = 0
    raised: str = ""
    crashed: str = ""
    outcomes: list[Any] = field(default_factory=list)


class Watcher:
    """Plays adversarial episodes, in one instance until this raises."""

    def __init__(self, bench: Bench, on_episode: Callable[[Episode], None]) -> None:
        self.bench, self._on_episode = bench, on_episode
        self._env: ToolEnv | None = None
        self._last: tuple[Episode, _Seen] | None = None

    def watch(self, episode: Episode) -> _Seen:
        """The result of an episode; the last episode is not played twice."""
        if self._last is None or self._last[0] is not episode:
            self._last = episode, self._play(episode)
        return self._last[1]

    def close(self) -> None:
        if self._env is not None:
            self._env.close()

    def _play(self, episode: Episode) -> _Seen:
        self._on_episode(episode)
        seen = _Seen()
        self._env = self._env or self.bench.make()
        try:
            messages, _ = self._env.reset(seed=episode.seed, options=episode.options)
            _read(self._env, messages)
            for turn in episode.turns:
                if self._env.end is not None:
                    break
                seen.turns += 1
                with _watched(self._env, seen):
                    messages, *_, info = self._env.step(turn)
                _read(self._env, messages)
                for call in info["calls"]:
                    if call.failure == "timeout" or NOT_JSON in call.result:
                        seen.crashed = seen.crashed or call.result.removeprefix("Error: ")
                if self._env.end is not None:
                    seen.outcomes.append(info["outcome"])
            if self._env.end is None:
                seen.outcomes.append(self._env.stop("token_limit"))
        except Exception as error:  # noqa: BLE001 - whatever it raises is the finding
            seen.raised = f"{type(error).__name__}: {error}"
            with suppress(Exception):
                self._env.close()
            self._env = None
        return seen


def _read(env: ToolEnv, messages: Any) -> None:
    """Raise if a policy cannot read the messages."""
    if messages not in env.observation_space:
        raise TypeError(f"the observation is no tuple of messages: {messages!r}")
    json.dumps(messages, ensure_ascii=False).encode()


@contextmanager
def _watched(env: ToolEnv, seen: _Seen) -> Iterator[None]:
    """Note exceptions of the tools that are no refusals; policies only see that a call failed."""
    tools = list(env.tools.values())
    for tool in tools:
        vars(tool)["call"] = partial(_call, tool, tool.call, seen)
    try:
        yield
    finally:
        for tool in tools:
            vars(tool).pop("call", None)


def _call(tool: Tool, call: Callable[..., Any], seen: _Seen, arguments: Mapping[str, Any]) -> Any:
    try:
        value = call(arguments)
    except BaseException as error:  # noted as a finding, and raised again
        _note(tool, seen, error, arguments)
        raise
    return _awaited(tool, value, seen, arguments) if isawaitable(value) else value


async def _awaited(tool: Tool, value: Any, seen: _Seen, arguments: Mapping[str, Any]) -> Any:
    try:
        return await value
    except asyncio.CancelledError:  # its limit has come
        raise
    except BaseException as error:  # noted as a finding, and raised again
        _note(tool, seen, error, arguments)
        raise


def _note(tool: Tool, seen: _Seen, error: BaseException, arguments: Mapping[str, Any]) -> None:
    if isinstance(error, ToolError) or seen.crashed:
        return
    how = f"raised {type(error).__name__}: {error}"
    if isinstance(error, MemoryError):
        spare = f"{SPARE_BYTES >> 30} GiB"
        how = f"needs more memory than a check may take ({spare}; run this after ulimit -v)"
    seen.crashed = f"tool {tool.name!r} {how}, called with {_shown(arguments)}"


def _shown(arguments: Mapping[str, Any]) -> str:
    """Arguments in a line; the counter-example has them in full."""
    parts = (f"{name}={repr(value)[:60]}" for name, value in arguments.items())
    return ", ".join(parts)[:300] or "no arguments"


def _robust(watcher: Watcher, episode: Episode) -> Problem | None:
    seen = watcher.watch(episode)
    if not seen.raised:
        return None
    where = f"turn {seen.turns}" if seen.turns else "the reset"
    return Problem(f"{where} raised {seen.raised}", _as_played(episode, seen))


def _refusing(watcher: Watcher, episode: Episode) -> Problem | None:
    seen = watcher.watch(episode)
    if seen.crashed:
        return Problem(f"in turn {seen.turns}, {seen.crashed}", _as_played(episode, seen))
    if seen.raised or not seen.turns:
        raise Untested
    return None


def _outcome(watcher: Watcher, episode: Episode) -> Problem | None:
    seen = watcher.watch(episode)
    for outcome in seen.outcomes:
        fits = isinstance(outcome, int | float) and 0 <= outcome <= 1
        if outcome is not None and not fits:
            return Problem(f"the outcome is {outcome!r}", _as_played(episode, seen))
    if not seen.outcomes:
        raise Untested
    return None


def _as_played(episode: Episode, seen: _Seen) -> Episode:
    return replace(episode, turns=episode.turns[: seen.turns])


ROBUSTNESS = (
    Property("robust", "never raises, whatever a policy writes", _robust),
    Property("refusing", "has tools that refuse what they cannot do, and do not crash", _refusing),
    Property("outcome", "gives an outcome in [0, 1] or None, however an episode ends", _outcome),
)


def check_robustness(
    bench: Bench, on_example: Callable[[], None], on_episode: Callable[[Episode], None]
) -> list[Verdict]:
    """The verdicts of adversarial episodes.

    Args:
        bench: has the environment.
        on_example: called after each episode.
        on_episode: called before each episode, which may never end.
    """
    watcher = Watcher(bench, on_episode)
    with bench.env() as env:
        parser = env.parser
    try:
        first, drawn = _sweep(bench, parser), _episodes(bench, parser)
        verdicts = search(watcher, ROBUSTNESS, drawn, bench.examples, first, on_example)
        for property_, verdict in zip(ROBUSTNESS, verdicts, strict=True):
            if verdict.problem is not None:
                verdict.problem = _with_fewer_turns(watcher, property_, verdict.problem)
    finally:
        watcher.close()
    return verdicts


def _with_fewer_turns(
    watcher: Watcher, property_: Property[Watcher, Episode], problem: Problem
) -> Problem:
    """The problem without needless turns: Hypothesis leaves some of them."""
    for index in reversed(range(len(problem.example.turns) - 1)):
        turns = problem.example.turns
        shorter = replace(problem.example, turns=turns[:index] + turns[index + 1 :])
        with suppress(Untested):
            problem = property_.check(watcher, shorter) or problem
    return problem


def _sweep(bench: Bench, parser: CallParser) -> list[Episode]:
    """Each tool with each adversarial argument; a sample of these calls if there are very many."""
    draw = random.Random(bench.seed)
    filler = Filler(draw, ["word"], [1.0, 3.0])
    found = []
    for task, schema in toolsets(bench):
        function = schema["function"]
        for arguments in adversarial_arguments(function["parameters"], filler):
            call = Call(function["name"], arguments)
            found.append(bench.episode(task, [parser.render("", [call])]))
    most = 10 * bench.examples
    return found if len(found) <= most else draw.sample(found, most)


def _episodes(bench: Bench, parser: CallParser) -> st.SearchStrategy[Episode]:
    """Adversarial episodes on a few tasks."""
    found = []
    with bench.env() as env:
        for task in bench.some_tasks(_TASKS):
            env.reset(seed=bench.seed, options={"task": task})
            turns = _turns([(tool.name, tool.parameters) for tool in env.offered.values()], parser)
            lists = st.lists(turns, min_size=1, max_size=6)
            found.append(st.builds(bench.episode, st.just(task), lists))
    return st.one_of(found)


def _turns(
    tools: list[tuple[str, Mapping[str, Any]]], parser: CallParser
) -> st.SearchStrategy[str]:
    texts = st.one_of(st.text(max_size=40), _one(_TEXTS), st.integers(0, 999).map(_random))
    calls = _calls(tools)
    turns = st.builds(
        parser.render, st.sampled_from(("", "So.")), st.lists(calls, min_size=1, max_size=3)
    )
    cut = st.builds(lambda turn, share: turn[: int(len(turn) * share)], turns, st.floats(0, 1))
    return st.one_of(turns, turns, cut, texts)


def _one(values: Sequence[Any]) -> st.SearchStrategy[Any]:
    """Like `st.sampled_from`, which makes a `repr` of all values, however long."""
    return st.integers(0, len(values) - 1).map(lambda index: values[index])


def _random(seed: int) -> str:
    """The turn of a random policy."""
    space = AssistantText()
    space.seed(seed)
    return space.sample()


def _calls(tools: list[tuple[str, Mapping[str, Any]]]) -> st.SearchStrategy[Call]:
    scalars = st.one_of(
        _one(ADVERSARIAL),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=20),
    )
    values = st.one_of(
        scalars,
        st.lists(scalars, max_size=3),
        st.dictionaries(st.text(max_size=5), scalars, max_size=2),
    )
    unknown = st.builds(
        Call, _one(_UNKNOWN), st.dictionaries(st.text(max_size=5), values, max_size=2)
    )
    known = [unknown]
    for name, parameters in tools:
        keys = [*parameters.get("properties", {}), "mentor_has_no_such_parameter"]
        wild = st.dictionaries(st.sampled_from(keys), values, max_size=len(keys))
        fit = st.integers(0, 999).map(partial(_fitting, parameters))
        known.append(st.builds(Call, st.just(name), st.one_of(fit, wild)))
    return st.one_of(known)


def _fitting(parameters: Mapping[str, Any], seed: int) -> dict[str, Any]:
    return Filler(random.Random(seed), ["word", "x y"], [0.0, 1.0, 7.0]).arguments(parameters)
