"""Shell: ten commands on a tree in memory, with the errors of a shell."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable
from dataclasses import dataclass

from mentor_core.tools.tool import ToolError
from mentor_envs.files.tree import MAX_PATH, Tree, ended, lines, resolve, size, uniform

__all__ = ["COMMANDS", "Limits", "Shell"]

_NUMBER = re.compile(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)")
_MOST_COMPARED = 1000  # lines of a file; the time of a comparison grows with their square

_MISSING = "No such file or directory"


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits on the contents and the output of a shell.

    Attributes:
        size: most characters of all paths and texts of the tree.
        entries: most files and directories of the tree.
        output: most characters of one command's output.
    """

    size: int = 100_000
    entries: int = 1000
    output: int = 1000


class Shell:
    """A tree, the current directory, and the commands.

    The tools are the methods in `COMMANDS`. All of them raise `ToolError` with "command: path:
    reason", as a shell says it. A change is made as a whole or not at all.
    """

    def __init__(self, tree: Tree, limits: Limits, directory: str = "") -> None:
        self.tree, self.limits, self.directory = tree, limits, directory

    def ls(self, path: str = ".") -> str:
        """List the names in a directory; those of directories end with /.

        Args:
            path: the directory.
        """
        key = self._find("ls", path)
        if not self._is_directory(key):
            return self.spell(key)
        start = f"{key}/" if key else ""
        names = [
            other[len(start) :] + ("/" if text is None else "")
            for other, text in self.tree.items()
            if other.startswith(start) and "/" not in other[len(start) :]
        ]
        return self._show("\n".join(sorted(names)) or "(empty)")

    def cd(self, path: str) -> str:
        """Go to a directory: paths that do not begin with / start there.

        Args:
            path: the directory; / is the top.
        """
        key = self._find("cd", path)
        if not self._is_directory(key):
            raise _error("cd", path, "Not a directory")
        self.directory = key
        return f"/{key}"

    def cat(self, path: str) -> str:
        """Show the text of a file.

        Args:
            path: the file.
        """
        return self._show(self._read("cat", path).removesuffix("\n") or "(empty)")

    def grep(self, pattern: str, path: str = ".", ignore_case: bool = False) -> str:
        """Find the lines that contain a text, in a file or in all files below a directory.

        Args:
            pattern: plain text, no regular expression.
            path: the file or directory.
            ignore_case: upper and lower case are the same.
        """
        if not pattern:
            raise ToolError("grep: the pattern is empty")
        key = self._find("grep", path)
        pattern = uniform(pattern)
        wanted = pattern.casefold() if ignore_case else pattern
        hits = []
        for other, text in sorted(self.tree.items()):
            if text is None or not (other == key or not key or other.startswith(f"{key}/")):
                continue
            name = "" if other == key else f"{self.spell(other)}:"
            hits += [
                name + line
                for line in lines(text)
                if wanted in (line.casefold() if ignore_case else line)
            ]
        return self._show("\n".join(hits) or "(no match)")

    def mv(self, source: str, destination: str) -> str:
        """Move or rename a file or directory.

        Args:
            source: what to move.
            destination: its new path, or the directory to put it into.
        """
        return self._transfer("mv", source, destination)

    def cp(self, source: str, destination: str) -> str:
        """Copy a file or directory.

        Args:
            source: what to copy.
            destination: its new path, or the directory to put it into.
        """
        return self._transfer("cp", source, destination)

    def mkdir(self, path: str) -> str:
        """Make a directory.

        Args:
            path: the new directory.
        """
        key = self._resolve("mkdir", path)
        if not key or key in self.tree:
            raise _error("mkdir", path, "File exists")
        self._check_parent("mkdir", path, key)
        return self._commit("mkdir", self.tree | {key: None})

    def write(self, path: str, text: str, append: bool = False) -> str:
        """Write a text file, new or instead of the old one.

        Args:
            path: the file.
            text: its text.
            append: add the text at the end instead.
        """
        return self._write("write", path, uniform(text), append)

    def diff(self, first: str, second: str) -> str:
        """Show in which lines two files differ: - is only in the first, + only in the second.

        Args:
            first: a file.
            second: another file.
        """
        one, two = (lines(self._read("diff", path)) for path in (first, second))
        if max(len(one), len(two)) > _MOST_COMPARED:
            raise ToolError(f"diff: a file has more than {_MOST_COMPARED} lines")
        _, _, *changes = [*difflib.unified_diff(one, two, n=0, lineterm="")] or ["", ""]
        return self._show("\n".join(changes) or "(no difference)")

    def sort(
        self, path: str, output: str = "", reverse: bool = False, numeric: bool = False
    ) -> str:
        """Sort the lines of a file and show them, or save them in a file.

        Args:
            path: the file.
            output: the file to save them in.
            reverse: last or largest first.
            numeric: by the numbers that the lines begin with.
        """
        found = lines(self._read("sort", path))
        found = sorted(found, key=_by_number if numeric else str, reverse=reverse)
        if output:
            return self._write("sort", output, "\n".join(found), append=False)
        return self._show("\n".join(found) or "(empty)")

    def spell(self, key: str) -> str:
        """A path as written from the current directory: relative below it, else from the top."""
        here = f"{self.directory}/" if self.directory else ""
        return key.removeprefix(here) if key.startswith(here) else f"/{key}"

    # How they do it -------------------------------------------------------------------------

    def _resolve(self, command: str, path: str) -> str:
        try:
            return resolve(path, self.directory)
        except ValueError as error:
            raise _error(command, path, str(error)) from None

    def _is_directory(self, key: str) -> bool:
        return not key or (key in self.tree and self.tree[key] is None)

    def _find(self, command: str, path: str) -> str:
        """The key of an existing file or directory."""
        key = self._resolve(command, path)
        if key and key not in self.tree:
            self._check_parent(command, path, key)
            raise _error(command, path, _MISSING)
        if path.endswith("/") and not self._is_directory(key):
            raise _error(command, path, "Not a directory")
        return key

    def _read(self, command: str, path: str) -> str:
        text = self.tree.get(self._find(command, path))
        if text is None:
            raise _error(command, path, "Is a directory")
        return text

    def _check_parent(self, command: str, path: str, key: str) -> None:
        above = key.rpartition("/")[0]
        while above and above not in self.tree:
            above = above.rpartition("/")[0]
        if not self._is_directory(above):
            raise _error(command, path, "Not a directory")
        if above != key.rpartition("/")[0]:
            raise _error(command, path, _MISSING)

    def _write(self, command: str, path: str, text: str, append: bool) -> str:
        key = self._resolve(command, path)
        if self._is_directory(key):
            raise _error(command, path, "Is a directory")
        self._check_parent(command, path, key)
        if path.endswith("/"):
            raise _error(command, path, "Not a directory")
        before = ended(self.tree.get(key) or "") if append else ""
        return self._commit(command, self.tree | {key: before + ended(text)})

    def _transfer(self, command: str, source: str, destination: str) -> str:
        key = self._find(command, source)
        target = self._resolve(command, destination)
        if self._is_directory(target):
            target = "/".join(part for part in (target, key.rpartition("/")[2]) if part)
        elif destination.endswith("/"):
            raise _error(command, destination, "Not a directory")
        else:
            self._check_parent(command, destination, target)
        if target == key:
            raise ToolError(f"{command}: {_cut(source)} and {_cut(destination)} are the same file")
        if not key or target.startswith(f"{key}/"):
            raise _error(command, source, "a directory does not go into itself")
        moved = {
            target + path[len(key) :]: text
            for path, text in self.tree.items()
            if path == key or path.startswith(f"{key}/")
        }
        for path, text in moved.items():
            if path in self.tree and (self.tree[path] is None) != (text is None):
                kind = "directory" if text is None else "file"
                raise ToolError(f"{command}: cannot overwrite {_cut(path)!r} with a {kind}")
        tree = dict(self.tree)
        if command == "mv":
            if self.tree.get(target, "") is None and any(
                path.startswith(f"{target}/") for path in tree
            ):
                raise _error(command, target, "Directory not empty")
            for path in self.tree:
                if path == key or path.startswith(f"{key}/"):
                    del tree[path]
        done = self._commit(command, tree | moved)
        if command == "mv" and f"{self.directory}/".startswith(f"{key}/"):
            self.directory = target + self.directory[len(key) :]
        return done

    def _commit(self, command: str, tree: Tree) -> str:
        """Replace the shell's tree by this one, if it keeps within the limits."""
        if any(len(path) > MAX_PATH for path in tree):
            raise ToolError(f"{command}: File name too long")
        if size(tree) > self.limits.size:
            raise ToolError(
                f"{command}: No space left: at most {self.limits.size} characters in all"
            )
        if len(tree) > self.limits.entries:
            raise ToolError(f"{command}: No space left: at most {self.limits.entries} files")
        self.tree = tree
        return "ok"

    def _show(self, text: str) -> str:
        more = len(text) - self.limits.output
        return f"{text[: self.limits.output]}\n(cut: {more} more characters)" if more > 0 else text


COMMANDS: dict[str, Callable[..., str]] = {
    function.__name__: function
    for function in (
        Shell.ls,
        Shell.cd,
        Shell.cat,
        Shell.grep,
        Shell.mv,
        Shell.cp,
        Shell.mkdir,
        Shell.write,
        Shell.diff,
        Shell.sort,
    )
}
"""Name → function; each takes the shell first."""


def _by_number(line: str) -> tuple[float, str]:
    found = _NUMBER.match(line)
    return float(found[0]) if found else 0.0, line


def _error(command: str, path: str, reason: str) -> ToolError:
    return ToolError(f"{command}: {_cut(path) or repr('')}: {reason}")


def _cut(path: str) -> str:
    return path if len(path) <= 80 else path[:80] + "…"
