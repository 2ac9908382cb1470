"""Response templates: what `transformers` reads, without its exceptions.

Families and their real vocabularies are in tests/plugins/models/test_chat_templates.py.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import get_args

import pytest
import trl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mentor_core.contracts.trajectory import Call, ParseFailure
from mentor_plugins.models.chat import ChatFormat
from mentor_plugins.parsers.response_template import ResponseTemplateParser

TEMPLATES = Path(trl.__file__).parent / "chat_templates"
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "write",
            "description": "Writes.",
            "parameters": {
                "type": "object",
                "properties": {
                    "text": {"type": "string", "description": "what"},
                    "times": {"type": "integer", "description": "how often"},
                },
                "required": ["text"],
            },
        },
    }
]
NAMES = ["qwen2_5", "qwen3", "qwen3_5_nothink", "qwen3_5_think", "lfm2_2_5", "nemotron_3_nano"]


@pytest.fixture(scope="module", params=NAMES)
def parser(request, student):
    tokenizer = copy.deepcopy(student.tokenizer)
    tokenizer.chat_template = (TEMPLATES / f"{request.param}.jinja").read_text(encoding="utf-8")
    parser = ResponseTemplateParser()
    parser.prepare(ChatFormat(tokenizer), TOOLS)
    return parser


def test_what_the_template_writes_is_read_back(parser):
    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.from_regex(r"[a-z][a-z ]{0,8}[a-z]", fullmatch=True), st.integers())
    def check(text, times):
        call = Call("write", {"text": text, "times": times})
        parsed = parser.parse(parser.render("", [call]))
        assert (parsed.content, parsed.calls, parsed.failure) == ("", [call], None)

    check()


def test_an_answer_is_an_answer(parser):
    parsed = parser.parse(parser.render("It is 7.", []))
    assert (parsed.content, parsed.calls, parsed.failure) == ("It is 7.", [], None)


def test_whatever_the_text_it_never_raises(parser):
    pieces = ["<tool_call>", "</tool_call>", "<function=write>", "<parameter=text>", '{"name": ']
    pieces += ["<|tool_call_start|>[write(", ")]<|tool_call_end|>", "</think>", "NaN", "{" * 3000]
    turns = st.text() | st.lists(st.sampled_from(pieces), max_size=6).map("".join)

    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(turns)
    def check(turn):
        assert parser.parse(turn).failure in (None, *get_args(ParseFailure))

    check()
