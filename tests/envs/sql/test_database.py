"""Database: queries of a model can read, and nothing else, and they end."""

from __future__ import annotations

import sqlite3
import threading
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.support.errors import DataError
from mentor_core.tools.tool import ToolError
from mentor_envs.sql.contents import build
from mentor_envs.sql.database import Database
from mentor_envs.sql.showing import render

LIBRARY = build("library", 0)
WRITES = [
    "DELETE FROM book",
    "INSERT INTO book (title) VALUES ('x')",
    "INSERT INTO book (title) VALUES ('x') RETURNING title",
    "REPLACE INTO book (id) VALUES (1)",
    "UPDATE book SET price = 0",
    "WITH x AS (SELECT 1) DELETE FROM book",
    "DROP TABLE book",
    "ALTER TABLE book RENAME TO b",
    "CREATE TABLE x (a)",
    "CREATE TEMP TABLE x (a)",
    "CREATE VIRTUAL TABLE x USING fts5(a)",
    "CREATE VIEW x AS SELECT 1",
    "CREATE TRIGGER x AFTER INSERT ON book BEGIN SELECT 1; END",
    "ATTACH ':memory:' AS x",
    "DETACH main",
    "VACUUM",
    "ANALYZE",
    "BEGIN",
    "COMMIT",
    "SAVEPOINT x",
    "PRAGMA user_version = 7",
    "PRAGMA query_only = OFF",
    "PRAGMA writable_schema = ON",
    "PRAGMA journal_mode = WAL",
    "PRAGMA database_list",
]


@pytest.fixture(params=["memory", "file"])
def database(request, tmp_path):
    if request.param == "memory":
        made = Database(LIBRARY)
    else:
        (tmp_path / "library.sqlite").write_bytes(LIBRARY)
        made = Database(tmp_path / "library.sqlite")
    yield made
    made.close()


def run(database, sql, rows=5, seconds=1.0):
    return database.run(sql, rows=rows, seconds=seconds)


def refusal(database, sql, **limits):
    with pytest.raises(ToolError) as raised:
        run(database, sql, **limits)
    return str(raised.value)


def test_a_query_gives_its_rows(database):
    result = run(database, "SELECT title, price FROM book ORDER BY id", rows=2)
    assert result.columns == ("title", "price")
    assert (len(result.rows), result.complete, result.tables) == (2, False, {"book"})
    assert run(database, "SELECT COUNT(*) FROM author").complete
    assert run(database, "SELECT 1").tables == frozenset()
    again = run(database, "SELECT COUNT(*) FROM author")
    assert again.tables == {"author"}  # also where SQLite has compiled it before


@pytest.mark.parametrize("sql", WRITES)
def test_what_writes_is_refused(database, sql):
    assert refusal(database, sql) == "only reading is allowed: write one SELECT statement"


@pytest.mark.parametrize("name", ["VACUUM INTO", "ATTACH"])
def test_no_file_comes_into_being(database, tmp_path, name):
    target = tmp_path / "made.sqlite"
    refusal(database, f"{name} '{target}'" + (" AS x" if name == "ATTACH" else ""))
    assert not target.exists()


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("SELECT load_extension('/lib/x')", "extensions cannot be loaded"),
        ("SELECT random()", "must not depend on chance"),
        ("SELECT * FROM book ORDER BY RANDOM()", "must not depend on chance"),
        ("SELECT randomblob(1000000000)", "must not depend on chance"),
        ("SELECT zeroblob(1000000000)", "larger than 100,000 bytes"),
        ("SELECT hex(zeroblob(90000))", "larger than 100,000 bytes"),
        ("SELECT printf('%.*c', 1000000000, 'x')", "printf is not available"),
        ("SELECT readfile('/etc/passwd')", "no such function: readfile"),
        (
            "WITH RECURSIVE c(x) AS (SELECT 'a' UNION ALL SELECT x||x FROM c) SELECT * FROM c",
            "larg",
        ),
        ("SELECT 1; SELECT 2", "one statement"),
        ("SELECT 1; DELETE FROM book", "one statement"),
        ("", "there is no query"),
        ("-- nothing", "there is no query"),
        (";", "there is no query"),
        ("SELEC 1", "syntax error"),
        ("SELECT titel FROM book", "no such column: titel; did you mean title?"),
        ("SELECT book.prise FROM book", "no such column: book.prise; did you mean price?"),
        ("SELECT * FROM boks", "no such table: boks; did you mean book?"),
        ("SELECT * FROM book WHERE id = ?", "write the values themselves"),
        ("SELECT '\0'", "null character"),
        ("SELECT '\ud800'", "not valid Unicode"),
        ("SELECT " + "x" * 10_000, "at most 10,000"),
        ("SELECT " + "(" * 2000 + "1" + ")" * 2000, "overflow|too large|nesting"),
        ("SELECT " + "+".join("1" * 3000), "too large"),
        ("SELECT 'a' LIKE '" + "%a" * 900 + "'", "too complex"),
        ("SELECT abs(-9223372036854775808)", "integer overflow"),
    ],
)
def test_what_cannot_run_is_explained(database, sql, expected):
    message = refusal(database, sql, rows=100)
    assert any(part in message for part in expected.split("|"))
    assert len(message) < 600


ENDLESS = [
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT COUNT(*) FROM c",
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION SELECT x + 1 FROM c) SELECT MAX(x) FROM c",
    "SELECT COUNT(*) FROM book a, book b, book c, book d, book e, book f, book g",
    "SELECT a.title FROM book a, book b, book c, book d, book e ORDER BY b.title || c.title",
]


@pytest.mark.parametrize("sql", ENDLESS)
def test_what_never_ends_is_stopped(database, sql):
    started = time.perf_counter()
    assert "took longer than 0.2 s" in refusal(database, sql, seconds=0.2)
    assert time.perf_counter() - started < 2
    assert run(database, "SELECT COUNT(*) FROM author").complete


def test_what_never_ends_to_compile_is_refused(database):
    doubling = "".join(f", a{i + 1} AS (SELECT p.x FROM a{i} p, a{i} q)" for i in range(40))
    message = refusal(database, f"WITH a0 AS (SELECT 1 x){doubling} SELECT x FROM a40")
    assert "repeats its subqueries" in message


def test_rows_are_fetched_only_as_far_as_wanted(database):
    # The whole result would fill the memory.
    counting = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c)"
    result = run(database, f"{counting} SELECT x FROM c", rows=3)
    assert (result.rows, result.complete) == ([(1,), (2,), (3,)], False)
    large = f"{counting} SELECT zeroblob(90000) FROM c"
    assert "larger than 32,000,000 bytes" in refusal(database, large, rows=10**6, seconds=10)


def test_json_and_the_schema_can_be_read(database):
    assert run(database, "SELECT value FROM json_each('[1, 2]')").rows == [(1,), (2,)]
    assert len(run(database, "PRAGMA TABLE_INFO(book)", rows=20).rows) == 6
    assert run(database, "SELECT name FROM sqlite_master WHERE name = 'book'").rows == [("book",)]


PARTS = """
    SELECT * FROM book author title price WHERE ( ) , ; = 'x' WITH AS AND ORDER BY 1 GROUP COUNT(*)
    JOIN ON UNION -- /* " ' LIMIT PRAGMA NULL LIKE zeroblob(9)
"""
fragments = st.sampled_from([*WRITES, *PARTS.split()])
statements = (
    st.lists(fragments, max_size=12).map(" ".join)
    | st.text(max_size=60)
    | st.text(st.characters(categories=["L", "N", "P", "Cs"]), max_size=30).map("SELECT {}".format)
)


@given(st.lists(statements, max_size=4))
def test_no_text_raises_or_changes_anything(texts):
    database = Database(LIBRARY)
    before = database._connection.serialize()
    for text in texts:
        try:
            result = run(database, text, seconds=0.5)
        except ToolError as error:
            assert str(error)
        else:
            assert render(result.columns, result.rows, limit=500)
    assert database._connection.serialize() == before
    database.close()


def test_a_file_is_not_changed(tmp_path):
    path = tmp_path / "library.sqlite"
    path.write_bytes(LIBRARY)
    database = Database(path)
    for sql in [*WRITES, "SELECT * FROM book", ENDLESS[0]]:
        with suppress(ToolError):
            run(database, sql, seconds=0.05)
    database.close()
    assert path.read_bytes() == LIBRARY
    assert [file.name for file in tmp_path.iterdir()] == ["library.sqlite"]


@pytest.mark.parametrize("content", [None, b"not a database" * 100, LIBRARY[:5000]])
def test_a_missing_or_damaged_file_is_named(tmp_path, content):
    path = tmp_path / "x.sqlite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"x\.sqlite: cannot be read"):
        Database(path)


def test_threads_share_it(database):
    # Tools run in a pool of threads.
    counts, errors = [], []

    def work():
        try:
            counts.append(run(database, "SELECT COUNT(*) FROM book a, book b", seconds=10).rows)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(counts) == 8 and len({rows[0] for rows in counts}) == 1


def test_closing_stops_what_runs(database):
    # A hung query would hold up the end of the program.
    messages = []
    thread = threading.Thread(
        target=lambda: messages.append(refusal(database, ENDLESS[0], seconds=60))
    )
    thread.start()
    time.sleep(0.1)
    database.close()
    thread.join(timeout=5)
    assert not thread.is_alive() and messages
    assert "closed" in refusal(database, "SELECT 1")
    database.close()


def test_tables_are_found_by_their_names(database):
    table = database.table(" Book ")
    assert (table.name, table.key) == ("book", ("id",))
    assert table.links == (("author_id", "author", "id"),)
    with pytest.raises(ToolError, match="no table 'bok'; did you mean book"):
        database.table("bok")


def test_cells_are_shown_shortly():
    lines = render(
        ("a", "b"), [(None, 0.1 + 0.2), (b"\x00\xff", "x" * 500), ("two\nlines", 5)], limit=1000
    )
    assert lines[:2] == ["a | b", "NULL | 0.3"]
    assert lines[2] == "x'00ff' | " + "x" * 100 + "…"
    assert lines[3] == "two lines | 5"
    assert render(("a",), [("x" * 90,)] * 50, limit=200) == ["a", "x" * 90, "x" * 90]


def test_text_that_is_not_utf8_is_read():
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE t (a TEXT)")
    connection.execute("INSERT INTO t VALUES (CAST(x'ff41' AS TEXT))")
    connection.commit()
    database = Database(connection.serialize())
    connection.close()
    assert run(database, "SELECT a FROM t").rows == [("\ufffdA",)]
    database.close()
