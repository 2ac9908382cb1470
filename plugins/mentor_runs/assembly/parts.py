"""Parts: the parts of a run, without the model and its policy."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from mentor_core.contracts.credit import Credit
from mentor_core.contracts.env import ToolEnv
from mentor_core.contracts.execution import ToolExecutor
from mentor_core.contracts.learner import Critic
from mentor_core.contracts.objective import Objective
from mentor_core.contracts.plan import Plan
from mentor_core.contracts.policy import Limits, Policy, Sampling
from mentor_core.contracts.provenance import Provenance
from mentor_core.contracts.report import Report
from mentor_core.contracts.reward import NEEDS, has
from mentor_core.contracts.shifts import check_split
from mentor_core.contracts.source import TrajectorySource
from mentor_core.contracts.task import Split, Task
from mentor_core.contracts.trainer import Trainer
from mentor_core.door.registry import POLICIES, Kind, create
from mentor_core.play.rollout import Rollout
from mentor_core.support.errors import ConfigError, PluginError
from mentor_runs.assembly.mixture import Mixture
from mentor_runs.assembly.references import References, find_references
from mentor_runs.assembly.reward import Reward
from mentor_runs.assembly.rows import check_rows
from mentor_runs.assembly.trackers import Trackers
from mentor_runs.settings.config import RunConfig
from mentor_runs.settings.keys import given_as

__all__ = ["Domain", "Parts", "Stage", "component"]

T = TypeVar("T")

Watch = Callable[[Sequence[Task]], AbstractContextManager[Sequence[Task]]]


def component(kind: Kind[T], name: str, options: Mapping[str, Any] | None, table: str) -> T:
    """A component; errors of its options name the table of the options."""
    with given_as(f"--set {table}."):
        return create(kind, name, options)


@dataclass(frozen=True, slots=True)
class Domain:
    """One environment of a run.

    Attributes:
        name: the environment's name, which is its tasks' `env`.
        make_env: makes another environment; `env` is the first one.
    """

    name: str
    make_env: Callable[[], ToolEnv]
    env: ToolEnv

    def tasks(self, split: Split) -> list[Task]:
        """The tasks of a split; [] if the environment has no such shift.

        Raises:
            PluginError: a task has another environment's name.
        """
        tasks = self.env.tasks(split) if split in self.env.splits else []
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
        name: name of the trained student's evaluations: "warm" for a stage before the run's own
            training, "after" for the training itself.
    """

    name: str
    trainer: Trainer
    steps: int


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a run.

    Attributes:
        domains: environment → its domain, in the order of the configuration.
        reports: name → the report that shows the run when the run has ended.
        stages: trainers, in the order in which they train the student.
    """

    config: RunConfig
    domains: dict[str, Domain]
    reward: Reward
    source: TrajectorySource
    sampler: Mixture
    plan: Plan
    objective: Objective
    credit: Credit
    critic: Critic | None
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
        """A rollout with the run's limits.

        Args:
            played_by: provenance of the trajectories; by default the run's policy and model.
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
        """The policies of rollouts and of evaluations; imports the libraries that they need.

        Raises:
            ConfigError: an option is wrong; names the option.
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
                    "can use it, and a trajectory source can read the file of its --output"
                )
        taker, accepts = f"objective {config.objective!r}", self.objective.accepts
        check_rows(f"policy {config.policy!r}", {policy.gives}, taker, accepts)
        return policy, player

    def check_policies(self) -> None:
        """Refuse options that `policies` would refuse, without making the default policies, which
        are heavy.

        Raises:
            ConfigError: an option is wrong; names the option.
        """
        chosen, default = (
            (c.policy, c.policy_options, c.evaluate.policy, c.evaluate.policy_options)
            for c in (self.config, RunConfig())
        )
        if chosen != default:
            self.policies()

    @property
    def envs(self) -> list[ToolEnv]:
        """The first environment of each domain; all share one parser."""
        return [domain.env for domain in self.domains.values()]

    @property
    def make_env(self) -> dict[str, Callable[[], ToolEnv]]:
        """Environment → a function that makes another one."""
        return {name: domain.make_env for name, domain in self.domains.items()}

    def check_splits(self, splits: Sequence[Split]) -> list[str]:
        """Refuse splits that no environment of the run has.

        Returns:
            Notes for the user, one for each environment that lacks one of the splits.

        Raises:
            ConfigError: no environment has the split; names the nearest split, or all splits. Also
                if an environment has the name of another one's shift.
        """
        envs = [domain.env for domain in self.domains.values()]
        known = dict.fromkeys(split for env in envs for split in env.splits)
        for env in envs if len(envs) > 1 else ():
            if env.name in known:  # reports would have two rows of one name
                raise ConfigError(f"the environment {env.name!r} is called as another one's shift")
        for split in splits:
            check_split(self.config.env, split, known)
        return [
            f"{env.name} has no shift {split!r} and gives no task to this split"
            for split in splits
            for env in envs
            if split not in env.splits
        ]

    def evaluation_tasks(self, split: Split) -> list[Task]:
        """The tasks of a split that an evaluation plays, environment by environment."""
        most = self.config.evaluate.tasks
        return [task for domain in self.domains.values() for task in domain.tasks(split)[:most]]

    def training_tasks(self, watch: Watch = nullcontext) -> tuple[list[Task], References]:
        """The tasks to train on, environment by environment, and references of the reachable tasks.

        If the reward needs references or answers, tasks without are left out. References are
        collected for the tasks that the run can reach, as far as the sampler knows. If one of these
        lacks a reference that the reward needs, references are collected for all tasks.

        Args:
            watch: shows progress; is called with the tasks whose references are collected next.

        Raises:
            ConfigError: an environment has no task left; names the term and its need.
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
        """The tasks that the run can reach."""
        if any(stage.trainer.imitates for stage in self.stages):
            return tasks
        train, seed = self.config.train, self.config.seed
        reached = self.sampler.reach(domain.name, tasks, seed, train.steps * train.tasks_per_step)
        return tasks if reached is None else reached

    def _spared(self, domain: Domain, reached: Sequence[Task], watch: Watch) -> References | None:
        """The references of the reachable tasks; None if all other tasks are needed, too."""
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
        """The tasks that fulfil the reward's needs; without `references`, the need of references is
        not checked.
        """
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
