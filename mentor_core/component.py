"""Component: base of the plugin classes that a configuration names and gives options to."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

__all__ = ["Component", "Stateful"]


class Component(BaseModel):
    """A plugin class whose options are its pydantic fields.

    Unknown options are refused; `mentor rewards` and its like list the fields with their
    types, defaults and descriptions.
    """

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)


class Stateful(Component):
    """A component that learns during a run; its state is saved with each checkpoint."""

    def state(self) -> dict[str, Any]:
        """What is to be saved: JSON values only. Empty where there is nothing."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from a saved `state()`."""
