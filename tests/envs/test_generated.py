"""Domains with generated tasks, or tasks from a file: what all of them do in the same way."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import pytest

from mentor_core.door.registry import ENVIRONMENTS, load
from mentor_core.support.errors import DataError
from mentor_envs.generated import GeneratedEnv, hash_byte, owner

DOMAINS = ["calculator", "files", "retrieval", "sql"]


@pytest.mark.parametrize("name", DOMAINS)
def test_the_sizes_are_those_of_the_splits(name):
    env = load(ENVIRONMENTS, name)(train_size=3, eval_size=2, ood_size=1)
    assert isinstance(env, GeneratedEnv)
    sizes = {split: len(env.tasks(split)) for split in env.splits}
    assert sizes.pop("ood") == sizes["tools"] + len(env.shifts) - 1
    assert sizes == {"train": 3, "eval": 2, **dict.fromkeys(env.shifts, 1), "tools": 2}
    more = load(ENVIRONMENTS, name)(train_size=4)
    assert more.tasks("train")[:3] == env.tasks("train")


@pytest.mark.parametrize("name", DOMAINS)
def test_two_instances_share_no_list_of_tasks(name):
    # One that shuffles its own tasks would change what the others train on.
    one, two = (load(ENVIRONMENTS, name)(train_size=3) for _ in range(2))
    one.tasks("train").clear()
    assert len(two.tasks("train")) == 3


PINNED = {
    "calculator": ("266b70b64404cdc0", "25ffe663ef182ca4"),
    "files": ("4a43e7fc846e39e6", "a3cd709309f02082"),
    "retrieval": ("67ce480d498fc554", "b9c76cde7d5435f1"),
    "sql": ("31249eafef35e086", "f7afa9b364437b23"),
    "webshop": ("e27c6b4103ce9cfb", "a93e58d41e29a52d"),
}
"""Environment → digests of train with eval, and of the shifts."""


@pytest.mark.parametrize("name", PINNED)
def test_generated_tasks_are_the_same_for_ever(name):
    """Students have learnt from them, and figures were measured on them."""
    env, digests = load(ENVIRONMENTS, name)(), []
    for splits in (("train", "eval"), env.shifts):
        digest = hashlib.sha256()
        for task in [task for split in splits for task in env.tasks(split)[:50]]:
            digest.update(json.dumps([task.id, task.prompt, task.answer], default=list).encode())
        digests.append(digest.hexdigest()[:16])
    assert tuple(digests) == PINNED[name]


@pytest.mark.parametrize("name", [*DOMAINS, "functions"])
@pytest.mark.parametrize("text", ["", "[]", "3", '{"a": 1}\n{', "[[1]]"])
def test_a_broken_file_of_tasks_is_named(name, text, tmp_path):
    path = tmp_path / "broken.jsonl"
    path.write_text(text)
    options = {"tools": [double]} if name == "functions" else {}
    with pytest.raises(DataError, match=r"broken\.jsonl"):
        load(ENVIRONMENTS, name)(tasks_file=path, **options).tasks("eval")


def double(number: int) -> int:
    """Twice a number."""
    return 2 * number


def test_a_file_is_read_once(tmp_path):
    # Else one that is edited during a run would mix two versions of it.
    path = tmp_path / "rows.jsonl"
    path.write_text('{"question": "1?", "answer": 1}\n{"question": "2?", "answer": 2}\n')
    env = load(ENVIRONMENTS, "calculator")(tasks_file=path)
    assert [task.prompt for task in env.tasks("train")] == ["1?"]
    path.write_text("{")
    assert [task.prompt for task in env.tasks("eval")] == ["2?"]


def test_the_owner_of_a_text_is_the_same_in_every_process():
    # Else train and eval would share prompts between runs.
    texts = [f"prompt {n}" for n in range(200)]
    code = f"""if True:
        import json, sys
        from mentor_envs.generated import owner
        print(json.dumps([owner(text, 8) for text in {texts!r}]))"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    owners = [owner(text, 8) for text in texts]
    assert json.loads(done.stdout) == owners
    assert 10 < owners.count("eval") < 45
    assert all(0 <= hash_byte(text) < 256 for text in texts)
