"""OwnFormParser: base of formats that are not JSON, and cannot carry every call.

A value or a name may contain its own end mark, and text may look like a number. Such a call is
written as JSON instead, which the parser reads in the same place. So every call has a form that is
read back exactly.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

from mentor_core.contracts.parsing import NOT_JSON, CallParser, call_json, read_json
from mentor_core.contracts.trajectory import Call

__all__ = ["OwnFormParser", "read_listed"]


class OwnFormParser(CallParser):
    """Writes calls in the family's own form if `read` reads that form back, else as JSON."""

    def write(self, content: str, calls: Sequence[Call]) -> str:
        written = self.own(calls) if calls else ""
        if not self._reads(written, calls):
            each = (self.own([call]) for call in calls)
            pairs = zip(each, calls, strict=True)
            written = self.join(
                [own if self._reads(own, [call]) else self.as_json(call) for own, call in pairs]
            )
        return self.join([content, written]) if content and written else content or written

    def join(self, parts: Sequence[str]) -> str:
        """Text and calls, one after another."""
        return "\n".join(parts)

    @abstractmethod
    def own(self, calls: Sequence[Call]) -> str:
        """Calls, at least one, in the family's own form."""

    @abstractmethod
    def as_json(self, call: Call) -> str:
        """A call as JSON between the family's marks."""

    def _reads(self, text: str, calls: Sequence[Call]) -> bool:
        turn = self.read(text)
        # Compared as text, because 1 == True
        return not turn.failure and [_text(c) for c in turn.calls] == [_text(c) for c in calls]


def read_listed(text: str, at: int) -> tuple[list[object], int] | None:
    """JSON that begins at `at`, as a list of possible calls, and its end; None if there is none."""
    value, end = read_json(text, at)
    if value is NOT_JSON or not isinstance(value, list | dict):
        return None
    return (value if isinstance(value, list) else [value]), end


def _text(call: Call) -> str:
    return call_json(call, "arguments")
