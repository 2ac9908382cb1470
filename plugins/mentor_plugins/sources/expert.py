"""ExpertSource: references played by the environments' scripted experts."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from mentor_core.env import Expert, ToolEnv
from mentor_core.errors import PluginError
from mentor_core.source import TrajectorySource
from mentor_core.task import Task
from mentor_core.trajectory import Call, Trajectory

__all__ = ["ExpertSource"]


class ExpertSource(TrajectorySource):
    """Plays `ToolEnv.expert` on each task; tasks that have no expert are left out.

    The episode goes through the environment's own `step`, in its call format: what an expert
    does is subject to the same checks and limits as what a policy does.
    """

    seed: int = Field(0, ge=0, description="seed of every episode")

    def find(self, tasks: Sequence[Task], env: ToolEnv) -> dict[str, list[Trajectory]]:
        """Task id → its reference, in a list.

        Raises:
            PluginError: an expert raised, or stopped before its episode ended; names the task.
        """
        found = {}
        for task in tasks:
            expert = env.expert(task)
            if expert is not None:
                found[task.id] = [self._play(expert, task, env)]
        return found

    def _play(self, expert: Expert, task: Task, env: ToolEnv) -> Trajectory:
        opening, _ = env.reset(seed=self.seed, options={"task": task})
        outcome, calls = None, None
        try:
            while env.end is None:
                text, wanted = next(expert) if calls is None else expert.send(calls)
                *_, info = env.step(env.parser.render(text, wanted))
                calls, outcome = info["calls"], info["outcome"]
                _check(wanted, calls)
        except Exception as error:
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
            seed=self.seed,
        )


def _check(wanted: Sequence[Call], made: Sequence[Call]) -> None:
    """Raises ValueError where the calls were not read as the expert meant them."""
    meant, read = ([(call.name, call.arguments) for call in calls] for calls in (wanted, made))
    if meant != read:
        raise ValueError(f"its calls {meant} were read as {read}")
