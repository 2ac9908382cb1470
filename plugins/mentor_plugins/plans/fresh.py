"""Fresh: every episode begins with its task."""

from __future__ import annotations

from mentor_core.contracts.plan import Group, Plan, Start

__all__ = ["Fresh"]


class Fresh(Plan):
    """The student plays every turn."""

    def starts(self, group: Group) -> list[Start]:
        return group.starts()
