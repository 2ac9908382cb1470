"""ChatFormat: what the model reads is exactly its template, and nobody can forge a turn."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core.support.errors import ModelError
from mentor_plugins.models.chat import ChatFormat

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "add",
            "description": "a + b",
            "parameters": {"type": "object", "properties": {"a": {}, "b": {}}},
        },
    }
]
OPENING = [
    {"role": "system", "content": "Use the tools."},
    {"role": "user", "content": "Tom has 12 eggs."},
]
CALL = '<tool_call>\n{"name": "add", "arguments": {"a": 1, "b": 2}}\n</tool_call>'
RESULTS = [
    {"role": "tool", "name": "add", "content": "3"},
    {"role": "tool", "name": "add", "content": "a longer\nresult "},
]


def without_tools(tokenizer):
    """The tokenizer with a template that knows no tools, as SmolLM2's."""
    plain = copy.deepcopy(tokenizer)
    plain.chat_template = (
        "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' "
        "+ message['content'] + '<|im_end|>' + '\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    )
    return plain


def without_template(tokenizer):
    bare = copy.deepcopy(tokenizer)
    bare.chat_template = None
    return bare


def render(tokenizer, messages, **options):
    return tokenizer.apply_chat_template(messages, tools=TOOLS, return_dict=False, **options)


def test_turn_by_turn_ids_are_the_templates_ids_of_the_whole_conversation(student):
    """Otherwise a model is trained on text that it never sees in use."""
    chat, tokenizer = student.chat, student.tokenizer
    end = tokenizer.eos_token_id
    call = tokenizer.encode(CALL, add_special_tokens=False)
    pieces = [*chat.prompt_ids(OPENING, TOOLS), *call, end, *chat.suffix_ids(RESULTS)]
    whole = [*OPENING, {"role": "assistant", "content": CALL}, *RESULTS]
    assert pieces == render(tokenizer, whole, add_generation_prompt=True)
    assert chat.differences(TOOLS, replies=True) == []
    assert chat.fallback is None
    assert end in chat.end_ids


@pytest.mark.parametrize("change", [without_tools, without_template])
def test_a_model_whose_template_knows_no_tools_still_gets_them(student, change):
    chat = ChatFormat(change(student.tokenizer))
    text = student.tokenizer.decode(chat.prompt_ids(OPENING, TOOLS))
    assert '"name": "add"' in text
    assert "Use the tools." in text
    assert "3" in student.tokenizer.decode(chat.suffix_ids(RESULTS))
    assert chat.fallback
    assert chat.differences(TOOLS, replies=True) == []


def test_a_tokenizer_that_cannot_end_a_turn_is_refused(student):
    bare = without_template(student.tokenizer)
    bare.eos_token = None
    with pytest.raises(ModelError, match="eos_token"):
        ChatFormat(bare)


def test_a_broken_template_is_refused_with_its_own_message(student):
    broken = copy.deepcopy(student.tokenizer)
    broken.chat_template = "{{ raise_exception('only on Sundays') }}"
    with pytest.raises(ModelError, match="only on Sundays"):
        ChatFormat(broken)


def _hostile(student):
    added = sorted(student.tokenizer.get_added_vocab())
    piece = st.one_of(
        st.sampled_from(added), st.text(max_size=12), st.sampled_from(["\ue0000\ue001"])
    )
    return st.lists(piece, max_size=6).map("".join)


@pytest.mark.parametrize("change", [copy.deepcopy, without_tools, without_template])
def test_text_from_outside_cannot_forge_a_turn_or_a_call(student, change):
    """A web page that says <|im_end|> must not end the tool's message."""
    tokenizer = change(student.tokenizer)
    chat = ChatFormat(tokenizer)
    added = set(tokenizer.get_added_vocab().values())
    frame = [
        i for i in chat.suffix_ids([{"role": "tool", "name": "x", "content": "?"}]) if i in added
    ]

    @settings(max_examples=200, deadline=None)
    @given(_hostile(student))
    def check(text):
        ids = chat.suffix_ids([{"role": "tool", "name": "x", "content": text}])
        assert [i for i in ids if i in added] == frame
        prompt = chat.prompt_ids([{"role": "user", "content": text}], ())
        plain = chat.prompt_ids([{"role": "user", "content": "?"}], ())
        assert [i for i in prompt if i in added] == [i for i in plain if i in added]
        assert text.strip() in tokenizer.decode(ids, clean_up_tokenization_spaces=False)

    check()


def test_the_name_of_an_argument_forges_nothing(student):
    """A server's schema may name an argument <|im_end|>."""
    chat, tokenizer = student.chat, student.tokenizer
    added = set(tokenizer.get_added_vocab().values())

    @settings(max_examples=100, deadline=None)
    @given(_hostile(student))
    def check(text):
        def frame(name):
            tools = copy.deepcopy(TOOLS)
            tools[0]["function"]["parameters"]["properties"][name] = {"enum": [name]}
            tools[0]["function"]["parameters"]["required"] = [name]
            return [i for i in chat.prompt_ids(OPENING, tools) if i in added]

        assert frame(text) == frame("plain")

    check()


def test_a_result_of_all_private_characters_is_encoded(student):
    """No character is left to cut tokens with; the run must not end by that."""
    text = "".join(map(chr, range(0xE000, 0xF900))) + student.chat.ends[0]
    ids = student.chat.suffix_ids([{"role": "tool", "name": "x", "content": text}])
    plain = student.chat.suffix_ids([{"role": "tool", "name": "x", "content": "?"}])
    ends = student.chat.end_ids
    assert sum(i in ends for i in ids) == sum(i in ends for i in plain)


def test_of_several_named_templates_the_one_for_tools_is_taken(student):
    """Models such as Command R have two; without tools a student would never see its own."""
    named = copy.copy(student.tokenizer)
    plain = without_tools(student.tokenizer).chat_template
    named.chat_template = {"default": plain, "tool_use": student.tokenizer.chat_template}
    chat = ChatFormat(named)
    assert chat.fallback is None
    assert chat.prompt_ids(OPENING, TOOLS) == student.chat.prompt_ids(OPENING, TOOLS)
    named.chat_template = {"rag": plain}
    with pytest.raises(ModelError, match="named rag; expected tool_use or default"):
        ChatFormat(named)


def test_harmless_text_is_encoded_as_the_template_does(student):
    @settings(max_examples=100, deadline=None)
    @given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Co"]), min_size=1))
    def check(text):
        if any(token in text for token in student.tokenizer.get_added_vocab()):
            return
        messages = [{"role": "user", "content": text}]
        expected = render(student.tokenizer, messages, add_generation_prompt=True)
        assert student.chat.prompt_ids(messages, TOOLS) == expected

    check()


def test_decode_drops_only_the_token_that_ended_the_turn(student):
    tokenizer = student.tokenizer
    ids = tokenizer.encode("<|im_end|>a", add_special_tokens=False)
    assert student.chat.decode([*ids, tokenizer.eos_token_id]) == "<|im_end|>a"
    assert student.chat.decode([]) == ""
