"""self_distill: what the student can say with a hint, it learns to say without."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from mentor_core.contracts.lessons import PlayedGroup
from mentor_core.contracts.objective import MicroBatch
from mentor_core.contracts.policy import Student
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Tokens, Trajectory, Turn
from mentor_core.door.registry import OBJECTIVES, create
from mentor_core.support.errors import ConfigError
from mentor_plugins.objectives.hinted import with_hint
from mentor_plugins.objectives.self_distill import SelfDistill

TASKS, ANSWERS, GO = 4, 8, 1
RIGHT = [3, 0, 6, 5]
"""The right answer of each task, which no training of the student has shown."""


class Words:
    """A chat whose only words are tasks, t0 to t3, and answers, a0 to a7."""

    def prompt_ids(self, messages, tools):
        words = re.findall(r"\b([ta])(\d)\b", " ".join(message["content"] for message in messages))
        return [(2 if kind == "t" else 2 + TASKS) + int(n) for kind, n in words] + [GO]


def answer_ids(answers_B):
    return 2 + TASKS + answers_B


@pytest.fixture(scope="module")
def copier():
    """A model that repeats an answer that it reads, and guesses if it reads none."""
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=2 + TASKS + ANSWERS, hidden_size=32, intermediate_size=64,
        num_hidden_layers=2, num_attention_heads=2, max_position_embeddings=64,
    )  # fmt: skip
    model = LlamaForCausalLM(config)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    for step in range(300):
        task_B1 = torch.randint(2, 2 + TASKS, (64, 1))
        answer_B1 = answer_ids(torch.randint(ANSWERS, (64, 1)))
        go_B1 = torch.full((64, 1), GO)
        read = [task_B1, answer_B1, go_B1] if step % 2 else [task_B1, go_B1]
        logits = model(input_ids=torch.cat(read, 1)).logits[:, -1]
        loss = torch.nn.functional.cross_entropy(logits, answer_B1[:, 0])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def played(task, answer, seed):
    prompt = [{"role": "user", "content": f"t{task}"}]
    tokens = Tokens(Words().prompt_ids(prompt, []))
    tokens.add_sampled([2 + TASKS + answer], [0.0])
    own = Trajectory(f"t{task}", "words", prompt=prompt, end="answered", tokens=tokens, seed=seed)
    own.turns, own.outcome = [Turn(f"a{answer}", span=(0, 1))], float(answer == RIGHT[task])
    return own


ENV = SimpleNamespace(reset=lambda **_: (None, {"tools": []}))


def groups_of(own):
    found = {}
    for one in own:
        found.setdefault(one.task_id, []).append(one)
    return [
        PlayedGroup(Task(name, "words", name), g, members, [], 0.5, ENV, 0)
        for g, (name, members) in enumerate(found.items())
    ]


def success(model):
    """Probability of the right answer, without any hint."""
    ids = torch.tensor([[2 + task, GO] for task in range(TASKS)])
    with torch.no_grad():
        chances = model(input_ids=ids).logits[:, -1].softmax(-1)
    return float(chances[range(TASKS), answer_ids(torch.tensor(RIGHT))].mean())


def learnt(copier, objective, steps=80, size=32):
    """Success after some steps of reinforcement by the objective alone."""
    torch.manual_seed(1)
    model = LlamaForCausalLM(copier.config)
    model.load_state_dict(copier.state_dict())
    objective.start(Student(model, None, Words()), load=None)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-4)
    for _ in range(steps):
        tasks_B = torch.arange(TASKS).repeat_interleave(size)
        prompts_B2 = torch.stack([2 + tasks_B, torch.full_like(tasks_B, GO)], 1)
        chances = model(input_ids=prompts_B2).logits[:, -1, 2 + TASKS :].softmax(-1)
        answers_B = torch.multinomial(chances.detach(), 1)[:, 0]
        own = [
            played(int(t), int(a), b)
            for b, (t, a) in enumerate(zip(tasks_B, answers_B, strict=True))
        ]
        objective.hear(groups_of(own))
        ids_BL = torch.cat([prompts_B2, answer_ids(answers_B)[:, None]], 1)
        logps = model(input_ids=ids_BL).logits[:, -2:-1].log_softmax(-1)
        logps_BT = logps.gather(-1, ids_BL[:, -1:, None])[..., 0]
        ones_BT = torch.ones_like(logps_BT)
        batch = MicroBatch(
            logps_BT, logps_BT.detach(), ones_BT, 0 * ones_BT, ones_BT,
            ids_BL, torch.ones_like(ids_BL), own, 0.0,
        )  # fmt: skip
        losses_BT, _ = objective.loss(batch)
        optimizer.zero_grad()
        losses_BT.mean().backward()
        optimizer.step()
    return success(model)


class Untold(SelfDistill):
    """The broken variant: the teacher reads what the student reads."""

    def hint(self, own, group):
        return "Now solve the task yourself." if super().hint(own, group) else None


def test_a_student_learns_what_its_hinted_self_knows(copier, record_property):
    """The rewards have no part in the loss: only the hinted teacher says what was wrong."""
    before = success(copier)
    after, broken = learnt(copier, SelfDistill()), learnt(copier, Untold())
    record_property("success", {"before": before, "hinted": after, "not hinted": broken})
    assert before < 0.3
    assert broken < 0.3
    assert after > 0.5


def test_the_hint_is_another_success_and_the_own_first_error():
    objective = SelfDistill()
    bad, good, best = played(0, 1, 1), played(0, 3, 2), played(0, 3, 3)
    call = Call("add", {"a": 1}, "Error: add needs b", "bad_arguments")
    bad.turns.insert(0, Turn("", [call], observation=[{"role": "tool", "content": call.result}]))
    [group] = groups_of([bad, good, best])
    told = objective.hint(bad, group)
    assert told.startswith("A correct solution of the same task:\na3")
    assert "met this error:\nError: add needs b" in told
    assert "a3" in objective.hint(good, group)
    [lonely] = groups_of([played(0, 1, 1), good])
    assert objective.hint(good, lonely) is None  # its own success tells it nothing
    assert objective.hint(played(0, 1, 9), groups_of([bad])[0]) is None
    only = create(OBJECTIVES, "self_distill", {"show": "error"})
    assert "solution" not in only.hint(bad, group)
    only = create(OBJECTIVES, "self_distill", {"show": "success"})
    assert "error" not in only.hint(bad, group)


def test_a_hint_ends_the_last_message_of_the_user_and_changes_no_message():
    messages = [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]
    assert with_hint(messages, "h") == [messages[0], {"role": "user", "content": "u\n\nh"}]
    assert messages[1]["content"] == "u"
    assert with_hint(messages[:1], "h")[1:] == [{"role": "user", "content": "h"}]


def micro_batch(model, own):
    ids_BL = torch.tensor([one.tokens.prompt + one.tokens.completion for one in own])
    with torch.no_grad():
        logps = model(input_ids=ids_BL).logits[:, -2:-1].log_softmax(-1)
    logps_BT = logps.gather(-1, ids_BL[:, -1:, None])[..., 0]
    ones_BT = torch.ones_like(logps_BT)
    return MicroBatch(
        logps_BT, logps_BT, ones_BT, 2 * ones_BT, ones_BT,
        ids_BL, torch.ones_like(ids_BL), own, 0.0,
    )  # fmt: skip


def test_episodes_without_a_hint_have_the_advantage_of_their_reward_alone(copier):
    """And prompts that the model has no room for count as no hint, instead of failing the run."""
    own = [played(0, 1, 1), played(0, 3, 2), played(1, 7, 3)]
    batch = micro_batch(copier, own)
    objective = create(OBJECTIVES, "self_distill", {"reward": 0.5})
    objective.start(Student(copier, None, Words()), load=None)
    objective.hear(groups_of(own))
    losses_BT, figures = objective.loss(batch)
    assert figures["hinted"][:, 0].tolist() == [1, 0, 0]
    assert losses_BT[1:, 0].tolist() == pytest.approx([-1, -1])
    assert float(losses_BT[0]) == pytest.approx(-1 + min(float(figures["reverse_kl"][0]), 5.0))
    assert float(figures["reverse_kl"][0]) > 1  # the hinted student would not say a1
    objective.hear(groups_of([played(0, 1, 1), *[played(0, 3, n) for n in (2, 4)]]))
    assert objective.loss(batch)[1]["hinted"][:, 0].tolist() == [1, 1, 0]
    copier.config.max_position_embeddings, room = 3, copier.config.max_position_embeddings
    objective.hear(groups_of(own))
    copier.config.max_position_embeddings = room
    assert not objective.loss(batch)[1]["hinted"].any()


@pytest.mark.parametrize("options", [{"show": "all"}, {"longest": 3}, {"shwo": "both"}])
def test_wrong_options_are_refused(options):
    with pytest.raises(ConfigError, match="objective 'self_distill'"):
        create(OBJECTIVES, "self_distill", options)
