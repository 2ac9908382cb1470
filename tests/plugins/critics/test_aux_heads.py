"""Aux_heads: the proofs of entry 2 of the methods."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core.door.registry import CRITICS, create
from mentor_core.support.errors import ConfigError
from mentor_plugins.critics.aux_heads import AuxHeads

FEATURES, LATENT, TERMS, LABELLED = 16, 4, 6, 20


class Forced(AuxHeads):
    """Broken: the trunk is always shared."""

    def _prefers_trunk(self, error, single):
        return True


class Contrary(AuxHeads):
    """Broken: a planted sign error, the choice with the larger error."""

    def _prefers_trunk(self, error, single):
        return error > single


def world(seed, related):
    """The reward, with noise, and the terms are linear in a latent of 4 numbers, or unrelated."""
    draw = np.random.default_rng(seed)
    latent = draw.normal(size=(FEATURES, LATENT)) / FEATURES**0.5
    main, shared = latent @ draw.normal(size=LATENT), latent @ draw.normal(size=(LATENT, TERMS))
    terms = shared if related else draw.normal(size=(FEATURES, TERMS)) / FEATURES**0.5

    def episodes(count):
        x = draw.normal(size=(count, FEATURES))
        rewards = x @ main
        notes = [[{f"x{k}": v for k, v in enumerate(row)}, {}] for row in x.tolist()]
        noisy = rewards + 0.3 * rewards.std() * draw.normal(size=count)
        named = {f"term{k}": column for k, column in enumerate((x @ terms).T)}
        return notes, noisy, named, rewards

    return episodes


def errors(teach, related, factory=AuxHeads):
    """Of 10 seeds: held-out error with auxiliary heads and without, and the choice."""
    found = []
    for seed in range(10):
        row = []
        for rank in (LATENT, None):
            episodes = world(seed, related)
            critic = (
                factory(warmup=1, rank=rank) if rank else create(CRITICS, "linear", {"warmup": 1})
            )
            notes, rewards, terms, _ = episodes(LABELLED)
            figures = teach(critic, notes, rewards, terms)
            notes, _, _, truth = episodes(1000)
            values = np.array([v[0] for v in critic.values(notes)])
            row += [((values - truth) ** 2).mean() / truth.var(), figures.get("shared")]
        found.append(row)
    return [np.array(column, float) for column in zip(*found, strict=True)]


def test_heads_that_share_a_latent_help_the_reward(teach):
    """20 episodes with a noisy reward, and terms without noise; error on 1,000 others."""
    ours, shared, single, _ = errors(teach, related=True)
    assert (ours < single).sum() >= 9
    assert ours.mean() < 0.8 * single.mean()
    assert shared.all()


def test_unrelated_heads_leave_the_single_head(teach):
    ours, shared, single, _ = errors(teach, related=False)
    assert not shared.any()
    assert ours == pytest.approx(single)


def test_without_the_held_out_choice_unrelated_heads_harm(teach):
    forced, _, single, _ = errors(teach, related=False, factory=Forced)
    assert forced.mean() > 1.5 * single.mean()
    ours, *_ = errors(teach, related=True, factory=Contrary)
    assert not (ours < single).sum() >= 9


EPISODE = st.tuples(
    st.lists(st.sampled_from("abc"), max_size=3), st.floats(-1, 1), st.none() | st.floats(0, 1)
)
BATCH = st.lists(EPISODE, min_size=1, max_size=6)


@settings(max_examples=40, deadline=None)
@given(st.lists(BATCH, min_size=1, max_size=4))
def test_terms_that_do_not_score_are_no_fault(teach, batches):
    """A term may score some episodes, or none; the state is strict JSON all the same."""
    whole, again = AuxHeads(warmup=1, window=2), AuxHeads(warmup=1, window=2)
    asked = [[{"a": 1.0}, {"b": 2.0}, {"d": 1.0}, {}]]
    for batch in batches:
        notes = [[*({name: 1.0} for name in names), {}] for names, _, _ in batch]
        term = [np.nan if value is None else value for *_, value in batch]
        teach(whole, notes, [reward for _, reward, _ in batch], {"term": term})
        again.restore(json.loads(json.dumps(whole.state(), allow_nan=False)))
        assert again.values(asked)[0].tolist() == whole.values(asked)[0].tolist()
        assert np.isfinite(whole.values(asked)[0]).all()


def test_impossible_options_are_refused():
    with pytest.raises(ConfigError, match="rank"):
        create(CRITICS, "aux_heads", {"rank": 0})
