"""Numbers in texts: a number that is not read makes a right value look made up."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_toolkit.numbers import close, numbers_in


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("9,500 coins and -3.5 more", [9500, -3.5]),
        ("1e3 of tool2, $72.", [1000, 72]),
        ("none", []),
        ("1e999", [math.inf]),
    ],
)
def test_numbers_are_read_in_their_order(text, numbers):
    assert numbers_in(text) == numbers


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(10**12), 10**12))
def test_what_python_writes_is_read_back(number, whole):
    assert numbers_in(f"from {number!r} to {whole:,}") == [number, whole]


def test_integers_beyond_the_floats_are_compared():
    assert not close(10**400, 1.0, 1e-6)
    assert close(10**400, 10**400, 1e-6)
