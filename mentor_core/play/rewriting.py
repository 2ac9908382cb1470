"""Rewriting: a turn in the call format of another model."""

from __future__ import annotations

from collections.abc import Sequence

from mentor_core.contracts.parsing import CallParser, HermesParser
from mentor_core.contracts.trajectory import Call, Turn
from mentor_core.support.errors import DataError

__all__ = ["rewritten"]


def rewritten(turn: Turn, parser: CallParser, where: str) -> str:
    """A turn's text in the format of another parser, with the same words and the same calls.

    Args:
        parser: the format to write in; the turn's own may be this one or Hermes'.
        where: the start of error messages.

    Raises:
        DataError: the text makes other calls than the turn has, or the format cannot hold them.
    """
    for reader in (parser, HermesParser()):
        said = reader.parse(turn.text)
        if said.failure is None and _same_calls(said.calls, turn.calls):
            break
    else:
        raise DataError(f"{where}: the turn's calls differ from the calls in its text")
    text = parser.render(said.content, turn.calls)
    if not _same_calls(parser.parse(text).calls, turn.calls):
        raise DataError(f"{where}: the student's format cannot hold its calls")
    return text


def _same_calls(some: Sequence[Call], others: Sequence[Call]) -> bool:
    return [(c.name, c.arguments) for c in some] == [(c.name, c.arguments) for c in others]
