"""Docstrings: the whole text of an entry is the description, in each of the usual styles."""

from __future__ import annotations

import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.tools.docstrings import describe_parameters, summarise

NAMES = ("mode", "count", "rest")
GOOGLE = """Search. mode: no entry.

    Example:
        mode: not this

    Args:
        mode (Literal["a", "b"], optional): One of:
            a: fast,

            b: deep.
        count:
            How many.
        *rest: More.

    Returns:
        count: not this
    """
NUMPY = """Search.

    Parameters
    ----------
    mode : {"a", "b"}, optional
        One of:
        a: fast,

        b: deep.
    count, other
        How many.
    **rest : Any
        More.

    Returns
    -------
    count
        not this
    """
SPHINX = """Search.

    :param mode: One of:
        a: fast,

        b: deep.
    :type mode: str
    :param int count: How
      many.
    :keyword rest: More.
    :returns: not this
    """
FOUND = {"mode": "One of: a: fast, b: deep.", "count": "How many.", "rest": "More."}


@pytest.mark.parametrize("text", [GOOGLE, NUMPY, SPHINX], ids=["google", "numpy", "sphinx"])
def test_the_whole_text_of_an_entry_is_read(text):
    # The further lines often hold the values that are allowed.
    assert describe_parameters(inspect.cleandoc(text), NAMES) == FOUND


def test_sections_may_be_alone_and_of_any_depth():
    assert describe_parameters("Args:\n  mode: A.\n  count: B: c.", NAMES) == {
        "mode": "A.",
        "count": "B: c.",
    }
    assert describe_parameters("    Arguments:\n        mode : A.", NAMES) == {"mode": "A."}


@pytest.mark.parametrize(
    "text", ["One\n line.\n\nMore.", "One line.\n:param x: y", "One line.\nArgs:\n    x: y"]
)
def test_the_summary_ends_where_the_parameters_begin(text):
    assert summarise(text) == "One line."


words = st.lists(st.from_regex(r"[a-z:,.()*]{1,8}", fullmatch=True), min_size=1, max_size=4)
lines = st.lists(words.map(" ".join), min_size=1, max_size=3)


@given(st.lists(lines, min_size=3, max_size=3), st.sampled_from(["google", "numpy", "sphinx"]))
def test_an_entry_of_any_words_is_read_whole(entries, style):
    pairs = list(zip(NAMES, entries, strict=True))
    match style:
        case "google":
            blocks = [f"    {n}: " + "\n        ".join(text) for n, text in pairs]
            document = "Do.\n\nArgs:\n" + "\n".join(blocks)
        case "numpy":
            blocks = [f"{n} : int\n    " + "\n    ".join(text) for n, text in pairs]
            document = "Do.\n\nParameters\n----------\n" + "\n".join(blocks)
        case _:
            blocks = [f":param {n}: " + "\n    ".join(text) for n, text in pairs]
            document = "Do.\n\n" + "\n".join(blocks)
    assert describe_parameters(document, NAMES) == {n: " ".join(text) for n, text in pairs}


@given(st.text(alphabet="aA:\n -=()*:param mode Args Parameters"))
def test_no_docstring_breaks_a_tool(text):
    found = describe_parameters(text, NAMES)
    assert set(found) <= set(NAMES)
    assert "\n" not in summarise(text)
