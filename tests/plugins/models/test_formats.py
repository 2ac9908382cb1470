"""The parser fits the model before a run starts, and what does not fit is said."""

from __future__ import annotations

import copy

import pytest

from mentor_core.contracts.parsing import HermesParser
from mentor_core.contracts.trajectory import Call
from mentor_core.door.registry import PARSERS, create
from mentor_core.support.errors import ConfigError, ModelError
from mentor_envs.calculator.env import Calculator
from mentor_plugins.models.chat import ChatFormat
from mentor_plugins.models.formats import AutoParser, match_formats

NO_TOOLS = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' "
    "+ message['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
OWN_CALLS = (
    "{% for tool in tools or [] %}{{ tool.function.name }}{% endfor %}"
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{% for call in message.tool_calls or [] %}{{ '@' + call.function.name + ' ' "
    "+ call.function.arguments | tojson }}{% endfor %}"
    "{{ message['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def chat_with(student, template):
    tokenizer = copy.deepcopy(student.tokenizer)
    tokenizer.chat_template = template
    return ChatFormat(tokenizer)


def calculator(parser):
    return Calculator(parser=create(PARSERS, parser))


def test_nothing_is_said_where_all_fits(student):
    env = calculator("auto")
    assert match_formats([env], student.chat)[1] == []
    assert type(env.parser.chosen) is HermesParser


def test_a_parser_that_reads_nothing_of_the_model_is_named(student):
    # Every call would pass for an answer, and the run would train nothing.
    _, (note,) = match_formats([calculator("llama3")], student.chat)
    assert "<tool_call>" in note
    assert "which the parser does not read" in note


def test_a_template_that_no_parser_reads_stops_the_run(student):
    with pytest.raises(ConfigError, match=r"writes a call as '@mentor_probe_0.*no parser reads"):
        match_formats([calculator("auto")], chat_with(student, OWN_CALLS))


@pytest.mark.parametrize("parser", ["hermes", "llama3", "mistral"])
def test_a_model_without_a_format_is_told_the_parsers(student, parser):
    # It would learn one format and be read in another.
    env, chat = calculator(parser), chat_with(student, NO_TOOLS)
    chat, (note,) = match_formats([env], chat)
    assert "knows no tools" in note
    prompt = chat.decode(chat.prompt_ids([{"role": "user", "content": "?"}], env.schemas))
    assert env.parser.form in prompt


def test_a_template_without_a_system_message_gets_it_in_the_users(student):
    # The template refuses it, and every episode would break.
    template = "{% if messages[0].role == 'system' %}{{ raise_exception('no') }}{% endif %}"
    chat = chat_with(student, template + NO_TOOLS)
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "1 + 2?"}]
    text = chat.decode(chat.prompt_ids(messages, calculator("hermes").schemas))
    assert text.startswith("<|im_start|>user\nBe brief.")
    assert '"add"' in text
    assert "1 + 2?" in text


def test_before_a_model_is_known_calls_are_hermes():
    call = Call("add", {"a": 1, "b": 2})
    for parser in (AutoParser(), create(PARSERS, "response_template")):
        assert parser.render("", [call]) == HermesParser().render("", [call])


def test_a_tokenizer_without_a_response_template_is_refused(student):
    with pytest.raises(ModelError, match="no response_template"):
        match_formats([calculator("response_template")], chat_with(student, OWN_CALLS))
