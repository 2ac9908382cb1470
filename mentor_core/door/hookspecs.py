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

Every hook takes no arguments and returns name → target. A target is a string "module:attribute",
imported only when the name is used. So listing plugins is fast, and one broken module does not
break others. mentor's own environments, rewards and commands come in by these same hooks.
"""

from __future__ import annotations

from collections.abc import Mapping

import pluggy

__all__ = ["HOOKS", "PROJECT", "SPECIFICATIONS", "hookimpl"]

PROJECT = "mentor"
hookimpl = pluggy.HookimplMarker(PROJECT)

HOOKS: Mapping[str, str] = {
    "mentor_environments": "tool domains: subclasses of `mentor_core.ToolEnv`",
    "mentor_reward_terms": "reward terms: subclasses of `mentor_core.RewardTerm`",
    "mentor_composers": "composers of reward terms: subclasses of `mentor_core.Composer`",
    "mentor_credits": "credit assignment: subclasses of `mentor_core.Credit`",
    "mentor_critics": "values of states, for credits: subclasses of `mentor_core.Critic`",
    "mentor_policies": "policies: subclasses of `mentor_core.Policy`",
    "mentor_parsers": "tool-call formats: subclasses of `mentor_core.CallParser`",
    "mentor_samplers": "task samplers: subclasses of `mentor_core.TaskSampler`",
    "mentor_plans": "plans of a batch's episodes: subclasses of `mentor_core.Plan`",
    "mentor_lessons": "lessons beside reinforcement: subclasses of `mentor_core.Lessons`",
    "mentor_objectives": "losses of reinforcement: subclasses of `mentor_core.Objective`",
    "mentor_sources": "sources of references: subclasses of `mentor_core.TrajectorySource`",
    "mentor_teachers": "teachers: subclasses of `mentor_core.Teacher`",
    "mentor_record_formats": "formats of others' rows: subclasses of `mentor_core.RecordFormat`",
    "mentor_gates": "action gates: subclasses of `mentor_core.ActionGate`",
    "mentor_judges": "judges of turns, before they are played: subclasses of `mentor_core.Judge`",
    "mentor_trackers": "trackers of metrics: subclasses of `mentor_core.Tracker`",
    "mentor_reports": "reports of a run that has ended: subclasses of `mentor_core.Report`",
    "mentor_trainers": "trainers of students: subclasses of `mentor_core.Trainer`",
    "mentor_presets": 'reward presets: TOML files inside a package, as "package:file.toml"',
    "mentor_recipes": 'recipes of whole runs: TOML files inside a package, as "package:file.toml"',
    # The name is that of the environment which the student has learnt. The directory has the model
    # and its tokenizer as `transformers` saves them, and their recipe, `recipe.toml`.
    "mentor_students": 'embedded students: directories inside a package, as "package:directory"',
    "mentor_commands": "commands of the `mentor` command line: `click.Command` objects",
}
"""Hook → its targets."""


@pluggy.HookspecMarker(PROJECT)
def _targets() -> Mapping[str, str]:  # type: ignore[empty-body]
    """Name → target."""


SPECIFICATIONS = type("SPECIFICATIONS", (), dict.fromkeys(HOOKS, staticmethod(_targets)))
"""The hooks, in the form that `pluggy` reads."""
