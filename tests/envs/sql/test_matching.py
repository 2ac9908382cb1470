"""Execution match: which results are the same answer."""

from __future__ import annotations

import math
import random
from collections import Counter
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_envs.sql.matching import equal_results

cells = st.sampled_from([None, 0, 1, 2, 0.5, "", "0", "a", b"a"])
tables = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.tuples(*[cells] * width), min_size=1, max_size=4)
)


@pytest.mark.parametrize(
    ("gold", "got", "equal"),
    [
        ([(1, "a"), (2, "b")], [(2, "b"), (1, "a")], True),
        ([(1, "a"), (2, "b")], [("a", 1), ("b", 2)], True),
        ([(1, "a"), (2, "b")], [(1, "b"), (2, "a")], False),
        ([(1,), (1,)], [(1,)], False),
        ([(1,), (1,), (2,)], [(1,), (2,), (2,)], False),
        ([(1, 2)], [(1,)], False),
        ([(1,)], [(1, 1)], False),
        ([(1,)], [(1.0,)], True),
        ([(1,)], [("1",)], False),
        ([(None,)], [(0,)], False),
        ([(None,)], [("",)], False),
        ([(None,)], [(None,)], True),
        ([("a",)], [("A",)], False),
        ([("a",)], [(b"a",)], False),
        ([(0.1 + 0.2,)], [(0.3,)], True),
        ([(2.5,)], [(2.50001,)], False),
        ([(2**60,)], [(2**60 + 1,)], False),
        ([(math.inf,)], [(math.inf,)], True),
        ([(math.inf,)], [(-math.inf,)], False),
        ([(1, 2), (2, 1)], [(1, 2), (2, 1)], True),
        ([(1, 2), (2, 1)], [(1, 1), (2, 2)], False),
        ([], [], True),
        ([], [(1,)], False),
    ],
)
def test_what_counts_as_the_same(gold, got, equal):
    assert equal_results(gold, got, ordered=False) is equal


def test_order_counts_where_it_is_asked_for():
    gold = [(1, "a"), (2, "b")]
    assert equal_results(gold, [("a", 1), ("b", 2)], ordered=True)
    assert not equal_results(gold, gold[::-1], ordered=True)


@given(tables, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_columns_makes_no_difference(rows, shuffle):
    order = list(range(len(rows[0])))
    shuffle.shuffle(order)
    moved = [tuple(row[index] for index in order) for row in rows]
    assert equal_results(rows, moved, ordered=True)
    shuffle.shuffle(moved)
    assert equal_results(rows, moved, ordered=False)


@given(tables, tables, st.booleans())
def test_it_is_spiders_rule(gold, got, ordered):
    # Compared with trying every order of the columns, which is how Spider defines it.
    def same(rows):
        return rows == gold if ordered else Counter(rows) == Counter(gold)

    expected = len(gold[0]) == len(got[0]) and any(
        same([tuple(row[index] for index in order) for row in got])
        for order in permutations(range(len(got[0])))
    )
    assert equal_results(gold, got, ordered=ordered) is expected
    assert equal_results(got, gold, ordered=ordered) is expected


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=5))
def test_rounding_makes_no_difference(rows):
    # An average computed in another order of its terms differs in the last digits.
    other = [(math.nextafter(a, math.inf), math.nextafter(b, -math.inf)) for a, b in rows]
    assert equal_results(rows, other[::-1], ordered=False)


def test_many_columns_alike_do_not_take_forever():
    draw = random.Random(0)
    gold = [tuple(draw.randint(0, 1) for _ in range(12)) for _ in range(40)]
    half = [(*row[:6], *reversed(row[6:])) for row in gold]
    assert equal_results(gold, half, ordered=False)
    assert not equal_results(gold, [*half[:-1], (0,) * 12], ordered=False)
