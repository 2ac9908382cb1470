"""Numbers: one number in every writing, and nothing else is that number."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_envs.mathematics import equal_answers, is_number

GROUPINGS = (
    ",",
    "{,}",
    r",\!",
    r"\,",
    r"\;",
    r"\:",
    r"\ ",
    "~",
    " ",
    "\u00a0",
    "\u2009",
    "\u202f",
    "'",
)
SIGNS = ("-", "−", "–", "\uff0d", "- ")
MONEY_BEFORE = ("$", r"\$", "US$", "€", "£ ", "USD ", "EUR ", "₹", r"\pounds ", "Rs. ")
MONEY_AFTER = ("$", r"\$", " €", "€", " dollars", " USD", r"\text{ dollars}", r"\ \text{euros}")
UNITS = (
    " cm",
    r"\text{ cm}^2",
    r"\,\mathrm{cm}^{2}",
    " cm²",
    " square meters",
    " km/h",
    " mph",
    " m^2",
    r"\text{ miles per hour}",
    " apples",
    " hours",
    "kg",
    r"^\circ",
    "°C",
    " °F",
    " degrees",
    " kg m/s^2",
    " cubic feet",
    " points",
    " people",
)
DIGITS = ("0123456789", "０１２３４５６７８９", "٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९")
AROUND = (
    "{}",
    "${}$",
    "**{}**",
    r"\({}\)",
    r"\boxed{{{}}}",
    r"\text{{{}}}",
    r"\boxed{{\textbf{{{}}}}}",
    "x = {}",
    "{}.",
    "\u200e{}",
    "`{}`",
    "$${}$$",
    "“{}”",
    "= {}",
    " {}\n",
)
UNLISTED = (
    "dozens",
    "thousands",
    "is wrong",
    "factorial",
    "thirds",
    "wug",
    "or so",
    "million",
    "K",
    "M",
    "squared",
    "pairs",
    "halves",
    "times 2",
    "and 5",
    "not",
    "point 5",
    "scores",
    "!",
    "ish",
    "or 5",
)


@st.composite
def written(draw, number, fraction=""):
    """A number in one of its many writings."""
    digits = str(abs(number))
    if draw(st.booleans()):
        digits = f"{abs(number):,}".replace(",", draw(st.sampled_from(GROUPINGS)))
    digits += fraction
    alphabet = str.maketrans(DIGITS[0], draw(st.sampled_from(DIGITS)))
    text = digits.translate(alphabet)
    sign = draw(st.sampled_from(SIGNS)) if number < 0 else draw(st.sampled_from(("", "", "+")))
    kind = draw(st.sampled_from(("plain", "before", "after", "unit", "both")))
    money = draw(st.sampled_from(MONEY_BEFORE)) if kind in ("before", "both") else ""
    if kind == "after":
        text += draw(st.sampled_from(MONEY_AFTER))
    if kind in ("unit", "both"):
        text += draw(st.sampled_from(UNITS))
    return sign + money + text if draw(st.booleans()) else money + sign + text


@st.composite
def numbers_written_twice(draw):
    number = draw(st.integers(-(10**9), 10**9))
    fraction = draw(st.sampled_from(("", "", ".5", ".00", ".125")))
    around = draw(st.sampled_from(AROUND))
    return f"{number}{fraction}", around.format(draw(written(number, fraction)))


@settings(max_examples=500, deadline=None)
@given(numbers_written_twice())
def test_a_number_is_the_same_however_it_is_decorated(pair):
    # A right answer would get 0 for its typography, or a gold answer could never be met.
    plain, decorated = pair
    assert equal_answers(decorated, plain) is True
    assert equal_answers(plain, decorated) is True


@settings(max_examples=200, deadline=None)
@given(numbers_written_twice(), st.integers(1, 10**6))
def test_another_number_is_another_number_however_it_is_decorated(pair, more):
    plain, decorated = pair
    assert equal_answers(decorated, str(float(plain) + more)) is False


@settings(max_examples=200, deadline=None)
@given(st.integers(-(10**6), 10**6), st.sampled_from(UNLISTED), st.sampled_from(AROUND[:4]))
def test_with_an_unlisted_word_it_is_not_that_number(number, word, around):
    # A wrong answer would pass for a right one.
    assert equal_answers(around.format(f"{number} {word}"), str(number)) is False


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 999), st.from_regex(r"[a-z]{3,9}", fullmatch=True))
def test_any_word_is_a_listed_unit_or_none(number, word):
    equal = equal_answers(f"{number} {word}", str(number))
    assert equal is is_number(f"1 {word}")


@pytest.mark.parametrize(
    ("answer", "gold", "equal"),
    [
        ("½", "0.5", True),
        ("1½", "1.5", True),
        ("2 1/2 cups", "2.5", True),
        (r"1\frac{1}{2}", "1.5", True),
        ("1 3/2", "2.5", False),  # no mixed number: two numbers
        (r"\dfrac12", "0.5", True),
        (r"\frac{1}{2}\text{ cm}", "0.5", True),
        ("5e3", "5000", True),
        ("5×10³", "5000", True),
        (r"3 \times 10^8 \text{ m/s}", "300000000", True),
        ("٣٫٥", "3.5", True),
        ("50 %", "0.5", True),
        ("50٪", "50", True),
        ("(72)", "72", True),
        ("(5)", "-5", False),  # brackets are no sign
        ("(-5)", "-5", True),
        ("($5)", "5", True),
        ("(1,234)", "1234", False),  # a pair
        ("70–72", "72", False),
        ("72–72", "72", False),
        ("~72", "72", False),
        ("≈72", "72", False),
        ("1.234,5", "1234.5", False),  # the decimal sign is a point
        ("3,5", "3.5", False),
        ("12 345", "12", False),
        ("12 34", "1234", False),
        ("1 234 5", "12345", False),
        ("3m^2", "3", False),  # without a space it is a polynomial
        ("seventy-two", "72", False),
    ],
)
def test_what_else_is_a_number(answer, gold, equal):
    assert equal_answers(answer, gold) is equal


@pytest.mark.parametrize(
    ("answer", "gold", "equal"),
    [
        ("5 mph", "5 miles per hour", True),
        ("20 °C", "20 degrees Celsius", True),
        ("6 square meters", r"6\text{ m}^2", True),
        ("$5 per hour", "5 dollars/hour", True),
        ("US$20", "20 dollars", True),
        ("$20", "20 €", False),
        ("50 cents", "$50", False),
        ("6 cm", "6 cm^2", False),
        ("12 apples", "12 pears", False),
        ("20 pounds", "£20", True),
    ],
)
def test_units_are_compared_where_both_sides_have_one(answer, gold, equal):
    assert equal_answers(answer, gold) is equal


@pytest.mark.parametrize(
    "text",
    [
        "1" + "a" * 199,
        "1 " + "a " * 90 + "!",
        "1 m " * 50,
        "1" * 150 + "a/" * 20 + "!",
        "1 square " * 20,
        r"\frac{1}{2}" * 18,
        "5 " * 99,
    ],
)
def test_no_text_takes_long_to_read(text):
    is_number(text)
    started = time.perf_counter()
    assert not is_number(text)
    assert time.perf_counter() - started < 0.2
