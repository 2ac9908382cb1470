"""Generated questions on the built-in databases."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from mentor_core.contracts.task import Split, Task
from mentor_envs.generated import belongs
from mentor_envs.sql.asker import Asker
from mentor_envs.sql.choices import RejectedSample
from mentor_envs.sql.contents import build
from mentor_envs.sql.domains import TRAIN, UNSEEN
from mentor_envs.sql.phrases import PHRASES, SHIFTED

__all__ = ["generate"]

_EVAL_SHARE = 10  # one query in so many belongs to eval
_PATIENCE = 300  # draws without a new question, after which questions repeat


@lru_cache(maxsize=8)
def generate(split: Split, size: int, seed: int) -> tuple[Task, ...]:
    """The first `size` questions of a split; always the same ones for the same seed.

    Train and eval ask about the same databases, and share neither a query nor a question. The shift
    `phrasing` has wordings of its own, the shift `domain` databases of its own, and both have no
    query of train. `metadata` holds the `database` and the `kind` of the question. When no new
    question is found, questions are repeated.
    """
    domains = (UNSEEN if split == "domain" else TRAIN).values()
    wordings = SHIFTED if split == "phrasing" else PHRASES
    draw = random.Random(f"{seed}/{split}")
    connections = [_open(domain.name, seed) for domain in domains]
    askers = [Asker(*pair, draw, wordings) for pair in zip(domains, connections, strict=True)]
    try:
        questions = islice(_questions(askers, split), size)
        return tuple(
            Task(f"{split}-{seed}-{index}", "sql", question, sql, split, metadata)
            for index, (question, sql, metadata) in enumerate(questions)
        )
    finally:
        for connection in connections:
            connection.close()


def _questions(askers: list[Asker], split: Split) -> Iterator[tuple[str, str, dict[str, str]]]:
    asked: set[str] = set()
    turn = failures = 0
    while True:
        asker = askers[turn % len(askers)]
        try:
            kind, question, sql = asker.ask()
        except RejectedSample:
            continue
        if not belongs(sql, split, _EVAL_SHARE):
            continue
        failures = failures + 1 if question in asked else 0
        if 0 < failures < _PATIENCE:
            continue
        asked.add(question)
        turn += 1
        yield question, sql, {"database": asker.domain.name, "kind": kind}


def _open(name: str, seed: int) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.deserialize(build(name, seed))
    return connection
