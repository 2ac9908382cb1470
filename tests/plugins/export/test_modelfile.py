"""The Modelfile: Ollama must show the student the prompts of the training, or say that it does not.

Ollama is not installed here. Its Go templates are rewritten as Jinja, action by action, and
rendered.
"""

import copy
import json
import re
from pathlib import Path

import jinja2
import pytest
import trl

from mentor_plugins.export.modelfile import modelfile, ollama_template

TEMPLATES = Path(trl.__file__).parent / "chat_templates"
TOOL = {
    "type": "function",
    "function": {
        "name": "add",
        "description": "Add.",
        "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}},
    },
}
CALL = {"type": "function", "function": {"name": "add", "arguments": {"a": 1}}}
CONVERSATIONS = [
    [("user", "1 + 2?", [])],
    [("system", "Be brief.", []), ("user", "1 + 2?", [])],
    [("user", "1?", []), ("assistant", "", [CALL]), ("tool", "3", [])],
    [("user", "1?", []), ("assistant", "So.", [CALL, CALL]), ("tool", "3", [])],
    [("user", "1?", []), ("assistant", "3", []), ("user", "Sure?", [])],
]
ACTIONS = {
    "if or .System .Tools": "if System or Tools",
    "if .System": "if System",
    "if .Tools": "if Tools",
    "else": "else",
    "end": None,
    ".System": "=System",
    "range .Tools": "for it in Tools",
    ".": "=it",
    "range $i, $_ := .Messages": "for m in Messages",
    "$last := eq (len (slice $.Messages $i)) 1": "set last = loop.last",
    'if eq .Role "user"': "if m.Role == 'user'",
    'else if eq .Role "assistant"': "elif m.Role == 'assistant'",
    'else if eq .Role "tool"': "elif m.Role == 'tool'",
    'if and (ne .Role "assistant") $last': "if m.Role != 'assistant' and last",
    "if not $last": "if not last",
    ".Content": "=m.Content",
    "if and .Content .ToolCalls": "if m.Content and m.ToolCalls",
    "range $j, $call := .ToolCalls": "for call in m.ToolCalls",
    "if $j": "if not loop.first",
    "$call.Function.Name": "=call.Name",
    "$call.Function.Arguments": "=call.Arguments",
}


def rendered(go, conversation, tools):
    """A Go template's text of a conversation."""
    opened = []

    def action(match):
        left, code, right = match[1], match[2].strip(), match[3]
        jinja = ACTIONS[code]  # an action that is not listed has not been thought about
        if code.startswith(("if", "range")):
            opened.append("endif" if code.startswith("if") else "endfor")
        if code == "end":
            jinja = opened.pop()
        if jinja.startswith("="):
            return f"{{{{{left} {jinja[1:]} {right}}}}}"
        return f"{{%{left} {jinja} {right}%}}"

    source = re.sub(r"\{\{(-?)(.*?)(-?)\}\}", action, go, flags=re.DOTALL)
    assert not opened
    calls = [[_go_call(call["function"]) for call in made] for _, _, made in conversation]
    return jinja2.Template(source).render(
        System="".join(text for role, text, _ in conversation if role == "system"),
        Tools=[json.dumps(tool) for tool in tools],
        Messages=[
            {"Role": role, "Content": text, "ToolCalls": made}
            for (role, text, _), made in zip(conversation, calls, strict=True)
        ],
    )


def _go_call(function):
    return {"Name": function["name"], "Arguments": json.dumps(function["arguments"])}


def with_template(student, name):
    tokenizer = copy.deepcopy(student.tokenizer)
    tokenizer.chat_template = (TEMPLATES / f"{name}.jinja").read_text()
    return tokenizer


@pytest.mark.parametrize("name", ["qwen2_5", "qwen3", "qwen3_instruct_2507"])
@pytest.mark.parametrize("tools", [[], [TOOL], [TOOL, TOOL]], ids=["0", "1", "2"])
def test_ollama_shows_the_prompts_of_the_training(student, name, tools):
    tokenizer = with_template(student, name)
    go = ollama_template(tokenizer)
    for conversation in CONVERSATIONS:
        messages = [
            {"role": role, "content": text} | ({"tool_calls": made} if made else {})
            for role, text, made in conversation
        ]
        expected = tokenizer.apply_chat_template(
            messages, tools=tools or None, tokenize=False, add_generation_prompt=True
        )
        assert rendered(go, conversation, tools) == expected


@pytest.mark.parametrize("name", ["llama3_1", "gemma", "lfm2", "gptoss", "glm4moe"])
def test_a_layout_that_is_not_translated_is_said(student, name):
    assert ollama_template(with_template(student, name)) is None
    text = modelfile(student, None, 0.0, None)  # the embedded student's layout is its own
    assert "# There is no TEMPLATE" in text
    assert "\nTEMPLATE" not in text


def test_the_file_names_the_weights_and_the_ends_of_turns(student):
    lines = modelfile(student, None, 0.0, "apache-2.0").splitlines()
    assert "FROM ." in lines
    assert 'PARAMETER stop "<|im_end|>"' in lines
    assert "PARAMETER temperature 0" in lines
    assert "PARAMETER num_ctx 4096" in lines
    assert 'LICENSE "apache-2.0"' in lines
    assert "FROM ./model-f16.gguf" in modelfile(student, "model-f16.gguf", 0.0, None).splitlines()
