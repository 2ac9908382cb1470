"""Registers every environment of the registry with Gymnasium.

Importing this module registers them, so Gymnasium's module prefix is enough:
`gymnasium.make("mentor_core.gym:mentor/calculator-v0")`. Gymnasium before 1.0 had a plugin entry
point, which calls `register_environments` when gymnasium itself is imported.
"""

from __future__ import annotations

from gymnasium.envs.registration import register, registry

from mentor_core.door.registry import ENVIRONMENTS, targets

__all__ = ["register_environments"]


def register_environments() -> None:
    """Register each environment as `mentor/NAME-v0`, unless registered already.

    If several distributions have a NAME, each is `mentor/DISTRIBUTION.NAME-v0`.
    """
    for name, target in targets(ENVIRONMENTS).items():
        full = f"mentor/{name.replace(':', '.')}-v0"
        if full not in registry:
            register(id=full, entry_point=target, disable_env_checker=True)


register_environments()
