"""An environment's scripted expert, played like a policy."""

from __future__ import annotations

from collections.abc import Sequence

from mentor_core.env import ToolEnv
from mentor_core.errors import PluginError
from mentor_core.task import Task
from mentor_core.trajectory import Call, Trajectory

__all__ = ["play_expert"]


def play_expert(env: ToolEnv, task: Task, seed: int = 0) -> Trajectory | None:
    """The expert's episode; None where the environment has no expert for the task.

    It goes through the environment's own `step`, in its call format: what an expert does is
    subject to the same checks and limits as what a policy does.

    Raises:
        PluginError: the expert raised, or stopped before the episode ended; names the task.
    """
    expert = env.expert(task)
    if expert is None:
        return None
    opening, _ = env.reset(seed=seed, options={"task": task})
    outcome, calls = None, None
    try:
        while env.end is None:
            text, wanted = next(expert) if calls is None else expert.send(calls)
            *_, info = env.step(env.parser.render(text, wanted))
            calls, outcome = info["calls"], info["outcome"]
            _check(wanted, calls)
    except (
        Exception
    ) as error:  # a domain's code may raise anything: passed on, with the task's name
        problem = (
            "stopped before the episode ended"
            if isinstance(error, StopIteration)
            else f"raised {type(error).__name__}: {error}"
        )
        raise PluginError(
            f"the expert of environment {env.name!r} on task {task.id!r} {problem}"
        ) from error
    finally:
        expert.close()
    return Trajectory(
        task_id=task.id,
        env=env.name,
        source="expert",
        prompt=list(opening),
        turns=env.turns,
        end=env.end,
        answer=env.answer,
        outcome=outcome,
        tools=list(env.tools),
        seed=seed,
    )


def _check(wanted: Sequence[Call], made: Sequence[Call]) -> None:
    """Raises ValueError where the calls were not read as the expert meant them."""
    meant, read = ([(call.name, call.arguments) for call in calls] for calls in (wanted, made))
    if meant != read:
        raise ValueError(f"its calls {meant} were read as {read}")
