"""Statements: properties of SQL statements, from their tokens alone.

The module finds the statement in a turn, tells if it orders its rows, and gives a canonical form.
`database.py`, and not this module, decides if a statement may run.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from math import prod
from typing import NamedTuple

__all__ = ["Token", "canonical", "copies", "find_statement", "orders_rows", "tokens"]

_TOKEN = re.compile(
    r"""
      (?P<space>  \s+ | --[^\n]* | /\*.*?(?:\*/|\Z) )
    | (?P<string> '[^']*(?:''[^']*)*(?:'|\Z) )
    | (?P<quoted> "[^"]*(?:""[^"]*)*(?:"|\Z) | `[^`]*(?:``[^`]*)*(?:`|\Z) | \[[^\]]*(?:\]|\Z) )
    | (?P<word>   [^\W\d][\w$]* )
    | (?P<number> \d[\w.]* )
    | (?P<mark>   [<>=!]=|<>|\|\||. )
    """,
    re.VERBOSE | re.DOTALL,
)
_QUERY = re.compile(
    r"(?:\(\s*)*(?:select\b|values\s*\(|with\s+(?:recursive\s+)?\S+\s*(?:\(|as\b))", re.IGNORECASE
)
_COMMENTS = re.compile(r"(?:\s+|--[^\n]*(?:\n|\Z)|/\*.*?(?:\*/|\Z))+", re.DOTALL)
_MARKER = re.compile(r"\b(sql|answer)(?:\s+query)?[*_`]*\s*[:：]\**", re.IGNORECASE)
_FENCE = re.compile(
    r"(?P<fence>```|~~~)(?:[\w+.#-]*[ \t]*\r?\n|sql\w*\s)?(.*?)(?:(?P=fence)|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_QUOTES = {"`": "`", '"': '"', "'": "'", "“": "”", "„": "“", "«": "»", "*": "*"}
_KEYWORDS = """
    all and as asc avg between by case count desc distinct else end exists from group having in
    inner is join left like limit max min not null on or order outer select sum then union using
    when where with
"""


class Token(NamedTuple):
    """`kind` is string, quoted (an identifier), word, number or mark."""

    kind: str
    text: str


def tokens(sql: str) -> Iterator[Token]:
    """The tokens of any text, without white space and comments. Never raises."""
    for found in _TOKEN.finditer(sql):
        if found.lastgroup and found.lastgroup != "space":
            yield Token(found.lastgroup, found[0])


def canonical(sql: str) -> str:
    """Equal for statements that differ only in white space, comments, upper case and a last `;`."""
    words = [token.text.lower() if token.kind == "word" else token.text for token in tokens(sql)]
    while words and words[-1] == ";":
        words.pop()
    return " ".join(words)


def orders_rows(sql: str) -> bool:
    """True if a query has an ORDER BY of its own, outside all parentheses."""
    depth, before = 0, ""
    for token in tokens(sql):
        text = token.text.lower() if token.kind in ("word", "mark") else ""
        depth += {"(": 1, ")": -1}.get(text, 0)
        if depth == 0 and (before, text) == ("order", "by"):
            return True
        before = text
    return False


def copies(sql: str) -> int:
    """Upper bound on the copies that SQLite may make of a part of the query when compiling.

    SQLite replaces names by the subqueries and common table expressions that they stand for. If
    each of 30 mentions the one before twice, SQLite makes 2³⁰ copies before anything runs.
    """
    keywords, found = _KEYWORDS.split(), list(tokens(sql))
    selects: list[Counter[str]] = []
    scopes = [Counter[str]()]  # of the open parentheses; one without a SELECT is its outer one's
    for token, after in pairwise([*found, Token("mark", "")]):
        if token.text == "(":
            if after.text.lower() in ("select", "with"):
                selects.append(Counter())
                scopes.append(selects[-1])
            else:
                scopes.append(scopes[-1])
        elif token.text == ")" and len(scopes) > 1:
            scopes.pop()
        elif token.kind in ("word", "quoted") and after.text not in (".", "("):
            scopes[-1][token.text.lower().strip('"`[]')] += 1
    return prod(
        max((count for name, count in scope.items() if name not in keywords), default=1)
        for scope in selects
    )


def find_statement(text: str) -> str | None:
    """The query that a final answer gives; None if there is none.

    The query follows the last `SQL:` or `Answer:`; after `Answer:`, the text must begin like a
    query. Without such a mark, the query is the last fenced block with one, or the whole text. A
    fence may have any language tag. A query may be in bold, in quotes or in backticks, and may
    begin with comments. The query ends at its `;`, outside of fences also at an empty line.
    """
    *_, marker = [None, *_MARKER.finditer(text)]
    if marker is not None:
        tail = text[marker.end() :]
        fenced = _FENCE.search(tail)
        statement = _first_statement(fenced[2]) if fenced else _first_statement(_paragraph(tail))
        if _QUERY.match(statement) or (marker[1].lower() == "sql" and statement):
            return statement
    blocks = [found[2] for found in _FENCE.finditer(text)]
    for block in [*reversed(blocks), _paragraph(text)]:
        statement = _first_statement(block)
        if _QUERY.match(statement):
            return statement
    return None


def _paragraph(text: str) -> str:
    return re.split(r"\n\s*\n", text.strip())[0]


def _first_statement(text: str) -> str:
    """The text up to its `;`, without leading comments, quotes and emphasis."""
    text = _without_comments(text)
    while text and (closing := _QUOTES.get(text[0])):
        end = text.rfind(closing, 1)
        text = _without_comments(text[1:end] if end > 0 else text[1:])
    text = re.sub(r"[*_]{2,}\s*\Z", "", text)  # the end of **SQL: SELECT …**
    if text.count("`") % 2:
        text = text.rstrip().removesuffix("`")
    end = 0
    for token in _TOKEN.finditer(text):
        if token[0] == ";":
            break
        end = token.end()
    return text[:end].strip()


def _without_comments(text: str) -> str:
    begin = _COMMENTS.match(text)
    return (text[begin.end() :] if begin else text).strip()
