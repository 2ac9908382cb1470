"""What a policy writes is read as it was meant: Hermes' calls, and thinking in every format.

What holds for all formats alike is in tests/plugins/parsers/test_contract.py.
"""

from __future__ import annotations

import pytest

from mentor_core.contracts.parsing import CallParser, HermesParser, ParsedTurn, call_of, read_json
from mentor_core.contracts.trajectory import Call

parser = HermesParser()
CALL = '<tool_call>\n{"name": "f", "arguments": {}}\n</tool_call>'


class Shouting(CallParser):
    """The plainest format: a turn in capitals."""

    def read(self, text):
        return ParsedTurn(text.lower())

    def write(self, content, calls):
        return content.upper()


@pytest.mark.parametrize(
    ("turn", "failure"),
    [
        ("<tool_call>", "no_call"),
        ("<tool_call>\n</tool_call>", "no_call"),
        ("</tool_call>", "malformed_call"),
        ('<tool_call>{"name": "add"', "malformed_json"),
        ('<tool_call>{"name": "add", "arguments": {}}', "malformed_json"),
        ("<tool_call>add(1, 2)</tool_call>", "malformed_json"),
        ('<tool_call>{"name": "add", "arguments": {}}}</tool_call>', "malformed_json"),
        ('<tool_call>{"name": 3, "arguments": {}}</tool_call>', "malformed_call"),
        ('<tool_call>{"name": "add", "arguments": [1]}</tool_call>', "malformed_call"),
        ('<tool_call>{"name": "add", "arguments": {"a": NaN}}</tool_call>', "malformed_json"),
        ('<tool_call>{"name": "add", "arguments": {"a": 1e999}}</tool_call>', "malformed_json"),
        (
            '<tool_call>{"name": "add", "arguments": {"a": "\\ud800"}}</tool_call>',
            "malformed_json",
        ),
    ],
)
def test_what_is_wrong_with_a_call_is_said(turn, failure):
    # It would pass for a final answer and end the episode.
    parsed = parser.parse(turn)
    assert (parsed.calls, parsed.failure) == ([], failure)
    assert "<tool_call>" in parser.complain(failure)


def test_good_calls_beside_a_malformed_one_are_kept():
    turn = '<tool_call>{"name": "f", "arguments": {}}</tool_call><tool_call>{</tool_call>'
    parsed = parser.parse(turn)
    assert (parsed.calls, parsed.failure) == ([Call("f", {})], "malformed_json")


def test_a_call_may_speak_of_calls():
    # An editor's tool is given a prompt for another model: its tags are text.
    text = f"Write {CALL} and </tool_call> and <tool_call>."
    parsed = parser.parse(parser.render("", [Call("write", {"text": text})]))
    assert (parsed.calls, parsed.failure) == ([Call("write", {"text": text})], None)


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "f", "arguments": {"a": 1}}',
        '{"name": "f", "parameters": {"a": 1}}',
        '{"name": "f", "arguments": "{\\"a\\": 1}"}',
        '{"type": "function", "function": {"name": "f", "arguments": {"a": 1}}}',
        ' \n{"arguments": {"a": 1}, "name": "f"}\n',
    ],
)
def test_the_usual_spellings_of_a_call_are_read(text):
    assert call_of(read_json(text, 0)[0]) == Call("f", {"a": 1})


@pytest.mark.parametrize("text", ['{"name": "f"}', '{"name": "f", "arguments": null}'])
def test_a_call_without_arguments_has_none(text):
    assert call_of(read_json(text, 0)[0]) == Call("f", {})


@pytest.mark.parametrize(
    "thinking",
    [
        "<think>\nI could answer 5.\n</think>\n\n",
        f"<think>Perhaps {CALL}?</think>",
        "\n<think></think><think>again</think>",
        "[THINK]hm[/THINK]",
        "<|channel>thought\nhm<channel|>",
    ],
)
def test_thinking_is_neither_content_nor_searched_for_calls(thinking):
    # A call that is only considered would be executed.
    assert parser.parse(f"{thinking}It is 7.") == ParsedTurn("It is 7.")
    assert parser.parse(f"{thinking}{CALL}") == ParsedTurn("", [Call("f", {})])
    assert Shouting().parse(f"{thinking}IT IS 7.") == ParsedTurn("it is 7.")


def test_a_turn_that_ends_within_its_thinking_says_nothing():
    # What is only thought would pass for the answer.
    for text in ("<think>I could answer 5", f"<think>{CALL}", "<think>a</think>\n<think>b"):
        assert parser.parse(text) == ParsedTurn("", [], "unclosed_thinking")
    assert "thinking" in parser.complain("unclosed_thinking")


def test_a_thought_within_the_answer_is_text():
    assert parser.parse("Write <think> first.").content == "Write <think> first."


def test_a_prompt_may_open_the_thinking():
    # DeepSeek-R1's and Qwen 3.5's turns begin within it.
    within = HermesParser()
    within.opening = "<|im_start|>assistant\n<think>\n"
    assert within.parse(f"Hm.\n</think>\n\n{CALL}") == ParsedTurn("", [Call("f", {})])
    assert within.parse(CALL).failure == "unclosed_thinking"
    assert within.parse(within.render("It is 7.", [])) == ParsedTurn("It is 7.")
    within.opening = "<|im_start|>assistant\n<think>\n\n</think>\n\n"
    assert within.parse(CALL) == ParsedTurn("", [Call("f", {})])


@pytest.mark.parametrize(
    "text",
    [
        "<|tool_call_start|>[add(a=1, b=2)]<|tool_call_end|>",
        '[TOOL_CALLS][{"name": "add", "arguments": {"a": 1}}]',
        '[TOOL_CALLS]add[ARGS]{"a": 1}',
        '<|python_tag|>{"name": "add", "parameters": {"a": 1}}',
        "<function=add>\n<parameter=a>\n1\n</parameter>\n</function>",
        '<|channel|>commentary to=functions.add <|constrain|>json<|message|>{"a": 1}<|call|>',
        '{"name": "add", "arguments": {"a": 1}}',
        '```json\n{"name": "add", "arguments": {"a": 1}}\n```',
        '{"tool_calls": [{"function": {"name": "add", "arguments": "{}"}}]}',
    ],
)
def test_a_call_of_another_family_is_a_failure_and_no_answer(text):
    """Otherwise the call vanishes, and the episode ends with it as the answer."""
    turn = HermesParser().parse(text)
    assert turn.calls or turn.failure


@pytest.mark.parametrize(
    "text",
    [
        "Answer: 72",
        'As JSON: {"a": 1}',
        '```json\n{"total": 72}\n```',
        "[1, 2, 3]",
        "def add(a, b):\n    return a + b",
    ],
)
def test_an_answer_that_only_looks_technical_is_an_answer(text):
    turn = HermesParser().parse(text)
    assert (turn.content, turn.calls, turn.failure) == (text, [], None)


@pytest.mark.parametrize("levels", [101, 300, 100_000])
def test_arguments_that_are_too_deep_are_a_failure_that_says_so(levels):
    """Deeper ones end the run with a RecursionError where they are written."""
    deep = "[" * levels + "]" * levels
    parser = HermesParser()
    turn = parser.parse(f'<tool_call>{{"name": "f", "arguments": {{"a": {deep}}}}}</tool_call>')
    assert (turn.calls, turn.failure) == ([], "too_deep")
    assert "nested" in parser.complain(turn.failure)
