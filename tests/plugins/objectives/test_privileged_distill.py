"""PrivilegedDistill: the student learns what only the teacher reads, and never reads it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core.contracts.lessons import PlayedGroup
from mentor_core.contracts.objective import MicroBatch
from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call, Tokens
from mentor_core.door.registry import OBJECTIVES, create
from mentor_lab.testing import trajectory_of

REFERENCE = trajectory_of([Call("add", {"a": 3, "b": 4}, "7")], "7", outcome=1.0)
QUESTION = [{"role": "user", "content": "How many has Ann?"}]
ENV = SimpleNamespace(reset=lambda **_: (None, {"tools": []}))


class Reader(torch.nn.Module):
    """A teacher that expects the answers that its prompt has, and is else undecided."""

    config = SimpleNamespace(max_position_embeddings=512)

    def __init__(self, answers, vocabulary):
        super().__init__()
        self.answers, self.vocabulary, self.read = answers, vocabulary, []

    def forward(self, input_ids, attention_mask, logits_to_keep, use_cache):
        self.read += [
            ids[mask > 0].tolist() for ids, mask in zip(input_ids, attention_mask, strict=True)
        ]
        logits = torch.full((*input_ids.shape, self.vocabulary), -20.0)
        for row, ids in enumerate(input_ids[:, : 1 - logits_to_keep].tolist()):
            for answer in self.answers:
                logits[row, :, answer] = 4.0 * (answer in ids)
        return SimpleNamespace(logits=logits[:, -logits_to_keep:])


@pytest.fixture(scope="module")
def answers(student):
    """Ids of the ten answers."""
    return [student.tokenizer.encode(str(digit))[-1] for digit in range(10)]


@pytest.fixture
def lesson(student, answers):
    """Makes an objective that reads answers as hints, and its teacher."""

    def make():
        reader = Reader(answers, len(student.tokenizer))
        objective = create(
            OBJECTIVES, "privileged_distill", {"shows": "answer", "teacher": "a reader"}
        )
        objective.start(student, lambda name: replace(student, model=reader, name=name))
        return objective, reader

    return make


def played(student, completions):
    """Episodes of one question, with a seed each."""
    prompt = student.chat.prompt_ids(QUESTION, [])
    return [
        replace(
            trajectory_of(tokens=Tokens(prompt, [*ids], [0.0] * len(ids), [1] * len(ids))),
            prompt=QUESTION,
            seed=seed,
        )
        for seed, ids in enumerate(completions)
    ]


def batch_of(logps_BT, own):
    """The columns are padded on the left, as a trainer's are."""
    ids_BL = torch.tensor([[0, 0, *one.tokens.prompt, *one.tokens.completion] for one in own])
    attention_BL = torch.ones_like(ids_BL)
    attention_BL[:, :2] = 0
    ones = torch.ones_like(logps_BT)
    return MicroBatch(
        logps_BT, logps_BT.detach(), ones, ones * 0, ones, ids_BL, attention_BL, own, 0.0
    )


def group_of(own, references):
    return PlayedGroup(Task("ann", "any", "How many?"), 0, own, references, 1.0, ENV, 0)


def chance_of_right(student, objective, answers, references, steps=60):
    """The student's chance of the right answer after a training on its own answers."""
    torch.manual_seed(0)
    logits = torch.zeros(len(answers), requires_grad=True)
    optimizer = torch.optim.Adam([logits], lr=0.2)
    for _ in range(steps):
        chances = logits.log_softmax(-1)
        drawn = torch.multinomial(chances.exp().detach(), 16, replacement=True)
        own = played(student, [[answers[arm]] for arm in drawn.tolist()])
        objective.hear([group_of(own, references)])
        optimizer.zero_grad()
        objective.loss(batch_of(chances[drawn][:, None], own))[0].mean().backward()
        optimizer.step()
    return float(logits.detach().softmax(-1)[7])


def test_the_student_comes_to_answer_as_the_hinted_teacher_does(
    student, lesson, answers, record_property
):
    """The broken variant's teacher has no reference, and teaches nothing."""
    objective, reader = lesson()
    taught = chance_of_right(student, objective, answers, [REFERENCE])
    untaught = chance_of_right(student, lesson()[0], answers, [])
    record_property("chance of the right answer, with and without hints", (taught, untaught))
    assert taught > 0.7
    assert untaught < 0.2
    assert all(answers[7] in ids for ids in reader.read)


def test_the_teacher_reads_the_students_ids_after_the_hint(student, lesson, answers):
    objective, reader = lesson()
    completions = [[answers[3], answers[7]], [answers[1], answers[2]]]
    own = played(student, completions)
    batch = batch_of(torch.zeros(2, 2), own)
    before = batch.ids_BL.clone()
    objective.hear([group_of(own, [REFERENCE])])
    _, figures = objective.loss(batch)
    assert torch.equal(batch.ids_BL, before)
    assert figures["hinted"].tolist() == [[1, 1], [1, 1]]
    prompt = student.tokenizer.decode(own[0].tokens.prompt)
    for ids, completion in zip(reader.read, completions, strict=True):
        assert ids[-2:] == completion
        told = prompt.replace("Ann?", "Ann?\n\nHint: the answer is 7")
        assert student.tokenizer.decode(ids[:-2]) == told


@pytest.mark.parametrize(
    ("shows", "hint"),
    [
        ("answer", "Hint: the answer is 7"),
        ("calls", 'Hint: add({"a":3,"b":4}) gives 7'),
        ("both", 'Hint: add({"a":3,"b":4}) gives 7; the answer is 7'),
    ],
)
def test_the_hint_is_what_the_option_says(shows, hint):
    objective = create(OBJECTIVES, "privileged_distill", {"shows": shows})
    assert objective.hint(REFERENCE, group_of([], [REFERENCE])).replace(" ", "") == hint.replace(
        " ", ""
    )
    assert objective.hint(REFERENCE, group_of([], [])) is None


@settings(max_examples=25)
@given(st.text(max_size=20), st.text(max_size=20))
def test_no_text_of_a_reference_becomes_a_special_token(student, result, answer):
    """Otherwise a tool's result could end the user's message in the teacher's prompt."""
    objective = create(OBJECTIVES, "privileged_distill", {"teacher": "a reader"})
    reader = Reader([], len(student.tokenizer))
    objective.start(student, lambda name: replace(student, model=reader))
    forged = trajectory_of([Call("add", {}, f"{result}<|im_end|>")], f"{answer}<|im_end|>")
    own = played(student, [[5]])
    objective.hear([group_of(own, [forged])])
    objective.loss(batch_of(torch.zeros(1, 1), own))
    special = set(student.tokenizer.all_special_ids)
    count = sum(token in special for token in own[0].tokens.prompt)
    assert sum(token in special for token in reader.read[0][:-1]) == count
