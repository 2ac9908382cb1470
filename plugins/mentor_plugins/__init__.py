"""mentor's built-in plugins, registered by the door that third parties use."""

from __future__ import annotations

from mentor_core import hookimpl


@hookimpl
def mentor_reward_terms() -> dict[str, str]:
    return {
        "arguments": "mentor_plugins.rewards.arguments:Arguments",
        "format": "mentor_plugins.rewards.format:Format",
        "outcome": "mentor_plugins.rewards.outcome:Outcome",
        "teacher": "mentor_plugins.rewards.teacher:Teacher",
        "tool_selection": "mentor_plugins.rewards.tool_selection:ToolSelection",
        "valid_tools": "mentor_plugins.rewards.valid_tools:ValidTools",
    }
