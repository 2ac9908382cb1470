"""Secrets in nested settings and in addresses; `mentor_core.support.redaction` hides the texts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from mentor_core.support.redaction import QUERY, SECRET, USER, hide, kept

__all__ = ["hide_settings", "secrets_in"]


def hide_settings(value: Any) -> Any:
    """Nested settings without their secrets."""
    if isinstance(value, Mapping):
        return {
            key: kept(item)
            if isinstance(item, str) and item and SECRET.fullmatch(str(key))
            else hide_settings(item)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [hide_settings(item) for item in value]
    return hide(value) if isinstance(value, str) else value


def secrets_in(address: str) -> list[str]:
    """User and password of an address, in the forms in which other texts may write them."""
    found = []
    for match in USER.finditer(address):
        user, _, password = match[0].partition(":")
        parts = [match[0], password or user]
        found += [form for part in parts for form in (part, unquote(part))]
    return found + [unquote(match[2]) for match in QUERY.finditer(address)]
