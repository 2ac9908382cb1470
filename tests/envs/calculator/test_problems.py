"""Generated problems: same for everyone, solvable, and honest about their splits."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter

import pytest

from mentor_envs.calculator.env import Calculator
from mentor_envs.calculator.phrasing import PHRASES
from mentor_envs.calculator.problems import make_task
from mentor_envs.calculator.story import LARGER, OOD, TRAIN
from mentor_envs.calculator.tools import FUNCTIONS

env = Calculator(train_size=1500)
SPLITS = ("train", "eval", "phrasing", "numbers", "length")
FURTHER = ("length", "phrasing", "numbers")


def tools_of(tasks):
    return Counter(step["name"] for task in tasks for step in task.metadata["steps"])


@pytest.mark.parametrize("split", SPLITS)
def test_a_task_depends_on_seed_split_and_index_only(split):
    # Runs could not be compared, and a saved task id would mean another task.
    steps = (4, 4) if split == "length" else (2, 3)
    tasks = env.tasks(split)
    assert [make_task(split, i, steps, 0) for i in (7, 3)] == [tasks[7], tasks[3]]
    assert make_task(split, 3, steps, 1).prompt != tasks[3].prompt


@pytest.mark.parametrize("seed", [0, 1])
def test_train_and_eval_share_no_prompt_whatever_the_seed(seed):
    # Evaluation would measure memory.
    trained = {task.prompt for task in env.tasks("train")}
    assert not trained & {task.prompt for task in Calculator(seed=seed).tasks("eval")}


def test_half_of_the_tasks_has_two_steps_and_half_three():
    for split in ("train", "eval"):
        lengths = Counter(len(task.metadata["steps"]) for task in env.tasks(split))
        assert lengths[2] == lengths[3] == sum(lengths.values()) / 2
        assert all(t.metadata["n_steps"] == len(t.metadata["steps"]) for t in env.tasks(split))


@pytest.mark.parametrize("split", ["train", "ood"])
def test_every_tool_is_needed(split):
    # A tool that no task needs is never learnt.
    assert set(tools_of(env.tasks(split))) == set(FUNCTIONS)


def test_in_train_and_eval_people_have_whole_numbers():
    for split in ("train", "eval"):
        for task in env.tasks(split):
            assert 1 <= int(task.answer) <= TRAIN.largest


def as_pattern(template):
    return re.compile(re.sub(r"\\\{\w+\\\}", r"\\w+", re.escape(template)))


def test_each_shift_differs_from_train_in_one_way():
    # The gap between eval and a shift is a headline number, which one cause must explain.
    trained = [as_pattern(t) for phrases in PHRASES.values() for t in phrases.train]
    for split in ("phrasing", "numbers", "length"):
        for task in env.tasks(split):
            assert task.metadata["n_steps"] in ((4,) if split == "length" else (2, 3))
            known = [bool(pattern.search(task.prompt)) for pattern in trained]
            assert any(known) != (split == "phrasing"), task.prompt
    for phrases in PHRASES.values():
        assert phrases.train and phrases.ood and not set(phrases.train) & set(phrases.ood)
    for new in (LARGER, OOD):
        for one, other in ((TRAIN.quantities, new.quantities), (TRAIN.factors, new.factors)):
            assert one[1] < other[0]


def test_every_sentence_says_whose_quantity_it_changes():
    # In a story about two people it would be ambiguous.
    for kind, phrases in PHRASES.items():
        assert all("{who}" in template for template in phrases.train + phrases.ood), kind


def test_numbers_of_the_chain_stand_in_the_prompt():
    # A number that the policy cannot read could only be guessed.
    implied = {"power": {2, 3}, "round_number": {-1}}
    for split in SPLITS:
        for task in env.tasks(split):
            written = set(map(int, re.findall(r"\d+", task.prompt)))
            for step in task.metadata["steps"]:
                for value in step["arguments"].values():
                    numbers = value if isinstance(value, list) else [value]
                    known = written | implied.get(step["name"], set())
                    assert {n for n in numbers if not isinstance(n, dict)} <= known


def test_some_chains_have_independent_calls():
    # Reward terms that tolerate another order would never be exercised.
    def joins(task):
        refs = [
            value["step"]
            for step in task.metadata["steps"]
            for value in step["arguments"].values()
            if isinstance(value, dict)
        ]
        last = [v for v in task.metadata["steps"][-1]["arguments"].values() if isinstance(v, dict)]
        return len(last) == 2 and len(refs) >= 2

    tasks = env.tasks("train")
    assert sum(map(joins, tasks)) > len(tasks) / 20


def test_prompts_are_short_and_metadata_is_json():
    # A small model reads them; trajectories and stores write them.
    for split in SPLITS:
        for task in env.tasks(split):
            assert len(task.prompt) < 400
            assert json.loads(json.dumps(task.metadata)) == task.metadata


def test_sizes_and_steps_are_options():
    small = Calculator(train_size=5, eval_size=3, ood_size=2, min_steps=1, max_steps=1)
    assert [len(small.tasks(split)) for split in SPLITS] == [5, 3, 2, 2, 2]
    assert {task.metadata["n_steps"] for task in small.tasks("train")} == {1}
    assert {task.metadata["n_steps"] for task in small.tasks("length")} == {2}


def test_the_option_shifts_puts_them_further_into_ood_alone_or_together():
    told = {shift: Calculator(ood_size=60, shifts=[shift]).tasks("ood") for shift in FURTHER}
    assert Calculator(shifts=["length"]).splits == ("train", "eval", "ood")
    assert {task.metadata["n_steps"] for task in told["length"]} == {4, 5}
    for shift in ("phrasing", "numbers"):
        assert {task.metadata["n_steps"] for task in told[shift]} == {2, 3}
    asked = [text.split("{")[0] for text in PHRASES["ask"].ood]
    unseen = {
        shift: sum(any(text in task.prompt for text in asked if text) for task in tasks)
        for shift, tasks in told.items()
    }
    assert unseen["phrasing"] > unseen["length"] == unseen["numbers"]
    assert len({task.id for tasks in told.values() for task in tasks}) >= 60


def test_the_option_shifts_gives_the_tasks_of_always():
    # Figures of before would not be comparable.
    digest = hashlib.sha256()
    for task in Calculator(shifts=list(FURTHER), ood_size=50).tasks("ood"):
        digest.update(f"{task.id} {task.prompt} {task.answer}".encode())
    assert digest.hexdigest()[:16] == "768d4d8f23e61c85"
