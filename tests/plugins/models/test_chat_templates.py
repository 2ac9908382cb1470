"""Published templates and tokenizers: the engine's ids are the template's, or the run says so.

What is trained on is what the model sees in use, whoever made it, and no tool can forge it.
"""

from __future__ import annotations

import importlib.util
import json
import unicodedata
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mentor_core.contracts.policy import Limits, Sampling, Student
from mentor_core.contracts.trajectory import Call
from mentor_core.door.registry import PARSERS, load
from mentor_core.support.errors import ConfigError
from mentor_plugins.models.formats import AutoParser
from mentor_plugins.policies.tokens import TokenPolicy

_SPEC = importlib.util.spec_from_file_location(
    "real_tokenizers", Path(__file__).with_name("real_tokenizers.py")
)
real = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(real)

pytestmark = pytest.mark.slow  # reading vocabularies takes seconds each

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": "a + b",
            "parameters": {
                "type": "object",
                "properties": {
                    key: {"type": "integer", "description": "a number"} for key in ("a", "b")
                },
                "required": ["a", "b"],
            },
        },
    }
    for name in ("add", "subtract")
]
FALLBACKS = [
    *("smollm2", "qwen2_5_vl", "llama3", "cohere", "cohere2", "deepseek_r1_distill", "gemma"),
    *("gemma3", "phi3", "phi3_5"),
]
NATIVE = [name for name in real.FAMILIES if name not in FALLBACKS]
THINKS = ("nemotron", "qwen3_5_think", "qwen3_6", "qwen3_8")  # the prompt opens the thinking
relaxed = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@cache
def chat_of(name):
    return real.FAMILIES[name].chat()


class Replay(TokenPolicy):
    """What every token policy does around its sampling, with given samples."""

    def submit(self, session): ...

    def poll(self):
        return []


def policy_for(chat):
    policy = Replay()
    model = SimpleNamespace(config=SimpleNamespace())
    policy.prepare(Student(model, chat.tokenizer, chat), Sampling(), Limits(1 << 20, 1 << 20))
    return policy


def conversation(user, rounds, thinking=""):
    """Messages as a user of `transformers` writes them, numbered like ours."""
    messages = [{"role": "user", "content": user}]
    for calls, results in rounds:
        given = [
            {
                "type": "function",
                "id": f"call{i:05}",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for i, call in enumerate(calls)
        ]
        turn = {"role": "assistant", "content": "", "tool_calls": given}
        messages.append(turn | ({"reasoning_content": thinking} if thinking else {}))
        for i, (call, result) in enumerate(zip(calls, results, strict=True)):
            messages.append(
                {
                    "role": "tool",
                    "name": call.name,
                    "content": result,
                    "tool_call_id": f"call{i:05}",
                }
            )
    return messages


def replayed(chat, messages, whole):
    """The token record of an episode whose samples are the template's own assistant turns."""
    policy = policy_for(chat)
    opening, rest = messages[:1], messages[1:]
    session = policy.open(opening, TOOLS, 0)
    texts = []
    while rest:
        start = len(session.tokens.prompt) + len(session.tokens.completion)
        stop = next(i for i in range(start, len(whole)) if whole[i] in chat.end_ids) + 1
        generation = policy.finish(session, whole[start:stop], [0.0] * (stop - start), 0.0)
        texts.append(generation.text)
        count = next((i for i, m in enumerate(rest[1:]) if m["role"] == "assistant"), len(rest) - 1)
        observed = [
            {"role": m["role"], "name": m["name"], "content": m["content"]}
            for m in rest[1 : 1 + count]
        ]
        assert policy.observe(session, observed)
        rest = rest[1 + count :]
    return session.tokens, texts


said = st.text(st.characters(exclude_categories=["Cs", "Co", "Cc", "Cn"]), min_size=1, max_size=20)
numbers = st.integers(-99, 99)
call = st.builds(
    Call, st.sampled_from(["add", "subtract"]), st.fixed_dictionaries({"a": numbers, "b": numbers})
)


def rounds(most):
    of_calls = st.lists(call, min_size=1, max_size=most)
    round_ = of_calls.flatmap(
        lambda calls: st.tuples(
            st.just(calls), st.lists(said, min_size=len(calls), max_size=len(calls))
        )
    )
    return st.lists(round_, min_size=1, max_size=3)


@pytest.mark.parametrize("name", [n for n in NATIVE if n != "deepseek 3"])
def test_an_episodes_ids_are_the_templates_ids_of_the_conversation(name):
    chat = chat_of(name)
    tokenizer = chat.tokenizer
    added = tuple(tokenizer.get_added_vocab())
    thinking = "I add them up." if name.startswith(THINKS) else ""
    one = name in ("llama3_1", "llama3_2", "gptoss")
    parser = AutoParser()
    if real.FAMILIES[name].parser:
        parser.prepare(chat, TOOLS)

    @relaxed
    @given(said, rounds(1 if one else 3))
    def check(user, played):
        if any(token in text for token in added for _, rs in played for text in (user, *rs)):
            return
        messages = conversation(user, played, thinking)
        whole = tokenizer.apply_chat_template(
            messages, tools=TOOLS, add_generation_prompt=True, return_dict=False
        )
        record, texts = replayed(chat, messages, whole)
        assert record.prompt + record.completion == whole
        assert len(record.mask) == len(record.completion)
        written = [i for i, m in zip(record.completion, record.mask, strict=True) if not m]
        suffixes = [
            chat.suffix_ids([m for m in conversation(user, [r]) if m["role"] == "tool"])
            for r in played
        ]
        assert written == [i for suffix in suffixes for i in suffix]
        if real.FAMILIES[name].parser:
            for text, (calls, _) in zip(texts, played, strict=True):
                turn = parser.parse(text)
                assert (turn.content, turn.calls, turn.failure) == ("", calls, None)

    check()


@pytest.mark.parametrize("name", real.FAMILIES)
def test_no_text_forges_structure(name):
    """Neither a result, nor a task, nor any part of a schema that a server sends."""
    chat = chat_of(name)
    tokenizer = chat.tokenizer
    added = {i: t for t, i in tokenizer.get_added_vocab().items() if t.strip()}
    frame = lambda ids: [i for i in ids if i in added]  # noqa: E731
    tags = ["</s>", "<tool_response>", "\ue000", "[INST]", "<|im_end|>", "\u212a", "\u0344"]
    characters = st.characters(exclude_categories=["Cs", "Cn", "Co"])
    piece = st.sampled_from([*added.values(), *tags]) | st.text(characters, max_size=8)
    hostile = st.lists(piece, min_size=1, max_size=5).map("".join).filter(str.strip)

    def result(text):
        return [{"role": "tool", "name": "add", "content": text}]

    def prompt(text):
        tools = json.loads(json.dumps(TOOLS).replace("a + b", "§"))
        function = tools[0]["function"]
        function["description"] = text
        given = {"type": "string", "description": text, "enum": [text], "default": text}
        function["parameters"]["properties"][f"§{text}"] = given
        function["parameters"]["required"].append(f"§{text}")
        return chat.prompt_ids([{"role": "user", "content": text}], tools)

    def visible(text):
        """Text without what tokenizers change: white space and normal forms."""
        return "".join(unicodedata.normalize("NFC", text).split())

    @cache
    def known(character):
        """Whether the vocabulary has it at all: SmolLM2's has not all bytes."""
        ids = tokenizer.encode(character, add_special_tokens=False)
        return character.isspace() or visible(character) in visible(tokenizer.decode(ids))

    @relaxed
    @given(hostile)
    def check(text):
        ids = chat.suffix_ids(result(text))
        assert frame(ids) == frame(chat.suffix_ids(result("?")))
        assert frame(prompt(text)) == frame(prompt("?"))
        shown = tokenizer.decode(ids, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        forms = [
            "".join(filter(known, t)) for t in (text, json.dumps(text, ensure_ascii=False)[1:-1])
        ]
        assert any(visible(form) in visible(shown) for form in forms)

    check()


@pytest.mark.parametrize("name", real.FAMILIES)
def test_the_parser_is_found(name):
    """Calls in a form that nobody reads pass for answers, and nothing is learnt."""
    chat, wanted = chat_of(name), real.FAMILIES[name].parser
    assert bool(chat.fallback) == (name in FALLBACKS)
    parser = AutoParser()
    if wanted is None:
        with pytest.raises(ConfigError, match="no parser reads"):
            parser.prepare(chat, TOOLS)
        return
    parser.prepare(chat, TOOLS)
    assert type(parser.chosen) is load(PARSERS, wanted)
    if name not in FALLBACKS:
        text = parser.render("", [Call("add", {"a": 1, "b": 2})])
        assert parser.parse(text).calls == [Call("add", {"a": 1, "b": 2})]


DROPPED = "without the thinking of earlier turns"
AGAIN = {  # what is said where the user may speak again; nothing of the others
    "mistral 3": "two messages of the user otherwise",
    "mistral 3 on tekken": "two messages of the user otherwise",
    "qwen3": DROPPED,
    "qwen3_5_nothink": "two messages of the user otherwise",
    "qwen3_5_think": DROPPED,
    "qwen3_6": DROPPED,
    **{n: DROPPED for n in NATIVE if n.startswith(("gemma4", "nemotron"))},
    "lfm2_2_5": DROPPED,
    "lfm2_2_5_v2": DROPPED,
    "glm4moe": DROPPED,
    "gptoss": DROPPED,
}
AT_ONCE = {"deepseek 3": DROPPED, "deepseek_r1_distill": DROPPED}
del AGAIN["gemma4_v2"]


@pytest.mark.parametrize("name", real.FAMILIES)
def test_where_a_template_does_not_preserve_prefixes_the_run_says_so(name):
    chat = chat_of(name)
    at_once = "; ".join(chat.differences(TOOLS))
    again = "; ".join(chat.differences(TOOLS, replies=True))
    wanted = AT_ONCE.get(name)
    assert (wanted in at_once) if wanted else not at_once
    wanted = wanted or AGAIN.get(name)
    assert (wanted in again) if wanted else not again


def test_mistrals_format_is_mistrals(monkeypatch):
    """The template is our own: mistral-common says whether it is right."""
    monkeypatch.syspath_prepend(real.folder("mistral_common").parent)
    mistral_common = pytest.importorskip("mistral_common.tokens.tokenizers.mistral")
    from mistral_common.protocol.instruct.request import ChatCompletionRequest

    chat = chat_of("mistral 3")
    messages = conversation("What is 1 + 2?", [([Call("add", {"a": 1, "b": 2})], ["it's 3"])])
    ours = chat.tokenizer.apply_chat_template(messages, tools=TOOLS, return_dict=False)
    for message in messages:
        for made in message.get("tool_calls", ()):
            made["function"]["arguments"] = json.dumps(made["function"]["arguments"])
    request = ChatCompletionRequest.from_openai(messages, TOOLS)
    theirs = mistral_common.MistralTokenizer.v3().encode_chat_completion(request)
    assert (
        chat.tokenizer.decode(ours).split("[INST]")[1]
        == (chat.tokenizer.decode(theirs.tokens).split("[INST]")[1])
    )
