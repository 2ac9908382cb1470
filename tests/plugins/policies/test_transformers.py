"""The continuously batched policy gives exactly what a plain one gives, only faster."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mentor_core.contracts.policy import Limits, Sampling, Student
from mentor_core.play.rollout import Rollout, Start
from mentor_core.support.errors import ModelError
from mentor_envs.calculator.env import Calculator
from mentor_plugins.policies.transformers import TransformersPolicy

LIMITS = Limits(max_turn_tokens=64, max_episode_tokens=400)


@pytest.fixture(scope="module")
def tasks():
    env = Calculator(train_size=24, eval_size=0, ood_size=4)
    return [*env.tasks("train"), *env.tasks("ood")]


def roll(student, tasks, sampling, limits=LIMITS, seeds=None, **options):
    policy = TransformersPolicy(**options)
    policy.prepare(student, sampling, limits)
    rollout = Rollout(Calculator, policy)
    try:
        seeds = seeds or range(len(tasks))
        return rollout.run([Start(t, s) for t, s in zip(tasks, seeds, strict=True)])
    finally:
        rollout.close()


def naive_greedy(student, task):
    """One episode at a time, every token from a forward pass over the whole sequence."""
    env = Calculator()
    messages, _ = env.reset(options={"task": task})
    ids = student.chat.prompt_ids(messages, env.schemas)
    prompt = len(ids)
    while True:
        turn = []
        while len(turn) < LIMITS.max_turn_tokens and len(ids) - prompt < LIMITS.max_episode_tokens:
            logits = student.model(torch.tensor([ids])).logits[0, -1]
            turn.append(int(logits.argmax()))
            ids.append(turn[-1])
            if turn[-1] in student.chat.end_ids:
                break
        if turn[-1] not in student.chat.end_ids:
            return ids[prompt:]
        observation, _, terminated, truncated, _ = env.step(student.chat.decode(turn))
        suffix = student.chat.suffix_ids(observation)
        if terminated or truncated or len(ids) - prompt + len(suffix) >= LIMITS.max_episode_tokens:
            return ids[prompt:]
        ids += suffix


@torch.no_grad()
def test_greedy_episodes_equal_a_naive_implementation(student, tasks):
    expected = [naive_greedy(student, task) for task in tasks[:8]]
    for options in ({"max_batch_size": 3}, {"max_batch_size": 3, "block": 5}):
        played = roll(student, tasks[:8], Sampling(temperature=0), **options)
        assert [t.tokens.completion for t in played] == expected


@torch.no_grad()
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"max_batch_size": 5},
        {"refill": 0.0},
        {"prefill_tokens": 300},
        {"max_batch_size": 7, "block": 6},
    ],
)
def test_logprobs_are_those_of_a_plain_forward_pass(student, tasks, options):
    """Wrong behaviour log-probabilities bias every importance ratio without a sign of it."""
    sampling = Sampling(temperature=0.8)
    for trajectory in roll(student, tasks, sampling, **options):
        record = trajectory.tokens
        ids = torch.tensor([record.prompt + record.completion])
        logits = student.model(ids).logits[0, len(record.prompt) - 1 : -1] / 0.8
        expected = logits.log_softmax(-1)[range(len(record.completion)), record.completion]
        mask = torch.tensor(record.mask).bool()
        assert torch.allclose(torch.tensor(record.logprobs)[mask], expected[mask], atol=1e-4)


def test_a_seed_gives_its_episode_whatever_else_is_in_the_batch(student, tasks):
    together = roll(student, tasks, Sampling())
    alone = roll(student, tasks, Sampling(), max_batch_size=1)
    reverse = roll(student, tasks[::-1], Sampling(), seeds=range(len(tasks))[::-1])[::-1]
    in_blocks = roll(student, tasks, Sampling(), block=8)
    ids = [t.tokens.completion for t in together]
    assert ids == [t.tokens.completion for t in alone]
    assert ids == [t.tokens.completion for t in in_blocks]
    assert ids == [t.tokens.completion for t in reverse]
    assert len({tuple(i) for i in ids}) > len(tasks) // 2


def test_a_full_batch_waits_for_slow_tools(student, tasks):
    """Episodes without a row must not keep the policy from handing over to the tools."""
    import time

    class Slow(Calculator):
        def canonical(self, call):
            time.sleep(0.01)
            return super().canonical(call)

    policy = TransformersPolicy(max_batch_size=1)
    policy.prepare(student, Sampling(), LIMITS)
    rollout = Rollout(Slow, policy)
    played = rollout.run([Start(task, seed) for seed, task in enumerate(tasks[:4])])
    rollout.close()
    assert all(t.end is not None for t in played)


def test_an_interrupted_turn_goes_on_where_it_was(student, tasks):
    """A long turn would otherwise hold up every episode whose tools are done."""
    (whole,) = roll(student, tasks[:1], Sampling(), seeds=[5])
    policy = TransformersPolicy()
    policy.prepare(student, Sampling(), LIMITS)
    env = Calculator()
    messages, _ = env.reset(options={"task": tasks[0]})
    session = policy.open(messages, env.schemas, 5)
    policy.submit(session)
    looks = 0
    while not (turns := policy.poll(lambda: True)):
        looks += 1
    assert looks > 5
    assert turns[0].text == whole.turns[0].text


def test_spans_masks_and_ids_add_up(student, tasks):
    """Loss on what the environment wrote teaches the student to imitate tools."""
    for trajectory in roll(student, tasks, Sampling(temperature=1.3)):
        record = trajectory.tokens
        assert len(record.completion) == len(record.logprobs) == len(record.mask)
        assert len(record.completion) <= LIMITS.max_episode_tokens
        sampled = [False] * len(record.completion)
        for turn in trajectory.turns:
            start, end = turn.span
            assert end - start <= LIMITS.max_turn_tokens
            sampled[start:end] = [True] * (end - start)
            assert student.chat.decode(record.completion[start:end]) == turn.text
            assert turn.complete == (record.completion[end - 1] in student.chat.end_ids)
        assert record.mask == [int(flag) for flag in sampled]
        assert all(p == 0.0 for p, m in zip(record.logprobs, record.mask, strict=True) if not m)


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    turn=st.integers(1, 40),
    episode=st.integers(1, 200),
    rows=st.integers(1, 9),
    block=st.integers(1, 9),
    temperature=st.sampled_from([0.0, 0.7, 1.5]),
)
def test_any_limits_end_every_episode_with_its_reason(
    student, tasks, turn, episode, rows, block, temperature
):
    limits, options = Limits(turn, episode), {"max_batch_size": rows, "block": block}
    for trajectory in roll(student, tasks[:6], Sampling(temperature), limits, **options):
        assert trajectory.end is not None
        assert len(trajectory.tokens.completion) <= episode
        cut = any(not t.complete for t in trajectory.turns)
        assert (trajectory.end == "token_limit") >= cut


def test_a_prompt_longer_than_the_context_is_an_error_of_its_own_episode(student, tasks):
    from dataclasses import replace

    long = replace(tasks[0], prompt="word " * 5000)
    played = roll(student, [tasks[1], long, tasks[2]], Sampling())
    assert played[1].end == "error"
    assert "positions" in played[1].error
    assert {played[0].end, played[2].end} <= {"answered", "turn_limit", "token_limit"}


def test_a_block_stops_where_the_context_does(student, tasks):
    """Positions that a model has not learned are an index error on a GPU, which ends the run."""
    import copy

    model = copy.copy(student.model)
    model.config = copy.deepcopy(student.model.config)
    model.config.max_position_embeddings = 300
    seen = []

    def forward(**arguments):
        seen.append(int(arguments["position_ids"].max()))
        return student.model(**arguments)

    model.forward = forward
    short = Student(model, student.tokenizer, student.chat)
    played = roll(short, tasks[:4], Sampling(1.5), Limits(400, 400), block=64)
    assert max(seen) < 300
    assert all(len(t.tokens.prompt) + len(t.tokens.completion) <= 300 for t in played)


def test_an_architecture_that_the_cache_cannot_hold_is_refused(student):
    import copy

    model = copy.copy(student.model)
    model.config = copy.deepcopy(student.model.config)
    model.config.layer_types = ["sliding_attention"] * 4
    other = Student(model, student.tokenizer, student.chat)
    with pytest.raises(ModelError, match="sliding attention"):
        TransformersPolicy().prepare(other, Sampling(), LIMITS)
