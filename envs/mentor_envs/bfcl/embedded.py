"""Questions in BFCL's form that come with mentor: generated, the same ones everywhere."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Any

from mentor_envs.bfcl.skills import SKILLS, Skill
from mentor_envs.rows import Row

__all__ = ["CATEGORIES", "reworded", "rows"]

_SIZES = {
    "simple_python": 240,
    "multiple": 240,
    "parallel": 120,
    "parallel_multiple": 120,
    "irrelevance": 120,
}
CATEGORIES = tuple(_SIZES)
_REWORDED = 128


def rows(category: str) -> list[tuple[Row, Row | None]]:
    """Questions of a category, each with its answer if the category has answers.

    No two questions of all categories are the same text.
    """
    return _all()[category]


@cache
def reworded() -> list[tuple[str, Row, Row]]:
    """Questions of the shift `phrasing`, all different: category, question and answer."""
    taken: set[str] = set()
    found = []
    for index in range(_REWORDED):
        category = ("simple_python", "multiple")[index % 2]
        draw = Random(f"phrasing {index}")
        row, answer = _write("phrasing", category, index, draw, taken)
        assert answer is not None
        found.append((category, row, answer))
    return found


@cache
def _all() -> dict[str, list[tuple[Row, Row | None]]]:
    taken: set[str] = set()
    return {
        category: [_make(category, index, taken) for index in range(size)]
        for category, size in _SIZES.items()
    }


def _make(category: str, index: int, taken: set[str]) -> tuple[Row, Row | None]:
    return _write(category, category, index, Random(f"{category} {index}"), taken)


def _write(
    called: str, category: str, index: int, draw: Random, taken: set[str]
) -> tuple[Row, Row | None]:
    """A question of a category, with a text outside `taken`, and the question's answer.

    Args:
        called: the category; or `phrasing`, for a question with sentences of that shift.
    """
    while True:
        text, offered, truth = _QUESTIONS[category](draw, called == "phrasing")
        if text not in taken:
            break
    taken.add(text)
    name, where = f"embedded_{called}_{index}", f"embedded {called}: row {index + 1}"
    question = {
        "id": name,
        "question": [[{"role": "user", "content": text}]],
        "function": [skill.document for skill in offered],
    }
    answer = {"id": name, "ground_truth": truth}
    found = Row(where, index + 1, answer) if category != "irrelevance" else None
    return Row(where, index + 1, question), found


_Question = tuple[str, list[Skill], list[dict[str, Any]]]


def _ask(skills: list[Skill], draw: Random, phrasing: bool) -> tuple[str, list[dict[str, Any]]]:
    """Requests for the skills, one after the other, and their ground truth."""
    requests = [skill.ask(draw, phrasing) for skill in skills]
    text = draw.choice(("; then ", "; also, ")).join(text for text, _ in requests)
    truth = [{skill.name: wanted} for skill, (_, wanted) in zip(skills, requests, strict=True)]
    return f"{text[0].upper()}{text[1:]}.", truth


def _simple(draw: Random, phrasing: bool) -> _Question:
    skills = draw.sample(SKILLS, 1)
    text, truth = _ask(skills, draw, phrasing)
    return text, skills, truth


def _multiple(draw: Random, phrasing: bool) -> _Question:
    offered = draw.sample(SKILLS, draw.randint(2, 4))
    text, truth = _ask([draw.choice(offered)], draw, phrasing)
    return text, offered, truth


def _parallel(draw: Random, phrasing: bool) -> _Question:
    skill = draw.choice(SKILLS)
    text, truth = _ask([skill] * draw.randint(2, 3), draw, phrasing)
    return text, [skill], truth


def _parallel_multiple(draw: Random, phrasing: bool) -> _Question:
    offered = draw.sample(SKILLS, draw.randint(3, 4))
    text, truth = _ask(draw.sample(offered, draw.randint(2, 3)), draw, phrasing)
    return text, offered, truth


def _irrelevance(draw: Random, phrasing: bool) -> _Question:
    asked, *offered = draw.sample(SKILLS, draw.randint(2, 4))
    text, _ = _ask([asked], draw, phrasing)
    return text, offered, []


_QUESTIONS = {
    "simple_python": _simple,
    "multiple": _multiple,
    "parallel": _parallel,
    "parallel_multiple": _parallel_multiple,
    "irrelevance": _irrelevance,
}
