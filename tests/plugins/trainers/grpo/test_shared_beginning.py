"""Computing the common beginning once gives TRL's log-probabilities, entropies and gradients."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, Gemma3TextConfig, LlamaConfig, Qwen3Config
from trl.trainer.utils import add_fused_lm_head

from mentor_plugins.trainers.grpo.shared_beginning import can_share, shared_logps

SHAPE = {
    "vocab_size": 40,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}


def made(config, **more):
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_config(config(**SHAPE, **more), dtype=torch.float32)
    add_fused_lm_head(model, temperature=0.7, outputs=("log_probs", "entropy"))
    return model.train()


MODELS = {"llama": made(LlamaConfig), "qwen3": made(Qwen3Config, head_dim=8)}


def as_trl(model, ids, attention, completion):
    labels = ids.masked_fill(attention == 0, -100)
    labels[:, :-completion] = -100
    output = model(input_ids=ids, attention_mask=attention, labels=labels, fused_lm_head=True)
    return output.log_probs[:, -completion:], output.entropy[:, -completion:]


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=25, deadline=None)
@given(
    common=st.integers(0, 9),
    prompts=st.lists(st.integers(0, 6), min_size=1, max_size=5),
    data=st.data(),
)
def test_it_equals_trls_own_pass(name, common, prompts, data):
    model = MODELS[name]
    prompts = [max(common + rest, 1) for rest in prompts]
    count, longest = len(prompts), max(prompts)
    lengths = data.draw(st.lists(st.integers(1, 7), min_size=count, max_size=count))
    seed = torch.Generator().manual_seed(data.draw(st.integers(0, 99)))
    ids = torch.randint(0, 40, (count, longest + max(lengths)), generator=seed)
    attention = torch.zeros_like(ids)
    beginning = ids[0, :common].clone()
    for row, (prompt, length) in enumerate(zip(prompts, lengths, strict=True)):
        ids[row, longest - prompt : longest - prompt + common] = beginning
        attention[row, longest - prompt : longest + length] = 1
    scored = attention[:, longest:] == 1
    found = []
    for way in (as_trl, shared_logps):
        logps, entropies = way(model, ids, attention, max(lengths))
        weights = torch.linspace(-1, 1, logps.numel()).view_as(logps) * scored
        gradient = torch.autograd.grad((logps * weights).sum(), list(model.parameters()))
        found.append((logps[scored], entropies[scored], *gradient))
    for expected, ours in zip(*found, strict=True):
        assert torch.allclose(ours, expected, atol=2e-5)


def test_a_student_that_cannot_share_is_trained_as_trl_does(student):
    assert can_share(student.model)
    assert not can_share(torch.nn.DataParallel(student.model))
    windows = Gemma3TextConfig(**SHAPE, head_dim=8, sliding_window=4)
    assert not can_share(AutoModelForCausalLM.from_config(windows))
    checkpointed = AutoModelForCausalLM.from_config(LlamaConfig(**SHAPE))
    checkpointed.gradient_checkpointing_enable()
    assert not can_share(checkpointed)


def test_adapters_share_the_beginning_too():
    peft = pytest.importorskip("peft")
    config = peft.LoraConfig(target_modules="all-linear", task_type="CAUSAL_LM")
    model = AutoModelForCausalLM.from_config(LlamaConfig(**SHAPE), dtype=torch.float32)
    add_fused_lm_head(model, outputs=("log_probs", "entropy"))
    adapted = peft.get_peft_model(model, config)
    assert can_share(adapted)
    ids = torch.tensor([[1, 2, 3, 4, 5], [1, 2, 3, 6, 7]])
    expected = as_trl(adapted, ids, torch.ones_like(ids), 2)
    for ours, theirs in zip(
        shared_logps(adapted, ids, torch.ones_like(ids), 2), expected, strict=True
    ):
        assert torch.allclose(ours, theirs, atol=1e-5)
