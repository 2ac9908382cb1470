"""Trees: directories and text files, kept in memory.

A tree is a dict of paths without a leading slash: "docs/plan.txt" → its text, "docs" → None for a
directory. The top directory is "" and is not listed. A tree has no links, devices or owners, and no
path leads out of it. So an episode cannot reach the machine's own files.

All text has one form, so that equal texts compare equal. Names and contents are in NFC, and lines
end with a line feed alone. Tasks are converted when they are read, and so is text of a policy. So a
task cannot ask for other line ends.

Tasks and files of tasks write a tree as nested objects: {"docs": {"plan.txt": "a\nb\n"}}.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

from mentor_core.support.errors import DataError

__all__ = [
    "MAX_PATH",
    "Tree",
    "distance",
    "ended",
    "lines",
    "nest",
    "resolve",
    "size",
    "uniform",
    "unnest",
]

Tree = dict[str, str | None]

MAX_PATH = 1024
"""Most characters of a path."""
_MAX_NAME = 255  # characters of a name

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def uniform(text: str) -> str:
    """The text in NFC and with line feeds for line ends, also for a carriage return alone."""
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def resolve(path: str, directory: str) -> str:
    """The path as a key of a tree, in NFC, from a directory. Nothing is above the top directory.

    Raises:
        ValueError: no file can have this path; the text is a shell's message.

    >>> resolve("../notes/./a.txt", "docs"), resolve("/../../etc", "docs")
    ('notes/a.txt', 'etc')
    """
    path = unicodedata.normalize("NFC", path)
    if not path or _CONTROL.search(path):
        raise ValueError("No such file or directory" if not path else "Invalid argument")
    names = [] if path.startswith("/") else [name for name in directory.split("/") if name]
    for name in path.split("/"):
        if name == "..":
            names = names[:-1]
        elif name not in ("", "."):
            names.append(name)
    key = "/".join(names)
    if len(key) > MAX_PATH or any(len(name) > _MAX_NAME for name in names):
        raise ValueError("File name too long")
    return key


def size(tree: Tree) -> int:
    """Characters of all paths and texts."""
    return sum(len(path) + len(text or "") for path, text in tree.items())


def distance(tree: Tree, other: Tree) -> int:
    """Number of paths that only one of them has, or that differ.

    A line feed at the end of a file does not count.
    """
    return sum(_compared(tree, path) != _compared(other, path) for path in tree.keys() | other)


def nest(tree: Tree) -> dict[str, Any]:
    """The tree as nested dicts."""
    nested: dict[str, Any] = {}
    for path, text in sorted(tree.items()):
        *above, name = path.split("/")
        inside = nested
        for directory in above:
            inside = inside[directory]
        inside[name] = {} if text is None else text
    return nested


def unnest(nested: Mapping[str, Any], where: str) -> Tree:
    """The tree that nested dicts describe.

    Raises:
        DataError: a name or a value cannot be in a tree; begins with `where`.
    """
    tree: Tree = {}
    waiting: list[tuple[str, Mapping[str, Any]]] = [("", nested)]
    while waiting:
        above, inside = waiting.pop()
        for written, value in inside.items():
            name = unicodedata.normalize("NFC", written)
            path = f"{above}/{name}" if above else name
            try:
                if resolve(name, "") != name or "/" in name or resolve(path, "") != path:
                    raise ValueError("Not a name")
            except ValueError as error:
                raise DataError(f"{where}: {path[:80]!r}: {error}") from None
            if path in tree:
                raise DataError(f"{where}: {path[:80]!r} is there twice, in two Unicode forms")
            if isinstance(value, Mapping):
                tree[path] = None
                waiting.append((path, value))
            elif isinstance(value, str):
                tree[path] = uniform(value)
            else:
                raise DataError(
                    f"{where}: {path!r} must be a text (a file) or an object (a directory), "
                    f"got {value!r:.40}"
                )
    return tree


def lines(text: str) -> list[str]:
    """The lines of a text, without their line feeds."""
    return text.removesuffix("\n").split("\n") if text else []


def ended(text: str) -> str:
    """The text with a line feed at its end; an empty text stays empty."""
    return text if not text or text.endswith("\n") else f"{text}\n"


def _compared(tree: Tree, path: str) -> tuple[bool, str | None]:
    text = tree.get(path)
    return path in tree, None if text is None else text.removesuffix("\n")
