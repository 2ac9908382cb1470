"""Guesses: a query counts where its result comes from the data, however it is written."""

from __future__ import annotations

import random
import re
import sqlite3
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core.contracts.task import Task
from mentor_envs.sql.database import Database
from mentor_envs.sql.env import Sql
from mentor_envs.sql.statements import tokens
from mentor_envs.sql.variants import Run, is_constant, quoted

env = Sql(train_size=150, eval_size=1, ood_size=50)
TASKS = [*env.tasks("train"), *env.tasks("ood")]
STYLES = ('"{}"', "`{}`", "[{}]", "{}")
COUNT = "SELECT COUNT(*) FROM book"
DEAREST = "SELECT title FROM book ORDER BY price DESC LIMIT 1"


def outcome(query, task):
    env.reset(options={"task": task})
    return env.step(f"SQL: {query}")[4]["outcome"]


def of_library(gold):
    return Task("x", "sql", "?", gold, metadata={"database": "library"})


def one(query):
    """The only row of a query on the library."""
    env.reset(options={"task": of_library(COUNT)})
    (row,) = env.database.run(query, rows=1, seconds=1).rows
    return row


def literal(value):
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return "NULL" if value is None else repr(value)


def constants(rows, table):
    """Queries with these rows as their result, whatever the data."""
    unions = " UNION ALL ".join("SELECT " + ", ".join(map(literal, row)) for row in rows)
    yield unions
    yield f"WITH x AS ({unions}) SELECT * FROM x"
    yield f"SELECT * FROM ({unions}) WHERE EXISTS (SELECT 1 FROM {quoted(table)})"
    yield f"SELECT g.* FROM ({unions}) g, (SELECT 1 FROM {quoted(table)} LIMIT 1)"
    yield f"SELECT g.* FROM ({unions}) g, (SELECT COUNT(*) FROM main.{quoted(table)})"


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(TASKS), st.randoms(use_true_random=False))
def test_case_and_quotes_of_names_make_no_difference(task, draw):
    # 81 of 120 right counts in other casing got 0.
    env.reset(options={"task": task})
    names = {name.lower() for name in env.database.tables}
    names |= {c.name.lower() for table in env.database.tables.values() for c in table.columns}
    names -= {match.lower() for match in re.findall(r"\bAS\s+(\w+)", task.answer)}  # aliases
    words = []
    for token in tokens(task.answer):
        text = token.text
        if token.kind == "word":
            text = "".join(draw.choice((c.upper(), c.lower())) for c in text)
            text = draw.choice(STYLES).format(text) if text.lower() in names else text
        words.append(text)
    assert outcome(" ".join(words).replace(" (", "("), task) == 1.0


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(TASKS), st.integers(0, 4))
def test_a_constant_is_never_an_answer(task, kind):
    # A policy would learn to guess small numbers instead of asking.
    env.reset(options={"task": task})
    gold = env.database.run(task.answer, rows=100, seconds=1)
    guess = [*constants(gold.rows, min(gold.tables))][kind]
    assert outcome(guess, task) == 0.0


@pytest.mark.parametrize(
    "query",
    [
        "SELECT COUNT(*) FROM BOOK",
        "SELECT COUNT(*) FROM 'Book'",
        "SELECT COUNT(*) FROM main.[Book]",
        "SELECT COUNT(id) FROM book AS author",
        "SELECT COUNT(DISTINCT title) FROM book",
        "WITH x AS (SELECT * FROM book) SELECT COUNT(*) FROM x",
        "SELECT n FROM (SELECT COUNT(*) AS n FROM book)",
        "SELECT (SELECT COUNT(*) FROM book)",
        "SELECT SUM(1) FROM book",
        "SELECT COUNT(*) FROM author JOIN book ON author.id = author_id",
    ],
)
def test_a_count_in_other_words_is_right(query):
    assert outcome(query, of_library(COUNT)) == 1.0


@pytest.mark.parametrize(
    "query",
    [
        "SELECT {n}",
        "VALUES ({n})",
        "SELECT {n} FROM book LIMIT 1",
        "SELECT {n} FROM book WHERE id = 1",
        "SELECT DISTINCT {n} FROM book, author",
        "SELECT {n} WHERE EXISTS (SELECT 1 FROM book)",
        "SELECT MAX({n}) FROM book",
        "SELECT COUNT(*) - COUNT(*) + {n} FROM book",
        "SELECT CASE WHEN COUNT(*) > 10 THEN {n} ELSE 0 END FROM book",
        "WITH book AS (SELECT {n} AS x) SELECT x FROM book",
        "WITH x AS (SELECT {n} AS x FROM main.book LIMIT 1) SELECT x FROM x",
        "SELECT COUNT(*) + {n} FROM author WHERE id < 0",
    ],
)
def test_a_count_that_is_known_beforehand_is_wrong(query):
    (n,) = one(COUNT)
    assert outcome(query.format(n=n), of_library(COUNT)) == 0.0


def test_an_answer_from_another_table_is_wrong():
    (books,), (authors,) = one(COUNT), one("SELECT COUNT(*) FROM author")
    query = f"SELECT COUNT(*) + {books - authors} FROM author"
    assert outcome(query, of_library(COUNT)) == 0.0


def test_a_count_of_nothing_cannot_be_guessed_either():
    task = of_library("SELECT COUNT(*) FROM book WHERE price > 1000")
    assert outcome("SELECT COUNT(id) FROM book WHERE NOT price <= 1000", task) == 1.0
    assert outcome("SELECT 0 FROM book LIMIT 1", task) == 0.0


def test_what_was_looked_up_before_may_stand_in_a_condition():
    # Models ask in two steps: which book is the dearest, and what is its title?
    number, title = one("SELECT id, title FROM book ORDER BY price DESC LIMIT 1")
    task = of_library(DEAREST)
    assert outcome(f"SELECT title FROM book WHERE id = {number}", task) == 1.0
    assert outcome(f"SELECT {literal(title)} FROM book WHERE id = {number}", task) == 0.0


@pytest.mark.parametrize(
    "schema",
    [
        "CREATE TABLE t (a TEXT PRIMARY KEY, b INTEGER CHECK (b < 100)) WITHOUT ROWID",
        "CREATE TABLE t (a TEXT, b INTEGER); CREATE TRIGGER x DELETE ON t BEGIN SELECT 1; END",
        "CREATE TABLE t (a TEXT, b INTEGER); CREATE VIEW v AS SELECT * FROM t",
        'CREATE TABLE t (a TEXT, b INTEGER); CREATE TABLE "odd ""name" (c)',
    ],
)
def test_any_schema_can_be_copied(tmp_path, schema):
    rows = [(f"n{number}", number) for number in random.Random(0).sample(range(99), 20)]
    path = tmp_path / "x.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(schema)
        connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
    with closing(Database(path)) as database:
        gold, same, guess = (
            Run(sql, database.run(sql, rows=9, seconds=1))
            for sql in (
                "SELECT MAX(b) FROM t",
                "SELECT b FROM t ORDER BY b DESC LIMIT 1",
                f"SELECT {max(b for _, b in rows)} FROM t LIMIT 1",
            )
        )
        assert not is_constant(database, gold, same, 1)
        assert is_constant(database, gold, guess, 1)
