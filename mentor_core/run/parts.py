"""Parts: what a run is made of, all but the model and its policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from mentor_core.contracts.credit import Credit
from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.execution import ToolExecutor
from mentor_core.contracts.plan import Plan
from mentor_core.contracts.policy import Limits, Policy, Sampling, Student
from mentor_core.contracts.provenance import Provenance
from mentor_core.contracts.report import Report
from mentor_core.contracts.reward import NEEDS, Reward, has
from mentor_core.contracts.source import TrajectorySource
from mentor_core.contracts.task import Split, Task
from mentor_core.contracts.tracker import Trackers
from mentor_core.contracts.trainer import Trainer
from mentor_core.door.registry import POLICIES, Kind, create
from mentor_core.model.formats import check_written, match_formats
from mentor_core.model.models import unseen
from mentor_core.play.mixture import Mixture
from mentor_core.play.references import References, find_references
from mentor_core.play.rollout import Rollout
from mentor_core.run.config import RunConfig
from mentor_core.support.errors import ConfigError, PluginError
from mentor_core.support.validation import given_as

__all__ = ["Domain", "Parts", "Stage", "component"]

T = TypeVar("T")

Watch = Callable[[Sequence[Task]], AbstractContextManager[Sequence[Task]]]


def component(kind: Kind[T], name: str, options: Mapping[str, Any] | None, table: str) -> T:
    """A component; what is wrong with its options is told with the table that they stand in."""
    with given_as(f"--set {table}."):
        return create(kind, name, options)


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
        reports: name → what shows the run when it has ended.
        stages: trainers, in the order in which they train the student.
    """

    config: RunConfig
    domains: dict[str, Domain]
    reward: Reward
    source: TrajectorySource
    sampler: Mixture
    plan: Plan
    credit: Credit
    trackers: Trackers
    reports: dict[str, Report]
    stages: list[Stage]
    sampling: Sampling
    limits: Limits

    def executor(self) -> ToolExecutor:
        """A tool executor with the run's limits."""
        rollout = self.config.rollout
        return ToolExecutor(rollout.tool_workers, rollout.tool_seconds)

    def rollout(
        self, policy: Policy, executor: ToolExecutor, played_by: Provenance | None = None
    ) -> Rollout:
        """What plays the run's episodes, with its limits.

        Args:
            played_by: goes into the trajectories; the run's policy and model if it is not given.
        """
        config = self.config
        if played_by is None:
            played_by = Provenance(config.policy, config.model, sampling=asdict(self.sampling))
        settings = config.rollout
        return Rollout(
            self.make_env,
            policy,
            executor,
            settings.max_error_share,
            settings.episode_seconds,
            settings.episodes,
            played_by,
        )

    def policies(self) -> tuple[Policy, Policy]:
        """The policies of rollouts and of evaluations; imports what they are made with.

        Raises:
            ConfigError: an option is wrong; says which.
        """
        config, evaluate = self.config, self.config.evaluate
        policy = component(POLICIES, config.policy, config.policy_options, "policy_options")
        options, table = evaluate.policy_options, "evaluate.policy_options"
        player = component(POLICIES, evaluate.policy, options, table)
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

    def match_formats(self, student: Student) -> list[str]:
        """Make the parser and the student's chat format agree; see `model.formats`.

        Returns:
            What a user should be told: what of the chat format does not fit, and of which
            environments an embedded student knows nothing.
        """
        envs = [domain.env for domain in self.domains.values()]
        student.chat, notes = match_formats(envs, student.chat)
        return [*notes, *unseen(student.name, self.domains)]

    def match_player(self, player: Policy, student: Student | None) -> list[str]:
        """Make the parser read what a player writes; returns as `match_formats`.

        Args:
            student: the model that the player plays with; None if it brings its own, or none.
        """
        if student is not None:
            return self.match_formats(student)
        if player.parser is not None:
            for domain in self.domains.values():
                check_written(domain.env, player.parser())
        return []

    @property
    def make_env(self) -> dict[str, Callable[[], ToolEnv]]:
        """Environment → what makes one more of it."""
        return {name: domain.make_env for name, domain in self.domains.items()}

    def evaluation_tasks(self, split: Split) -> list[Task]:
        """The tasks of a split that an evaluation plays, environment by environment."""
        most = self.config.evaluate.tasks
        return [task for domain in self.domains.values() for task in domain.tasks(split)[:most]]

    def training_tasks(self, watch: Watch = nullcontext) -> tuple[list[Task], References]:
        """The tasks to train on, environment by environment, and the references of those reached.

        Where the reward needs references or answers, tasks without are left out. References are
        collected of the tasks that the run can come to, as far as the sampler knows. Only where
        one of these lacks a reference that the reward needs, all tasks are asked for theirs.

        Args:
            watch: is given the tasks whose references are collected next, to show progress.

        Raises:
            ConfigError: an environment has no task left; says which term needs what.
        """
        found: list[Task] = []
        joined = References({}, {})
        for domain in self.domains.values() if self.config.train.steps else ():
            tasks: Sequence[Task] = domain.tasks("train")
            if not tasks:
                raise ConfigError(f"environment {domain.name!r} has no task to train on")
            tasks = self._trainable(domain, tasks, None)
            reached, references = self._reach(domain, tasks), None
            if len(reached) < len(tasks):
                references = self._spared(domain, reached, watch)
            if references is None:
                references = self._collect(domain, tasks, watch)
                tasks = self._trainable(domain, tasks, references)
                references = references.only(self._reach(domain, tasks))
            found += tasks
            joined = joined.joined(references)
        return found, joined

    def _reach(self, domain: Domain, tasks: Sequence[Task]) -> Sequence[Task]:
        """The tasks that the run can come to."""
        if any(stage.trainer.imitates for stage in self.stages):
            return tasks
        train, seed = self.config.train, self.config.seed
        reached = self.sampler.reach(domain.name, tasks, seed, train.steps * train.tasks_per_step)
        return tasks if reached is None else reached

    def _spared(self, domain: Domain, reached: Sequence[Task], watch: Watch) -> References | None:
        """The references of the tasks reached; None where others must be looked at as well."""
        try:
            references = self._collect(domain, reached, watch)
        except ConfigError:  # a source that has none of these: it may have those of others
            return None
        lacking = "reference" in self.reward.needs and len(references.of) < len(reached)
        return None if lacking else references

    def _collect(self, domain: Domain, tasks: Sequence[Task], watch: Watch) -> References:
        with watch(tasks) as watched:
            return find_references(self.source, watched, domain.env)

    def _trainable(
        self, domain: Domain, tasks: Sequence[Task], references: References | None
    ) -> Sequence[Task]:
        """The tasks that have what the reward needs; without `references` all but these."""
        turns = f"rollout.max_turns={self.config.rollout.max_turns}"
        for need, terms in self.reward.needs.items():
            if (need == "reference") != (references is not None):
                continue
            own = references or References({}, {})
            left = [task for task in tasks if has(need, task, own.get(task))]
            if not left:
                refused = own.reasons
                raise ConfigError(
                    f"the reward term(s) {', '.join(terms)} need {NEEDS[need]}, and none of the "
                    f"{len(tasks)} training tasks of {domain.name!r} has any"
                    + (f" (references refused: {refused})" if refused else "")
                    + "; choose other --rewards, or tasks that have it"
                    + (f", or more turns than {turns}" if need == "reference" else "")
                )
            tasks = left
        return tasks
