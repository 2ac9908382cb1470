"""Rows: the kinds of rows that a training has, and the one table of their permitted uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from mentor_core.contracts.trajectory import Trajectory

__all__ = ["USES", "RowKind", "RowUse", "uses_of"]

RowKind = Literal["sampled", "continued", "taught", "stale", "selected", "broken"]
RowUse = Literal["gradient", "imitation", "group", "success", "sampler", "learn"]
"""gradient: policy gradient on sampled tokens; group: its mean and std; learn: critics' data."""

USES: Mapping[RowKind, frozenset[RowUse]] = {
    # the student's own episode
    "sampled": frozenset({"gradient", "imitation", "group", "success", "sampler", "learn"}),
    # after replayed turns; these have no loss, and all rows of a group begin in one state
    "continued": frozenset({"gradient", "imitation", "group", "learn"}),
    # turns of a teacher: without a probability under the student there is no importance ratio
    "taught": frozenset({"imitation"}),
    # sampled by an older student; the objective must correct the ratio
    "stale": frozenset({"gradient", "imitation", "group", "success", "sampler", "learn"}),
    # the best of several samples; its probability is not that of the selection
    "selected": frozenset({"gradient", "imitation", "group"}),
    # ended by an error, perhaps before its outcome was clear
    "broken": frozenset({"group", "success", "sampler"}),
}
"""RowKind of a row → its uses. A row of several kinds has the uses that all of them have."""


def uses_of(trajectory: Trajectory, played: RowKind = "sampled") -> frozenset[RowUse]:
    """The permitted uses of an episode.

    Args:
        played: the kind of the policy's own turns, `Policy.gives`.
    """
    kinds: list[RowKind] = [played]
    kinds += ["taught"] if trajectory.source != "student" else []
    kinds += ["continued"] if trajectory.replayed else []
    kinds += ["broken"] if trajectory.end == "error" else []
    return frozenset.intersection(*(USES[kind] for kind in kinds))
