"""ChatFormat: from messages to token ids, exactly as the model's chat template has them.

Two rules hold throughout. First, sampled tokens are never decoded and encoded again. The
environment's messages are rendered as a *suffix*: the template's text between the end of an
assistant turn and the beginning of the next. Second, text from outside cannot forge structure. A
message or a tool's schema may contain the text of one of the tokenizer's added tokens
(`<|im_end|>`, `<tool_call>` …). Such text is encoded as ordinary characters.

If a template knows no tools, the tools are put into the system message, and tool results become
user messages. A tokenizer without a template gets ChatML. `ChatFormat.fallback` names such
replacements.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from mentor_core.contracts.parsing import THINKING, opened_thinking
from mentor_core.contracts.trajectory import Call, Message
from mentor_plugins.models.chat_template import CHATML, ChatTemplate
from mentor_plugins.models.conversation import tool_message

__all__ = ["CHATML", "ChatFormat"]

_PRIVATE = range(0xE000, 0xF900)
"""Characters without a meaning, which a template passes through unchanged."""


_THOUGHT = "I add them up."


class ChatFormat:
    """Encodes conversations for one tokenizer.

    Args:
        tokenizer: a `PreTrainedTokenizerBase`. It is not changed.
        end_ids: ids that end a turn besides the tokenizer's own and the template's.

    Attributes:
        fallback: the replaced part of the template, in words; None if nothing was replaced.
        end_ids: all ids that end an assistant turn; `ends` are their texts.
        opening: the text between a user's message and the assistant's turn.

    Raises:
        ModelError: the tokenizer has no end-of-text token, or its template fails on the
            plainest conversation.
    """

    def __init__(self, tokenizer: Any, end_ids: Iterable[int] = ()) -> None:
        self._template = ChatTemplate(tokenizer, end_ids)
        self.tokenizer = tokenizer = self._template.tokenizer
        self.fallback, self.end_ids = self._template.fallback, self._template.end_ids
        self.ends, self.opening = self._template.ends, self._template.opening
        added = {token for token in tokenizer.get_added_vocab() if token.strip()}
        longest_first = sorted(added, key=len, reverse=True)
        self._added = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def with_form(self, form: str) -> ChatFormat:
        """The same format; a model whose template knows no tools is told to write calls in this
        form.
        """
        told = copy.copy(self)
        told._template = copy.copy(self._template)
        told._template.form = form
        return told

    @property
    def turn_text(self) -> Callable[..., str | None]:
        """`ChatTemplate.turn_text`."""
        return self._template.turn_text

    def prompt_ids(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> list[int]:
        """Ids of the opening messages, tools and the generation prompt."""
        (messages, tools), cut = self._cut((list(messages), list(tools)))
        first, *rest = self._template.render(messages, tools, generate=True).split(cut)
        return self._plain_ids(first) + self._following_ids(rest, cut)

    def suffix_ids(self, messages: Sequence[Message]) -> list[int]:
        """Ids of `messages` between the end of one assistant turn and the start of the next."""
        messages, cut = self._cut(list(messages))
        first, *rest = self._template.suffix(messages).split(cut)
        return self._following_ids([first], self.ends[0]) + self._following_ids(rest, cut)

    def turn_ids(self, text: str, calls: Sequence[Call] = ()) -> list[int]:
        """Ids of an assistant turn that was not sampled here, with the token that ends it.

        Args:
            text: the turn, in the model's format.
            calls: the calls in it; some templates end a turn with calls by another token.
        """
        end = self._template.turn_end(calls)
        return [*self._following_ids([text], self.opening), *self._plain_ids(end)]

    def decode(self, ids: Sequence[int]) -> str:
        """The text of a sampled turn, without the token that ended it."""
        body = ids[:-1] if ids and ids[-1] in self.end_ids else ids
        text: str = self.tokenizer.decode(
            body, skip_special_tokens=False, clean_up_tokenization_spaces=False
        )
        return text

    def differences(self, tools: Sequence[dict[str, Any]], replies: bool = False) -> list[str]:
        """Differences of turn-by-turn encoding from the template's own ids of whole conversations.

        Empty if there are none: then training has exactly the tokens that the model sees in use.

        Args:
            tools: schemas of the tools.
            replies: the user may speak again after a turn without calls.
        """
        opened = opened_thinking(self.opening) is not None
        thought = any(start in self.opening for start, _ in THINKING)  # and perhaps closed there
        plain = _THOUGHT if opened else ""
        cases = [
            ("tool calls", plain, False),
            ("thinking", _THOUGHT, False),
            ("two messages of the user", plain, True),
            ("thinking and two messages of the user", _THOUGHT, True),
        ]
        return [
            f"the template renders a conversation with {what} {difference}"
            for what, thinking, then_user in cases[:: 2 if thought else 1]
            if replies or not then_user
            if (difference := self._difference(self._example(thinking, then_user), tools))
        ]

    def _example(self, thinking: str, then_user: bool) -> list[Any]:
        messages: list[Any] = [{"role": "user", "content": "What is 1 + 2 + 3?"}]
        if not thinking or self._template.knows_thinking:
            for a, b in ((1, 2), (3, 3)):
                call = Call("add", {"a": a, "b": b})
                messages.append(self._template.assistant("", [call], thinking))
                messages.append(tool_message("add", str(a + b)))
        else:
            then_user = True  # where thinking is part of the text, calls may hide it
        if then_user:
            messages.append(self._template.assistant("It is 6.", [], thinking))
            messages.append({"role": "user", "content": "Are you sure?"})
        return messages

    def _difference(self, messages: list[Any], tools: Sequence[dict[str, Any]]) -> str | None:
        """The difference of a conversation's ids from the ids of prompt and suffixes, in words."""
        try:
            whole = self._template.ids(messages, tools)
        except Exception as error:  # noqa: BLE001 - a template refuses by raising
            return f"not at all: {error}"
        thoughts = sum(_THOUGHT in str(message) for message in messages)
        if self.tokenizer.decode(whole).count(_THOUGHT) < thoughts:
            return "without the thinking of earlier turns, which the model sees in training"
        if thoughts and not self._template.knows_thinking:
            return None  # thinking is part of the text, and as exact as any text
        pieces = [self.prompt_ids(messages[:1], tools)]
        pieces += [self.suffix_ids([m]) for m in messages[1:] if m["role"] != "assistant"]
        at = 0
        for number, piece in enumerate(pieces):
            if number:  # an assistant turn, as the template has it
                at = next((i for i in range(at, len(whole)) if whole[i] in self.end_ids), at) + 1
            same = next((i for i, x in enumerate(piece) if whole[at + i : at + i + 1] != [x]), None)
            if same is not None:
                at += same
                return (
                    f"otherwise from token {at} on: "
                    f"{self.tokenizer.decode(whole[max(at - 4, 0) : at + 8])!r} where turn by turn "
                    f"it is {self.tokenizer.decode(piece[max(same - 4, 0) : same + 8])!r}"
                )
            at += len(piece)
        return None if at == len(whole) else f"with more: {self.tokenizer.decode(whole[at:])!r}"

    # Encoding ------------------------------------------------------------------------------

    def _cut(self, value: Any) -> tuple[Any, str]:
        """A JSON value with a cut in each added token in its strings, and the cut.

        The cut is a character, after the first one of the token; it is not in the value.
        """
        texts = list(_strings(value))
        used = set[str]().union(*texts)
        cut = next((c for c in map(chr, _PRIVATE) if c not in used), None)
        if cut is None:  # the text has them all, which no honest text has
            cut = chr(_PRIVATE[0])
            value = _mapped(value, lambda text: text.replace(cut, "\ufffd"))
            return self._cut(value)
        forges = any(map(self._added.search, texts))
        return (_mapped(value, lambda text: self._cut_text(text, cut)) if forges else value), cut

    def _cut_text(self, text: str, cut: str) -> str:
        pieces, start = [], 0
        while match := self._added.search(text, start):
            pieces.append(text[start : match.start() + 1])
            start = match.start() + 1
        return cut.join([*pieces, text[start:]])

    def _plain_ids(self, text: str) -> list[int]:
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False)
        return ids

    def _following_ids(self, texts: Sequence[str], before: str) -> list[int]:
        """Ids of texts, each of which follows `before`.

        Some tokenizers would put a space before a text that is encoded alone.
        """
        ids: list[int] = []
        skipped = self._plain_ids(before)
        for text in filter(None, texts):
            both = self._plain_ids(before + text)
            alone = both[: len(skipped)] != skipped
            ids += self._plain_ids(text) if alone else both[len(skipped) :]
        return ids


def _strings(value: Any) -> Iterator[str]:
    """All strings in a JSON value, keys among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner)


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    """A JSON value with all its strings changed, and the keys that are not plain words.

    Plain words are the keys that a chat template asks for.
    """
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {
            key if key.isidentifier() else change(key): _mapped(inner, change)
            for key, inner in value.items()
        }
    if isinstance(value, list | tuple):
        return [_mapped(inner, change) for inner in value]
    return value
