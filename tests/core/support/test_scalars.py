"""Scalars: whatever a user's code computes with, a number is a number."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

from mentor_core.support.scalars import as_float


@pytest.mark.parametrize(
    "value",
    [True, 1, 1.0, Decimal(1), Fraction(1), np.True_, np.int8(1), np.float16(1), np.float32(1),
     np.float64(1), np.array(1)],
)  # fmt: skip
def test_numbers(value):
    number = as_float(value)
    assert number == 1.0
    assert type(number) is float


@pytest.mark.parametrize(
    "value", ["1", b"1", None, [], [1], {}, 1j, np.array([1, 2]), object(), np.str_("1")]
)
def test_what_is_no_number(value):
    assert as_float(value) is None
