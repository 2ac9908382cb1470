"""Gbt_turn_value: the proofs of entry 4 of the methods."""

from __future__ import annotations

import json
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core.door.registry import CRITICS, create
from mentor_core.support.errors import ConfigError
from mentor_plugins.critics.gbt_turn_value import GbtTurnValue


class Mirrored(GbtTurnValue):
    """Broken: a planted sign error."""

    def _predicted(self, rows):
        return -super()._predicted(rows)


def episodes(draw, count=32):
    """A failure is fatal after `search` and good after `add`: each feature alone says nothing."""
    notes, rewards = [], []
    for _ in range(count):
        searched, failed = draw.integers(2, size=2)
        tool = "last=search" if searched else "last=add"
        notes.append([{"turns": 1.0, tool: 1.0, "last_failed": float(failed)}, {}])
        rewards.append(float(draw.random() < (0.9 if searched != failed else 0.1)))
    return notes, rewards


def area_under_curve(values, rewards):
    """Share of pairs, of a success and a failure, that the values order rightly; ties are half."""
    good, bad = (
        np.array([v for v, r in zip(values, rewards, strict=True) if r == k]) for k in (1, 0)
    )
    difference = good[:, None] - bad[None]
    return float(((difference > 0) + 0.5 * (difference == 0)).mean())


def area(teach, critic):
    draw = np.random.default_rng(0)
    for _ in range(4):
        teach(critic, *episodes(draw))
    notes, rewards = episodes(draw, 400)
    return area_under_curve([v[0] for v in critic.values(notes)], rewards)


def test_trees_see_how_two_features_work_together(teach):
    """At best 0.9 of the pairs can be told; a constant, and each feature alone, tell one half."""
    assert area(teach, create(CRITICS, "gbt_turn_value", {})) > 0.8
    assert area(teach, create(CRITICS, "linear", {"memory": 1.0})) < 0.6


def test_trees_of_one_split_or_of_the_wrong_sign_do_not(teach):
    assert area(teach, GbtTurnValue(depth=1)) < 0.6
    assert area(teach, Mirrored()) < 0.2


def test_a_tool_that_no_fit_saw_has_a_finite_value(teach):
    critic = GbtTurnValue(warmup=1)
    teach(critic, *episodes(np.random.default_rng(0)))
    [values] = critic.values([[{"last=unknown": 1.0, "failed=timeout": 1e300}, {"turns": 9.0}, {}]])
    assert np.isfinite(values).all()


BATCH = st.lists(
    st.tuples(st.lists(st.sampled_from("abc"), min_size=1, max_size=3), st.floats(-1, 1)),
    min_size=1, max_size=5,
)  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.lists(BATCH, min_size=1, max_size=6), st.integers(1, 3), st.integers(1, 3))
def test_a_resumed_critic_has_the_trees_of_the_last_fit(teach, batches, window, every):
    """Also between two fits, where the window has moved on from the rows of the last fit."""
    options = {"warmup": 1, "window": window, "every": every, "leaf": 1, "trees": 5}
    whole, asked = GbtTurnValue(**options), [[{"a": 1.0}, {"b": 1.0}, {"c": 2.0}, {}]]
    for batch in batches:
        notes = [[*({name: 1.0} for name in names), {}] for names, _ in batch]
        teach(whole, notes, [reward for _, reward in batch])
        again = GbtTurnValue(**options)
        again.restore(json.loads(json.dumps(whole.state())))
        assert again.values(asked)[0].tolist() == whole.values(asked)[0].tolist()


def test_a_missing_package_is_named_with_the_extra_that_has_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(ConfigError, match=r"critic 'gbt_turn_value' needs sklearn.*\[boosting\]"):
        create(CRITICS, "gbt_turn_value", {})
