"""Run directories as a run leaves them, with real tasks, references and tokens, but no training."""

from __future__ import annotations

import copy
import json
import shutil
from dataclasses import replace
from functools import partial

import pytest
from tokenizers import Tokenizer

from mentor_core.contracts.provenance import Provenance
from mentor_core.contracts.trajectory import Tokens, format_trajectory
from mentor_plugins.models.loading import model_path
from mentor_runs.assembly.assemble import assemble
from mentor_runs.directory.run_directory import RunDirectory
from mentor_runs.settings.resolve import resolve

SMALL = {"train_size": 8, "eval_size": 8, "ood_size": 4}
STUDENT = model_path("embedded/calculator")


@pytest.fixture(scope="session")
def material():
    """The configuration of a small run, its tasks by split, and the references."""
    config = resolve({"env": "calculator", "env_options": SMALL, "train": {"steps": 3}})
    parts = assemble(config)
    _, references = parts.training_tasks()
    tasks = {split: parts.domains["calculator"].tasks(split) for split in ("eval", "ood")}
    tokenizer = Tokenizer.from_file(str(STUDENT / "tokenizer.json"))
    known = [reference for several in references.of.values() for reference in several]
    return config, tasks, known, tokenizer


@pytest.fixture(scope="session")
def run_in(material):
    """run_in(FOLDER, "a", before=[1, 0], after=[0, 1], seed=0) → the directory of a run.

    `before` and `after` are the outcomes of the evaluation, task by task. Training has `steps`
    steps of two groups of two episodes. The first episode of a group wins.
    """
    config, tasks, references, tokenizer = material

    def make(
        folder,
        name="a",
        before=(1, 1, 0, 0),
        after=(1, 0, 1, 0),
        seed=0,
        steps=3,
        status="finished",
    ):
        path = folder / name
        directory = RunDirectory.create(path, config.model_copy(update={"seed": seed}))
        directory.write(directory.references, references)
        for when, outcomes in (("before", before), ("after", after)):
            for split in ("eval", "ood"):
                played = [
                    _played(references[0], tokenizer, task.id, float(outcome))
                    for task, outcome in zip(tasks[split], outcomes, strict=False)
                ]
                if played:
                    directory.write(directory.trajectories(f"{split}-{when}"), played)
        rows = []
        for step in range(steps):
            episodes = [
                replace(
                    _played(references[group], tokenizer, None, float(number == 0)),
                    group=group,
                    policy_version=step,
                    reward=1.0 - number,
                    scores={"outcome": 1.0 - number, "teacher": None},
                )
                for group in (0, 1)
                for number in (0, 1)
            ]
            for episode in episodes:
                size = len(episode.tokens.completion)
                episode.tokens.advantages = [1.0 if episode.reward else -1.0] * size
            directory.append(directory.trajectories("train"), episodes)
            metrics = {"reward": 0.5, "success": 0.5, "terms/outcome/mean": 0.5, "loss": 0.1}
            seconds = {"seconds/rollout": 2.0, "seconds/reward": 0.5, "seconds/step": 4.0}
            ended = {"end/answered": 1.0, "groups/zero_variance": 0.0}
            rows.append({"step": step + 1, **metrics, **seconds, **ended})
        text = "".join(f"{json.dumps(row)}\n" for row in rows)
        (path / "metrics.jsonl").write_text(text)
        (path / "model").mkdir()
        shutil.copy(STUDENT / "tokenizer.json", path / "model")
        directory.note(status, steps)
        return path

    return make


@pytest.fixture
def make_run(run_in, tmp_path):
    """make_run("a", …): the same, in the test's own folder."""
    return partial(run_in, tmp_path)


def _played(reference, tokenizer, task_id, outcome):
    """A reference as a student with the tokenizer would have played it."""
    played = copy.deepcopy(reference)
    played.source, played.outcome, played.seed = "student", outcome, 7
    played.task_id = task_id or played.task_id
    played.tokens = Tokens(prompt=[1, 2])
    played.provenance = Provenance("transformers", made_at="2026-01-01T00:00:10+00:00", seconds=4.0)
    if not outcome:
        played.turns[0].calls[0].arguments, played.turns[0].calls[0].key = {"a": 1, "b": 1}, None
    for turn in played.turns:
        ids = tokenizer.encode(turn.text).ids
        turn.span = played.tokens.add_sampled(ids, [-0.5] * len(ids))
        for message in turn.observation:
            played.tokens.add_written(tokenizer.encode(message["content"]).ids)
    return played


@pytest.fixture
def add_line():
    """Append a line to a file of episodes: a trajectory, or text."""

    def add(file, line):
        with file.open("a", encoding="utf-8") as stream:
            stream.write(line if isinstance(line, str) else format_trajectory(line))

    return add
