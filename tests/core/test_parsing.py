"""HermesParser: what a policy writes is read as it was meant, and nothing it writes breaks it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.parsing import HermesParser, parse_call_object
from mentor_core.trajectory import Call

parser = HermesParser()
characters = st.characters(exclude_categories=["Cs"])
text = st.text(characters, max_size=20)
finite = st.floats(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
marks = ("<tool_call>", "</tool_call>")


def without_marks(value):
    return not any(mark in str(value) for mark in marks)


arguments = st.dictionaries(text, values, max_size=3)
calls = st.builds(Call, text.filter(without_marks), arguments.filter(without_marks))
contents = text.map(str.strip).filter(without_marks)


@given(contents, st.lists(calls, max_size=3))
def test_what_is_rendered_is_read_back(content, wanted):
    # An expert's calls would reach the tools changed.
    parsed = parser.parse(parser.render(content, wanted))
    assert (parsed.content, parsed.calls, parsed.failure) == (content, wanted, None)


fragments = st.sampled_from(
    [
        *marks,
        '{"name": "add", "arguments": ',
        '{"a": 1}',
        "}",
        "{",
        "[" * 5000,
        "NaN",
        "1e999",
        '"\\ud800"',
    ]
)


@given(st.one_of(st.text(), st.lists(fragments, max_size=8).map("".join)))
def test_whatever_the_text_it_never_raises(turn):
    # One odd turn would end the rollout of the whole batch.
    parsed = parser.parse(turn)
    assert parsed.failure in (None, "malformed_call")


@pytest.mark.parametrize(
    "turn",
    [
        "<tool_call>",
        "</tool_call>",
        '<tool_call>{"name": "add"',
        "<tool_call>add(1, 2)</tool_call>",
        '<tool_call>{"name": 3, "arguments": {}}</tool_call>',
        '<tool_call>{"name": "add", "arguments": [1]}</tool_call>',
        '<tool_call>{"name": "add", "arguments": {"a": NaN}}</tool_call>',
        '<tool_call>{"name": "add", "arguments": {"a": 1e999}}</tool_call>',
        '<tool_call>{"name": "add", "arguments": {"a": "\\ud800"}}</tool_call>',
    ],
)
def test_a_malformed_call_is_said_to_be_one(turn):
    # It would pass for a final answer and end the episode.
    parsed = parser.parse(turn)
    assert (parsed.calls, parsed.failure) == ([], "malformed_call")


def test_good_calls_beside_a_malformed_one_are_kept():
    turn = '<tool_call>{"name": "f", "arguments": {}}</tool_call><tool_call>{</tool_call>'
    parsed = parser.parse(turn)
    assert (parsed.calls, parsed.failure) == ([Call("f", {})], "malformed_call")


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "f", "arguments": {"a": 1}}',
        '{"name": "f", "parameters": {"a": 1}}',
        '{"name": "f", "arguments": "{\\"a\\": 1}"}',
        ' \n{"arguments": {"a": 1}, "name": "f"}\n',
    ],
)
def test_the_usual_spellings_of_a_call_are_read(text):
    assert parse_call_object(text) == Call("f", {"a": 1})
