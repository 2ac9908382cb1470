"""Keys of settings: the ones that a wrong key may stand for, and ways to give an option."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING

from mentor_core.support.errors import ConfigError, OptionError, nearest

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["given_as", "keys_of", "near_key", "quoted", "unknown_keys"]


def keys_of(model: type[BaseModel], above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every key of a model and of the models in it."""
    for name, field in model.model_fields.items():
        yield (*above, name)
        if hasattr(field.annotation, "model_fields"):
            yield from keys_of(field.annotation, (*above, name))  # type: ignore[arg-type]


def near_key(path: Sequence[str], keys: Sequence[tuple[str, ...]]) -> str:
    """A phrase with keys that an unknown one may stand for, for the end of a message.

    These are the keys of the same name anywhere. If there are none, they are the keys of a similar
    name in the same table, or else anywhere.
    """
    *table, name = path
    beside = {key[-1]: key for key in keys if list(key[:-1]) == table}
    same = [key for key in keys if key[-1] == name]
    close = [beside[near] for near in get_close_matches(name, beside, cutoff=0.5)]
    if not close:
        everywhere = {key[-1]: key for key in keys}
        close = [everywhere[near] for near in get_close_matches(name, everywhere)]
    found = [".".join(key) for key in dict.fromkeys(same or close)]
    return f"; did you mean {' or '.join(found[:3])}?" if found else nearest(name, beside)


def unknown_keys(unknown: Sequence[str], known: Sequence[str]) -> str:
    """Unknown keys, each with the nearest known one."""
    return "; ".join(f"unknown key {key!r}{nearest(key, known)}" for key in unknown)


@contextmanager
def given_as(prefix: str, flags: Mapping[str, str] | None = None) -> Iterator[None]:
    """Explain how to give an option, if one is missing or refused.

    Args:
        prefix: text before an option on the command line, such as `--set env_options.`.
        flags: option → a flag of its own, such as `--tasks FILE`.

    Raises:
        ConfigError: an `OptionError` was raised; has its message, and the text to write.
    """
    try:
        yield
    except OptionError as error:
        flag = (flags or {}).get(error.key)
        text = str(error)
        if error.kind == "missing":
            text += f"; give it with {flag or f'{prefix}{error.key}=VALUE'}"
        elif flag is not None and error.kind == "unknown":
            text = f"{flag} does not fit here: {text}"
        elif error.example:
            text += f"; in a shell: {quoted(prefix, error.key, error.example)}"
        raise ConfigError(text) from None


def quoted(prefix: str, key: str, value: str) -> str:
    """`--set 'KEY=VALUE'`, whose quotes protect the value's own from a shell."""
    flag, _, table = prefix.rpartition(" ")
    return f"{flag} '{table}{key}={value}'"
