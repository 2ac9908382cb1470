"""Hooks with one fault each, and names that are sound in spite of them."""

from __future__ import annotations

from mentor_core import hookimpl


@hookimpl
def mentor_commands() -> dict[str, str]:
    return {
        "throw": "mentor_plugin_broken.commands:throw",
        "not-a-command": "mentor_plugin_broken.commands:not_a_command",
        "exits": "mentor_plugin_broken.exits:command",
    }


@hookimpl(specname="mentor_reward_terms")
def more_terms() -> dict[str, object]:
    return {
        "brief": "mentor_plugin_xyz.brevity:Brevity",
        "abstract": "mentor_core.contracts.reward:RewardTerm",
        "a name with blanks": "mentor_plugin_xyz.brevity:Brevity",
        "no_target": None,
    }


@hookimpl
def mentor_gates(config: object) -> dict[str, str]:  # hooks have no argument
    return {}


@hookimpl
def mentor_smaplers() -> dict[str, str]:  # misspelt
    return {}


def mentor_sources() -> dict[str, str]:  # not decorated
    return {"undecorated": "mentor_plugin_xyz.brevity:Brevity"}
