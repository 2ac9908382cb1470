"""Answers: a right one is found and accepted, a wrong one is not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_envs.answers import is_answer, read_answer, same_answer

TEXTS = st.text(max_size=30)


@pytest.mark.parametrize(
    ("content", "bare", "answer"),
    [
        ("no mark", 7, "no mark"),
        ("no mark", 6, None),
        ("no mark", None, "no mark"),
        ("Answer: one\nANSWER:  two ", 0, "two"),
        (r"so \boxed{\frac{1}{2}}", 0, r"\frac{1}{2}"),
        ("Answer:", None, None),
    ],
)
def test_the_last_stated_answer_counts(content, bare, answer):
    assert read_answer(content, bare) == answer


@pytest.mark.parametrize(
    ("answer", "gold", "comparison", "same"),
    [
        ("1,200", 1200, "auto", True),
        ("0.5", "1/2", "auto", False),  # "1/2" may be a date or a share: text
        ("0.5", "1/2", "mathematics", True),
        (r"\frac{2}{4}", r"\frac{1}{2}", "auto", True),
        ("2018", "2024-5-1", "auto", False),  # a date is no subtraction
        ("on", "no", "auto", False),  # words are no products of letters
        ("“The  Moon”.", "the moon", "auto", True),
        ("12", "12.0", "text", False),
        ("12.0", 12, "auto", True),
        (None, "x", "auto", False),
        ("b", ["a", "b"], "auto", True),
        ("c", ["a", "b"], "auto", False),
        ("!", "...", "auto", False),  # of signs alone nothing is left out
    ],
)
def test_answers_are_compared(answer, gold, comparison, same):
    assert same_answer(answer, gold, comparison) is same


@settings(deadline=None)  # the first one imports sympy
@given(TEXTS, st.one_of(TEXTS, st.integers(), st.floats()))
def test_comparing_never_raises(answer, gold):
    assert same_answer(answer, gold) in (True, False, None)


@given(TEXTS.filter(is_answer))
def test_an_answer_is_itself(text):
    assert same_answer(text, text) is True


def test_what_can_be_compared():
    assert all(map(is_answer, ["a", 1, 0.5, 10**400, ["a", 2]]))
    assert not any(
        map(is_answer, ["", " ", True, None, [], {}, [["a"]], ["a", None], float("nan")])
    )
