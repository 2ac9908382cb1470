"""The vllm policy keeps the protocols of `vllm serve` and of vLLM's engine.

vLLM needs a GPU, so both are stood in for: a real HTTP server that speaks the protocol and an
engine with the methods used, each sampling from the real student.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch

from mentor_core.contracts.policy import Limits, Sampling
from mentor_core.play.rollout import Rollout, Start
from mentor_core.support.errors import ConfigError
from mentor_envs.calculator.env import Calculator
from mentor_plugins.policies.generate import GeneratePolicy
from mentor_plugins.policies.vllm import VllmPolicy

pytest.importorskip("httpx")

LIMITS = Limits(max_turn_tokens=48, max_episode_tokens=300)


def roll(policy, student, sampling, share=0.5):
    policy.prepare(student, sampling, LIMITS)
    rollout = Rollout(Calculator, policy, max_error_share=share)
    tasks = Calculator(train_size=6).tasks("train")
    try:
        return rollout.run([Start(task, seed) for seed, task in enumerate(tasks)])
    finally:
        rollout.close()


class Sampler:
    """Samples from the student as vLLM would be asked to."""

    def __init__(self, student):
        self.student = student

    def __call__(self, prompt, request):
        policy = GeneratePolicy()
        policy.prepare(self.student, Sampling(request["temperature"], request["top_p"]), LIMITS)
        assert set(request["stop_token_ids"]) == set(self.student.chat.end_ids)
        return policy.complete([prompt], [request["max_tokens"]], [request["seed"]])[0]


def server_mode(url):
    return SimpleNamespace(mode="server", server_base_url=url, generation_kwargs={})


class Engine:
    """What the policy uses of vLLM's LLMEngine; several requests are under way at a time."""

    def __init__(self, sampler):
        self.sampler, self.open, self.aborted, self.most = sampler, {}, [], 0

    def add_request(self, request_id, prompt, params):
        assert request_id not in self.open
        self.open[request_id] = prompt["prompt_token_ids"], params.values
        self.most = max(self.most, len(self.open))

    def step(self):
        """The request that came last is done first."""
        request_id, (prompt, values) = self.open.popitem()
        ids, logprobs = self.sampler(prompt, values)
        chosen = [
            {token: SimpleNamespace(logprob=logprob, rank=1)}
            for token, logprob in zip(ids, logprobs, strict=True)
        ]
        choice = SimpleNamespace(token_ids=ids, logprobs=chosen)
        going = SimpleNamespace(request_id="other", finished=False, outputs=[])
        return [
            going,
            SimpleNamespace(request_id=request_id, finished=True, outputs=[choice]),
        ]

    def abort_request(self, request_ids):
        self.aborted += request_ids
        for request_id in request_ids:
            self.open.pop(request_id, None)


def colocate_mode(engine, **settings):
    settings = {"tensor_parallel_size": 1, "enable_sleep_mode": False, **settings}
    llm = SimpleNamespace(llm_engine=engine)
    return SimpleNamespace(mode="colocate", llm=llm, generation_kwargs={}, **settings)


@pytest.fixture
def vllm(monkeypatch):
    """The module `vllm`, as far as the policy imports from it."""
    parameters = type("SamplingParams", (), {})
    parameters.__init__ = lambda self, **values: setattr(self, "values", values)
    monkeypatch.setitem(sys.modules, "vllm", SimpleNamespace(SamplingParams=parameters))


def assert_same(played, student):
    plain = roll(GeneratePolicy(), student, Sampling(temperature=0))
    for one, other in zip(played, plain, strict=True):
        assert one.tokens.completion == other.tokens.completion
        assert one.tokens.mask == other.tokens.mask
        assert torch.allclose(
            torch.tensor(one.tokens.logprobs), torch.tensor(other.tokens.logprobs), atol=1e-4
        )


def test_episodes_from_a_server_are_recorded_like_any_other(served, student):
    sampler = Sampler(student)

    def respond(path, request):
        assert path == "/v1/completions"
        assert request["return_token_ids"]
        ids, logprobs = sampler(request["prompt"], request)
        tokens = [f"token_id:{token}" for token in ids]
        found = {"tokens": tokens, "token_logprobs": logprobs, "top_logprobs": None}
        return 200, {"choices": [{"token_ids": ids, "logprobs": found}]}

    engine = server_mode(served(respond).url)
    policy = VllmPolicy(concurrency=1)  # the stand-in shares one model between its threads
    assert_same(roll(policy, replace(student, engine=engine), Sampling(0.0)), student)


def test_colocated_episodes_are_recorded_like_any_other(vllm, student):
    engine = Engine(Sampler(student))
    trained = replace(student, engine=colocate_mode(engine))
    assert_same(roll(VllmPolicy(), trained, Sampling(0.0)), student)
    assert engine.most > 1
    assert not engine.open


def test_an_episode_that_is_given_up_does_not_go_on_in_the_engine(vllm, student):
    engine = Engine(Sampler(student))
    policy = VllmPolicy()
    policy.prepare(replace(student, engine=colocate_mode(engine)), Sampling(), LIMITS)
    session = policy.open([{"role": "user", "content": "1 + 1?"}], [], 0)
    policy.submit(session)
    policy.close(session)
    assert len(engine.aborted) == 1
    assert policy.poll() == []


def test_the_parameters_are_the_sampling_of_the_run(vllm, student):
    engine = Engine(Sampler(student))
    policy = VllmPolicy()
    sampling = Sampling(0.7, 0.9, 20, 0.1)
    policy.prepare(replace(student, engine=colocate_mode(engine)), sampling, LIMITS)
    first, again, other = (
        policy.open([{"role": "user", "content": "1 + 1?"}], [], seed) for seed in (3, 3, 4)
    )
    for session in (first, again, other):
        policy.submit(session)
    one, two, three = (values for _, values in engine.open.values())
    asked = {key: one[key] for key in ("temperature", "top_p", "top_k", "min_p", "max_tokens")}
    assert asked == {
        "temperature": 0.7, "top_p": 0.9, "top_k": 20, "min_p": 0.1, "max_tokens": 48,
    }  # fmt: skip
    assert one["seed"] == two["seed"] != three["seed"]


def test_a_server_of_another_kind_is_told_apart(served, student):
    server = served(lambda *_: (200, {"choices": [{"text": "Answer: 1"}]}))
    trained = replace(student, engine=server_mode(server.url))
    played = roll(VllmPolicy(), trained, Sampling(), share=1.0)
    assert all(t.end == "error" and "token_ids" in t.error for t in played)


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"tensor_parallel_size": 2}, "tensor_parallel"), ({"enable_sleep_mode": True}, "sleep")],
)
def test_set_ups_that_would_hang_are_refused(vllm, student, settings, named):
    trained = replace(student, engine=colocate_mode(None, **settings))
    with pytest.raises(ConfigError, match=named):
        VllmPolicy().prepare(trained, Sampling(), LIMITS)


def test_without_its_engine_it_says_what_is_missing(student):
    with pytest.raises(ConfigError, match="use_vllm"):
        VllmPolicy().prepare(student, Sampling(), LIMITS)


def test_trl_has_what_the_policy_reads():
    import inspect

    from trl.generation.vllm_client import VLLMClient
    from trl.generation.vllm_generation import VLLMGeneration

    settings = inspect.signature(VLLMGeneration.__init__).parameters
    read = {
        "mode", "server_base_url", "server_host", "server_port", "tensor_parallel_size",
        "enable_sleep_mode", "generation_kwargs",
    }  # fmt: skip
    assert read <= set(settings)
    client = inspect.getsource(VLLMClient.generate)
    assert "/v1/completions" in client
    assert "return_token_ids" in client
