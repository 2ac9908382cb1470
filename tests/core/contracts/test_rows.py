"""The one table of what rows may do."""

from __future__ import annotations

from typing import get_args

from mentor_core.contracts.rows import USES, RowKind, RowUse, uses_of
from mentor_lab.testing import trajectory_of


def test_the_table_has_every_kind_and_only_known_uses():
    assert {*USES} == {*get_args(RowKind)}
    assert frozenset.union(*USES.values()) == {*get_args(RowUse)}


def test_a_taught_row_is_imitated_and_nothing_else():
    for source in ("teacher", "expert", "spliced"):
        assert uses_of(trajectory_of("3", source=source)) == {"imitation"}


def test_an_episode_after_a_teachers_turns_is_no_success_of_the_student():
    uses = uses_of(trajectory_of("3", "4", replayed=1))
    assert {"gradient", "group", "learn"} <= uses
    assert not {"success", "sampler"} & uses


def test_a_broken_episode_has_no_gradient_and_teaches_no_critic():
    uses = uses_of(trajectory_of("3", end="error"))
    assert not {"gradient", "imitation", "learn"} & uses
    assert {"group", "success"} <= uses


def test_a_row_of_several_kinds_has_the_uses_of_all_of_them():
    row = trajectory_of("3", "4", replayed=1, end="error")
    assert uses_of(row, "selected") == {"group"}
    assert uses_of(trajectory_of("3", source="expert", replayed=1)) == {"imitation"}
