"""A plugin as a third party would write it; `broken` and the other plugins are so on purpose."""

from __future__ import annotations

from mentor_core import hookimpl


@hookimpl
def mentor_environments() -> dict[str, str]:
    return {"dice": "mentor_plugin_xyz.dice:Dice"}


@hookimpl
def mentor_reward_terms() -> dict[str, str]:
    return {
        "brevity": "mentor_plugin_xyz.brevity:Brevity",
        "broken": "mentor_plugin_xyz.broken:Broken",
        "length": "mentor_plugin_xyz.brevity:Brevity",  # mentor-core has a term of that name
    }


@hookimpl
def mentor_trainers() -> dict[str, str]:
    return {"noise": "mentor_plugin_xyz.noise:Noise"}


@hookimpl
def mentor_students() -> dict[str, str]:
    return {"dice": "mentor_plugin_xyz:student"}


@hookimpl
def mentor_presets() -> dict[str, str]:
    return {"short": "mentor_plugin_xyz:short.toml"}
