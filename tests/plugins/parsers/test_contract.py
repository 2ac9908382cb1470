"""What every parser keeps: it never raises, and reads back what it writes, whatever is in it."""

from __future__ import annotations

import time
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mentor_core.contracts.parsing import THINKING
from mentor_core.contracts.trajectory import Call, ParseFailure
from mentor_core.door.registry import PARSERS, create, names

TAGS = [
    "<tool_call>",
    "</tool_call>",
    "<|python_tag|>",
    "[TOOL_CALLS]",
    "[ARGS]",
    "[CALL_ID]",
    *(mark for pair in THINKING for mark in pair),
    "<|im_end|>",
    "<|eot_id|>",
]
FRAGMENTS = [
    *TAGS,
    '{"name": "add", "arguments": ',
    '{"name": "add", "parameters": ',
    '{"a": 1}',
    "}",
    "{",
    "[",
    "]",
    ";",
    "\n",
    "add",
    '{"name":',
    '[{"name":',
    "[" * 5000,
    '{"a":' * 5000,
    "9" * 5000,
    "NaN",
    "1e999",
    '"\\ud800"',
]
characters = st.characters(exclude_categories=["Cs"])
text = st.lists(st.sampled_from(TAGS) | st.text(characters, max_size=8), max_size=4).map("".join)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
calls = st.builds(
    Call,
    st.from_regex(r"[A-Za-z_][\w.-]{0,20}", fullmatch=True),
    st.dictionaries(text, values, max_size=3),
)
contents = (
    st.text(characters, max_size=40)
    .map(str.strip)
    .filter(lambda said: not any(tag in said for tag in (*TAGS, "{", "[")))
)


def named():
    parser = create(PARSERS, "mistral")
    parser.named = True
    return parser


PARSERS_TO_TEST = [
    *(pytest.param(create(PARSERS, name), id=name) for name in names(PARSERS)),
    pytest.param(named(), id="mistral with [ARGS]"),
]


@pytest.mark.parametrize("parser", PARSERS_TO_TEST)
def test_what_is_written_is_read_back(parser):
    # An expert's calls would reach the tools changed.
    @settings(suppress_health_check=[HealthCheck.too_slow])
    @given(contents, st.lists(calls, max_size=3))
    def check(content, wanted):
        parsed = parser.parse(parser.render(content, wanted))
        assert (parsed.content, parsed.calls, parsed.failure) == (content, wanted, None)

    check()


@pytest.mark.parametrize("parser", PARSERS_TO_TEST)
def test_whatever_the_text_it_never_raises(parser):
    # One odd turn would end the rollout of the whole batch.
    @settings(suppress_health_check=[HealthCheck.too_slow])
    @given(st.text() | st.lists(st.sampled_from(FRAGMENTS), max_size=8).map("".join))
    def check(turn):
        parsed = parser.parse(turn)
        assert parsed.failure in (None, *get_args(ParseFailure))
        if parsed.failure:
            assert parser.complain(parsed.failure)

    check()


@pytest.mark.parametrize("parser", PARSERS_TO_TEST)
@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_a_long_turn_takes_no_longer_than_its_length(parser, fragment):
    # A model that repeats itself until its tokens are gone would stop the whole batch.
    began = time.process_time()
    parser.parse(fragment * (40_000 // len(fragment)))
    parser.parse(f"{fragment}\n" * (40_000 // len(fragment)))
    assert time.process_time() - began < 2
