"""PrivilegedDistill: the student learns what only the teacher reads, and never reads it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core.contracts.objective import MicroBatch
from mentor_core.contracts.trajectory import Call, Tokens
from mentor_core.door.registry import OBJECTIVES, create
from mentor_core.support.errors import ConfigError
from mentor_lab.testing import trajectory_of

REFERENCE = trajectory_of([Call("add", {"a": 3, "b": 4}, "7")], "7", outcome=1.0)
KEY = REFERENCE.task_key
QUESTION = [{"role": "user", "content": "How many has Ann?"}]


class Reader(torch.nn.Module):
    """A teacher that expects the answers that its prompt has, and is else undecided."""

    config = SimpleNamespace(max_position_embeddings=512)

    def __init__(self, answers, vocabulary):
        super().__init__()
        self.answers, self.vocabulary, self.read = answers, vocabulary, []

    def forward(self, input_ids, attention_mask, logits_to_keep):
        self.read += [
            ids[mask > 0].tolist() for ids, mask in zip(input_ids, attention_mask, strict=True)
        ]
        logits = torch.full((*input_ids.shape, self.vocabulary), -20.0)
        for row, ids in enumerate(input_ids[:, : 1 - logits_to_keep].tolist()):
            for answer in self.answers:
                logits[row, :, answer] = 4.0 * (answer in ids)
        return SimpleNamespace(logits=logits[:, -logits_to_keep:])


@pytest.fixture
def lesson(student):
    """Makes an objective that has read references, with the ids of ten answers and its teacher."""

    def make(references=None, **options):
        answers = [student.tokenizer.encode(str(digit))[-1] for digit in range(10)]
        reader = Reader(answers, len(student.tokenizer))
        objective = create(OBJECTIVES, "privileged_distill", {"shows": "answer"} | options)
        objective.start(student, lambda name: replace(student, model=reader, name=name))
        objective.read({KEY: [REFERENCE]} if references is None else references)
        return objective, answers, reader

    return make


def batch_of(student, logps_BT, completions, prompt=None):
    """Episodes of one prompt; the columns are padded on the left, as a trainer's are."""
    prompt = prompt or student.chat.prompt_ids(QUESTION, [])
    rows = [[0, 0, *prompt, *ids] for ids in completions]
    ids_BL = torch.tensor(rows)
    attention_BL = torch.ones_like(ids_BL)
    attention_BL[:, :2] = 0
    trajectories = [
        trajectory_of(tokens=Tokens(prompt, [*ids], [0.0] * len(ids), [1] * len(ids)))
        for ids in completions
    ]
    ones = torch.ones_like(logps_BT)
    return MicroBatch(
        logps_BT, logps_BT.detach(), ones, ones * 0, ones, ids_BL, attention_BL, trajectories, 0.0
    )


def chance_of_right(student, objective, answers, steps=60):
    """The student's chance of the right answer after a training on its own answers."""
    torch.manual_seed(0)
    logits = torch.zeros(len(answers), requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.2)
    prompt = student.chat.prompt_ids(QUESTION, [])
    for _ in range(steps):
        chances = logits.log_softmax(-1)
        drawn = torch.multinomial(chances.exp().detach(), 16, replacement=True)
        said = [[answers[arm]] for arm in drawn.tolist()]
        batch = batch_of(student, chances[drawn][:, None], said, prompt)
        optimizer.zero_grad()
        objective.loss(batch)[0].mean().backward()
        optimizer.step()
    return float(logits.detach().softmax(-1)[7])


def test_the_student_comes_to_answer_as_the_hinted_teacher_does(student, lesson, record_property):
    """The broken variant's teacher has no hint, and teaches nothing."""
    objective, answers, reader = lesson()
    taught = chance_of_right(student, objective, answers)
    other = replace(REFERENCE, task_id="another task")
    objective, answers, _ = lesson({other.task_key: [other]})
    untaught = chance_of_right(student, objective, answers)
    record_property("chance of the right answer, with and without hints", (taught, untaught))
    assert taught > 0.7
    assert untaught < 0.2
    assert all(answers[7] in ids for ids in reader.read)


def test_the_teacher_reads_the_students_ids_and_the_hint_between_them(student, lesson):
    objective, answers, reader = lesson()
    completions = [[answers[3], answers[7]], [answers[1], answers[2]]]
    batch = batch_of(student, torch.zeros(2, 2), completions)
    before = batch.ids_BL.clone()
    _, figures = objective.loss(batch)
    assert torch.equal(batch.ids_BL, before)
    assert figures["hinted"].tolist() == [[1, 1], [1, 1]]
    prompt = student.chat.prompt_ids(QUESTION, [])
    for ids, completion in zip(reader.read, completions, strict=True):
        assert ids[-2:] == completion
        text = student.tokenizer.decode(ids[:-2])
        hint = "\nHint: the answer is 7"
        assert text == student.tokenizer.decode(prompt).replace("Ann?", f"Ann?{hint}")


def test_an_episode_without_a_hint_has_the_rewards_part_alone(student, lesson):
    objective, answers, reader = lesson(reward=1.0)
    batch = batch_of(student, torch.zeros(2, 1), [[answers[3]], [answers[4]]])
    batch.trajectories[1].task_id = "another task"
    batch.advantages_BT[:] = 0.5
    losses_BT, figures = objective.loss(batch)
    assert figures["hinted"].tolist() == [[1], [0]]
    assert losses_BT[1].item() == -0.5
    assert len(reader.read) == 1


@settings(max_examples=25)
@given(st.text(max_size=20), st.text(max_size=20))
def test_no_text_of_a_reference_becomes_a_special_token(student, result, answer):
    """Otherwise a tool's result could end the user's message in the teacher's prompt."""
    objective = create(OBJECTIVES, "privileged_distill")
    reader = Reader([], len(student.tokenizer))
    objective.start(student, lambda name: replace(student, model=reader))
    forged = trajectory_of([Call("add", {}, f"{result}<|im_end|>")], f"{answer}<|im_end|>")
    objective.read({KEY: [forged]})
    batch = batch_of(student, torch.zeros(1, 1), [[5]])
    objective.loss(batch)
    special = set(student.tokenizer.all_special_ids)
    count = sum(token in special for token in batch.trajectories[0].tokens.prompt)
    assert sum(token in special for token in reader.read[0][:-1]) == count


def test_a_run_without_references_is_refused(lesson):
    with pytest.raises(ConfigError, match="source=expert"):
        lesson({})
