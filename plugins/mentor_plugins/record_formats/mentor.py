"""Mentor: mentor's own JSON lines, which `mentor eval --output FILE` writes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, ClassVar

from mentor_core.contracts.record_format import RecordFormat
from mentor_core.contracts.trajectory import Trajectory, format_trajectory, parse_trajectory
from mentor_core.support.errors import DataError, RowError

__all__ = ["Mentor"]


class Mentor(RecordFormat):
    """mentor's own rows: every field of a trajectory."""

    holds: ClassVar[tuple[str, ...]] = tuple(field.name for field in fields(Trajectory))

    def read(self, row: Mapping[str, Any]) -> Trajectory:
        own = dict(row)
        if self.env is not None:
            own["env"] = self.env
        if self.task_field is not None:
            if self.task_field not in own:
                raise RowError(f"no {self.task_field}, which names the task")
            own["task_id"] = own.pop(self.task_field)
        try:
            return parse_trajectory(json.dumps(own), "")
        except DataError as error:
            raise RowError(str(error).removeprefix(": ")) from None
        except (ValueError, RecursionError):
            raise RowError("not JSON") from None

    def write(self, trajectory: Trajectory, tools: Sequence[dict[str, Any]] = ()) -> dict[str, Any]:
        row: dict[str, Any] = json.loads(format_trajectory(trajectory))
        return row
