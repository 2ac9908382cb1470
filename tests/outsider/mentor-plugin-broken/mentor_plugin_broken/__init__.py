"""A plugin that breaks, beside `mentor-plugin-xyz`; every fault is so on purpose."""

from __future__ import annotations

from mentor_core import hookimpl


@hookimpl
def mentor_reward_terms() -> dict[str, str]:
    return {
        "broken": "mentor_plugin_broken.broken:Broken",
        "length": "mentor_plugin_xyz.brevity:Brevity",  # mentor-core has a term of that name
    }
