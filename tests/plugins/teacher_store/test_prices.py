"""Prices: no price is no cost, and a wrong table is told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.provenance import Usage
from mentor_core.support.errors import ConfigError
from mentor_plugins.teacher_store.prices import Price, Prices


def test_the_first_pattern_that_matches_counts(tmp_path):
    file = tmp_path / "prices.toml"
    file.write_text('["big-*"]\nprompt = 2\ncompletion = 10\n["*"]\nprompt = 1\ncompletion = 1\n')
    prices = Prices.read(file)
    assert prices.cost(Usage(1, 1_000_000, 100_000, "big-1")) == pytest.approx(3.0)
    assert prices.cost(Usage(1, 1_000_000, 1_000_000, "small")) == pytest.approx(2.0)


def test_a_server_that_reports_no_model_is_priced_by_the_name_asked_for():
    prices = Prices({"mine": Price(prompt=1, completion=0)}, model="mine")
    assert prices.cost(Usage(1, 10**6, 5, None)) == 1.0
    assert prices.cost(Usage(1, 10**6, 5, "mine-2026-01")) == 1.0


def test_an_unknown_price_is_none_and_not_free():
    assert Prices().cost(Usage(1, 5, 5, "m")) is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[m]\nprompt = -1\ncompletion = 1", r"m\.prompt"),
        ("[m]\nprompt = 1", r"m\.completion"),
        ("[m]\nprompt = 1\ncompletion = 1\ncached = 2", r"m\.cached"),
        ("[m", "Expected"),
    ],
)
def test_a_wrong_table_names_file_and_key(tmp_path, text, said):
    file = tmp_path / "prices.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=rf"prices\.toml.*{said}|{said}.*expected"):
        Prices.read(file)


@given(st.integers(0, 10**9), st.integers(0, 10**9), st.floats(0, 1e4), st.floats(0, 1e4))
def test_a_cost_is_the_sum_of_both_kinds_of_tokens(prompt, completion, first, second):
    prices = Prices({"*": Price(prompt=first, completion=second)})
    cost = prices.cost(Usage(1, prompt, completion, "m"))
    assert cost == pytest.approx(prompt / 1e6 * first + completion / 1e6 * second)
