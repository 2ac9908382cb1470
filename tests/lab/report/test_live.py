"""Curves of block characters."""

import io
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from mentor_lab.report.live import look, shown, sparkline

values = st.none() | st.floats(-100, 100)


@given(st.lists(values, max_size=200), st.integers(1, 60))
def test_a_curve_fits_and_keeps_its_gaps(found, width):
    line = sparkline(found, width)
    assert len(line) <= width
    if len(found) <= width:
        assert [character == " " for character in line] == [value is None for value in found]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=2, max_size=40))
def test_higher_values_are_never_drawn_lower(found):
    line = sparkline(found, width=40)  # one character a value
    drawn = sorted(zip(found, line, strict=True))
    assert [character for _, character in drawn] == sorted(line)


@pytest.mark.parametrize("broken", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_no_number_is_a_gap(broken):
    assert sparkline([1.0, broken, 2.0]) == "▁ █"


def test_a_flat_curve_is_low_and_an_empty_one_is_nothing():
    assert sparkline([1.0, 1.0]) == "▁▁"
    assert sparkline([]) == ""
    assert sparkline([None]) == " "


def test_a_terminal_of_80_columns_shows_everything_whole(make_run):
    out = io.StringIO()
    Console(file=out, width=80).print(shown(look(make_run(steps=200))))
    assert "…" not in out.getvalue()
    assert "Term outcome" in out.getvalue()
