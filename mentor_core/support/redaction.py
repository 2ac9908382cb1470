"""Secrets: API keys and passwords, kept out of all messages and files.

Files and messages have `HIDDEN` in their place. References to environment variables, `${NAME}`,
are kept.
"""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterable
from urllib.parse import quote

__all__ = ["HIDDEN", "QUERY", "SECRET", "USER", "VARIABLE", "cut", "hide", "hide_argument", "kept"]

HIDDEN = "***"
"""Text in place of a secret."""

_LEAST = 8
"""Least characters of a secret; shorter values (EMPTY, say) are words that other texts may have."""

VARIABLE = re.compile(r"\$\{(\w+)\}")
_NAME = (
    r"(?i:(?:[\w-]*[-_])?(?:api[-_]?key|(?:api|access|auth|bearer|hf|hub|refresh)[-_]?token|secret[-_]?key"
    r"|password|passwd|secret|authorization|credentials?))|[A-Z0-9_]+_(?:TOKEN|KEY)|token"
)
SECRET = re.compile(_NAME)
USER = re.compile(r"(?<=://)(?:[^\s/?#\"']+|[^\s/?#:\"']*:(?!\d+[/?#])[^\s\"']+)(?=@)")
QUERY = re.compile(rf"(?<=[?&])((?:{_NAME}|key|sig|signature)=)([^&\s#\"']+)")
_WRITTEN = re.compile(
    rf"(?<![\w-])(?P<name>['\"]?(?:{_NAME})['\"]?\s*=\s*)"
    r"(?:(?P<quote>['\"])(?P<quoted>.*?)(?P=quote)|(?P<bare>[^'\",}\]]+))"
)


def hide(text: str, secrets: Iterable[str] = ()) -> str:
    """A text without its secrets.

    Secrets are the user, the password and keys in addresses, values of environment variables called
    `…_KEY`, `…_TOKEN` and so on, and `secrets`.
    """
    text = USER.sub(lambda match: kept(match[0]), text)
    text = QUERY.sub(lambda match: match[1] + kept(match[2]), text)
    return cut(text, [*secrets, *_in_environment()])


def cut(text: str, secrets: Iterable[str]) -> str:
    """A text without `secrets`, in any of their usual encodings; otherwise unchanged."""
    for secret in secrets:
        if len(secret) < _LEAST:
            continue
        encoded = base64.b64encode(secret.encode()).decode()
        for form in (secret, json.dumps(secret)[1:-1], quote(secret, safe=""), encoded):
            text = text.replace(form, HIDDEN)
    return text


def hide_argument(text: str) -> str:
    """An argument of a command without its secrets, settings called `…api_key=` among them."""
    return hide(_WRITTEN.sub(_without_value, text))


def kept(secret: str) -> str:
    """The text in a secret's place; a reference to environment variables is kept."""
    return secret if VARIABLE.search(secret) else HIDDEN


def _without_value(match: re.Match[str]) -> str:
    mark = match["quote"] or ""
    return match["name"] + mark + kept(match["quoted"] or match["bare"] or "") + mark


def _in_environment() -> list[str]:
    named = (value for name, value in os.environ.items() if SECRET.fullmatch(name))
    return [value.strip() for value in named]
