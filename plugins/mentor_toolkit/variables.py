"""Settings that name environment variables, `${NAME}`: they are filled in on use, never saved."""

from __future__ import annotations

import os
import re

from mentor_core.support.errors import ConfigError
from mentor_core.support.redaction import VARIABLE

__all__ = ["expand"]


def expand(text: str) -> str:
    """A setting with each `${NAME}` replaced by the environment variable.

    Raises:
        ConfigError: a variable is not set.
    """

    def value_of(match: re.Match[str]) -> str:
        if match[1] not in os.environ:
            raise ConfigError(f"the environment variable {match[1]} is not set")
        return os.environ[match[1]]

    return VARIABLE.sub(value_of, text)
