"""Gymnasium spaces of tool use: a policy's turns, and its observations."""

from __future__ import annotations

from typing import Any

import gymnasium

from mentor_core.contracts.trajectory import Message

__all__ = ["AssistantText", "Messages", "Observation"]

Observation = tuple[Message, ...]


class AssistantText(gymnasium.Space[str]):
    """Action space: the text of one assistant turn. Any string is in it."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)  # the vector environments ask

    def __hash__(self) -> int:
        return hash(type(self))

    def contains(self, x: Any) -> bool:
        return isinstance(x, str)

    def sample(self, mask: Any = None, probability: Any = None) -> str:
        alphabet = 'abc 0123456789{}[]":,\n<>/_'
        length = int(self.np_random.integers(0, 40))
        text = "".join(alphabet[i] for i in self.np_random.integers(0, len(alphabet), length))
        forms = (text, f"<tool_call>{text}</tool_call>", f'<tool_call>{{"name": "{text}"')
        return forms[int(self.np_random.integers(0, len(forms)))]


class Messages(gymnasium.Space[Observation]):
    """Observation space: a tuple of chat messages, possibly empty."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)  # the vector environments ask

    def __hash__(self) -> int:
        return hash(type(self))

    def contains(self, x: Any) -> bool:
        return isinstance(x, tuple) and all(
            isinstance(message, dict)
            and isinstance(message.get("role"), str)
            and isinstance(message.get("content"), str)
            for message in x
        )

    def sample(self, mask: Any = None, probability: Any = None) -> Observation:
        return ({"role": "user", "content": str(self.np_random.integers(0, 100))},)
