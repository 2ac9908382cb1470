"""Generated databases and questions: the same every time, and each with one right answer."""

from __future__ import annotations

import sqlite3
from collections import Counter

import pytest

from mentor_envs.sql import questions
from mentor_envs.sql.contents import build
from mentor_envs.sql.database import Database
from mentor_envs.sql.domains import TRAIN, UNSEEN
from mentor_envs.sql.phrases import PHRASES, SHIFTED
from mentor_envs.sql.questions import generate
from mentor_envs.sql.statements import orders_rows

SIZES = {"train": 4096, "eval": 128, "phrasing": 128, "domain": 128}


@pytest.fixture(scope="module")
def splits():
    return {split: generate(split, size, 0) for split, size in SIZES.items()}


@pytest.mark.parametrize("name", [*TRAIN, *UNSEEN])
def test_every_database_can_be_built_from_every_seed(name):
    for entity in (TRAIN | UNSEEN)[name].entities:
        if entity.name is not None:
            assert entity.rows[1] <= len(entity.name.firsts) * len(entity.name.seconds)
    for seed in range(8):
        connection = sqlite3.connect(":memory:")
        connection.deserialize(build(name, seed))
        for entity in (TRAIN | UNSEEN)[name].entities:
            ((count,),) = connection.execute(f"SELECT COUNT(*) FROM {entity.table}")
            assert entity.rows[0] <= count <= entity.rows[1]
            if entity.name is not None:  # a question names a row by it
                query = f"SELECT COUNT(DISTINCT {entity.name.column}) FROM {entity.table}"
                assert connection.execute(query).fetchone() == (count,)
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        connection.close()
    build.cache_clear()
    generate.cache_clear()
    assert build(name, 7) != build(name, 6)


def test_about_half_the_tables_of_the_shift_domain_are_in_none_of_train():
    trained = {entity.table for domain in TRAIN.values() for entity in domain.entities}
    for domain in UNSEEN.values():
        tables = [entity.table for entity in domain.entities]
        assert len(set(tables)) == len(tables)
        assert 0.4 <= len(set(tables) - trained) / len(tables) <= 0.6, domain.name


def test_the_same_seed_asks_the_same_questions(splits):
    build.cache_clear()
    generate.cache_clear()
    assert generate("train", 50, 0) == splits["train"][:50]
    assert generate("eval", 128, 0) == splits["eval"]
    assert generate("eval", 128, 1) != splits["eval"]
    assert generate("eval", 0, 0) == ()


def test_there_are_as_many_as_wanted_and_few_twice(splits):
    for split, size in SIZES.items():
        prompts = {task.prompt for task in splits[split]}
        assert len(splits[split]) == size
        assert len(prompts) == size
        assert {task.split for task in splits[split]} == {split}
        assert len({task.id for task in splits[split]}) == size
    assert len({task.answer for task in splits["train"]}) > 2500


def test_when_nothing_new_can_be_asked_questions_come_again(monkeypatch):
    # A size that cannot be reached must not hang.
    monkeypatch.setattr(questions, "UNSEEN", {"farm": UNSEEN["farm"]})
    monkeypatch.setattr(questions, "_PATIENCE", 3)
    tasks = questions.generate("domain", 1000, 0)
    assert len(tasks) == 1000 > len({task.prompt for task in tasks})


def test_eval_shares_no_question_and_no_query_with_train(splits):
    for field in ("prompt", "answer"):
        train = {getattr(task, field) for task in splits["train"]}
        for split in ("eval", "phrasing", "domain"):
            assert not train & {getattr(task, field) for task in splits[split]}


def test_the_wordings_of_the_shift_are_of_every_kind_and_all_new():
    assert set(SHIFTED) == set(PHRASES)
    for kind, wordings in SHIFTED.items():
        assert wordings and not set(wordings) & set(PHRASES[kind])


def test_every_kind_and_every_database_is_asked_about(splits):
    for split, domains in (("train", TRAIN), ("phrasing", TRAIN), ("domain", UNSEEN)):
        asked = Counter(task.metadata["database"] for task in splits[split])
        assert set(asked) == set(domains)
        assert max(asked.values()) - min(asked.values()) <= 1
    assert {task.metadata["kind"] for task in splits["train"]} == set(PHRASES)


def test_questions_are_short_and_wholly_worded(splits):
    # A tiny model has a short context.
    for task in (task for tasks in splits.values() for task in tasks):
        assert len(task.prompt) < 200
        assert "{" not in task.prompt and "  " not in task.prompt
        assert task.prompt[0].isupper() and task.prompt[-1] in ".?"


@pytest.mark.parametrize("seed", [0, 1])
def test_every_query_has_a_result_worth_asking_for(seed):
    for split in SIZES:
        for task in generate(split, 150, seed):
            database = Database(build(task.metadata["database"], seed))
            result = database.run(task.answer, rows=100, seconds=5)
            assert 0 < len(result.rows) <= 20, task
            assert result.rows[0] not in ((0,), (1,), (None,)), task
            assert result.tables
            if "first" in task.prompt.lower() and orders_rows(task.answer):
                # A tie would have two right answers.
                body, _, order = task.answer.partition(" ORDER BY ")
                column = order.split()[0]
                selected = body.replace("SELECT ", f"SELECT {column}, ", 1)
                ordered = database.run(f"{selected} ORDER BY {order}", rows=100, seconds=5)
                assert len({row[0] for row in ordered.rows}) == len(ordered.rows), task
            database.close()
