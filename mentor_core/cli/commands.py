"""mentor's own commands, registered by the door that third parties use."""

from __future__ import annotations

from mentor_core import hookimpl


@hookimpl
def mentor_commands() -> dict[str, str]:
    return {
        "ablate": "mentor_core.cli.ablate:command",
        "check-env": "mentor_core.cli.check_env:command",
        "check-reward": "mentor_core.cli.check_reward:command",
        "envs": "mentor_core.cli.listing:envs",
        "eval": "mentor_core.cli.evaluate:command",
        "plugins": "mentor_core.cli.listing:plugins",
        "rewards": "mentor_core.cli.listing:rewards",
        "run": "mentor_core.cli.run:command",
        "score": "mentor_core.cli.score:command",
        "show": "mentor_core.cli.show:command",
        "student": "mentor_core.student.command:command",
    }
