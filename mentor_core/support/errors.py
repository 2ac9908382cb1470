"""Every error mentor raises on purpose.

    MentorError
    ├── ConfigError      a key, a value or a combination of settings
    │   └── OptionError  an option of a component or an environment
    ├── UnknownName      a name no registry knows (carries the nearest ones)
    ├── AmbiguousName    a name that several distributions registered
    ├── PluginError      a plugin that cannot be loaded or breaks its contract
    ├── DataError        a file or a row that cannot be read
    │   └── RowError     a row that holds no trajectory, or a trajectory that no row can hold
    ├── ModelError       a model that is not there or cannot be used
    ├── ServerError      a server that cannot be reached, or refuses
    ├── RunError         a run directory, or a run that had to stop
    ├── Interrupted      a run that was asked to stop, and stopped after saving
    └── RewardError      a reward term that raised or left its declared range

The command line prints the message of a `MentorError` and exits with 2; anything else is a
bug in mentor and shows its traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

__all__ = [
    "AmbiguousName",
    "ConfigError",
    "DataError",
    "Interrupted",
    "MentorError",
    "ModelError",
    "OptionError",
    "PluginError",
    "RewardError",
    "RowError",
    "RunError",
    "ServerError",
    "UnknownName",
    "bounded",
    "nearest",
]


class MentorError(Exception):
    """Base of every error that a user can act on."""


class ConfigError(MentorError):
    """A setting is wrong: unknown key, bad value, or settings that exclude each other."""


class OptionError(ConfigError):
    """An option that is missing, unknown or of a wrong value.

    Attributes:
        key: the option; empty if options do not go together.
        kind: missing, unknown or value.
        example: a valid value, as TOML; empty if none is known.
    """

    def __init__(self, message: str, key: str, kind: str, example: str = "") -> None:
        self.key, self.kind, self.example = key, kind, example
        super().__init__(message)


class UnknownName(ConfigError):
    """A name that no plugin registered."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind, self.name, self.known = kind, name, sorted(known)
        super().__init__(f"unknown {kind} {name!r}{nearest(name, self.known)}")


class AmbiguousName(ConfigError):
    """A name that several distributions registered: neither takes the other's."""

    def __init__(self, kind: str, name: str, distributions: Iterable[str]) -> None:
        self.kind, self.name, self.distributions = kind, name, sorted(distributions)
        bare = name.rpartition(":")[2]
        super().__init__(
            f"{kind} {name!r} is registered by {' and '.join(self.distributions)}; write "
            + " or ".join(f"{distribution}:{bare}" for distribution in self.distributions)
        )


class PluginError(MentorError):
    """A plugin cannot be imported, or one of its components breaks its contract."""


class DataError(MentorError):
    """A data file is missing or unreadable, or has a malformed row."""


class RowError(DataError):
    """A row that holds no trajectory, or a trajectory that a row of its format cannot hold."""


class ModelError(MentorError):
    """A model or tokenizer does not exist, or does not meet the run's needs."""


class ServerError(MentorError):
    """A server cannot be reached, or refuses a request."""


class RunError(MentorError):
    """A run directory cannot be used, or a run had to stop."""


class Interrupted(MentorError):
    """A run was asked to stop, and stopped after saving.

    Args:
        when: the point of the run.
        path: the run directory.
    """

    interrupted = True

    def __init__(self, when: str, path: Path) -> None:
        super().__init__(f"interrupted {when}; resume with: mentor run --resume {path}")


class RewardError(MentorError):
    """A reward term raised, or returned a value outside its declared range."""


_LONGEST_NAME = 200
"""Most characters of a name for which near ones are searched."""


def bounded(text: str, most: int = 1000) -> str:
    """The text, or its beginning if it has more than `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def nearest(name: str, known: Iterable[str], limit: int = 3) -> str:
    """A phrase naming the `known` names nearest to `name`, to end an error message with.

    >>> nearest("calculater", ["calculator", "webshop"])
    '; did you mean calculator?'
    """
    names = sorted(set(known))
    close = []
    if len(name) <= _LONGEST_NAME:  # a model may write a megabyte for a name
        close = get_close_matches(name, names, n=limit, cutoff=0.5)
    if close:
        return f"; did you mean {' or '.join(close)}?"
    return f"; known: {', '.join(names)}" if names else "; there is none"
