"""Chat: the part of a model's chat format that parsers and policies may use.

The plugins' `ChatFormat` fulfils this protocol.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, Protocol, Self

from mentor_core.contracts.trajectory import Call, Message

__all__ = ["Chat"]


class Chat(Protocol):
    """From messages to token ids and back, for one tokenizer.

    Attributes:
        tokenizer: a `PreTrainedTokenizerBase`.
        fallback: the replaced part of the template, in words; None if nothing was replaced.
        end_ids: all ids that end an assistant turn; `ends` are their texts.
        opening: the text between a user's message and the assistant's turn.
    """

    @property
    def tokenizer(self) -> Any: ...

    @property
    def fallback(self) -> str | None: ...

    @property
    def end_ids(self) -> Collection[int]: ...

    @property
    def ends(self) -> Sequence[str]: ...

    @property
    def opening(self) -> str: ...

    def with_form(self, form: str) -> Self:
        """The same format; a model whose template knows no tools is told to write calls in this
        form.
        """
        ...

    def prompt_ids(self, messages: Sequence[Message], tools: Sequence[dict[str, Any]]) -> list[int]:
        """Ids of the opening messages, tools and the generation prompt."""
        ...

    def suffix_ids(self, messages: Sequence[Message]) -> list[int]:
        """Ids of `messages` between the end of one assistant turn and the start of the next."""
        ...

    def turn_ids(self, text: str, calls: Sequence[Call] = ()) -> list[int]:
        """Ids of an assistant turn that was not sampled here, with the token that ends it."""
        ...

    def differences(self, tools: Sequence[dict[str, Any]], replies: bool = False) -> list[str]:
        """Differences of turn-by-turn encoding from the ids of whole conversations, in words."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """The text of a sampled turn, without the token that ended it."""
        ...

    @property
    def turn_text(self) -> Callable[..., str | None]:
        """An assistant turn of content, calls, tools and thinking; None if it cannot be written."""
        ...
