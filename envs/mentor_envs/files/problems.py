"""Generated tasks: one chore or two, then perhaps a question; the shifts are longer, or new pairs.

Train and eval come from one distribution and share no prompt, with any seed. A hash of the prompt
decides between the two. One in five ordered pairs of chores is kept from both (`HELD_OUT`). These
pairs are the shift `pairs`. The shift `length` has three chores, without such pairs. No shift
shares a prompt with train.
"""

from __future__ import annotations

import random
from functools import lru_cache
from itertools import pairwise
from typing import Any

from mentor_core.contracts.task import Split, Task
from mentor_envs.files.chores import CHORES, QUESTIONS, RejectedSample, Scene
from mentor_envs.files.phrasing import OPENINGS, PHRASES
from mentor_envs.files.shell import Limits, Shell
from mentor_envs.files.tree import distance, nest
from mentor_envs.files.world import make_tree
from mentor_envs.generated import belongs, hash_byte

__all__ = ["HELD_OUT", "generate", "make_task"]

_EVAL_SHARE = 8  # one prompt in so many belongs to eval
_MOST_STEPS = 7  # with the answer, an episode of eight turns
_INSIDE = 0.2  # share of tasks that begin in a directory


HELD_OUT = {
    (first, second)
    for first in CHORES
    for second in [*CHORES, *QUESTIONS]
    if hash_byte(f"{first} {second}") % 5 == 0
}
"""Ordered pairs of chores that train and eval never have, one directly after the other."""


@lru_cache(maxsize=8)
def generate(split: Split, size: int, seed: int) -> tuple[Task, ...]:
    """The first `size` tasks of a split; see `make_task`."""
    return tuple(make_task(split, index, seed) for index in range(size))


def make_task(split: Split, index: int, seed: int) -> Task:
    """The task of that index; always the same one for the same arguments.

    Args:
        split: decides the number of chores, and the pairs allowed.
        index: counts from 0; the lengths take turns with it.
        seed: tasks of different seeds are drawn independently.

    Returns:
        A task whose `metadata` holds the `start` tree, the names of its `chores`, and the
        expert's `steps`, `n_steps` of them.
    """
    draw = random.Random(f"files/{seed}/{split}/{index}")
    while True:
        chores = _draw_chores(draw, split, index)
        try:
            prompt, answer, metadata = _tell(draw, chores)
        except RejectedSample:
            continue
        if belongs(prompt, split, _EVAL_SHARE):
            break
    return Task(f"{split}-{seed}-{index}", "files", prompt, answer, split, metadata)


def _draw_chores(draw: random.Random, split: Split, index: int) -> list[str]:
    """Names of chores; a question comes last, if at all."""
    everything = [*CHORES, *QUESTIONS]
    if split == "pairs":
        return [*draw.choice(sorted(HELD_OUT))]
    if index % 2 == 0 and split != "length":
        return [draw.choice(everything)]
    while True:
        before = [draw.choice([*CHORES]) for _ in range(2 if split == "length" else 1)]
        chores = [*before, draw.choice(everything)]
        if HELD_OUT.isdisjoint(pairwise(chores)):
            return chores


def _tell(draw: random.Random, chores: list[str]) -> tuple[str, dict[str, Any], dict[str, Any]]:
    """Prompt, answer and metadata of a task.

    Raises:
        RejectedSample: this draw gives no task.
    """
    start = make_tree(draw)
    scene = Scene(draw, Shell(dict(start), Limits()))
    opening, sentences = "", []
    if draw.random() < _INSIDE:
        directory = draw.choice(scene.directories())
        opening = draw.choice(OPENINGS).format(directory=directory)
        scene.do("cd", path=directory)
    for number, name in enumerate(chores):
        fields = (CHORES | QUESTIONS)[name](scene)
        spelt = {key: _spell(scene, key, value) for key, value in fields.items()}
        sentence = draw.choice(PHRASES[name]).format(**spelt)
        if number and name in CHORES and sentence[0].isupper():
            sentence = f"Then {sentence[0].lower()}{sentence[1:]}"
        sentences.append(sentence)
    prompt = opening + " ".join(sentences)
    answer: dict[str, Any] = {}
    if scene.answers:
        answer["text"] = list(dict.fromkeys(scene.answers))
    if chores[0] in CHORES:
        answer["tree"] = nest(scene.shell.tree)
    revealed = any(accepted in prompt for accepted in scene.answers)
    undone = "tree" in answer and not distance(start, scene.shell.tree)
    if revealed or undone or len(scene.steps) > _MOST_STEPS:
        raise RejectedSample
    steps = scene.steps
    metadata = {"start": nest(start), "chores": chores, "steps": steps, "n_steps": len(steps)}
    return prompt, answer, metadata


def _spell(scene: Scene, field: str, value: str) -> str:
    """A field as the prompt writes it: paths are relative to the first directory."""
    if field in ("text", "word", "name", "key") or not scene.shell.directory:
        return value
    return scene.shell.spell(value)
