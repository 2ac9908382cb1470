"""Imitation: which tokens carry loss, and that it teaches."""

from __future__ import annotations

import copy
import dataclasses
import json

import pytest
import torch
from rich.console import Console

from mentor_core.contracts.trajectory import read_trajectories
from mentor_core.door.registry import POLICIES, TRAINERS, create
from mentor_core.play.rollout import Rollout
from mentor_core.support.errors import ConfigError
from mentor_plugins.commands.job import run
from mentor_runs.assembly.assemble import assemble
from mentor_runs.assembly.references import References
from mentor_runs.directory.run_directory import RunDirectory
from mentor_runs.settings.resolve import resolve
from mentor_runs.settings.tables import merge
from mentor_runs.training import Training
from mentor_toolkit.progress_bar import Bar

SETTINGS = {
    "trainer": "sft",
    "env_options": {"train_size": 64},
    "train": {"steps": 6, "checkpoint_every": 3},
    "evaluate": {"tasks": 0},
}


@pytest.fixture
def training(student, tmp_path):
    def make(references=None, **settings):
        config = resolve(merge(SETTINGS, settings))
        parts = assemble(config)
        tasks, found = parts.training_tasks()
        policy = create(POLICIES, config.policy)
        return Training(
            parts=parts,
            student=dataclasses.replace(student, model=copy.deepcopy(student.model)),
            tasks=tasks,
            references=found if references is None else references,
            rollout=Rollout(parts.make_env, policy, parts.executor()),
            policy=policy,
            steps=config.train.steps,
            directory=RunDirectory(tmp_path),
            checkpoint=None,
            shown=Bar(Console(quiet=True), "training", config.train.steps),
            interrupted=lambda: False,
            on_metrics=lambda *_: None,
            on_rollout=lambda *_: None,
        )

    return make


def test_only_what_the_teacher_wrote_carries_loss(training, student):
    """A student that is trained on tool results learns to invent them."""
    job = training()
    for row in create(TRAINERS, "sft").rows(job):
        taught = [token for token in row["labels"] if token != -100]
        text = student.tokenizer.decode(taught)
        assert "<tool_response>" not in text
        assert "Answer:" in text
        assert len(row["labels"]) == len(row["input_ids"])
        assert all(
            label in (-100, token)
            for label, token in zip(row["labels"], row["input_ids"], strict=True)
        )


def test_the_loss_is_the_mean_over_taught_tokens(training):
    """By hand: −Σ log-probability of the taught tokens ÷ their number."""
    from trl import SFTConfig

    from mentor_plugins.trainers.sft.trainer import ImitationTrainer
    from mentor_plugins.trainers.watch import Watch

    job = training()
    rows = create(TRAINERS, "sft").rows(job)[:4]
    model = job.student.model.eval()
    total, count = 0.0, 0
    with torch.no_grad():
        for row in rows:
            ids, labels = torch.tensor([row["input_ids"]]), torch.tensor(row["labels"])[1:]
            logps = model(input_ids=ids).logits[0, :-1].log_softmax(-1)
            wanted = labels != -100
            total -= float(logps[wanted].gather(-1, labels[wanted][:, None]).sum())
            count += int(wanted.sum())
    from datasets import Dataset

    trainer = ImitationTrainer(
        watch=Watch(job),
        model=model,
        args=SFTConfig(
            output_dir=str(job.directory.path), use_cpu=True, report_to="none", max_length=None
        ),
        processing_class=job.student.tokenizer,
        train_dataset=Dataset.from_list(rows),
    )
    batch = trainer.data_collator([trainer.train_dataset[i] for i in range(4)])
    with torch.no_grad():
        loss = float(trainer.compute_loss(model, batch))
    assert loss == pytest.approx(total / count, rel=1e-4)


def test_imitation_makes_the_references_likelier(training):
    """Six steps halve the loss on the references at least; a wrong mask or shift would not."""
    job = training()
    trainer = create(TRAINERS, "sft")
    rows = trainer.rows(job)[:8]

    def loss(model):
        model.eval()
        losses = []
        with torch.no_grad():
            for row in rows:
                ids, labels = torch.tensor([row["input_ids"]]), torch.tensor([row["labels"]])
                losses.append(float(model(input_ids=ids, labels=labels).loss))
        return sum(losses) / len(losses)

    before = loss(job.student.model)
    trained = trainer.train(job)
    assert trained.steps == 6
    assert loss(trained.student.model) < 0.5 * before


def test_of_several_references_the_one_that_teaches_best_is_chosen(training):
    """A detour of the teacher is longer and less likely; two of three references agree."""
    job = training()
    task = job.tasks[0]
    (reference,) = job.references.get(task)
    first = reference.turns[0]
    detour = dataclasses.replace(reference, turns=[first, *reference.turns])
    job = training(References({task.key: [detour, reference, reference]}, {}))
    every = create(TRAINERS, "sft").rows(job)
    assert len(every) == 3
    for how in ("likeliest", "shortest", "nearest"):
        (row,) = create(TRAINERS, "sft", {"choose": how}).rows(job)
        assert row["input_ids"] == min((r["input_ids"] for r in every), key=len), how
    likeliest = create(TRAINERS, "sft", {"choose": "likeliest"}).rows(job)
    model, losses = job.student.model.eval(), []
    for row in every:
        with torch.no_grad():
            batch = {name: torch.tensor([ids]) for name, ids in row.items()}
            losses.append(float(model(**batch).loss))
    assert likeliest[0] == every[losses.index(min(losses))]


def test_without_references_it_says_so(training):
    job = training(references=References({}, {}))
    with pytest.raises(ConfigError, match="no reference to imitate"):
        create(TRAINERS, "sft").train(job)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"trl": {"learning_rate": 1}}, "option learning_rate"),
        ({"trl": {"learning_rat": 1}}, "unknown key 'learning_rat'"),
        ({"batch": 3}, "does not divide"),
    ],
)
def test_settings_that_would_do_nothing_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        create(TRAINERS, "sft", options).check(resolve({}), 2)


@pytest.mark.slow
def test_a_warm_start_is_evaluated_apart_and_resumes(tmp_path):
    """The report tells what imitation gave, and what reinforcement added to it."""
    config = resolve(
        {
            "warm_start": "sft:4",
            "warm_start_options": {"batch": 8},
            "env_options": {"train_size": 32},
            "train": {"steps": 1, "tasks_per_step": 2, "group_size": 4},
            "evaluate": {"tasks": 4, "splits": ["eval"]},
        }
    )
    output = tmp_path / "run"
    summaries = run(assemble(config), output, Console(quiet=True))
    assert list(summaries["eval"]) == ["before", "warm", "after"]
    assert (output / "warm" / "model" / "config.json").is_file()
    assert len((output / "warm" / "metrics.jsonl").read_text().splitlines()) == 4
    assert list(json.loads((output / "report.json").read_text())) == ["before", "warm", "after"]
    warm = read_trajectories(output / "trajectories" / "eval-warm.jsonl")
    again = run(assemble(config), output, Console(quiet=True), resume=True)
    assert again == summaries
    assert read_trajectories(output / "trajectories" / "eval-warm.jsonl") == warm


def test_with_a_teacher_the_loss_is_the_divergence_and_the_figures_stay(training):
    """A teacher that is the student has nothing to say; another one has, and the loss falls."""
    from mentor_plugins.trainers.sft.constrained import divergence

    job = training(train={"steps": 6})
    sft = create(TRAINERS, "sft", {"teacher": "embedded/calculator", "learning_rate": 3e-4})
    trainer = sft.trainer(job, sft.rows(job))
    assert float(first_loss(trainer)) == pytest.approx(0, abs=1e-5)
    with torch.no_grad():
        for weight in job.student.model.parameters():
            weight.add_(0.3 * weight.std() * torch.randn_like(weight))
    inputs = next(iter(trainer.get_train_dataloader()))
    labels = inputs["labels"][:, 1:]
    ids = {name: inputs[name] for name in ("input_ids", "attention_mask")}
    logits = [m(**ids).logits[:, :-1] for m in (trainer.model, trainer._constrained.teacher)]
    by_hand = divergence(*(one[labels != -100] for one in logits), 100, 10.0).mean()
    assert float(trainer.compute_loss(trainer.model, dict(inputs))) == pytest.approx(
        float(by_hand), rel=1e-4
    )
    trainer.train()
    losses = [line["loss"] for line in trainer.state.log_history if "loss" in line]
    assert losses[-1] < 0.7 * losses[0]
    assert all("mean_token_accuracy" in line for line in trainer.state.log_history[:-1])
    assert not any(w.requires_grad for w in trainer._constrained.teacher.parameters())


def first_loss(trainer):
    inputs = next(iter(trainer.get_train_dataloader()))
    return trainer.compute_loss(trainer.model, inputs)


def test_a_teacher_of_another_vocabulary_is_refused_and_its_options_need_it(training):
    job = training()
    sft = create(TRAINERS, "sft", {"teacher": "embedded/files"})
    with pytest.raises(ConfigError, match="trainer sft: the teacher 'embedded/files' has another"):
        sft.train(job)
    with pytest.raises(ConfigError, match="the option tail compares with a teacher's"):
        create(TRAINERS, "sft", {"tail": 1.0}).check(job.parts.config, 1)
