"""Reads a real directory into a tree, and nothing outside it.

Files are opened without following links, and only regular files are read. So no link, device,
socket or named pipe is ever read. A link to a file within the directory becomes a copy of that
file; any other link is an error.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

from mentor_core.support.errors import DataError
from mentor_envs.files.shell import Limits
from mentor_envs.files.tree import Tree, size

__all__ = ["check_size", "read_directory"]

_OPEN = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


def read_directory(top: Path, where: str, limits: Limits) -> Tree:
    """The tree of a directory.

    Args:
        top: the directory; it may itself be reached through links.
        where: the start of error messages.
        limits: larger directories and files are not read to the end.

    Raises:
        DataError: `top` is no directory, or too large. Or an entry is no directory, no text file in
            UTF-8, and no link to such a file inside; names the entry.
    """
    tree: Tree = {}
    links: dict[str, str] = {}
    top = Path(os.path.realpath(top))

    def fail(error: OSError) -> None:
        raise error

    try:
        for folder, directories, files in os.walk(top, onerror=fail, followlinks=False):
            for name in [*directories, *files]:
                path = Path(folder, name)
                key = path.relative_to(top).as_posix()
                mode = path.lstat().st_mode
                if stat.S_ISLNK(mode):
                    links[key] = os.path.realpath(path)
                elif stat.S_ISDIR(mode):
                    tree[key] = None
                else:
                    tree[key] = _read(path, f"{where}: {path}", limits.size)
            check_size(tree, where, limits)
    except OSError as error:
        raise DataError(f"{where}: {error.filename or top}: {error.strerror}") from error
    for key, target in links.items():
        inside = Path(target).is_relative_to(top)
        text_or_none = tree.get(Path(target).relative_to(top).as_posix()) if inside else None
        if text_or_none is None:
            raise DataError(f"{where}: {top / key}: a link that does not lead to a file in {top}")
        tree[key] = text_or_none
    return tree


def check_size(tree: Tree, where: str, limits: Limits) -> None:
    """Check that a tree keeps within the limits.

    Raises:
        DataError: the tree is too large; begins with `where`.
    """
    if size(tree) > limits.size:
        raise DataError(f"{where}: {size(tree)} characters; max_size is {limits.size}")
    if len(tree) > limits.entries:
        raise DataError(f"{where}: {len(tree)} entries; max_entries is {limits.entries}")


def _read(path: Path, where: str, most: int) -> str:
    """The text of a regular file.

    Raises:
        DataError: the file is not regular, is no UTF-8, or has more than `most` characters.
        OSError: the file cannot be opened or read.
    """
    if not stat.S_ISREG(path.lstat().st_mode):  # opening a device may already do something
        raise DataError(f"{where}: neither a directory nor a regular file")
    descriptor = os.open(path, _OPEN)
    with open(descriptor, "rb") as file:  # noqa: PTH123
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise DataError(f"{where}: neither a directory nor a regular file")
        content = file.read(4 * most + 1)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise DataError(f"{where}: not UTF-8 text: {error.reason}") from None
    if len(text) > most:
        raise DataError(f"{where}: more than {most} characters (max_size)")
    return text
