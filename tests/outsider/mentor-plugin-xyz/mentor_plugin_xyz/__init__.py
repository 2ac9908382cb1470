"""A plugin as a third party would write it, with a part of every kind."""

from __future__ import annotations

from mentor_core import hookimpl


@hookimpl
def mentor_environments() -> dict[str, str]:
    return {"dice": "mentor_plugin_xyz.dice:Dice"}


@hookimpl
def mentor_reward_terms() -> dict[str, str]:
    return {"brevity": "mentor_plugin_xyz.brevity:Brevity"}


@hookimpl
def mentor_composers() -> dict[str, str]:
    return {"lowest": "mentor_plugin_xyz.methods:Lowest"}


@hookimpl
def mentor_credits() -> dict[str, str]:
    return {"centred": "mentor_plugin_xyz.methods:Centred"}


@hookimpl
def mentor_critics() -> dict[str, str]:
    return {"mean": "mentor_plugin_xyz.methods:Mean"}


@hookimpl
def mentor_policies() -> dict[str, str]:
    return {"thrower": "mentor_plugin_xyz.playing:Thrower"}


@hookimpl
def mentor_parsers() -> dict[str, str]:
    return {"prompt": "mentor_plugin_xyz.playing:Prompt"}


@hookimpl
def mentor_samplers() -> dict[str, str]:
    return {"in_turn": "mentor_plugin_xyz.methods:InTurn"}


@hookimpl
def mentor_plans() -> dict[str, str]:
    return {"again": "mentor_plugin_xyz.methods:Again"}


@hookimpl
def mentor_lessons() -> dict[str, str]:
    return {"first": "mentor_plugin_xyz.methods:First"}


@hookimpl
def mentor_objectives() -> dict[str, str]:
    return {"plain": "mentor_plugin_xyz.methods:Plain"}


@hookimpl
def mentor_sources() -> dict[str, str]:
    return {"played": "mentor_plugin_xyz.playing:Played"}


@hookimpl
def mentor_teachers() -> dict[str, str]:
    return {"calm": "mentor_plugin_xyz.playing:Calm"}


@hookimpl
def mentor_record_formats() -> dict[str, str]:
    return {"sheet": "mentor_plugin_xyz.showing:Sheet"}


@hookimpl
def mentor_gates() -> dict[str, str]:
    return {"six_dice": "mentor_plugin_xyz.playing:SixDice"}


@hookimpl
def mentor_judges() -> dict[str, str]:
    return {"modest": "mentor_plugin_xyz.playing:Modest"}


@hookimpl
def mentor_trackers() -> dict[str, str]:
    return {"diary": "mentor_plugin_xyz.showing:Diary"}


@hookimpl
def mentor_reports() -> dict[str, str]:
    return {"note": "mentor_plugin_xyz.showing:Note"}


@hookimpl
def mentor_trainers() -> dict[str, str]:
    return {"noise": "mentor_plugin_xyz.noise:Noise"}


@hookimpl
def mentor_presets() -> dict[str, str]:
    return {"short": "mentor_plugin_xyz:short.toml"}


@hookimpl
def mentor_recipes() -> dict[str, str]:
    return {"whole": "mentor_plugin_xyz:whole.toml"}


@hookimpl
def mentor_students() -> dict[str, str]:
    return {"dice": "mentor_plugin_xyz:student"}


@hookimpl
def mentor_commands() -> dict[str, str]:
    return {"odds": "mentor_plugin_xyz.showing:odds"}
