"""Nouns of titles: the rule, and spaCy where it is installed."""

import importlib.util

import pytest

from mentor_core.support.errors import ConfigError
from mentor_envs.webshop.nouns import spacy_nouns, title_nouns


@pytest.mark.parametrize(
    ("title", "nouns"),
    [
        ("Women's Shoes for the Beach", ["women", "shoes", "beach"]),
        ("USB-C Cable, 2 Pack (6.5ft) & Case", ["usb", "cable", "pack", "case"]),
        ("20 x 30 cm 12oz 3.5", ["cm"]),
        ("Sofa sofa", ["sofa", "sofa"]),
        ("", []),
    ],
)
def test_words_that_are_neither_function_words_nor_measures(title, nouns):
    assert list(title_nouns(title)) == nouns


def test_spacy_is_asked_for_by_name():
    if importlib.util.find_spec("en_core_web_sm") is None:
        with pytest.raises(ConfigError, match="spacy download en_core_web_sm"):
            spacy_nouns("Sofa")
    else:
        assert "sofa" in spacy_nouns("Velvet Sofa with Pillows")
