"""Assembles the parts of a run from its configuration, all but the model and its policy.

Nothing here imports torch, so a wrong name, option or tasks file stops a run at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from mentor_core.config import RewardConfig, RunConfig
from mentor_core.credit import Credit
from mentor_core.env import ToolEnv
from mentor_core.errors import ConfigError, PluginError, UnknownName
from mentor_core.execution import ToolExecutor
from mentor_core.mixture import Mixture, split_options
from mentor_core.policy import Limits, Policy, Sampling
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
    TRAINERS,
    create,
    load,
    names,
)
from mentor_core.reward import NEEDS, Reward, has
from mentor_core.rollout import Rollout
from mentor_core.source import TrajectorySource
from mentor_core.task import Split, Task
from mentor_core.tracker import Tracker
from mentor_core.trainer import Trainer

__all__ = ["Domain", "Parts", "Stage", "assemble", "make_reward"]

_OWN = {
    "max_turns": "set rollout.max_turns instead",
    "parser": "set parser instead",
    "gate": "set gate instead",
    "split": "a run trains on train; set evaluate.splits for what it evaluates on",
    "render_mode": "episodes of a run are not rendered; leave it out",
}
"""Arguments of environments that are no options of theirs, and what to do instead."""


@dataclass(frozen=True, slots=True)
class Domain:
    """One environment of a run.

    Attributes:
        name: the name it is registered under, which is its tasks' `env`.
        make_env: makes one more environment; `env` is the first one.
    """

    name: str
    make_env: Callable[[], ToolEnv]
    env: ToolEnv

    def tasks(self, split: Split) -> list[Task]:
        """The tasks of a split.

        Raises:
            PluginError: a task says that it is another environment's.
        """
        tasks = self.env.tasks(split)
        for task in tasks:
            if task.env != self.name:
                raise PluginError(
                    f"environment {self.name!r}: its task {task.id!r} has env {task.env!r}"
                )
        return tasks


@dataclass(frozen=True, slots=True)
class Stage:
    """One trainer of a run and its steps.

    Attributes:
        name: "warm" of a stage that goes before the run's own training, which is "after": how
            evaluations call the student that comes out of it.
    """

    name: str
    trainer: Trainer
    steps: int


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a run.

    Attributes:
        domains: environment → what the run has of it, in the order of the configuration.
        stages: trainers, in the order in which they train the student.
    """

    config: RunConfig
    domains: dict[str, Domain]
    reward: Reward
    source: TrajectorySource
    sampler: Mixture
    credit: Credit
    trackers: list[Tracker]
    stages: list[Stage]
    sampling: Sampling
    limits: Limits

    def executor(self) -> ToolExecutor:
        """A tool executor with the run's limits."""
        rollout = self.config.rollout
        return ToolExecutor(rollout.tool_workers, rollout.tool_seconds)

    def rollout(self, policy: Policy, executor: ToolExecutor) -> Rollout:
        """What plays the run's episodes, with its limits."""
        settings = self.config.rollout
        return Rollout(
            self.make_env,
            policy,
            executor,
            settings.max_error_share,
            settings.episode_seconds,
            settings.episodes,
        )

    def policies(self) -> tuple[Policy, Policy]:
        """The policies of rollouts and of evaluations; imports what they are made with.

        Raises:
            ConfigError: an option is wrong; says which.
        """
        config, evaluate = self.config, self.config.evaluate
        policy = create(POLICIES, config.policy, config.policy_options)
        player = create(POLICIES, evaluate.policy, evaluate.policy_options)
        for key, name, made in (
            ("policy", config.policy, policy),
            ("evaluate.policy", evaluate.policy, player),
        ):
            if config.train.steps and not made.needs_model:
                raise ConfigError(
                    f"{key}={name} does not play with the model that is trained; `mentor eval` "
                    "can use it, and a trajectory source can read what that keeps with --output"
                )
        return policy, player

    def check_policies(self) -> None:
        """Refuse options that `policies` would refuse; the defaults, which are heavy, are not made.

        Raises:
            ConfigError: an option is wrong; says which.
        """
        chosen, default = (
            (c.policy, c.policy_options, c.evaluate.policy, c.evaluate.policy_options)
            for c in (self.config, RunConfig())
        )
        if chosen != default:
            self.policies()

    @property
    def make_env(self) -> dict[str, Callable[[], ToolEnv]]:
        """Environment → what makes one more of it."""
        return {name: domain.make_env for name, domain in self.domains.items()}

    def evaluation_tasks(self, split: Split) -> list[Task]:
        """The tasks of a split that an evaluation plays, environment by environment."""
        most = self.config.evaluate.tasks
        return [task for domain in self.domains.values() for task in domain.tasks(split)[:most]]

    def training_tasks(self) -> tuple[list[Task], References]:
        """The tasks to train on and their verified references, environment by environment.

        Where the reward needs references or answers, tasks without are left out.

        Raises:
            ConfigError: an environment has no task left; says which term needs what.
        """
        found: list[Task] = []
        joined = References({}, {})
        for domain in self.domains.values():
            tasks = domain.tasks("train")
            if not tasks:
                raise ConfigError(f"environment {domain.name!r} has no task to train on")
            references = find_references(self.source, tasks, domain.env)
            found += self._trainable(domain, tasks, references)
            joined = joined.joined(references)
        return found, joined

    def _trainable(
        self, domain: Domain, tasks: Sequence[Task], references: References
    ) -> Sequence[Task]:
        """The tasks that have what the reward needs."""
        turns = f"rollout.max_turns={self.config.rollout.max_turns}"
        for need, terms in self.reward.needs.items():
            left = [task for task in tasks if has(need, task, references.get(task))]
            if not left:
                refused = ", ".join(f"{n} {why}" for why, n in references.refused.items())
                raise ConfigError(
                    f"the reward term(s) {', '.join(terms)} need {NEEDS[need]}, and none of the "
                    f"{len(tasks)} training tasks of {domain.name!r} has any"
                    + (f" (references refused: {refused})" if refused else "")
                    + "; choose other --rewards, or tasks that have it"
                    + (f", or more turns than {turns}" if need == "reference" else "")
                )
            tasks = left
        return tasks


def assemble(config: RunConfig) -> Parts:
    """Make the parts.

    Raises:
        MentorError: a name, an option or a combination is wrong; says which.
    """
    for policy in (config.policy, config.evaluate.policy):
        if policy not in names(POLICIES):
            raise UnknownName(POLICIES.name, policy, names(POLICIES))
    domains = _domains(config)
    rollout = config.rollout
    parts = Parts(
        config=config,
        domains=domains,
        reward=make_reward(config.reward),
        source=create(SOURCES, config.source, config.source_options),
        sampler=Mixture(
            weights=config.environments,
            samplers={n: create(SAMPLERS, config.sampler, config.sampler_options) for n in domains},
        ),
        credit=create(CREDITS, config.credit, config.credit_options),
        trackers=[create(TRACKERS, name) for name in config.trackers],
        stages=_stages(config),
        sampling=Sampling(rollout.temperature, rollout.top_p, rollout.top_k, rollout.min_p),
        limits=Limits(rollout.turn_tokens, rollout.episode_tokens),
    )
    if parts.credit.needs_turns and not parts.reward.composer.gives_turns:
        raise ConfigError(
            f"the credit {config.credit!r} needs rewards per turn, and the composer "
            f"{config.reward.composer!r} gives none; choose another credit, or other --rewards"
        )
    return parts


def _stages(config: RunConfig) -> list[Stage]:
    stages = []
    if config.warm:
        name, steps = config.warm
        stages.append(Stage("warm", create(TRAINERS, name, config.warm_start_options), steps))
    trainer = create(TRAINERS, config.trainer, config.trainer_options)
    if config.train.steps:
        stages.append(Stage("after", trainer, config.train.steps))
    return stages


def _domains(config: RunConfig) -> dict[str, Domain]:
    classes = {name: load(ENVIRONMENTS, name) for name in config.environments}
    parser = create(PARSERS, config.parser)
    gate = create(GATES, config.gate) if config.gate else None
    turns = config.rollout.max_turns
    domains = {}
    for name, options in split_options(classes, config.env_options).items():
        _check_options(name, classes[name], options, alone=len(classes) == 1)
        make = partial(classes[name], max_turns=turns, parser=parser, gate=gate, **options)
        domains[name] = _domain(name, make)
    return domains


def _check_options(
    name: str, environment: type[ToolEnv], options: Mapping[str, Any], *, alone: bool
) -> None:
    """Refuse what the environment would take for an argument, or in the wrong place."""
    for key, value in options.items():
        where = f"env_options.{key}" if alone else f"env_options.{name}.{key}"
        if key in _OWN:
            raise ConfigError(f"{where}: {_OWN[key]}")
        misplaced = isinstance(value, Mapping) and key in names(ENVIRONMENTS)
        if alone and misplaced and key not in environment.Options.model_fields:
            raise ConfigError(
                f"{where}: this run has the environment {name!r} alone, whose options stand "
                "directly in env_options"
            )


def _domain(name: str, make_env: Callable[[], ToolEnv]) -> Domain:
    env = make_env()
    if env.name != name:
        raise PluginError(
            f"environment {name!r} calls itself {env.name!r}; a ToolEnv's name is the one that it "
            "is registered under"
        )
    return Domain(name, make_env, env)


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
