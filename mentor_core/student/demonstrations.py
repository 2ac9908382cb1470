"""Demonstrations of a weak player, from which the embedded student learns the format.

The player follows an environment's expert but errs, in ways that a small model does: it
confuses a tool with others of the same parameters, mostly with one particular of them; it swaps
arguments, leaves steps out and stops early. Of some tools, always the same, it has a wrong idea:
there the confusion is likelier than the truth, so that there is a strategy to be learnt and not
only noise to be removed. It says the same in several ways.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from mentor_core.env import ToolEnv
from mentor_core.task import Task
from mentor_core.tool import Tool
from mentor_core.trajectory import Call, Message, Turn

__all__ = ["WeakPlayer", "demonstrate"]

_BEFORE_CALL = ("", "", "", "First, {name}.", "Use {name}.", "Next step: {name}.")
_BEFORE_ANSWER = ("", "", "That is the result.\n", "Done.\n")


@dataclass(frozen=True)
class WeakPlayer:
    """How a player errs; all are probabilities.

    Attributes:
        misconceived: of a tool being one that the player has wrong ideas of. Fixed for each
            tool, by its name.
        skill: of taking the right tool where that is a tool it knows.
        luck: of taking the right tool where that is a misconceived one.
        skip: of leaving a step out.
        stop: of answering before the last step, at each step.
        swap: of swapping the first two arguments.
    """

    misconceived: float = 0.35
    skill: float = 0.93
    luck: float = 0.38
    skip: float = 0.02
    stop: float = 0.03
    swap: float = 0.02

    def act(self, call: Call, tools: Sequence[Tool], draw: random.Random) -> Call:
        """The call that the player makes where the expert makes `call`."""
        arguments = dict(call.arguments)
        if draw.random() < self.swap and len(arguments) > 1:
            first, second, *_ = arguments
            arguments[first], arguments[second] = arguments[second], arguments[first]
        name = call.name
        if draw.random() > self._skill(name):
            name, arguments = _confused(name, arguments, tools, draw)
        return replace(call, name=name, arguments=arguments)

    def _skill(self, tool: str) -> float:
        known = random.Random(f"knows {tool}").random() >= self.misconceived
        return self.skill if known else self.luck


def demonstrate(
    env: ToolEnv, task: Task, player: WeakPlayer, draw: random.Random
) -> list[Message] | None:
    """A whole conversation; None where the environment has no expert for the task."""
    expert = env.expert(task)
    if expert is None:
        return None
    observation, _ = env.reset(options={"task": task})
    messages = list(observation)
    last = ""
    stopped = False
    content, wanted = next(expert)
    while True:
        stopped = stopped or (bool(last) and draw.random() < player.stop)
        skipped = stopped or draw.random() < player.skip
        if wanted and skipped and last:
            # What is left out returns what was known before: the expert goes on from there.
            content, wanted = expert.send([replace(call, result=last) for call in wanted])
            continue
        calls = [player.act(call, list(env.tools.values()), draw) for call in wanted]
        before = draw.choice(_BEFORE_CALL if calls else _BEFORE_ANSWER)
        text = before.format(name=calls[0].name if calls else "") + content
        turn, observed, over = _play(env, env.parser.render(text, calls))
        messages += [{"role": "assistant", "content": turn.text}, *observed]
        if over or not calls:
            return messages
        if any(call.failure for call in turn.calls):  # goes on as if the step were left out
            fallback = last or str(next(iter(wanted[0].arguments.values()), ""))
            content, wanted = expert.send([replace(call, result=fallback) for call in wanted])
            continue
        last = turn.calls[-1].result
        content, wanted = expert.send(turn.calls)


def _play(env: ToolEnv, text: str) -> tuple[Turn, Sequence[Message], bool]:
    observation, _, terminated, truncated, _ = env.step(text)
    return env.turns[-1], observation, terminated or truncated


def _confused(
    name: str, arguments: dict[str, object], tools: Sequence[Tool], draw: random.Random
) -> tuple[str, dict[str, object]]:
    """Another tool that takes as many arguments: mostly the tool's own lookalike."""
    others = _lookalikes(name, tuple(tools))
    if not others:
        return name, arguments
    other = others[0] if draw.random() < 0.7 else draw.choice(others)
    names = list(other.parameters["properties"])  # a tool may have fewer, optional ones left out
    return other.name, dict(zip(names, arguments.values(), strict=False))


@cache
def _lookalikes(name: str, tools: tuple[Tool, ...]) -> list[Tool]:
    """The other tools that take the same types, the one it is mostly confused with first."""
    kinds = {tool.name: _types(tool) for tool in tools}
    if name not in kinds:
        return []
    others = [t for t in tools if t.name != name and kinds[t.name] == kinds[name]]
    random.Random(f"lookalikes {name}").shuffle(others)
    return others


def _types(tool: Tool) -> list[str]:
    required = tool.parameters.get("required", [])
    return [str(tool.parameters["properties"][name].get("type")) for name in required]
