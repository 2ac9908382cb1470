"""What a run says that its stages changed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_runs.evaluation.changes import changes

STAGES = ["before", "warm", "after"]


def tasks(*values):
    return {("calculator", str(number)): value for number, value in enumerate(values)}


def test_each_stage_has_a_line_and_an_unclear_change_says_so():
    """A run that gained by imitation alone must not read as if reinforcement had gained."""
    found = changes(
        {
            "eval": {
                "before": tasks(*[0.0] * 20),
                "warm": tasks(*[1.0] * 16, *[0.0] * 4),
                "after": tasks(*[1.0] * 15, *[0.0] * 4, 1.0),
            }
        },
        STAGES,
    )
    assert [line.partition(",")[0] for line in found] == ["warm less before", "after less warm"]
    assert "eval +80.0 (" in found[0]
    assert "no clear change" not in found[0]
    assert "eval +0.0 (" in found[1]
    assert "no clear change" in found[1]


def test_what_was_not_evaluated_or_not_verified_has_no_change():
    assert changes({}, STAGES) == []
    assert changes({"eval": {"before": tasks(1.0)}}, ["before"]) == []
    assert changes({"eval": {"before": tasks(1.0), "after": {}}}, ["before", "after"]) == []


@settings(max_examples=25)  # each resamples ten thousand times
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=30))
def test_an_interval_that_excludes_0_is_on_the_side_of_the_change(pairs):
    before, after = (tasks(*map(float, column)) for column in zip(*pairs, strict=True))
    [line] = changes({"ood": {"before": before, "after": after}}, ["before", "after"])
    rise = sum(after.values()) - sum(before.values())
    if "no clear change" not in line:
        assert f"ood {'+' if rise > 0 else '-'}" in line
