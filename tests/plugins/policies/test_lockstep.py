"""The plain policy: `generate` agrees with `transformers`."""

from __future__ import annotations

import torch

from mentor_core.contracts.policy import Limits, Sampling
from mentor_core.play.rollout import Rollout, Start
from mentor_envs.calculator.env import Calculator
from mentor_plugins.policies.generate import GeneratePolicy
from mentor_plugins.policies.transformers import TransformersPolicy

LIMITS = Limits(max_turn_tokens=48, max_episode_tokens=300)


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
