"""Splice: the student's own episode up to its first wrong turn, then the teacher's correction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pydantic import Field

from mentor_core.contracts.lessons import Lessons, Likelihood, PlayedGroup, Taught
from mentor_core.contracts.trajectory import Tokens, Trajectory
from mentor_core.support.errors import PluginError
from mentor_toolkit.calls import first_difference
from mentor_toolkit.scripts import replay

__all__ = ["Splice"]


class Splice(Lessons):
    """Teaches the way back from the student's own mistakes.

    A failed episode is compared with the references of its task, call by call. The first turn with
    other calls than the nearest reference has is the wrong one. The reference's turns from there on
    are the correction. The student's own turns, right or wrong, carry no loss.

    A spliced episode is replayed in the environment, and only taught if it solves its task. So a
    wrong turn that cannot be made good, such as a purchase, teaches nothing.

    Source: Agent-R (arXiv 2501.11425, section 3), with the first difference to a reference as first
    error. With `keep_wrong=false`, the correction replaces the wrong turn, as in arXiv 2509.14257.
    """

    keep_wrong: bool = Field(True, description="the wrong turn stays in view, without loss")
    most: int = Field(2, ge=1, description="most spliced episodes of a group and process")

    def taught(self, groups: Sequence[PlayedGroup], likelihood: Likelihood) -> list[Taught]:
        rows = []
        for group in groups:
            spliced = (self.spliced(group, own) for own in group.played if _failed(own))
            found = [row for row in spliced if row is not None][: self.most]
            rows += [replace(row, weight=group.failed / len(found)) for row in found]
        return rows

    def spliced(self, group: PlayedGroup, own: Trajectory) -> Taught | None:
        """The corrected episode; None if no correction solves the task.

        Args:
            own: a failed episode with a token record.
        """
        nearest = first_difference(own, group.references)
        if nearest is None or not group.env.replayable:
            return None
        right, reference = nearest
        kept = right + self.keep_wrong
        record = _record(own, kept)
        if record is None:
            return None
        turns = [*own.turns[:kept], *reference.turns[right:]]
        try:
            saved = replace(own, turns=turns, end=None, tokens=None, replayed=0)
            played = replay(group.env, group.task, saved)
        except PluginError:  # the teacher's turns make no sense after the student's
            return None
        if (
            played.end in (None, "error")
            or played.outcome != 1.0
            or len(played.turns) != len(turns)
        ):
            return None
        played = replace(played, source="spliced", parent_id=own.id, tokens=record)
        return Taught(group.task, played, skip=kept)


def _failed(own: Trajectory) -> bool:
    verified = own.outcome is not None and own.end != "error"
    return verified and own.outcome != 1.0 and not own.replayed


def _record(own: Trajectory, kept: int) -> Tokens | None:
    """The ids of the first turns and observations; None if the episode went no further."""
    span = own.turns[kept].span if kept < len(own.turns) else None
    if own.tokens is None or span is None:
        return None
    return Tokens(own.tokens.prompt, own.tokens.completion[: span[0]])
