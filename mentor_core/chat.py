"""ChatFormat: from messages to token ids, exactly as the model's chat template has them.

Two rules hold throughout. What the policy sampled is never decoded and encoded again: the
environment's messages are rendered as a *suffix*, the text that the template puts between
the end of an assistant turn and the beginning of the next. And text from outside cannot forge
structure: where a message contains the text of one of the tokenizer's added tokens
(`<|im_end|>`, `<tool_call>` …), that text is encoded as ordinary characters.

A tokenizer whose template knows no tools is given them in the system message, and tool results
as user messages; one without any template is given ChatML. `ChatFormat.fallback` says so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from mentor_core.errors import ModelError
from mentor_core.trajectory import Message

__all__ = ["CHATML", "ChatFormat"]

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' "
    "+ message['content'] + eos_token + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
"""Template for tokenizers without one: ChatML, with the tokenizer's own end-of-text token."""

_TOOLS_IN_SYSTEM = """# Tools

You may call one or more functions. Their signatures, within <tools></tools>:
<tools>
{tools}
</tools>

For each call, write a JSON object with the function's name and arguments:
<tool_call>
{{"name": <function-name>, "arguments": <arguments-object>}}
</tool_call>"""

_MARK = "\ue000{}\ue001"  # private-use characters: a template passes them through unchanged
_ASSISTANT = _MARK.format("assistant")


class ChatFormat:
    """Encodes conversations for one tokenizer.

    Args:
        tokenizer: a `PreTrainedTokenizerBase`. It is not changed.
        end_ids: ids that end a turn besides the tokenizer's own and the template's.

    Attributes:
        fallback: what of the template had to be replaced, in words; None if nothing.
        end_ids: all ids that end an assistant turn.

    Raises:
        ModelError: the tokenizer has no end-of-text token, or its template fails on the
            plainest conversation.
    """

    def __init__(self, tokenizer: Any, end_ids: Iterable[int] = ()) -> None:
        self.tokenizer = tokenizer
        self.fallback: str | None = None
        self._template: str | None = None
        self._native_tools = True
        added = {token for token in tokenizer.get_added_vocab() if token.strip()}
        self._added = re.compile("|".join(map(re.escape, sorted(added, key=len, reverse=True))))
        self._has_added = bool(added)
        self._choose_template()
        self.end_ids = {*end_ids, *self._end_of_turn_ids()}
        if not self.end_ids:
            raise ModelError("the tokenizer has no token that ends a turn (eos_token is not set)")

    # Encoding ------------------------------------------------------------------------------

    def prompt_ids(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> list[int]:
        """Ids of the opening messages, tools and the generation prompt."""
        return self._encode(messages, tools)

    def suffix_ids(self, messages: Sequence[Message]) -> list[int]:
        """Ids of `messages` between the end of one assistant turn and the start of the next."""
        return self._encode(messages, (), after_assistant=True)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of a sampled turn, without the token that ended it."""
        body = ids[:-1] if ids and ids[-1] in self.end_ids else ids
        text: str = self.tokenizer.decode(
            body, skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        return text

    def difference(self, tools: Sequence[dict[str, Any]]) -> str | None:
        """How piecewise encoding differs from the template's rendering of a whole conversation.

        None where it does not: then training sees exactly what the model sees in use.
        """
        opening: list[Message] = [{"role": "user", "content": "What is 1 + 2?"}]
        call = '<tool_call>\n{"name": "add", "arguments": {"a": 1, "b": 2}}\n</tool_call>'
        result: list[Message] = [{"role": "tool", "name": "add", "content": "3"}]
        whole = self._render(
            [*opening, {"role": "assistant", "content": call}, *result], tools, generate=True
        )
        pieces = self.prompt_ids(opening, tools) + self._plain_ids(call)
        pieces += self._end_literal_ids() + self.suffix_ids(result)
        expected = self._plain_ids(whole)
        if pieces == expected:
            return None
        at = next(
            (i for i, (a, b) in enumerate(zip(pieces, expected, strict=False)) if a != b),
            min(len(pieces), len(expected)),
        )
        return (
            f"the template renders a whole conversation differently from token {at} on: "
            f"{self.tokenizer.decode(expected[max(at - 4, 0) : at + 8])!r} where turn by turn it "
            f"is {self.tokenizer.decode(pieces[max(at - 4, 0) : at + 8])!r}"
        )

    def _encode(
        self,
        messages: Sequence[Message],
        tools: Sequence[dict[str, Any]],
        *,
        after_assistant: bool = False,
    ) -> list[int]:
        if not any(self._forges(message["content"]) for message in messages):
            return self._plain_ids(self._rendered(messages, tools, after_assistant))
        marked: list[Message] = [
            {**message, "content": _MARK.format(i)}  # type: ignore[typeddict-item]
            for i, message in enumerate(messages)
        ]
        text = self._rendered(marked, tools, after_assistant)
        ids: list[int] = []
        for piece in re.split("(\ue000[0-9]+\ue001)", text):
            if piece.startswith("\ue000"):
                ids += self._text_ids(messages[int(piece[1:-1])]["content"])
            elif piece:
                ids += self._plain_ids(piece)
        return ids

    def _rendered(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]], after: bool
    ) -> str:
        if not after:
            return self._render(messages, tools, generate=True)
        opening: list[Message] = [
            {"role": "user", "content": "…"},
            {"role": "assistant", "content": _ASSISTANT},
        ]
        text = self._render([*opening, *messages], tools, generate=True)
        _, found, suffix = text.rpartition(_ASSISTANT)
        if not found:
            raise ModelError("the chat template does not render an assistant message as it is")
        return suffix.removeprefix(self._end_literal)

    def _render(
        self, messages: Sequence[Message], tools: Sequence[dict[str, Any]], *, generate: bool
    ) -> str:
        if not self._native_tools:
            messages, tools = _without_tools(messages, tools), ()
        text: str = self.tokenizer.apply_chat_template(
            list(messages),
            tools=list(tools) or None,
            add_generation_prompt=generate,
            tokenize=False,
            chat_template=self._template,
        )
        return text

    def _plain_ids(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False)
        return ids

    def _forges(self, text: str) -> bool:
        return self._has_added and self._added.search(text) is not None

    def _text_ids(self, text: str) -> list[int]:
        """Ids of text in which no added token is recognised: each is cut after one character."""
        ids: list[int] = []
        start = 0
        while match := self._added.search(text, start):
            cut = match.start() + 1
            ids += self._cut_ids(text[start:cut])
            start = cut
        return ids + self._cut_ids(text[start:])

    def _cut_ids(self, text: str) -> list[int]:
        return self._plain_ids(text) if text else []

    # The template --------------------------------------------------------------------------

    def _choose_template(self) -> None:
        if not self.tokenizer.chat_template:
            if self.tokenizer.eos_token is None:
                raise ModelError("the tokenizer has neither a chat template nor an eos_token")
            self._template = CHATML
            self._native_tools = False
            self.fallback = "no chat template: ChatML is used, with tools in the system message"
        elif not self._knows_tools():
            self._native_tools = False
            self.fallback = (
                "the chat template knows no tools: they are put in the system message, and tool "
                "results in user messages"
            )
        self._end_literal = ""
        try:
            text = self._render(
                [
                    {"role": "user", "content": "…"},
                    {"role": "assistant", "content": _ASSISTANT},
                ],
                (),
                generate=False,
            )
        except Exception as error:
            raise ModelError(f"the chat template fails on a plain conversation: {error}") from error
        _, found, rest = text.rpartition(_ASSISTANT)
        match = self._added.match(rest) if found and self._has_added else None
        if match:
            self._end_literal = match.group()
        elif self.tokenizer.eos_token and rest.startswith(self.tokenizer.eos_token):
            self._end_literal = self.tokenizer.eos_token

    def _knows_tools(self) -> bool:
        name, result = "mentor_probe_tool", "mentor probe result"
        tool = {
            "type": "function",
            "function": {
                "name": name,
                "description": "probe",
                "parameters": {"type": "object", "properties": {}},
            },
        }
        messages: list[Message] = [
            {"role": "user", "content": "…"},
            {"role": "assistant", "content": "…"},
            {"role": "tool", "name": name, "content": result},
        ]
        try:
            text = self._render(messages, [tool], generate=True)
        except Exception:  # noqa: BLE001 - a template refuses what it does not know by raising
            return False
        return name in text and result in text

    def _end_literal_ids(self) -> list[int]:
        return self._plain_ids(self._end_literal) if self._end_literal else []

    def _end_of_turn_ids(self) -> set[int]:
        ids = {self.tokenizer.eos_token_id} - {None}
        literal = self._end_literal_ids()
        return ids | set(literal) if len(literal) == 1 else ids


def _without_tools(messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> list[Message]:
    """The conversation for a template that knows no tools."""
    plain: list[Message] = []
    for message in messages:
        if message["role"] != "tool":
            plain.append(message)
            continue
        response = f"<tool_response>\n{message['content']}\n</tool_response>"
        if plain and plain[-1]["role"] == "user" and plain[-1].get("name") == "tool":
            plain[-1] = {**plain[-1], "content": f"{plain[-1]['content']}\n{response}"}
        else:
            plain.append({"role": "user", "name": "tool", "content": response})
    if tools:
        listed = "\n".join(json.dumps(tool, ensure_ascii=False) for tool in tools)
        block = _TOOLS_IN_SYSTEM.format(tools=listed)
        if plain and plain[0]["role"] == "system":
            plain[0] = {**plain[0], "content": f"{plain[0]['content']}\n\n{block}"}
        else:
            plain.insert(0, {"role": "system", "content": block})
    return plain
