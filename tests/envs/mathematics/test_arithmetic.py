import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_envs.mathematics.arithmetic import evaluate


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("24/2", 12),
        ("3*4 - 1", 11),
        ("-2^2", -4),
        ("(1+2)(3)", 9),
        (r"\frac{1}{2} + 2\sqrt{9}", 6.5),
        (r"2\pi", 2 * math.pi),
        (r"2^{1/2}", math.sqrt(2)),
        (r"6 \div 3 \times 2 \cdot 5", 20),
        ("- -3", 3),
    ],
)
def test_values(text, value):
    assert evaluate(text) == pytest.approx(value)


@pytest.mark.parametrize(
    "text",
    [
        "", "2^10", "12 13", r"1\frac{1}{2}", r"1/2\pi", "1/0", r"\sqrt{-1}", "(-1)^{1/2}", "x",
        "1,2", "2^2^2", "9^{999}", "(" * 5000, "1 +", "1e3", "{1}", "2x", "10^{16}",
    ],
)  # fmt: skip
def test_what_has_no_or_no_single_reading_is_refused(text):
    assert evaluate(text) is None


@given(st.text(alphabet=r"0129+-*/^(){} \\pisqrtfac.", max_size=20))
def test_it_never_raises(text):
    value = evaluate(text)
    assert value is None or math.isfinite(value)
