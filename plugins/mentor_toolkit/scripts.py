"""Scripts played like a policy: an environment's expert, and replays of saved episodes."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Sequence
from copy import deepcopy
from dataclasses import replace

from mentor_core.contracts.domain import Expert
from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.episode import checked_outcome, reset_seed
from mentor_core.contracts.parsing import THINKING, CallParser, HermesParser, ParsedTurn
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import (
    Call,
    EndReason,
    ParseFailure,
    Trajectory,
    Turn,
)
from mentor_core.support.errors import PluginError

__all__ = ["play_expert", "replay", "said_in"]

_STOPPED: tuple[EndReason, ...] = ("turn_limit", "token_limit", "time_limit")
"""End reasons that come from outside; the environment decides all others."""


def play_expert(env: ToolEnv, task: Task, seed: int = 0) -> Trajectory | None:
    """The expert's episode; None if the environment has no expert for the task.

    The expert plays through the environment's own `step`, in its call format. So the same checks
    and limits hold for an expert as for a policy.

    Raises:
        PluginError: the expert raised, or stopped before the episode ended; names the task.
    """
    expert = env.expert(task)
    if expert is None:
        return None
    what = f"the expert of environment {env.name!r} on task {task.id!r}"
    env.reset(seed=seed, options={"task": task})
    played = _play(env, expert, what)
    if played.end is None:
        refused = next((c.result for c in played.calls if c.failure == "refused"), None)
        why = f", after the run's gate had refused a call ({refused})" if refused else ""
        raise PluginError(f"{what} stopped before the episode ended{why}")
    return replace(played, source="expert", seed=seed)


def replay(env: ToolEnv, task: Task, saved: Trajectory) -> Trajectory:
    """Play the same turns from the same seed: calls are executed and the outcome verified again.

    The saved calls are played as they stand, so their turns may be in any model's format.

    Returns:
        The new trajectory; `seconds` and `span` of the turns are the saved ones.

    Raises:
        PluginError: the environment raised, or reads other calls in the turns.
    """
    complete = [turn for turn in saved.turns if turn.complete]
    what = f"replaying an episode in environment {env.name!r} on task {task.id!r}"
    own, env.parser = env.parser, _AsSaved(complete, env)
    try:
        try:
            env.reset(seed=reset_seed(saved.seed or 0), options={"task": task})
        except Exception as error:  # a domain's code may raise anything: passed on, with the task
            raise PluginError(f"{what} raised {type(error).__name__}: {error}") from error
        played = _play(env, _said(complete), what)
        if played.end is None and saved.end in _STOPPED:
            played.outcome = checked_outcome(env.stop(saved.end))
    finally:
        env.parser = own
    turns = [
        replace(new, span=old.span, seconds=old.seconds, usage=old.usage)
        for new, old in zip(played.turns, complete, strict=False)
    ]
    return replace(
        played,
        id=saved.id,
        parent_id=saved.parent_id,
        source=saved.source,
        turns=turns
        + [Turn(turn.text, complete=False) for turn in saved.turns if not turn.complete],
        seed=saved.seed,
        provenance=saved.provenance,
    )


def _play(env: ToolEnv, script: Expert, what: str) -> Trajectory:
    """Play a script until the episode or the script ends; `end` is None if only the script did.

    Raises:
        PluginError: script or environment raised; begins with `what`.
    """
    try:
        calls = None
        while env.end is None:
            try:
                text, wanted = next(script) if calls is None else script.send(calls)
            except StopIteration:
                break
            *_, info = env.step(env.turn_text(text, wanted))
            calls = info["calls"]
            env.trajectory.outcome = checked_outcome(info["outcome"])
            _check(wanted, calls)
    except (
        Exception
    ) as error:  # a domain's code may raise anything: passed on, with the task's name
        raise PluginError(f"{what} raised {type(error).__name__}: {error}") from error
    finally:
        script.close()
    return env.trajectory


def _check(wanted: Sequence[Call], made: Sequence[Call]) -> None:
    """Raises ValueError if the calls read differ from the calls that the script wants."""
    meant, read = ([(call.name, call.arguments) for call in calls] for calls in (wanted, made))
    if meant != read:
        raise ValueError(f"its calls {meant} were read as {read}")


def _said(turns: Iterable[Turn]) -> Generator[tuple[str, Sequence[Call]], list[Call], None]:
    for turn in turns:
        yield turn.text, turn.calls


def said_in(text: str) -> str:
    """The part of a turn after its thinking, which the prompt may have opened."""
    opened = (pair for pair in THINKING if pair[1] in text and pair[0] not in text)
    parser = HermesParser()  # thinking is the same for all
    parser.opening = next(opened, ("", ""))[0]
    return parser.after_thinking(text) or ""


class _AsSaved(CallParser):
    """Reads turns as they were read before saving, in any format."""

    def __init__(self, turns: Iterable[Turn], env: ToolEnv) -> None:
        self._turns, self._parser, self._env = iter(turns), env.parser, env

    def parse(self, text: str) -> ParsedTurn:
        turn = next(self._turns)
        shown = map(self._env.as_shown, turn.calls)
        calls = [Call(call.name, deepcopy(call.arguments)) for call in shown]
        return ParsedTurn(said_in(text).strip(), calls, turn.parse_failure)

    def render(self, content: str, calls: Sequence[Call]) -> str:
        return content

    read, write = parse, render

    def complain(self, failure: ParseFailure) -> str:
        return self._parser.complain(failure)
