"""Hidden secrets: settings that were written without their secrets cannot be used again."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from mentor_core.support.errors import ConfigError

__all__ = ["refuse_hidden"]

_LEFT_OUT = re.compile(r"\A\*{3}\Z|://\*{3}@|[?&][\w-]+=\*{3}(?=\Z|[&#])")


def refuse_hidden(settings: Mapping[str, Any], path: str = "") -> None:
    """Refuse settings from a file in which secrets are hidden.

    Raises:
        ConfigError: a secret is hidden; names the key.
    """
    for key, value in settings.items():
        if isinstance(value, Mapping):
            refuse_hidden(value, f"{path}{key}.")
        elif any(_LEFT_OUT.search(text) for text in _texts(value)):
            raise ConfigError(
                f"{path}{key} is {value!r}: a secret stood there, which no file keeps. Give it "
                "again with --set; better, as ${NAME}, an environment variable, which is kept"
            )


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
