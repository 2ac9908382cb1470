"""Shifts: ways in which tasks differ from train's, each a split of its own.

Success under a single shift shows that a policy generalises to it. A task with all shifts at once
shows nothing if the policy fails. So `ood` is the union of the shifts, and a task of `ood` names
its shift.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain, zip_longest

from mentor_core.contracts.task import SPLITS, Split, Task
from mentor_core.support.errors import ConfigError, PluginError, nearest

__all__ = ["TOOLS", "check_names", "check_split", "in_turn", "renamed_tasks"]

TOOLS = "tools"
"""The shift whose tasks are those of eval, with tools under other names and descriptions."""


def check_names(env: str, shifts: Mapping[str, str]) -> None:
    """Refuse shifts that cannot be splits.

    Raises:
        PluginError: a shift has the name of another split, or a name that is no Python identifier.
            Splits give names to a run's files.
    """
    for shift in shifts:
        if shift in SPLITS or not shift.isidentifier():
            raise PluginError(
                f"environment {env!r}: a shift cannot be called {shift!r}; expected letters, "
                f"digits and _, and none of {', '.join(SPLITS)}"
            )


def check_split(what: str, split: Split, known: Collection[Split]) -> None:
    """Refuse an unknown split.

    Args:
        what: name of the splits' owner; begins the message.

    Raises:
        ConfigError: the split is unknown; names the nearest split, or all splits.
    """
    if split not in known:
        near = nearest(split, known)
        listed = "" if "known: " in near else f" Known: {', '.join(known)}"
        raise ConfigError(f"{what} has no split {split!r}{near}{listed}")


def renamed_tasks(tasks: Iterable[Task]) -> list[Task]:
    """The same questions as tasks of the shift `tools`, with ids of their own."""
    return [replace(task, id=f"{TOOLS}-{task.id}", split=TOOLS) for task in tasks]


def in_turn(lists: Iterable[Sequence[Task]]) -> list[Task]:
    """The first of each list, the second of each …; any beginning has equal shares of all."""
    return [task for task in chain.from_iterable(zip_longest(*lists)) if task is not None]
