"""The conformance suite of methods that go from step to step: samplers, plans, critics, lessons.

assert broken(check_sampler(MySampler())) == []
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st

from mentor_core.contracts.component import Stateful
from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.learner import Critic, Judged
from mentor_core.contracts.lessons import Lessons, PlayedGroup
from mentor_core.contracts.plan import Group, Plan
from mentor_core.contracts.reward import Composed, Example, Scores
from mentor_core.contracts.sampler import TaskSampler
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Trajectory
from mentor_lab.search import search
from mentor_lab.testing import episodes, recorded, trajectory_of
from mentor_lab.verdict import Problem, Property, Untested, Verdict
from mentor_toolkit.scripts import play_expert

__all__ = ["check_critic", "check_lessons", "check_plan", "check_sampler"]

_SEEDS = (5, 6)
_TASKS = [Task(f"task-{n}", "tests", f"{n} + 1, times 2?", 2 * (n + 1)) for n in range(6)]
_OUTCOMES = st.lists(st.sampled_from((0.0, 0.5, 1.0)), min_size=len(_SEEDS), max_size=len(_SEEDS))
_HISTORIES = st.lists(st.lists(_OUTCOMES, min_size=1, max_size=4), min_size=1, max_size=5)
"""Batches, each of some groups with the outcomes of their episodes."""

Step = Callable[[Any, int, Any], Any]
"""Lets a method do a step: number of groups before, and a batch → the result, to be compared.

Raises:
    ValueError: the method broke its contract; says how.
"""


@dataclass(frozen=True, slots=True)
class _Play:
    """A way to let a method do the steps of a training.

    Attributes:
        begin: called with the method before its first step and before `restore`.
    """

    begin: Callable[[Any], None]
    step: Step

    def run(self, method: Stateful, history: Sequence[Any], first: int = 0) -> list[Any]:
        """The results of the steps from `first` on; the method has begun."""
        return [
            deepcopy(self.step(method, sum(map(len, history[:number])), deepcopy(history[number])))
            for number in range(first, len(history))
        ]

    def begun(self, method: Stateful) -> Any:
        """A copy of the method that has begun."""
        made = deepcopy(method)
        self.begin(made)
        return made


def check_sampler(sampler: TaskSampler, examples: int = 100) -> list[Verdict]:
    """Try to break each promise of a sampler, with six tasks and up to five batches."""

    def step(made: TaskSampler, drawn: int, groups: Sequence[Sequence[float]]) -> list[str]:
        chosen = made.choose(drawn, len(groups))
        if len(chosen) != len(groups) or any(task not in _TASKS for task in chosen):
            raise ValueError(f"it chose {chosen}, and not {len(groups)} of the tasks")
        reached = made.reach(drawn + len(groups))
        if reached is not None and any(task not in reached for task in chosen):
            raise ValueError(f"it chose {chosen}, beyond the tasks that `reach` named")
        made.observe({task.id: list(own) for task, own in zip(chosen, groups, strict=True)})
        return [task.id for task in chosen]

    return _search(sampler, _Play(lambda made: made.start(_TASKS, 3), step), _HISTORIES, examples)


def check_plan(plan: Plan, examples: int = 100) -> list[Verdict]:
    """Try to break each promise of a plan, with up to five batches of tasks with a reference."""
    tasks = {task.key: task for task in _TASKS}

    def step(made: Plan, drawn: int, groups: Sequence[Sequence[float]]) -> list[Any]:
        found, heard, played = [], {}, []
        for index, own in enumerate(groups):
            task = _TASKS[(drawn + index) % len(_TASKS)]
            starts = made.starts(Group(task, index, _SEEDS, [_reference(task)]))
            if [(start.seed, start.group) for start in starts] != [(s, index) for s in _SEEDS]:
                raise ValueError(f"{starts} are not one episode for each seed of group {index}")
            if len({(start.task.key, len(start.given)) for start in starts}) > 1:
                raise ValueError("the episodes of a group do not begin in the same state")
            first = starts[0]
            if first.given and "continued" not in made.gives:
                raise ValueError("an episode begins later, and `gives` does not name `continued`")
            if first.prefix is not None and first.prefix.task_key != first.task.key:
                raise ValueError("an episode begins with turns of another task")
            heard[first.task.key] = list(own)
            played += [_played(first.task, outcome) for outcome in own]
            found.append(starts)
        if made.hears:
            made.hear(played)
        made.observe(heard)
        return found

    return _search(plan, _Play(lambda made: made.start(tasks), step), _HISTORIES, examples)


def check_critic(critic: Critic, examples: int = 40) -> list[Verdict]:
    """Try to break each promise of a critic, with up to three batches of any episodes."""
    names = critic.requires or ("outcome",)
    rewarded = st.tuples(episodes(), st.floats(0, 1))
    batches = st.lists(st.lists(rewarded, min_size=1, max_size=3), min_size=1, max_size=3)

    def step(made: Critic, _: int, batch: Sequence[tuple[Example, float]]) -> Any:
        drawn, rewards = [one for one, _ in batch], np.array([reward for _, reward in batch])
        before = repr(drawn)
        notes = [made.note(one) for one in drawn]
        if repr(drawn) != before:
            raise ValueError("`note` changed its episode")
        values_N = made.values(notes)
        for one, values in zip(drawn, values_N or (), strict=values_N is not None):
            wanted = (len(one.trajectory.turns) + 1, len(names))[
                : 2 if made.gives == "terms" else 1
            ]
            if np.shape(values) != wanted or not np.isfinite(values).all():
                raise ValueError(f"{values} are not finite values of the shape {wanted}")
        groups_B = np.zeros(len(batch), dtype=np.int64)
        turns_NK = [np.zeros((len(one.trajectory.turns), len(names))) for one in drawn]
        values_BK = np.repeat(rewards[:, None], len(names), axis=1)
        scores = Scores(tuple(names), np.ones(len(names)), values_BK, turns_NK, groups_B)
        composed = Composed(rewards, None, values_N, made.discount, scores)
        made.learn(notes, Judged(scores, composed, rewards.tolist(), [0] * len(batch)))
        return None if values_N is None else [values.tolist() for values in values_N]

    return _search(critic, _Play(lambda _: None, step), batches, examples)


def check_lessons(
    lessons: Lessons, make: Callable[[], ToolEnv], examples: int = 50
) -> list[Verdict]:
    """Try to break each promise of lessons, with the expert's episodes of an environment.

    Args:
        make: makes the environment, which has an expert.
    """
    env = make()
    tasks = env.tasks("train")[: len(_TASKS)]
    played = {task.key: play_expert(env, task) for task in tasks}
    references = {key: [one] for key, one in played.items() if one is not None}

    def begin(made: Lessons) -> None:
        made.start({task.key: task for task in tasks}, references)

    def step(made: Lessons, drawn: int, groups: Sequence[Sequence[float]]) -> Any:
        shown, heard = [], {}
        for index, own in enumerate(groups):
            task = tasks[(drawn + index) % len(tasks)]
            found = references.get(task.key, [])
            episodes = [
                replace(one, source="student", outcome=outcome)
                for one in deepcopy(found)
                for outcome in own
            ]
            failed = sum(outcome < 1 for outcome in own) / len(own)
            heard[task.key] = list(own)
            shown.append(PlayedGroup(task, index, episodes, found, failed, env, drawn))
        made.observe(heard)
        rows = made.taught(shown, lambda row: -float(len(row.trajectory.turns)))
        for row in rows:
            if row.trajectory.task_key != row.task.key:
                raise ValueError("a row teaches an episode of another task")
            if not 0 <= row.skip < len(row.trajectory.turns):
                raise ValueError(f"a row skips {row.skip} of {len(row.trajectory.turns)} turns")
            if not (np.isfinite(row.weight) and row.weight > 0):
                raise ValueError(f"a row has the weight {row.weight}")
        return rows

    try:
        return _search(lessons, _Play(begin, step), _HISTORIES, examples)
    finally:
        env.close()


def _reference(task: Task) -> Trajectory:
    """An episode of three turns that solves a task."""
    half = task.answer // 2
    calls = Call("add", {"a": half - 1, "b": 1}, str(half)), Call("multiply", {"a": half, "b": 2})
    solved = trajectory_of(*([call] for call in calls), str(task.answer), outcome=1.0)
    return replace(solved, task_id=task.id, env=task.env, source="teacher")


def _played(task: Task, outcome: float) -> Trajectory:
    """A student's episode, whose second call fails if the outcome is below 1."""
    own = replace(_reference(task), source="student", outcome=outcome)
    if outcome < 1:
        own.turns[1].calls[0].failure = "tool_error"
    return recorded(own)


def _search(
    method: Stateful, play: _Play, histories: st.SearchStrategy[Any], examples: int
) -> list[Verdict]:
    properties: list[Property[Stateful, Any]] = [
        Property("contract", "gives what its contract says", lambda m, h: _sound(m, play, h)),
        Property("alike", "gives the same in every process", lambda m, h: _alike(m, play, h)),
        Property("resumed", "goes on from its saved state", lambda m, h: _resumed(m, play, h)),
    ]
    return search(method, properties, histories, examples)


def _sound(method: Stateful, play: _Play, history: Sequence[Any]) -> Problem | None:
    try:
        play.run(play.begun(method), history)
    except Exception as error:  # noqa: BLE001 - whatever it raises is the finding
        return Problem(f"{type(error).__name__}: {error}", history)
    return None


def _ran(method: Stateful, play: _Play, history: Sequence[Any], first: int = 0) -> list[Any]:
    """The results of the steps.

    Raises:
        Untested: the method raised.
    """
    try:
        return play.run(method, history, first)
    except Exception as error:  # whatever it raises is a finding of another promise
        raise Untested from error


def _alike(method: Stateful, play: _Play, history: Sequence[Any]) -> Problem | None:
    first, second = (_ran(play.begun(method), play, history) for _ in range(2))
    return None if first == second else Problem("another process gave something else", history)


def _resumed(method: Stateful, play: _Play, history: Sequence[Any]) -> Problem | None:
    half = len(history) // 2
    one, other = play.begun(method), play.begun(method)
    _ran(one, play, history[:half])
    try:
        other.restore(json.loads(json.dumps(one.state(), allow_nan=False)))
    except Exception as error:  # noqa: BLE001 - whatever it raises is the finding
        return Problem(f"state and restore: {type(error).__name__}: {error}", history)
    if _ran(one, play, history, half) == _ran(other, play, history, half):
        return None
    return Problem("after restore it gave something else", history)
