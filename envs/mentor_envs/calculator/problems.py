"""Generated word problems: each is told by stories (`story.py`) and ends with a question.

A problem has one story about a running quantity, or two stories beside each other that the question
joins. The calls of two stories commute. Train and eval come from one distribution and share no
prompt, with any seed. A hash of the prompt decides between the two. Each shift differs from train
in one way only, and shares no prompt with train. The option `shifts` gives tasks of `ood` that
differ in several ways at once, and further.
"""

from __future__ import annotations

import random
from collections.abc import Collection
from functools import lru_cache
from typing import Literal

from mentor_core.contracts.task import Split, Task
from mentor_envs.calculator.chain import Chain, number
from mentor_envs.calculator.phrasing import ITEMS, NAMES
from mentor_envs.calculator.story import LARGER, OOD, TRAIN, RejectedSample, Story, Style
from mentor_envs.generated import belongs

__all__ = ["Shift", "generate", "make_task"]

Shift = Literal["length", "phrasing", "numbers"]
"""A difference of a task from train's: length, sentences, or numbers."""

_STYLES: dict[Split, Style] = {
    "length": Style(paired=True),
    "phrasing": Style(phrasing=True),
    "numbers": Style(ranges=LARGER),
}

_PAIRED = ("floor", "ceil", "abs_value")  # these belong to the call before
_EVAL_SHARE = 8  # one prompt in so many belongs to eval
_JOINED = 1 / 3  # share of stories in pairs, from three steps on


@lru_cache(maxsize=8)
def generate(
    split: Split,
    size: int,
    steps: tuple[int, int],
    seed: int,
    shifts: tuple[Shift, ...] = (),
) -> tuple[Task, ...]:
    """The first `size` tasks of a split; see `make_task`."""
    return tuple(make_task(split, index, steps, seed, shifts) for index in range(size))


def make_task(
    split: Split,
    index: int,
    steps: tuple[int, int],
    seed: int,
    shifts: Collection[Shift] = (),
) -> Task:
    """The task of that index; always the same one for the same arguments.

    Args:
        split: determines prompts, sentences and numbers.
        index: counts from 0; the lengths of chains take turns with it.
        steps: the shortest and the longest chain, in calls.
        seed: tasks of different seeds are drawn independently.
        shifts: shifts of the split ood, which has no tasks without them; `steps` gives the length.

    Returns:
        A task whose `metadata` holds `steps` (see `chain.py`) and `n_steps`.
    """
    style = _STYLES.get(split, Style())
    if split == "ood":
        style = Style(OOD if "numbers" in shifts else TRAIN, phrasing="phrasing" in shifts)
    shortest, longest = steps
    length = shortest + index % (longest - shortest + 1)
    draw = random.Random(f"{seed}/{split}/{index}")
    while True:
        try:
            prompt, answer, chain = _tell(draw, length, style)
        except RejectedSample:
            continue
        if split == "ood" or belongs(prompt, split, _EVAL_SHARE):
            break
    return Task(
        id=f"{split}-{seed}-{index}",
        env="calculator",
        prompt=prompt,
        answer=str(number(answer)),
        split=split,
        metadata={"steps": chain.steps, "n_steps": length},
    )


def _tell(draw: random.Random, length: int, style: Style) -> tuple[str, float, Chain]:
    """Prompt, answer and chain of a problem of `length` steps.

    Raises:
        RejectedSample: this draw gives no problem.
    """
    chain = Chain()
    who, other, *others = draw.sample(NAMES, len(NAMES))
    item = draw.choice(ITEMS)
    one = Story(draw, style, chain, who, others, item)
    if length < 3 or style.paired or draw.random() > _JOINED:
        one.tell(length)
        if style.paired and not any(step["name"] in _PAIRED for step in chain.steps):
            raise RejectedSample
        one.say("ask")
        return " ".join(one.sentences), one.quantity.value, chain
    two = Story(draw, style, chain, other, others, item)
    first = draw.randint(1, length - 2)
    for story, steps in ((one, first), (two, length - 1 - first)):
        story.used |= {"floor", "ceil"}  # they change what is counted
        story.tell(steps)
    told = one.sentences + two.sentences
    question, tool = draw.choice((("together", "add"), ("more", "subtract")))
    if tool == "subtract" and one.quantity.value <= two.quantity.value:
        one, two = two, one
    answer = chain.call(tool, a=one.quantity, b=two.quantity)
    if not 1 <= answer.value <= one.ranges.largest:
        raise RejectedSample
    one.say(question, other=two.who)
    return " ".join([*told, one.sentences[-1]]), answer.value, chain
