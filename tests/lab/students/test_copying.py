"""An untrained decoder with the induction circuit copies; without it, it does not."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_lab.students.build import build_model


def copied(model, length, seed):
    """The share of tokens that are predicted right the second time that they are read."""
    generator = torch.Generator().manual_seed(seed)
    once = torch.randperm(model.config.vocab_size - 3, generator=generator)[:length] + 3
    with torch.no_grad():
        logits = model(input_ids=torch.cat([once, once])[None]).logits[0, length:-1]
    return float((logits.argmax(-1) == once[1:]).float().mean())


@pytest.fixture(scope="module")
def circuit():
    torch.manual_seed(0)
    return build_model(1024, copying=True).eval()


@settings(max_examples=20, deadline=None)
@given(length=st.integers(8, 300), seed=st.integers(0, 2**31))
def test_what_was_read_once_is_continued_the_second_time_at_any_distance(circuit, length, seed):
    assert copied(circuit, length, seed) >= 0.8


def test_random_layers_do_not_copy():
    torch.manual_seed(0)
    assert copied(build_model(1024, copying=False).eval(), 100, 0) <= 0.05


def test_the_circuit_can_be_trained(circuit):
    logits = circuit(input_ids=torch.arange(3, 35)[None], labels=torch.arange(3, 35)[None])
    logits.loss.backward()
    first, second = (layer.self_attn for layer in circuit.model.layers[:2])
    for weight in (first.q_proj, first.k_proj, first.o_proj, second.q_proj, second.v_proj):
        assert weight.weight.grad is not None
        assert weight.weight.grad.abs().sum() > 0
    circuit.zero_grad()
