"""Modelfile: the file from which `ollama create` makes a model.

Ollama's templates are Go templates, and a chat template of Jinja is not translated in general. One
layout is: ChatML with schemas between `<tools>` and calls in Hermes' format, as in Qwen2.5 and
Qwen3. The layout's words are taken from the student's own template. Any other template leaves a
comment in place of TEMPLATE.

Source: docs.ollama.com/modelfile and docs.ollama.com/template.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from mentor_core.contracts.policy import Student

__all__ = ["modelfile", "ollama_template"]

_MOST_CONTEXT = 8192
"""Most tokens of context that the file asks for: memory grows with them."""
_SYSTEM, _USER, _RESULT = "mentorSYSTEM", "mentorUSER", "mentorRESULT"
_TOOLS: list[dict[str, Any]] = [
    {
        "type": "function",
        "function": {
            "name": f"mentor_probe_{number}",
            "description": "Probe.",
            "parameters": {
                "type": "object",
                "properties": {"value": {"type": "string"}},
                "required": ["value"],
            },
        },
    }
    for number in range(2)
]
_CALLS = [
    {"type": "function", "function": {"name": "mentor_probe_0", "arguments": {"value": "v"}}},
    {"type": "function", "function": {"name": "mentor_probe_1", "arguments": {"value": "w"}}},
]
_PLAIN = "<|im_start|>{role}\n{text}<|im_end|>\n"
_OPENING = "<|im_start|>assistant\n"
_GO_MESSAGES = """\
{{ range $i, $_ := .Messages }}
{{- $last := eq (len (slice $.Messages $i)) 1 }}
{{- if eq .Role "user" }}<|im_start|>user
{{ .Content }}<|im_end|>
{{ else if eq .Role "assistant" }}<|im_start|>assistant
{{ .Content }}{{ if and .Content .ToolCalls }}
{{ end }}{{ range $j, $call := .ToolCalls }}{{ if $j }}
{{ end }}<tool_call>
{"name": "{{ $call.Function.Name }}", "arguments": {{ $call.Function.Arguments }}}
</tool_call>{{ end }}{{ if not $last }}<|im_end|>
{{ end }}
{{- else if eq .Role "tool" }}<|im_start|>user
<tool_response>
{{ .Content }}
</tool_response><|im_end|>
{{ end }}
{{- if and (ne .Role "assistant") $last }}<|im_start|>assistant
{{ end }}
{{- end }}"""


def modelfile(student: Student, gguf: str | None, temperature: float, licence: str | None) -> str:
    """The text of a Modelfile.

    Args:
        gguf: name of the GGUF file beside the Modelfile; None: Ollama converts the safetensors.
        temperature: of the run's evaluations.
        licence: identifier of the base's licence, if known.
    """
    lines = ["# ollama create NAME -f Modelfile"]
    if gguf is None:
        lines += [
            "# Ollama converts the safetensors of some architectures. If Ollama names yours as",
            "# unsupported, export again with --gguf.",
        ]
    lines.append(f"FROM {'.' if gguf is None else f'./{gguf}'}")
    template = ollama_template(student.tokenizer)
    if template is None:
        lines += [
            "# There is no TEMPLATE: the student's chat template has a layout that mentor cannot",
            "# translate into Ollama's Go templates. Without one, Ollama may show the student",
            "# other prompts than the training did, and may not find tool calls.",
        ]
    else:
        lines += [
            "# Translated from the student's chat template. Ollama writes JSON without the blanks",
            "# that the training had.",
            f'TEMPLATE """{template}"""',
        ]
    stops = (json.dumps(end, ensure_ascii=False) for end in student.chat.ends)
    lines += [f"PARAMETER stop {stop}" for stop in stops]
    lines.append(f"PARAMETER temperature {temperature:g}")
    most = getattr(student.model.config, "max_position_embeddings", None)
    if isinstance(most, int):
        lines.append(f"PARAMETER num_ctx {min(most, _MOST_CONTEXT)}")
    if licence is not None:
        lines.append(f"LICENSE {json.dumps(licence)}")
    return "\n".join(lines) + "\n"


def ollama_template(tokenizer: Any) -> str | None:
    """The Go template of a tokenizer's chat template; None if the layout is another.

    The chat template must render a conversation with tools, calls and results byte for byte as the
    layout does.
    """
    try:
        system = _system(tokenizer)
        same = system is not None and _turns_alike(tokenizer)
    except Exception:  # noqa: BLE001 - a chat template refuses what it does not know by raising
        return None
    text = f"{system}{_GO_MESSAGES}"
    return text if same and '"""' not in text else None


def _system(tokenizer: Any) -> str | None:
    """The Go text of the system message and the tools; None if the layout is another."""
    user = {"role": "user", "content": _USER}
    told = [{"role": "system", "content": _SYSTEM}, user]
    schemas = "\n".join(json.dumps(tool, ensure_ascii=False) for tool in _TOOLS)
    after = _PLAIN.format(role="user", text=_USER) + _OPENING

    def between(messages: Sequence[Any], tools: Any) -> str | None:
        text = _render(tokenizer, messages, tools)
        if not text.endswith(after):
            return None
        block = text.removesuffix(after)
        found = re.fullmatch(r"<\|im_start\|>system\n(.*)<\|im_end\|>\n", block, re.DOTALL)
        return found[1] if found else block or None

    default = between([user], None) or ""
    alone, both = between([user], _TOOLS), between(told, _TOOLS)
    if between(told, None) != _SYSTEM or not alone or not both or not both.startswith(_SYSTEM):
        return None
    rest = both.removeprefix(_SYSTEM)
    shown = alone.removeprefix(default)
    if f"\n{schemas}\n" not in rest or not rest.endswith(shown) or "{{" in rest + default:
        return None
    gap = rest.removesuffix(shown)  # between a system message and the tools
    before, _, behind = shown.partition(f"\n{schemas}")
    tools = f"{{{{ if .Tools }}}}{before}{{{{ range .Tools }}}}\n{{{{ . }}}}{{{{ end }}}}{behind}"
    said = f"{{{{ .System }}}}{{{{ if .Tools }}}}{gap}{{{{ end }}}}" if gap else "{{ .System }}"
    otherwise = f"{{{{ else }}}}{default}" if default else ""
    body = f"{{{{ if .System }}}}{said}{otherwise}{{{{ end }}}}{tools}{{{{ end }}}}"
    block = f"<|im_start|>system\n{body}<|im_end|>\n"
    return block if default else f"{{{{- if or .System .Tools }}}}{block}{{{{ end }}}}"


def _turns_alike(tokenizer: Any) -> bool:
    """True if calls and results are rendered as `_GO_MESSAGES` has them."""
    messages = [
        {"role": "system", "content": _SYSTEM},
        {"role": "user", "content": _USER},
        {"role": "assistant", "content": "", "tool_calls": _CALLS[:1]},
        {"role": "tool", "name": "mentor_probe_0", "content": _RESULT},
        {"role": "assistant", "content": "Done.", "tool_calls": _CALLS},
        {"role": "tool", "name": "mentor_probe_0", "content": _RESULT},
    ]
    written = [f"<tool_call>\n{json.dumps(call['function'])}\n</tool_call>" for call in _CALLS]
    result = _PLAIN.format(role="user", text=f"<tool_response>\n{_RESULT}\n</tool_response>")
    expected = (
        _PLAIN.format(role="user", text=_USER)
        + _PLAIN.format(role="assistant", text=written[0])
        + result
        + _PLAIN.format(role="assistant", text="\n".join(["Done.", *written]))
        + result
        + _OPENING
    )
    return _render(tokenizer, messages, _TOOLS).endswith(f"<|im_end|>\n{expected}")


def _render(tokenizer: Any, messages: Sequence[Any], tools: Any) -> str:
    text: str = tokenizer.apply_chat_template(
        list(messages), tools=tools, tokenize=False, add_generation_prompt=True
    )
    return text
