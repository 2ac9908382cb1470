"""Assembles the parts of a run from its configuration, all but the model and its policy.

Nothing here imports torch, so a wrong name, option or tasks file stops a run at once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from mentor_core.contracts.env import ActionGate, ToolEnv
from mentor_core.contracts.policy import Limits, Sampling
from mentor_core.door.registry import (
    COMPOSERS,
    CREDITS,
    CRITICS,
    ENVIRONMENTS,
    GATES,
    JUDGES,
    OBJECTIVES,
    PARSERS,
    PLANS,
    POLICIES,
    REPORTS,
    REWARD_TERMS,
    SAMPLERS,
    SOURCES,
    TRACKERS,
    TRAINERS,
    Kind,
    create,
    entry,
    is_reference,
    names,
)
from mentor_core.support.errors import ConfigError, MentorError, PluginError
from mentor_core.support.user_code import reason
from mentor_runs.assembly.mixture import Mixture
from mentor_runs.assembly.parts import Domain, Parts, Stage, component
from mentor_runs.assembly.reward import Reward
from mentor_runs.assembly.rows import check_rows
from mentor_runs.assembly.trackers import Trackers
from mentor_runs.settings.config import RewardConfig, RunConfig
from mentor_runs.settings.keys import given_as
from mentor_runs.settings.mixture import split_options
from mentor_runs.settings.naming import environment_factory
from mentor_toolkit.noting import NotingCredit

__all__ = ["TASKS_FLAG", "assemble", "make_reward"]

T = TypeVar("T")

_OWN = {
    "max_turns": "set rollout.max_turns instead",
    "parser": "set parser instead",
    "gate": "set gate instead",
    "split": "a run trains on train; set evaluate.splits for what it evaluates on",
    "render_mode": "episodes of a run are not rendered; leave it out",
}
"""Argument of environments that is no option → the setting to use instead."""
TASKS_FLAG = {"tasks_file": "--tasks FILE"}
"""The option of environments that has a flag of its own."""


def assemble(config: RunConfig) -> Parts:
    """Make the parts.

    Raises:
        MentorError: a name, an option or a combination is wrong; names it.
    """
    for policy in (config.policy, config.evaluate.policy):
        if not is_reference(POLICIES, policy):
            entry(POLICIES, policy)
    domains = _domains(config)
    rollout = config.rollout
    parts = Parts(
        config=config,
        domains=domains,
        reward=make_reward(config.reward),
        source=component(SOURCES, config.source, config.source_options, "source_options"),
        sampler=Mixture(
            weights=config.environments,
            samplers={
                name: component(SAMPLERS, config.sampler, config.sampler_options, "sampler_options")
                for name in domains
            },
        ),
        plan=component(PLANS, config.plan, config.plan_options, "plan_options"),
        objective=component(
            OBJECTIVES, config.objective, config.objective_options, "objective_options"
        ),
        credit=component(CREDITS, config.credit, config.credit_options, "credit_options"),
        critic=component(CRITICS, config.critic, config.critic_options, "critic_options")
        if config.critic
        else None,
        trackers=Trackers(_several(TRACKERS, config.trackers, config.tracker_options)),
        reports=_several(REPORTS, config.reports, config.report_options),
        stages=_stages(config),
        sampling=Sampling(rollout.temperature, rollout.top_p, rollout.top_k, rollout.min_p),
        limits=Limits(rollout.max_turn_tokens, rollout.max_episode_tokens),
    )
    parts.check_splits(config.evaluate.splits)
    for key, name, used, fault in (
        ("plan", config.plan, "plans", "plays no episodes by a plan"),
        ("objective", config.objective, "objectives", "has a loss of its own"),
        ("critic", config.critic, "objectives", "has a loss of its own"),
    ):
        default: str | None = RunConfig.model_fields[key].default
        uses = [getattr(stage.trainer, used) for stage in parts.stages]
        if name != default and uses and not any(uses):
            raise ConfigError(
                f"{key}={name}: the trainer {config.trainer!r} {fault}; use trainer=grpo, or "
                + (f"{key}={default}" if default else f"leave {key} out")
            )
    if parts.credit.needs_turns and not parts.reward.composer.gives_turns:
        raise ConfigError(
            f"the credit {config.credit!r} needs rewards per turn, and the composer "
            f"{config.reward.composer!r} gives none; choose another credit, or other --rewards"
        )
    plan, objective = f"plan {config.plan!r}", f"objective {config.objective!r}"
    check_rows(plan, parts.plan.gives, objective, parts.objective.accepts)
    _check_values(parts)
    if isinstance(parts.credit, NotingCredit):
        parts.credit.check_run(config, parts.envs, parts.critic)
    return parts


def _check_values(parts: Parts) -> None:
    """Refuse a credit whose values no critic gives, and a critic that is unused or cannot learn."""
    config, critic, needed = parts.config, parts.critic, parts.credit.needs_values
    if needed and (critic is None or critic.gives != needed):
        what, name = ("reward", "linear") if needed == "reward" else ("terms", "linear_terms")
        found = "there is no critic" if critic is None else f"critic={config.critic} gives others"
        raise ConfigError(
            f"the credit {config.credit!r} needs a critic's values of the {what}, and {found}; use "
            f"--set critic={name}"
        )
    if critic is None:
        return
    if not needed:
        raise ConfigError(
            f"critic={config.critic}: the credit {config.credit!r} uses no values; use --set "
            "credit=turn_critic, or leave critic out"
        )
    missing = [term for term in critic.requires if term not in parts.reward.terms]
    if missing:
        raise ConfigError(
            f"critic={config.critic} needs the reward term(s) {', '.join(missing)}, as only "
            "outcomes tell good states from bad ones; name them in --rewards"
        )


def _several(
    kind: Kind[T], chosen: Sequence[str], options: Mapping[str, dict[str, Any]]
) -> dict[str, T]:
    """The components of a list in the settings, such as `trackers` with `tracker_options`."""
    table = f"{kind.name}_options"
    _check_names(table, options, chosen, f"the run's {kind.name}s")
    if len(set(chosen)) < len(chosen):
        raise ConfigError(f"{kind.name}s: {', '.join(chosen)}: one is given twice")
    return {name: component(kind, name, options.get(name), f"{table}.{name}") for name in chosen}


def _check_names(table: str, given: Iterable[str], there: Collection[str], what: str) -> None:
    """Refuse options of parts that the run does not have."""
    for name in given:
        if name not in there:
            raise ConfigError(
                f"{table}.{name}: {name!r} is not among {what} ({', '.join(there) or 'none'})"
            )


def _stages(config: RunConfig) -> list[Stage]:
    stages = []
    if config.warm:
        name, steps = config.warm
        trainer = component(TRAINERS, name, config.warm_start_options, "warm_start_options")
        stages.append(Stage("warm", trainer, steps))
    trainer = component(TRAINERS, config.trainer, config.trainer_options, "trainer_options")
    if config.train.steps:
        stages.append(Stage("after", trainer, config.train.steps))
    return stages


def _domains(config: RunConfig) -> dict[str, Domain]:
    classes = {
        name: environment_factory(config.env_classes.get(name, name))
        for name in config.environments
    }
    parser = create(PARSERS, config.parser)
    gate = _gate(config)
    turns = config.rollout.max_turns
    domains = {}
    for name, options in split_options(classes, config.env_options).items():
        _check_options(name, classes[name], options, alone=len(classes) == 1)
        own = {"max_turns": turns, "parser": parser, "gate": gate}
        make = _maker(classes[name], own, options)
        table = "env_options" if len(classes) == 1 else f"env_options.{name}"
        with given_as(f"--set {table}.", TASKS_FLAG if table == "env_options" else None):
            domains[name] = _domain(name, make)
    return domains


def _gate(config: RunConfig) -> ActionGate | None:
    """The run's gate with its judge.

    Raises:
        ConfigError: the gate needs a judge, or nothing asks the judge; names both.
    """
    gate = None
    if config.gate:
        gate = component(GATES, config.gate, config.gate_options, "gate_options")
    if config.judge and not (gate and gate.needs_judge):
        asks = f"gate={config.gate} asks no judge" if config.gate else "no gate asks the judge"
        raise ConfigError(f"judge={config.judge}: {asks}; use --set gate=judged")
    if gate and gate.needs_judge:
        if not config.judge:
            raise ConfigError(f"gate={config.gate} needs a judge; use --set judge=grounded")
        gate.start(component(JUDGES, config.judge, config.judge_options, "judge_options"))
    return gate


def _maker(
    factory: Callable[..., ToolEnv], own: Mapping[str, Any], options: Mapping[str, Any]
) -> Callable[[], ToolEnv]:
    """A maker of environments with the run's `own` settings, which a function need not accept."""
    if isinstance(factory, type):
        return partial(factory, **own, **options)

    def make() -> ToolEnv:
        env = factory(**options)
        for name, value in own.items() if isinstance(env, ToolEnv) else ():
            if value is not None:
                setattr(env, name, value)
        return env

    return make


def _check_options(
    name: str, environment: Callable[..., ToolEnv], options: Mapping[str, Any], *, alone: bool
) -> None:
    """Refuse options that are arguments of the environment, or in the wrong place."""
    for key, value in options.items():
        where = f"env_options.{key}" if alone else f"env_options.{name}.{key}"
        if key in _OWN:
            raise ConfigError(f"{where}: {_OWN[key]}")
        misplaced = isinstance(value, Mapping) and key in names(ENVIRONMENTS)
        own = getattr(environment, "Options", ToolEnv.Options).model_fields
        if alone and misplaced and key not in own:
            raise ConfigError(
                f"{where}: this run has the environment {name!r} alone, whose options stand "
                "directly in env_options"
            )


def _domain(name: str, make_env: Callable[[], ToolEnv]) -> Domain:
    try:
        env = make_env()
    except MentorError:
        raise
    except Exception as error:  # a plugin's or a user's code: passed on, with its name
        raise PluginError(f"environment {name!r} cannot be made: {reason(error)}") from error
    if not isinstance(env, ToolEnv):
        raise PluginError(f"environment {name!r}: its maker gives {env!r}, which is no ToolEnv")
    called = getattr(env, "name", None)
    if called != name:
        raise PluginError(
            f"environment {name!r} calls itself {called!r}; a ToolEnv's name is the one that it "
            "is registered under"
        )
    return Domain(name, make_env, env)


def make_reward(config: RewardConfig) -> Reward:
    """The reward terms and their composer.

    Raises:
        MentorError: a name, an option or a weight is wrong; names it.
    """
    table = "reward.term_options"
    _check_names(table, config.term_options, config.terms, "the reward's terms")
    terms = {
        name: component(
            REWARD_TERMS,
            config.term_classes.get(name, name),
            config.term_options.get(name),
            f"{table}.{name}",
        )
        for name in config.terms
    }
    table = "reward.composer_options"
    composer = component(COMPOSERS, config.composer, config.composer_options, table)
    return Reward(terms, config.terms, composer)
