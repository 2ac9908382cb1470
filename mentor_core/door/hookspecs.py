"""The plugin door: every hook that a plugin may implement.

A plugin is a package with an entry point in the group `mentor`, which names a module that
implements some of these hooks:

    [project.entry-points.mentor]
    xyz = "mentor_plugin_xyz"

    # mentor_plugin_xyz/__init__.py
    from mentor_core import hookimpl

    @hookimpl
    def mentor_reward_terms() -> dict[str, str]:
        return {"politeness": "mentor_plugin_xyz.politeness:Politeness"}

Every hook returns name → target. A target is a string "module:attribute", imported only when the
name is used. So listing plugins is fast, and one broken module does not break others. mentor's own
environments, rewards and commands come in by these same hooks.
"""

from __future__ import annotations

from collections.abc import Mapping

import pluggy

__all__ = ["PROJECT", "hookimpl", "hookspec"]

PROJECT = "mentor"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)

Targets = Mapping[str, str]


@hookspec
def mentor_environments() -> Targets:  # type: ignore[empty-body]
    """Tool domains: subclasses of `mentor_core.contracts.env.ToolEnv`."""


@hookspec
def mentor_reward_terms() -> Targets:  # type: ignore[empty-body]
    """Reward terms: subclasses of `mentor_core.contracts.reward.RewardTerm`."""


@hookspec
def mentor_composers() -> Targets:  # type: ignore[empty-body]
    """Composers of reward terms: subclasses of `mentor_core.contracts.reward.Composer`."""


@hookspec
def mentor_credits() -> Targets:  # type: ignore[empty-body]
    """Credit assignment: subclasses of `mentor_core.contracts.credit.Credit`."""


@hookspec
def mentor_critics() -> Targets:  # type: ignore[empty-body]
    """Values of states, for credits: subclasses of `mentor_core.contracts.learner.Critic`."""


@hookspec
def mentor_policies() -> Targets:  # type: ignore[empty-body]
    """Policies: subclasses of `mentor_core.contracts.policy.Policy`."""


@hookspec
def mentor_parsers() -> Targets:  # type: ignore[empty-body]
    """Tool-call formats: subclasses of `mentor_core.contracts.parsing.CallParser`."""


@hookspec
def mentor_samplers() -> Targets:  # type: ignore[empty-body]
    """Task samplers: subclasses of `mentor_core.contracts.sampler.TaskSampler`."""


@hookspec
def mentor_plans() -> Targets:  # type: ignore[empty-body]
    """Plans of a batch's episodes: subclasses of `mentor_core.contracts.plan.Plan`."""


@hookspec
def mentor_lessons() -> Targets:  # type: ignore[empty-body]
    """Lessons beside reinforcement: subclasses of `mentor_core.contracts.lessons.Lessons`."""


@hookspec
def mentor_objectives() -> Targets:  # type: ignore[empty-body]
    """Losses of reinforcement: subclasses of `mentor_core.contracts.objective.Objective`."""


@hookspec
def mentor_sources() -> Targets:  # type: ignore[empty-body]
    """Sources of references: subclasses of `mentor_core.contracts.source.TrajectorySource`."""


@hookspec
def mentor_teachers() -> Targets:  # type: ignore[empty-body]
    """Teachers: subclasses of `mentor_core.contracts.teacher.Teacher`."""


@hookspec
def mentor_record_formats() -> Targets:  # type: ignore[empty-body]
    """Formats of others' rows: subclasses of `mentor_core.contracts.record_format.RecordFormat`."""


@hookspec
def mentor_gates() -> Targets:  # type: ignore[empty-body]
    """Action gates: subclasses of `mentor_core.contracts.env.ActionGate`."""


@hookspec
def mentor_trackers() -> Targets:  # type: ignore[empty-body]
    """Trackers of metrics: subclasses of `mentor_core.contracts.tracker.Tracker`."""


@hookspec
def mentor_reports() -> Targets:  # type: ignore[empty-body]
    """Reports of a run that has ended: subclasses of `mentor_core.contracts.report.Report`."""


@hookspec
def mentor_trainers() -> Targets:  # type: ignore[empty-body]
    """Trainers of students: subclasses of `mentor_core.contracts.trainer.Trainer`."""


@hookspec
def mentor_presets() -> Targets:  # type: ignore[empty-body]
    """Reward presets: TOML files inside a package, as "package:file.toml"."""


@hookspec
def mentor_recipes() -> Targets:  # type: ignore[empty-body]
    """Recipes of whole runs: TOML files of settings inside a package, as "package:file.toml"."""


@hookspec
def mentor_students() -> Targets:  # type: ignore[empty-body]
    """Embedded students: directories inside a package, as "package:directory".

    The name is that of the environment which the student has learnt. The directory has the model
    and its tokenizer as `transformers` saves them, and their recipe, `recipe.toml`.
    """


@hookspec
def mentor_commands() -> Targets:  # type: ignore[empty-body]
    """Commands of the `mentor` command line: `click.Command` objects."""
