"""Arguments of calls that others have written down."""

from __future__ import annotations

from typing import Any

from mentor_core.contracts.written_calls import NOT_JSON, read_json

__all__ = ["arguments_object"]

_ENCODED = 3  # times that arguments may be encoded as text


def arguments_object(value: Any) -> dict[str, Any] | None:
    """Arguments, which may be JSON text, as an object; missing arguments give an empty one.

    None if the arguments are no object.
    """
    for _ in range(_ENCODED):
        if not isinstance(value, str):
            break
        text = value.strip()
        value, end = read_json(text, 0) if text else ({}, 0)
        if value is NOT_JSON or end < len(text):
            return None
    if value is None:
        return {}
    return value if isinstance(value, dict) else None
