"""Statements: what their tokens say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_envs.sql.statements import canonical, copies, find_statement, orders_rows, tokens

PARTS = """
    SELECT FROM WHERE ORDER BY WITH AS ( ) , ; * = a b T1 . 'x' "y" ' " [ ] ` -- /* */ 1.5 SQL: ```
"""
words = st.sampled_from(PARTS.split())
texts = st.lists(words, max_size=30).map(" ".join) | st.text(max_size=80)


@pytest.mark.parametrize(
    ("sql", "ordered"),
    [
        ("SELECT a FROM t ORDER BY a", True),
        ("SELECT a FROM t order\n by a LIMIT 3;", True),
        ("WITH x AS (SELECT 1 ORDER BY 1) SELECT * FROM x", False),
        ("SELECT a FROM (SELECT a FROM t ORDER BY a LIMIT 3)", False),
        ("SELECT row_number() OVER (ORDER BY a) FROM t", False),
        ("SELECT 'order by' FROM t -- order by a", False),
        ('SELECT "order" by FROM t', False),
        ("SELECT a FROM t", False),
    ],
)
def test_only_an_order_of_the_whole_query_counts(sql, ordered):
    # Otherwise right rows in another order would be punished.
    assert orders_rows(sql) is ordered


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SQL: SELECT 1", "SELECT 1"),
        ("I first tried SQL: SELECT 2. No. sql query: SELECT 1;", "SELECT 1"),
        ("Answer: SELECT 1 FROM t", "SELECT 1 FROM t"),
        ("Answer: 5", None),
        ("SQL:\n```sql\nSELECT 1\n```\nThat is it.", "SELECT 1"),
        ("SQL: SELECT 1\n\nIt counts the books.", "SELECT 1"),
        ("SQL: DELETE FROM t", "DELETE FROM t"),
        ("Here:\n```sql\nSELECT 2;\n```\nor better\n```\nselect 1\n```", "select 1"),
        ("```python\nprint(1)\n```", None),
        ("select a,\n  b from t;", "select a,\n  b from t"),
        ("WITH x AS (SELECT 1) SELECT * FROM x", "WITH x AS (SELECT 1) SELECT * FROM x"),
        ("With five books, Ada Keller wrote the most.", None),
        ("SELECT ';' FROM t; DROP TABLE t", "SELECT ';' FROM t"),
        ("SQL: SELECT a FROM `t`", "SELECT a FROM `t`"),
        ("SQL: SELECT a FROM `t` ORDER BY -`a`;", "SELECT a FROM `t` ORDER BY -`a`"),
        ("SELECT a FROM `t`", "SELECT a FROM `t`"),
        ("SQL: `SELECT a FROM t`", "SELECT a FROM t"),
        ("SQL: `SELECT a FROM `t``", "SELECT a FROM `t`"),
        ("SQL: `SELECT a FROM t` counts them.", "SELECT a FROM t"),
        ('SQL: "SELECT a FROM t"', "SELECT a FROM t"),
        ("SQL: 'SELECT a FROM t;'", "SELECT a FROM t"),
        ("SQL: “SELECT a FROM t”.", "SELECT a FROM t"),
        ('SQL: SELECT a FROM "t"', 'SELECT a FROM "t"'),
        ("SQL: SELECT a FROM t WHERE b = 'x'", "SELECT a FROM t WHERE b = 'x'"),
        ("**SQL:** SELECT COUNT(*) FROM t", "SELECT COUNT(*) FROM t"),
        ("**SQL**: SELECT COUNT(*) FROM t", "SELECT COUNT(*) FROM t"),
        ("**SQL: SELECT COUNT(*) FROM t**", "SELECT COUNT(*) FROM t"),
        ("SQL: **SELECT COUNT(*) FROM t**", "SELECT COUNT(*) FROM t"),
        ("SQL：SELECT a FROM t", "SELECT a FROM t"),
        ("```sql\n-- count; them\n\nSELECT a\n\nFROM t\n```", "SELECT a\n\nFROM t"),
        ("```mysql\nSELECT a FROM t\n```", "SELECT a FROM t"),
        ("```\n/* x */ SELECT a FROM `t`\n```", "SELECT a FROM `t`"),
        ("```SELECT a FROM t```", "SELECT a FROM t"),
        ("```sql SELECT a FROM t```", "SELECT a FROM t"),
        ("~~~SQL\r\nSELECT a FROM t\r\n~~~", "SELECT a FROM t"),
        ("-- all of them\nSELECT a FROM t", "SELECT a FROM t"),
        ("SQL: (SELECT a FROM t)", "(SELECT a FROM t)"),
        ("Done.", None),
        ("SQL:", None),
        ("", None),
    ],
)
def test_the_query_of_an_answer_is_found(text, expected):
    # A right query that is not found would be punished.
    assert find_statement(text) == expected


def test_the_way_a_query_is_written_makes_no_difference():
    assert canonical("select  A\nfrom t -- x\n;") == canonical("SELECT a FROM t")
    assert canonical("SELECT 'A'") != canonical("SELECT 'a'")
    assert canonical('SELECT "a b"') != canonical('SELECT "ab"')


def test_a_query_that_would_be_copied_a_billion_times_is_recognised():
    # SQLite before 3.41 cannot be interrupted while it compiles: it would hang.
    doubling = "".join(f", a{i + 1} AS (SELECT x+x AS x FROM a{i} p, a{i} q)" for i in range(30))
    assert copies(f"WITH a0 AS (SELECT 1 AS x){doubling} SELECT x FROM a30") >= 2**30
    assert copies("SELECT 1 FROM " + "(SELECT abs(x)+abs(x) x FROM " * 20 + "t" + ")" * 20) >= 2**20
    ordinary = (
        "SELECT a.x FROM a JOIN b ON a.x = b.x WHERE a.y > (SELECT AVG(a.y) FROM a WHERE a.y > 3) "
        "AND b.z IN (SELECT b.z FROM b WHERE b.y = 1 OR b.y = 2) GROUP BY a.x ORDER BY a.x"
    )
    assert copies(ordinary) < 10


@given(texts)
def test_any_text_can_be_asked_about(text):
    # Texts come from a model.
    assert all(token.text and token.text in text for token in tokens(text))
    assert canonical(canonical(text)) == canonical(text)
    assert copies(text) >= 1
    assert orders_rows(text) in (True, False)
    found = find_statement(text)
    assert found is None or found in text
