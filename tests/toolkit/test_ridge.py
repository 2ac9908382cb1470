"""Ridge regression on named features, and the window of past batches."""

from __future__ import annotations

import json

import numpy as np
import pytest

from mentor_toolkit.ridge import Ridge
from mentor_toolkit.window import Window

ROWS = [{"a": 1.0}, {"a": 2.0, "b": 1.0}, {"b": 3.0}, {}]
TARGETS = np.array([3.0, 6.0, 4.0, 1.0])  # 1 + 2a + b


def fitted(penalty=1e-6, batches=((ROWS, TARGETS),), memory=1.0):
    ridge = Ridge(penalty)
    for rows, targets in batches:
        ridge.forget(memory)
        ridge.add(ridge.design(rows, grow=True), np.array(targets))
    return ridge


def test_a_linear_target_is_found():
    assert fitted().solve() == pytest.approx([1, 2, 1], abs=1e-4)


def test_the_intercept_has_no_penalty():
    """With one, equal rewards would leave an error that all episodes are blamed for."""
    ridge = fitted(penalty=100.0, batches=[(ROWS, [0.5] * 4)])
    assert ridge.design(ROWS) @ ridge.solve() == pytest.approx([0.5] * 4)


def test_features_that_come_later_change_nothing_before():
    late = fitted(batches=[(ROWS[:1], TARGETS[:1]), (ROWS[1:], TARGETS[1:])])
    assert late.solve() == pytest.approx(fitted().solve())
    assert np.isfinite(late.design([{"never seen": 1.0}]) @ late.solve()).all()


def test_what_is_forgotten_does_not_count():
    found = fitted(batches=[([{}], [9.0]), ([{}], [1.0])], memory=0.0)
    assert found.solve() == pytest.approx([1.0])


def test_without_data_the_value_is_zero():
    assert Ridge(1.0).solve().tolist() == [0.0]


def test_saved_normal_equations_go_on_bit_for_bit():
    """The weights alone would not do: the next batch would start from nothing."""
    whole, first = fitted(), fitted()
    again = Ridge(1e-6)
    again.restore(json.loads(json.dumps(first.state())))
    for ridge in (whole, again):
        ridge.forget(0.9)
        ridge.add(ridge.design([{"c": 1.0}], grow=True), np.array([0.3]))
    assert again.state() == whole.state()
    assert again.solve().tolist() == whole.solve().tolist()


def test_a_window_holds_the_last_batches():
    window = Window(2)
    for batch in ([1], [2, 3], [4]):
        window.add(batch)
    assert [*window] == [2, 3, 4]
    again = Window(2)
    again.restore(json.loads(json.dumps(window.state())))
    again.add([5])
    assert [*again] == [4, 5]
