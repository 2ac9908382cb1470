"""Demonstrations of a weak player, from which the embedded students learn the format.

The player follows an environment's expert, with errors of a small model. The player confuses tools
of the same parameters, mostly with one particular tool. The player also swaps arguments, copies
wrong ones, leaves steps out and stops early. Some tools, always the same, are misconceived: the
wrong tool is likelier than the right one. So there is a strategy to learn, and not only noise to
remove. The same thing is said in several ways. All calls are really played, so that the player sees
the results of its errors. The player never writes a value that it has not seen.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Message, Turn
from mentor_core.tools.tool import Tool
from mentor_lab.students.words import fill, miscopy, words

__all__ = ["WeakPlayer", "demonstrate"]

_BEFORE_CALL = ("", "", "", "First, {name}.", "Use {name}.", "Next step: {name}.")
_BEFORE_ANSWER = ("", "", "That is the result.\n", "Done.\n")


@dataclass(frozen=True)
class WeakPlayer:
    """The errors of a player; all values but `mistaken` and `takes` are probabilities.

    Attributes:
        misconceived: of a tool being misconceived, which its name decides once for all.
        skill: of taking the right tool, if the tool is not misconceived.
        guess: of taking the right tool, if the tool is misconceived.
        skip: of leaving a step out.
        skip_repeated: of leaving out a step that calls the same tool as the step before.
        stop: of answering before the last step, at each step.
        swap: of swapping the first two arguments.
        copy_error: of copying a similar text instead, in each call and in the answer.
        forget: of leaving an optional argument out, for each of them.
        retry: of making the correct call after a failed one.
        mistake: of writing a word of `mistaken` wrongly, for each argument that has one.
        mistaken: word → what the player writes for it.
        takes: tool → the tool that mostly replaces it, besides those of `misconceived`.
        talk: of writing text before a call or an answer.
    """

    misconceived: float = 0.35
    skill: float = 0.93
    guess: float = 0.38
    skip: float = 0.02
    skip_repeated: float = 0.0
    stop: float = 0.03
    swap: float = 0.02
    copy_error: float = 0.0
    forget: float = 0.0
    retry: float = 0.0
    mistake: float = 0.0
    mistaken: Mapping[str, str] = field(default_factory=dict)
    takes: Mapping[str, str] = field(default_factory=dict)
    talk: float = 1.0

    def act(
        self, call: Call, tools: Sequence[Tool], seen: Sequence[str], draw: random.Random
    ) -> Call:
        """The call that the player makes in place of the expert's `call`.

        Args:
            call: the expert's call.
            tools: the episode's tools.
            seen: the conversation's messages so far.
            draw: source of the random errors.
        """
        arguments = dict(call.arguments)
        if draw.random() < self.swap and len(arguments) > 1:
            first, second, *_ = arguments
            arguments[first], arguments[second] = arguments[second], arguments[first]
        if self.forget:
            required = next((t for t in tools if t.name == call.name), None)
            needed = required.parameters.get("required", []) if required else arguments
            arguments = {
                name: value
                for name, value in arguments.items()
                if name in needed or draw.random() >= self.forget
            }
        if self.copy_error and arguments and draw.random() < self.copy_error:
            name = draw.choice(list(arguments))
            arguments[name] = _in_strings(arguments[name], lambda text: miscopy(text, seen, draw))
        if self.mistake:
            arguments = {
                name: _in_strings(value, lambda text: self._mistake(text, draw))
                for name, value in arguments.items()
            }
        name = call.name
        if draw.random() > self._skill(name):
            name, arguments = _confused(name, arguments, tools, draw, self.takes.get(name))
        return replace(call, name=name, arguments=arguments)

    def _mistake(self, text: str, draw: random.Random) -> str:
        for word, wrong in self.mistaken.items():
            found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text)
            if found and draw.random() < self.mistake:
                return text[: found.start()] + wrong + text[found.end() :]
        return text

    def _skill(self, tool: str) -> float:
        known = random.Random(f"knows {tool}").random() >= self.misconceived
        return self.skill if known and tool not in self.takes else self.guess


def demonstrate(
    env: ToolEnv, task: Task, player: WeakPlayer, draw: random.Random
) -> list[Message] | None:
    """A whole conversation; None if the environment has no expert for the task."""
    learnt = _learnt(env, task)
    expert = env.expert(task)
    if learnt is None or expert is None:
        return None
    observation, _ = env.reset(options={"task": task})
    messages = list(observation)
    tool, last = "", ""
    stopped = False
    step = 0
    content, wanted = next(expert)
    while True:
        seen = [message["content"] for message in messages]
        secret = learnt[min(step, len(learnt) - 1)]
        stopped = stopped or (bool(last) and draw.random() < player.stop)
        repeated = [call.name for call in wanted] == [tool]
        skipped = stopped or draw.random() < (player.skip_repeated if repeated else player.skip)
        try:
            if wanted and skipped and last and step < len(learnt) - 1:
                # A step left out returns the last known result, and the expert goes on from there.
                step += 1
                content, wanted = expert.send([replace(call, result=last) for call in wanted])
                continue
            known = [_known(call, secret, seen, draw) for call in wanted]
            calls = [player.act(call, list(env.tools.values()), seen, draw) for call in known]
            content = fill(content, secret, seen, draw)
            if not calls and player.copy_error and draw.random() < player.copy_error:
                content = miscopy(content, seen, draw)
            turn, observed, over = _play(env, _text(env, player, content, calls, draw))
            messages += [{"role": "assistant", "content": turn.text}, *observed]
            if over or not calls:
                return messages
            failed = any(call.failure for call in turn.calls)
            if failed and player.retry and draw.random() < player.retry:
                turn, observed, over = _play(env, _text(env, player, "", known, draw))
                messages += [{"role": "assistant", "content": turn.text}, *observed]
                if over:
                    return messages
                failed = any(call.failure for call in turn.calls)
            step += 1
            if failed:  # goes on as if the step were left out
                fallback = last or str(next(iter(wanted[0].arguments.values()), ""))
                content, wanted = expert.send([replace(call, result=fallback) for call in wanted])
                continue
            tool, last = turn.calls[-1].name, turn.calls[-1].result
            content, wanted = expert.send(turn.calls)
        except StopIteration:  # the expert knows no more than that
            return messages


def _text(
    env: ToolEnv, player: WeakPlayer, content: str, calls: Sequence[Call], draw: random.Random
) -> str:
    before = draw.choice(_BEFORE_CALL if calls else _BEFORE_ANSWER)
    if player.talk < 1 and draw.random() >= player.talk:
        before = ""
    return env.turn_text(before.format(name=calls[0].name if calls else "") + content, calls)


def _learnt(env: ToolEnv, task: Task) -> list[set[str]] | None:
    """For each of the expert's turns, the words that the expert has read in results only.

    None if the environment has no expert for the task.
    """
    expert = env.expert(task)
    if expert is None:
        return None
    observation, _ = env.reset(options={"task": task})
    told = {word for message in observation for word in words(message["content"])}
    learnt: list[set[str]] = [set()]
    try:
        content, wanted = next(expert)
        while True:
            turn, observed, over = _play(env, env.turn_text(content, wanted))
            if over:
                return learnt
            read = {word for message in observed for word in words(message["content"])}
            learnt.append(learnt[-1] | (read - told))
            content, wanted = expert.send(turn.calls)
    except StopIteration:
        return learnt


def _known(call: Call, learnt: set[str], seen: Sequence[str], draw: random.Random) -> Call:
    """The call, with a guess for each word that only the expert has read."""
    arguments = {
        name: _in_strings(value, lambda text: fill(text, learnt, seen, draw))
        for name, value in call.arguments.items()
    }
    return replace(call, arguments=arguments)


def _in_strings(value: Any, change: Callable[[str], str]) -> Any:
    return change(value) if isinstance(value, str) else value


def _play(env: ToolEnv, text: str) -> tuple[Turn, Sequence[Message], bool]:
    observation, _, terminated, truncated, _ = env.step(text)
    return env.turns[-1], observation, terminated or truncated


def _confused(
    name: str,
    arguments: dict[str, object],
    tools: Sequence[Tool],
    draw: random.Random,
    mostly: str | None,
) -> tuple[str, dict[str, object]]:
    """Another tool with as many arguments: mostly `mostly`, or the tool's own lookalike."""
    others = _lookalikes(name, tuple(tools))
    taken = next((tool for tool in tools if tool.name == mostly), None)
    if not others and taken is None:
        return name, arguments
    first = taken or others[0]
    other = first if not others or draw.random() < 0.7 else draw.choice(others)
    names = list(other.parameters["properties"])  # a tool may have fewer, optional ones left out
    return other.name, dict(zip(names, arguments.values(), strict=False))


@cache
def _lookalikes(name: str, tools: tuple[Tool, ...]) -> list[Tool]:
    """The other tools that take the same types; the usual mistake comes first."""
    kinds = {tool.name: _types(tool) for tool in tools}
    if name not in kinds:
        return []
    others = [t for t in tools if t.name != name and kinds[t.name] == kinds[name]]
    random.Random(f"lookalikes {name}").shuffle(others)
    return others


def _types(tool: Tool) -> list[str]:
    required = tool.parameters.get("required", [])
    return [str(tool.parameters["properties"][name].get("type")) for name in required]
