"""Sampling: the distribution asked for, and its own log-probabilities."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core.contracts.policy import Sampling
from mentor_plugins.policies.sampling import sample


@pytest.mark.parametrize(
    ("sampling", "expected"),
    [
        (Sampling(), [0.5, 0.3, 0.15, 0.05]),
        (Sampling(top_k=2), [0.625, 0.375, 0, 0]),
        (Sampling(top_p=0.75), [0.625, 0.375, 0, 0]),
        (Sampling(min_p=0.4), [0.625, 0.375, 0, 0]),
        (Sampling(top_p=0.01), [1, 0, 0, 0]),
        (Sampling(temperature=0), [1, 0, 0, 0]),
    ],
)
def test_frequencies_are_the_probabilities(sampling, expected):
    """Evenly spread numbers must fall on each token as often as its probability says."""
    count = 2000
    logits = torch.tensor([[0.5, 0.3, 0.15, 0.05]]).log().expand(count, 4)
    ids, logprobs = sample(logits, (torch.arange(count) + 0.5) / count, sampling)
    found = torch.bincount(ids, minlength=4) / count
    assert torch.allclose(found, torch.tensor(expected, dtype=torch.float32), atol=2e-3)
    if sampling.temperature:
        assert torch.allclose(logprobs.exp(), torch.tensor(expected)[ids].float(), atol=1e-4)


@settings(max_examples=100, deadline=None)
@given(
    logits=st.lists(st.floats(-50, 50), min_size=1, max_size=30),
    number=st.floats(0, 1, exclude_max=True),
    sampling=st.builds(
        Sampling,
        temperature=st.floats(0.05, 3),
        top_p=st.floats(0.01, 1),
        top_k=st.integers(0, 40),
        min_p=st.floats(0, 1),
    ),
)
def test_a_token_without_probability_is_never_sampled(logits, number, sampling):
    ids, logprobs = sample(torch.tensor([logits]), torch.tensor([number]), sampling)
    assert 0 <= int(ids[0]) < len(logits)
    assert torch.isfinite(logprobs).all()
    assert logprobs[0] <= 1e-6
