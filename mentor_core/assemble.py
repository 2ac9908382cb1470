"""Assembles the parts of a run from its configuration, all but the model and its policy.

Nothing here imports torch, so a wrong name, option or tasks file stops a run at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mentor_core.config import RewardConfig, RunConfig
from mentor_core.credit import Credit
from mentor_core.env import ToolEnv
from mentor_core.errors import ConfigError, UnknownName
from mentor_core.execution import ToolExecutor
from mentor_core.policy import Limits, Sampling
from mentor_core.references import References, find_references
from mentor_core.registry import (
    COMPOSERS,
    CREDITS,
    ENVIRONMENTS,
    GATES,
    PARSERS,
    POLICIES,
    REWARD_TERMS,
    SAMPLERS,
    SOURCES,
    TRACKERS,
    create,
    load,
    names,
)
from mentor_core.reward import Reward
from mentor_core.sampler import TaskSampler
from mentor_core.source import TrajectorySource
from mentor_core.task import Split, Task
from mentor_core.tracker import Tracker

__all__ = ["Parts", "assemble", "make_reward"]

_OWN = {"max_turns": "rollout.max_turns", "parser": "parser", "gate": "gate"}
"""Arguments of environments that mentor's own settings decide, and which one does."""


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a run.

    Attributes:
        make_env: makes one more environment; `env` is the first one.
    """

    config: RunConfig
    make_env: Callable[[], ToolEnv]
    env: ToolEnv
    reward: Reward
    source: TrajectorySource
    sampler: TaskSampler
    credit: Credit
    trackers: list[Tracker]
    sampling: Sampling
    limits: Limits

    def executor(self) -> ToolExecutor:
        """A tool executor with the run's limits."""
        rollout = self.config.rollout
        return ToolExecutor(rollout.tool_workers, rollout.tool_seconds)

    def evaluation_tasks(self, split: Split) -> list[Task]:
        """The tasks of a split that an evaluation plays."""
        return self.env.tasks(split)[: self.config.evaluate.tasks]

    def training_tasks(self) -> tuple[list[Task], References]:
        """The tasks to train on and their verified references.

        Where the reward needs references or answers, tasks without are left out.

        Raises:
            ConfigError: no task is left; says which term needs what.
        """
        tasks = self.env.tasks("train")
        references = find_references(self.source, tasks, self.env)
        if not tasks:
            raise ConfigError(f"environment {self.env.name!r} has no task to train on")
        for need, terms in self.reward.needs.items():
            if need == "reference":
                left = [task for task in tasks if references.get(task)]
            else:
                left = [task for task in tasks if task.answer is not None]
            if not left:
                refused = ", ".join(f"{n} {why}" for why, n in references.refused.items())
                raise ConfigError(
                    f"the reward term(s) {', '.join(terms)} need a task's {need}, and none of "
                    f"the {len(tasks)} training tasks has one"
                    + (f" (references refused: {refused})" if refused else "")
                    + "; choose other --rewards, or tasks that have it"
                )
            tasks = left
        return tasks, references


def assemble(config: RunConfig) -> Parts:
    """Make the parts.

    Raises:
        MentorError: a name, an option or a combination is wrong; says which.
    """
    for policy in (config.policy, config.evaluate.policy):
        if policy not in names(POLICIES):
            raise UnknownName(POLICIES.name, policy, names(POLICIES))
    environment = load(ENVIRONMENTS, config.env)
    for key in config.env_options:
        if key in _OWN:
            raise ConfigError(f"env_options.{key}: set {_OWN[key]} instead")
    parser = create(PARSERS, config.parser)
    gate = create(GATES, config.gate) if config.gate else None
    rollout = config.rollout

    def make_env() -> ToolEnv:
        return environment(
            max_turns=rollout.max_turns, parser=parser, gate=gate, **config.env_options
        )

    return Parts(
        config=config,
        make_env=make_env,
        env=make_env(),
        reward=make_reward(config.reward),
        source=create(SOURCES, config.source, config.source_options),
        sampler=create(SAMPLERS, config.sampler, config.sampler_options),
        credit=create(CREDITS, config.credit, config.credit_options),
        trackers=[create(TRACKERS, name) for name in config.trackers],
        sampling=Sampling(rollout.temperature, rollout.top_p, rollout.top_k, rollout.min_p),
        limits=Limits(rollout.turn_tokens, rollout.episode_tokens),
    )


def make_reward(config: RewardConfig) -> Reward:
    """The reward terms and their composer.

    Raises:
        MentorError: a name, an option or a weight is wrong; says which.
    """
    for name in config.term_options:
        if name not in config.terms:
            raise ConfigError(
                f"reward.term_options.{name}: {name!r} is not among the reward's terms "
                f"({', '.join(config.terms)})"
            )
    terms = {
        name: create(REWARD_TERMS, name, config.term_options.get(name)) for name in config.terms
    }
    composer = create(COMPOSERS, config.composer, config.composer_options)
    return Reward(terms, config.terms, composer)
