"""ChatTemplate: a tokenizer's chat template, explored by rendering small conversations.

Templates differ in their input. They take tool calls as objects or as text, one or several a turn,
and tool messages only after calls, with ids or without. Some know no tools at all, or there is no
template. These differences are found out once and hidden here. `ChatTemplate` renders whole
conversations, the text between two assistant turns, and single assistant turns.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from mentor_core.contracts.parsing import HermesParser
from mentor_core.contracts.trajectory import Call, Message
from mentor_core.support.errors import ModelError
from mentor_plugins.models.conversation import (
    Conversation,
    assistant_message,
    numbered,
    tool_message,
    without_system,
    without_tools,
)

__all__ = ["CHATML", "ChatTemplate"]

CHATML = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\\n' "
    "+ message['content'] + eos_token + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"
)
"""Template for tokenizers without one: ChatML, with the tokenizer's own end-of-text token."""

_MARK = "mentorMARKmentor"
_USER: Message = {"role": "user", "content": _MARK}
_THINKING = ("reasoning_content", "reasoning", "thinking")
"""Keys under which templates look for an assistant message's thinking."""


class ChatTemplate:
    """Renders conversations for one tokenizer.

    Args:
        tokenizer: a `PreTrainedTokenizerBase`. It is not changed.
        end_ids: ids that end a turn besides the tokenizer's and the template's.

    Attributes:
        fallback: the replaced part of the template, in words; None if nothing was replaced.
        form: the form of calls, which a fallback shows the model.
        end_ids: all ids that end an assistant turn; `ends` are their texts.
        knows_thinking: true if the template shows thinking that a message holds apart from its
            text.
        opening: the text between a user's message and the assistant's turn.

    Raises:
        ModelError: the tokenizer has no end-of-text token, or its template fails on the
            plainest conversation.
    """

    def __init__(self, tokenizer: Any, end_ids: Iterable[int] = ()) -> None:
        self.tokenizer = tokenizer = _with_one_template(tokenizer)
        self.fallback: str | None = None
        self.form = HermesParser.form
        self._template: str | None = None
        self._takes: _Takes | None = _Takes(0)
        self._takes_system = True
        if not tokenizer.chat_template:
            if tokenizer.eos_token is None:
                raise ModelError("the tokenizer has neither a chat template nor an eos_token")
            self._template, self._takes = CHATML, None
            self.fallback = "no chat template: ChatML is used, with tools in the system message"
        self._try_plainly()
        self._takes_system = self._shows_system()
        if self.fallback is None:
            self._takes = self._find_out()
            if self._takes is None:
                self.fallback = (
                    "the chat template knows no tools: they are put in the system message, and "
                    "tool results in user messages"
                )
        self._set_ends({*end_ids, tokenizer.eos_token_id} - {None})
        self._add_end(
            self.render([_USER, assistant_message(_MARK)], (), generate=False), at_once=True
        )
        if self._takes and self._takes.calls and not self._ends_before_result():
            self._add_end(self.render([_USER, self._calling([_CALL])], (), generate=False))
        if not self.end_ids:
            raise ModelError("the tokenizer has no token that ends a turn (eos_token is not set)")
        self.knows_thinking = self._shows_thinking()
        self.opening = self._after(self.render([_USER], (), generate=True))

    def render(self, messages: Conversation, tools: Any, *, generate: bool) -> str:
        """The text of a conversation, with the opening of the next turn if `generate`."""
        text: str = self._apply(messages, tools, generate, tokenize=False)
        return text

    def ids(self, messages: Conversation, tools: Any) -> list[int]:
        """The tokenizer's own ids of a conversation, with the opening of the next turn."""
        ids: list[int] = self._apply(messages, tools, True, tokenize=True, return_dict=False)
        return ids

    def suffix(self, messages: Sequence[Message]) -> str:
        """The text after an assistant turn, up to and with the opening of the next.

        Raises:
            ModelError: the template does not show an assistant turn.
        """
        calls = [Call(m.get("name", ""), {}) for m in messages if m["role"] == "tool"]
        assistant = assistant_message(_MARK)
        if calls and self._takes and self._takes.calls:
            calls[-1].arguments["value"] = _MARK
            assistant = self._calling(calls)
        user = {"role": "user", "content": "…"}
        after = self._after(self.render([user, assistant, *messages], (), generate=True))
        return after[self._end_in(after) :]

    def turn_text(
        self,
        content: str,
        calls: Sequence[Call],
        tools: Sequence[dict[str, Any]],
        thinking: str = "",
    ) -> str | None:
        """The template's text of an assistant turn, between opening and end.

        None if the template cannot write the turn, or writes another opening than it gives a model.
        """
        assistant = self.assistant(content, calls, thinking)
        results = [tool_message(call.name, "…") for call in calls]
        try:
            whole = self.render([_USER, assistant, *results], tools, generate=bool(results))
            prompt = self.render([_USER], tools, generate=True)
        except Exception:  # noqa: BLE001 - a template refuses what it does not know by raising
            return None
        if not whole.startswith(prompt):
            return None
        rest = whole[len(prompt) :]
        found = self._end.search(rest)
        if found:
            return rest[: found.start()]
        return None if results else rest  # some templates leave the last turn open

    def turn_end(self, calls: Sequence[Call] = ()) -> str:
        """The text of the token that ends an assistant turn with these calls."""
        assistant = self.assistant("" if calls else _MARK, calls)
        results = [tool_message(call.name, "…") for call in calls]
        try:
            prompt = self.render([_USER], (), generate=True)
            whole = self.render([_USER, assistant, *results, _USER], (), generate=True)
        except Exception:  # noqa: BLE001 - a template refuses what it does not know by raising
            return self.ends[0]
        found = self._end.search(whole, len(prompt))
        return found.group() if found else self.ends[0]

    def assistant(self, content: str, calls: Sequence[Call], thinking: str = "") -> dict[str, Any]:
        """An assistant message as the template takes it.

        Thinking is put under the template's keys for it. If the template knows none, thinking is
        put into the text, and calls are left out.
        """
        if thinking and not self.knows_thinking:
            return assistant_message(f"<think>\n{thinking}\n</think>\n\n{content}")
        message = self._calling(calls) if calls and self._takes else assistant_message("")
        message["content"] = content
        return message | dict.fromkeys(_THINKING, thinking) if thinking else message

    # Finding out ---------------------------------------------------------------------------

    def _try_plainly(self) -> None:
        try:
            self.render([_USER, assistant_message("…")], (), generate=False)
        except (
            Exception
        ) as error:  # a template raises what it likes: passed on, as the model's fault
            raise ModelError(f"the chat template fails on a plain conversation: {error}") from error

    def _shows_system(self) -> bool:
        try:
            system = {"role": "system", "content": _MARK}
            return _MARK in self.render([system, {**_USER, "content": "…"}], (), generate=True)
        except Exception:  # noqa: BLE001 - a template refuses what it does not know by raising
            return False

    def _find_out(self) -> _Takes | None:
        """The form in which the template takes calls; None if the template knows no tools."""
        ways = [_Takes(n, as_text) for as_text in (False, True) for n in (2, 1)]
        for takes in [*ways, _Takes(0)]:
            self._takes = takes
            calls = [Call(f"mentor_probe_{i}", {"value": _MARK}) for i in range(takes.calls or 1)]
            results = [tool_message(c.name, f"mentor result {i}") for i, c in enumerate(calls)]
            assistant = self._calling(calls) if takes.calls else assistant_message(_MARK)
            user = {"role": "user", "content": "…"}
            try:
                text = self.render([user, assistant, *results], _PROBE_TOOLS, generate=True)
            except Exception:  # noqa: BLE001 - a template refuses what it does not know by raising
                continue
            shown = [*(r["content"] for r in results), _PROBE_TOOLS[0]["function"]["name"]]
            if text.count(_MARK) >= len(calls) and all(s in text for s in shown):
                return takes
        return None

    def _shows_thinking(self) -> bool:
        """True if the template shows thinking that a message holds apart from its text."""
        turns = [assistant_message("…")]
        if self._takes and self._takes.calls:
            turns.append(self._calling([Call("mentor_probe_0", {})]))
        for turn in turns:
            thinking = turn | dict.fromkeys(_THINKING, _MARK)
            if _MARK in self._after(self.render([_USER, thinking], (), generate=False)):
                return True
        return False

    def _ends_before_result(self) -> bool:
        """True if a token that is known to end turns is between a call and its result."""
        messages = [_USER, self._calling([_CALL]), tool_message(_CALL.name, "mentor result")]
        text = self.render(messages, (), generate=True)
        between = text.partition("mentor result")[0].rpartition(_MARK)[2]
        return self._end_in(between) > 0

    def _add_end(self, text: str, at_once: bool = False) -> None:
        """Add the token at the end of a conversation's last turn to the tokens that end turns.

        With `at_once`, the token that directly follows the turn's text is preferred.
        """
        added = self.tokenizer.get_added_vocab()
        _, found, rest = text.rpartition(_MARK)
        tokens = [token for token in added if at_once and rest.startswith(token)]
        tokens = tokens or [token for token in added if found and rest.rstrip().endswith(token)]
        if tokens:
            self._set_ends({*self.end_ids, added[max(tokens, key=len)]})

    def _set_ends(self, ids: set[int]) -> None:
        self.end_ids = ids
        decode = self.tokenizer.decode
        self.ends: list[str] = [decode([i], skip_special_tokens=False) for i in sorted(ids)]
        self._end = re.compile("|".join(map(re.escape, self.ends)) or r"(?!)")

    # Rendering -----------------------------------------------------------------------------

    def _apply(self, messages: Conversation, tools: Any, generate: bool, **options: Any) -> Any:
        if self._takes is None:
            messages, tools = without_tools(messages, tools, self.form), ()
        if not self._takes_system:
            messages = without_system(messages)
        return self.tokenizer.apply_chat_template(
            numbered(messages),
            tools=list(tools) or None,
            add_generation_prompt=generate,
            chat_template=self._template,
            **options,
        )

    def _calling(self, calls: Sequence[Call]) -> dict[str, Any]:
        """An assistant message with calls; the last calls only if the template takes fewer."""
        as_text, most = (self._takes.as_text, self._takes.calls) if self._takes else (False, 0)
        shown = calls if most > 1 else calls[-1:]
        return assistant_message("") | {
            "tool_calls": [
                {
                    "type": "function",
                    "function": {
                        "name": call.name,
                        "arguments": json.dumps(call.arguments) if as_text else call.arguments,
                    },
                }
                for call in shown
            ]
        }

    def _after(self, text: str) -> str:
        _, found, after = text.partition(_MARK)
        if not found:
            raise ModelError("the chat template does not render a message as it is")
        return after

    def _end_in(self, text: str) -> int:
        """The index after the first end of turn in a text; 0 if there is none."""
        found = self._end.search(text)
        return found.end() if found else 0


def _with_one_template(tokenizer: Any) -> Any:
    """The tokenizer, or a copy with only one of several named templates: the one for tools."""
    named = tokenizer.chat_template
    if not isinstance(named, dict):
        return tokenizer
    chosen = next((named[name] for name in ("tool_use", "default") if name in named), None)
    if chosen is None:
        raise ModelError(
            f"the chat templates are named {', '.join(named) or 'nothing'}; expected tool_use or "
            "default among them"
        )
    tokenizer = copy.copy(tokenizer)
    tokenizer.chat_template = chosen
    return tokenizer


class _Takes(NamedTuple):
    """The form in which a template takes tool calls.

    Attributes:
        calls: most calls of one turn: 0 (none: they are the message's text), 1 or 2 (any).
        as_text: true if arguments are JSON text, not an object.
    """

    calls: int
    as_text: bool = False


_CALL = Call("mentor_probe_0", {"value": _MARK})
_PROBE_TOOLS: list[dict[str, Any]] = [
    {
        "type": "function",
        "function": {
            "name": f"mentor_probe_{i}",
            "description": "probe",
            "parameters": {
                "type": "object",
                "properties": {"value": {"type": "string", "description": "probe"}},
                "required": ["value"],
            },
        },
    }
    for i in range(2)
]
