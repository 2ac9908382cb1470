"""The plain policies: `generate` agrees with `transformers`, and `vllm` keeps TRL's contract."""

from __future__ import annotations

import inspect
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from mentor_core.errors import ConfigError
from mentor_core.policy import Limits, Sampling
from mentor_core.rollout import Rollout, Start
from mentor_envs.calculator.env import Calculator
from mentor_plugins.policies.generate import GeneratePolicy
from mentor_plugins.policies.transformers import TransformersPolicy
from mentor_plugins.policies.vllm import VllmPolicy

LIMITS = Limits(turn_tokens=48, episode_tokens=300)


def roll(policy, student, sampling):
    policy.prepare(student, sampling, LIMITS)
    rollout = Rollout(Calculator, policy)
    tasks = Calculator(train_size=6).tasks("train")
    try:
        return rollout.run([Start(task, seed) for seed, task in enumerate(tasks)])
    finally:
        rollout.close()


def test_generate_plays_the_greedy_episodes_of_the_fast_policy(student):
    plain = roll(GeneratePolicy(), student, Sampling(temperature=0))
    fast = roll(TransformersPolicy(), student, Sampling(temperature=0))
    assert [t.tokens.completion for t in plain] == [t.tokens.completion for t in fast]
    for one, other in zip(plain, fast, strict=True):
        assert torch.allclose(
            torch.tensor(one.tokens.logprobs), torch.tensor(other.tokens.logprobs), atol=1e-4
        )


class Engine:
    """Stands in for TRL's VLLMGeneration, which needs a GPU: same call, plain generation."""

    mode = "colocate"
    accelerator = SimpleNamespace(num_processes=1)
    max_completion_length = temperature = top_p = top_k = min_p = None

    def __init__(self, student):
        self.student = student

    def generate(self, prompts, images, num_generations, profiler=None):
        assert images is None
        assert num_generations == 1
        policy = GeneratePolicy()
        policy.prepare(self.student, Sampling(self.temperature), LIMITS)
        count = len(prompts)
        sampled = policy.complete(prompts, [self.max_completion_length] * count, [0] * count)
        logprobs = [[[value] for value in values] for _, values in sampled]
        return prompts, [ids for ids, _ in sampled], logprobs, None


def test_the_engine_stands_in_for_what_trl_has():
    from trl.generation.vllm_generation import VLLMGeneration

    ours = inspect.signature(Engine.generate).parameters
    assert list(ours) == list(inspect.signature(VLLMGeneration.generate).parameters)


def test_vllm_episodes_are_recorded_like_any_other(student):
    played = roll(VllmPolicy(), replace(student, engine=Engine(student)), Sampling(temperature=0))
    plain = roll(GeneratePolicy(), student, Sampling(temperature=0))
    for one, other in zip(played, plain, strict=True):
        assert one.tokens.completion == other.tokens.completion
        assert one.tokens.mask == other.tokens.mask
        assert torch.allclose(
            torch.tensor(one.tokens.logprobs), torch.tensor(other.tokens.logprobs), atol=1e-4
        )


def test_vllm_without_its_engine_says_what_is_missing(student):
    with pytest.raises(ConfigError, match="use_vllm"):
        VllmPolicy().prepare(student, Sampling(), LIMITS)
