"""Answer templates: how `transformers serve` finds tool calls in the text that a model writes.

The server knows the calls of some model types. For others it reads `response_template` of the
tokenizer, and without one it gives calls as text.
"""

from __future__ import annotations

from typing import Any

from mentor_core.contracts.parsing import HermesParser
from mentor_core.contracts.policy import Student

__all__ = ["answer_template", "known_to_transformers"]


def answer_template(student: Student, parser: str | None) -> dict[str, Any] | None:
    """A template of calls in Hermes' format, if the server would know none; else None.

    Args:
        parser: registered name of the student's call parser.
    """
    if parser != "hermes" or known_to_transformers(student):
        return None
    fields = {
        "tool_calls": {
            "open_pattern": rf"\s*{HermesParser.OPEN}",
            "close": HermesParser.CLOSE,
            "repeats": True,
            "content": "json",
            "transform": {"type": "function", "function": "{content}"},
        },
        "content": {"close": list(student.chat.ends), "content": "text"},
    }
    return {
        "defaults": {"role": "assistant"},
        "start_anchor": student.chat.opening,
        "fields": fields,
    }


def known_to_transformers(student: Student) -> bool:
    """True if `transformers serve` itself finds the calls of this model."""
    try:
        from transformers.cli.serving.utils import get_response_template
    except ImportError:  # another version of transformers, or without its extra `serving`
        return getattr(student.tokenizer, "response_template", None) is not None
    return get_response_template(student.tokenizer, student.model) is not None
