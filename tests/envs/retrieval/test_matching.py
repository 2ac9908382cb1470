"""Exact match and token F1: the figures that papers report."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_envs.retrieval.matching import exact_match, normalise, token_f1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The  Harbour-Master's house.", "harbourmasters house"),
        ("an A+ and a the", "and"),
        ("Theatre", "theatre"),
        ("U.S. (1999)\n", "us 1999"),
        ("L’Été", "l’été"),
        ("The", "the"),
        ("!", "!"),
        ("", ""),
    ],
)
def test_the_usual_normalisation(text, expected):
    # Figures could not be compared with anyone's.
    assert normalise(text) == expected


@pytest.mark.parametrize(
    ("given", "gold", "exact", "f1"),
    [
        ("the Eiffel Tower.", "Eiffel Tower", 1, 1),
        ("Eiffel Tower in Paris", "the Eiffel Tower", 0, 2 / 3),
        ("tower tower", "Eiffel tower", 0, 0.5),
        ("Paris", "Eiffel Tower", 0, 0),
        ("", "Eiffel Tower", 0, 0),
        ("yes", "Yes.", 1, 1),
        ("yes it is", "yes", 0, 0),
        ("no", "no one", 0, 0),
        ("a", "an", 0, 0),
    ],
)
def test_both_metrics(given, gold, exact, f1):
    assert exact_match(given, gold) == exact
    assert token_f1(given, gold) == pytest.approx(f1)


@given(st.text(max_size=20), st.text(max_size=20))
def test_they_are_scores_and_exact_answers_have_full_f1(given, gold):
    assert 0.0 <= token_f1(given, gold) == token_f1(gold, given) <= 1.0
    assert normalise(normalise(gold)) == normalise(gold) or normalise(gold)
    if exact_match(given, gold) and normalise(gold):
        assert token_f1(given, gold) == 1.0
