"""mentor's built-in tool domains, registered by the door that third parties use."""

from __future__ import annotations

from mentor_core import hookimpl

ENVIRONMENTS = {"calculator": "mentor_envs.calculator.env:Calculator"}


@hookimpl
def mentor_environments() -> dict[str, str]:
    return ENVIRONMENTS


def register_gymnasium() -> None:
    """Gymnasium's plugin door: `gymnasium.make("mentor/calculator-v0")` without importing us."""
    from gymnasium.envs.registration import register

    for name, target in ENVIRONMENTS.items():
        register(id=f"{name}-v0", entry_point=target, disable_env_checker=True)
