"""The recipe star: the proofs of its two stages."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mentor_core.contracts.trajectory import Call, Turn
from mentor_core.door.registry import REWARD_TERMS, create
from mentor_envs.calculator.env import Calculator
from mentor_plugins.rewards.similarity import overlap
from mentor_plugins.trainers.sft.constrained import divergence
from mentor_runs.settings.recipes import read_recipe
from mentor_runs.settings.resolve import resolve
from mentor_toolkit.scripts import play_expert

TOKENS, TOP, WRONG = 12, 3, 11
TEACHER = torch.tensor([[4.0, 3.5, 3.0, *[0.0] * (TOKENS - TOP)]])
"""The teacher finds three tokens likely, and the student is sure of another one."""


def steps_until_rare(tail, rate=0.1):
    """Steps of descent until the mistake has less than 1 %, and the student's end."""
    logits = torch.zeros(1, TOKENS)
    logits[0, WRONG] = 6.0
    logits.requires_grad_()
    for step in range(2000):
        if float(logits.softmax(-1)[0, WRONG]) < 0.01:
            return step, logits.detach()
        [slope] = torch.autograd.grad(divergence(logits, TEACHER, TOP, tail).sum(), logits)
        logits.data -= rate * slope
    return 2000, logits.detach()


def test_a_confident_mistake_loses_its_probability_in_fewer_steps(record_property):
    plain, _ = steps_until_rare(0.0)
    constrained, end = steps_until_rare(10.0)
    record_property("steps", {"forward divergence": plain, "constrained": constrained})
    assert constrained < 0.7 * plain
    assert end.softmax(-1)[0, :TOP].min() > 0.05  # all alternatives of the teacher are kept


def test_alternatives_that_the_teacher_finds_likely_have_no_penalty():
    """Whatever the student's order among them: only tokens outside are mistakes."""
    student = torch.tensor([[1.0, 5.0, 3.0, *[-9.0] * (TOKENS - TOP)]])
    assert torch.equal(
        divergence(student, TEACHER, TOP, 10.0), divergence(student, TEACHER, TOP, 0)
    )


def test_all_tokens_give_the_whole_divergence_and_one_mistake_its_mass():
    student = torch.randn(5, TOKENS, generator=torch.Generator().manual_seed(0))
    teacher = torch.randn(5, TOKENS, generator=torch.Generator().manual_seed(1))
    whole = torch.nn.functional.kl_div(
        student.log_softmax(-1), teacher.softmax(-1), reduction="none"
    ).sum(-1)
    assert torch.allclose(divergence(student, teacher, 500, 10.0), whole, atol=1e-5)
    sure = torch.zeros(1, TOKENS)
    sure[0, WRONG] = 2.0
    more = divergence(sure, TEACHER, 1, 10.0) - divergence(sure, TEACHER, 1, 0.0)
    assert float(more) == pytest.approx(10 * float(sure.softmax(-1)[0, WRONG]), rel=1e-5)


ENV = Calculator(train_size=4, min_steps=3, max_steps=3)
TASK = ENV.tasks("train")[0]
REFERENCE = play_expert(ENV, TASK)
SIMILARITY = create(REWARD_TERMS, "similarity")


def score(turns, reference=REFERENCE):
    own = replace(REFERENCE, turns=turns, answer="0", outcome=0.0, source="student")
    return SIMILARITY.score(own, TASK, [reference])


def test_a_group_that_fails_as_a_whole_has_unlike_rewards():
    """By outcome alone all are 0, and the group teaches nothing."""
    calls = len(REFERENCE.calls)
    found = [score(REFERENCE.turns[:n]) for n in range(calls + 1)]
    assert found == pytest.approx([n / calls for n in range(calls + 1)])


def test_the_score_is_the_similarity_of_the_calls_over_their_union():
    wanted = [Call("find", {"text": "red shoes for men", "n": 3}), Call("buy", {"id": 7})]
    reference = replace(REFERENCE, turns=[Turn("", wanted)])

    def made(*calls):
        return score([Turn("", list(calls))], reference)

    half = Call("find", {"text": "shoes for men", "n": 4})  # ROUGE-L 6/7, and another number
    assert made(half) == pytest.approx((6 / 7 / 2) / 2)
    assert made(half, Call("buy", {"id": 7})) == pytest.approx((6 / 7 / 2 + 1) / 2)
    assert made(Call("buy", {"id": 7}), Call("buy", {"id": 7})) == pytest.approx(1 / 3)
    assert made(Call("buy", {"id": 7, "fast": True})) == pytest.approx((1 / 2) / 2)
    assert made(*wanted) == 1.0
    assert made() == 0.0
    nothing = replace(REFERENCE, turns=[Turn("It is 3.")])
    assert (score([Turn("3")], nothing), score([Turn("", wanted)], nothing)) == (1.0, 0.0)


def test_what_cannot_be_read_is_worse_than_nothing():
    assert score([Turn("", [], parse_failure="malformed_json")]) == -1.0
    for failure, worth in (("unknown_tool", -1.0), ("bad_arguments", -1.0), ("tool_error", 0.0)):
        assert score([Turn("", [Call("x", {}, failure=failure)])]) == worth
    assert SIMILARITY.score(REFERENCE, TASK, []) is None


def test_texts_are_alike_by_their_longest_common_subsequence_of_words():
    assert overlap("Red shoes!", "red, shoes") == 1.0
    assert overlap("a b c d", "a c x") == pytest.approx(4 / 7)
    assert overlap("a", "") == 0.0
    assert overlap("", " ") == 1.0


def test_the_recipe_distils_first_and_then_plays_for_similarity():
    config = resolve(read_recipe("star").settings)
    assert config.warm == ("sft", 48)
    assert config.reward.terms == {"similarity": 0.5, "outcome": 0.5}
