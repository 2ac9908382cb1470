"""Generated questions on the built-in databases."""

from __future__ import annotations

import hashlib
import random
import sqlite3
from collections.abc import Iterator

from mentor_core.task import Split, Task
from mentor_envs.sql.asker import Asker, Stuck
from mentor_envs.sql.contents import build
from mentor_envs.sql.domains import OOD, TRAIN

__all__ = ["generate"]

_EVAL_SHARE = 10  # of all queries one in so many is eval's
_PATIENCE = 300  # draws without a new question, after which questions repeat


def generate(split: Split, size: int, seed: int) -> list[Task]:
    """The first `size` questions of a split; always the same ones for the same seed.

    Train and eval ask about the same databases and share no query, nor a question; ood asks about
    databases of its own. `metadata` holds the `database` and the `kind` of the question. Once no
    new question is found, questions come again.
    """
    domains = (OOD if split == "ood" else TRAIN).values()
    draw = random.Random(f"{seed}/{split}")
    connections = [_open(domain.name, seed) for domain in domains]
    askers = [Asker(*pair, draw) for pair in zip(domains, connections, strict=True)]
    try:
        return [
            Task(f"{split}-{seed}-{index}", "sql", question, sql, split, metadata)
            for index, (question, sql, metadata) in zip(
                range(size), _questions(askers, split), strict=False
            )
        ]
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
        except Stuck:
            continue
        if split not in ("ood", _owner(sql)):
            continue
        failures = failures + 1 if question in asked else 0
        if 0 < failures < _PATIENCE:
            continue
        asked.add(question)
        turn += 1
        yield question, sql, {"database": asker.domain.name, "kind": kind}


def _owner(sql: str) -> Split:
    """The split, train or eval, that a query belongs to."""
    return "train" if hashlib.sha256(sql.encode()).digest()[0] % _EVAL_SHARE else "eval"


def _open(name: str, seed: int) -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    connection.deserialize(build(name, seed))
    return connection
