"""Chores: the requests of generated tasks, one sentence and one or two calls each.

A chore picks its objects from the tree that earlier chores have left, makes the calls, and returns
the fields of its sentence. A question also sets the answer.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mentor_core.tools.tool import ToolError
from mentor_envs.files.shell import COMMANDS, Shell
from mentor_envs.files.tree import lines
from mentor_envs.files.world import DIRECTORIES, EXTENSIONS, STEMS, WORDS

__all__ = ["CHORES", "QUESTIONS", "RejectedSample", "Scene"]

_FOCUSED = 0.5  # how often a chore goes on with what the last one made


class RejectedSample(Exception):
    """The tree has nothing that the chore could work on. Draw again."""


@dataclass(slots=True)
class Scene:
    """A shell in use: `do` makes a call and records the call.

    Attributes:
        focus: the path that the last chore made or changed.
        answers: accepted answers; empty if nothing has been asked.
    """

    random: random.Random
    shell: Shell
    steps: list[dict[str, Any]] = field(default_factory=list)
    focus: str = ""
    answers: list[str] = field(default_factory=list)

    def do(self, command: str, **arguments: Any) -> str:
        """Make a call and return its output.

        Raises:
            RejectedSample: the shell refuses the call.
        """
        try:
            shown = COMMANDS[command](self.shell, **arguments)
        except ToolError as error:
            raise RejectedSample from error
        self.steps.append({"name": command, "arguments": arguments})
        return shown

    def pick(self, found: Sequence[str]) -> str:
        """One of the paths."""
        if self.focus in found and self.random.random() < _FOCUSED:
            return self.focus
        return self.choice(found)

    def choice(self, found: Sequence[str]) -> str:
        if not found:
            raise RejectedSample
        return self.random.choice(found)

    def file(self, fits: Callable[[list[str]], bool] = bool) -> str:
        """A file whose lines fit."""
        return self.pick([path for path in self.files() if fits(self.lines(path))])

    def files(self, directory: str | None = None) -> list[str]:
        """Paths of all files, or of the files directly in a directory."""
        return [
            path
            for path, text in self.shell.tree.items()
            if text is not None and directory in (None, above(path))
        ]

    def directories(self, *without: str) -> list[str]:
        """Paths of the directories below the top, but for some."""
        tree = self.shell.tree
        return [path for path, text in tree.items() if text is None and path not in without]

    def lines(self, path: str) -> list[str]:
        return lines(self.shell.tree[path] or "")

    def new(self, names: Sequence[str], directory: str, ending: str = "") -> str:
        """A path in the directory, with a name that the tree does not have yet."""
        taken = {path.rpartition("/")[2].partition(".")[0] for path in self.shell.tree}
        name = self.choice([name for name in names if name not in taken]) + ending
        return f"{directory}/{name}" if directory else name

    def new_file(self, directory: str | None = None) -> str:
        if directory is None:
            directory = self.choice([*self.directories(), ""])
        return self.new(STEMS, directory, f".{self.random.choice(EXTENSIONS)}")

    def mentioned(self, directory: str) -> tuple[str, str]:
        """A word, and the one file of several in the directory that mentions it."""
        files = self.files(directory)
        if len(files) < 2:
            raise RejectedSample
        path = self.pick(files)
        words = [w for line in self.lines(path) for w in line.split() if w in WORDS]
        word = self.choice(words)
        below = [other for other in self.files() if other.startswith(f"{directory}/")]
        if [other for other in below if word in (self.shell.tree[other] or "")] != [path]:
            raise RejectedSample
        return word, path


def above(path: str) -> str:
    """The directory that a path is in."""
    return path.rpartition("/")[0]


Fields = dict[str, str]


def make_directory(scene: Scene) -> Fields:
    path = scene.new(DIRECTORIES, scene.choice([*scene.directories(), "", ""]))
    scene.do("mkdir", path=scene.shell.spell(path))
    scene.focus = path
    return {"path": path}


def write(scene: Scene) -> Fields:
    path = scene.new_file()
    text = " ".join(scene.random.sample(WORDS, 2))
    scene.do("write", path=scene.shell.spell(path), text=text)
    scene.focus = path
    return {"path": path, "text": text}


def append(scene: Scene) -> Fields:
    path, text = scene.file(), scene.random.choice(WORDS)
    scene.do("write", path=scene.shell.spell(path), text=text, append=True)
    scene.focus = path
    return {"path": path, "text": text}


def _transfer(scene: Scene, command: str, path: str) -> Fields:
    directories = scene.directories(above(path))
    directory = scene.focus if scene.focus in directories else scene.choice(directories)
    spell = scene.shell.spell
    scene.do(command, source=spell(path), destination=spell(directory))
    scene.focus = f"{directory}/{path.rpartition('/')[2]}"
    return {"path": path, "directory": directory}


def move(scene: Scene) -> Fields:
    return _transfer(scene, "mv", scene.file())


def copy(scene: Scene) -> Fields:
    return _transfer(scene, "cp", scene.file())


def rename(scene: Scene) -> Fields:
    path = scene.file()
    new = scene.new_file(above(path))
    scene.do("mv", source=scene.shell.spell(path), destination=scene.shell.spell(new))
    scene.focus = new
    return {"path": path, "name": new.rpartition("/")[2]}


def _sorted(scene: Scene, path: str, **options: bool) -> Fields:
    new = scene.new_file()
    spell = scene.shell.spell
    scene.do("sort", path=spell(path), output=spell(new), **options)
    scene.focus = new
    return {"path": path, "new": new}


def sort_lines(scene: Scene) -> Fields:
    return _sorted(scene, scene.file(lambda found: len(found) > 2 and not found[0].isdigit()))


def sort_numbers(scene: Scene) -> Fields:
    path = scene.file(lambda found: len(found) > 2 and found[0].isdigit())
    return _sorted(scene, path, reverse=True, numeric=True)


def join(scene: Scene) -> Fields:
    path = scene.file()
    other = scene.choice([file for file in scene.files() if file != path])
    text = scene.do("cat", path=scene.shell.spell(path))
    scene.do("write", path=scene.shell.spell(other), text=text, append=True)
    scene.focus = other
    return {"path": path, "other": other}


def _find(scene: Scene) -> tuple[Fields, str]:
    directory = scene.choice(scene.directories())
    word, path = scene.mentioned(directory)
    scene.do("grep", pattern=word, path=scene.shell.spell(directory))
    return {"source": directory, "word": word}, path


def find_and_move(scene: Scene) -> Fields:
    found, path = _find(scene)
    return found | _transfer(scene, "mv", path)


def find_and_copy(scene: Scene) -> Fields:
    found, path = _find(scene)
    return found | _transfer(scene, "cp", path)


def list_names(scene: Scene) -> Fields:
    flat = [
        directory
        for directory in scene.directories()
        if len(scene.files(directory)) > 1
        and not any(above(other) == directory for other in scene.directories())
    ]
    directory = scene.choice(flat)
    new = scene.new_file(scene.choice(["", *scene.directories(directory)]))
    names = scene.do("ls", path=scene.shell.spell(directory))
    scene.do("write", path=scene.shell.spell(new), text=names)
    scene.focus = new
    return {"directory": directory, "new": new}


def _differ(scene: Scene) -> tuple[Fields, str]:
    """Two files, the second one with an additional line, and that line."""
    pairs = [
        (first, second)
        for first in scene.files()
        for second in scene.files()
        if len(scene.lines(first)) > 1
        and len(scene.lines(second)) == len(scene.lines(first)) + 1
        and len({*scene.lines(second)} - {*scene.lines(first)}) == 1
    ]
    if not pairs:
        raise RejectedSample
    first, second = scene.random.choice(pairs)
    (line,) = {*scene.lines(second)} - {*scene.lines(first)}
    scene.do("diff", first=scene.shell.spell(first), second=scene.shell.spell(second))
    return {"first": first, "second": second}, line


def save_difference(scene: Scene) -> Fields:
    fields, line = _differ(scene)
    new = scene.new_file()
    scene.do("write", path=scene.shell.spell(new), text=line)
    scene.focus = new
    return fields | {"new": new}


def ask_value(scene: Scene) -> Fields:
    path = scene.file(lambda found: bool(found) and ": " in found[0])
    entries = [line.split(": ") for line in scene.lines(path) if ": " in line]
    key, value = scene.random.choice(entries)
    scene.do("cat", path=scene.shell.spell(path))
    scene.answers = [value]
    return {"path": path, "key": key}


def ask_file(scene: Scene) -> Fields:
    fields, path = _find(scene)
    scene.answers = [path.rpartition("/")[2], scene.shell.spell(path), path, f"/{path}"]
    return fields


def ask_largest(scene: Scene) -> Fields:
    path = scene.file(lambda found: len(found) > 2 and all(line.isdigit() for line in found))
    shown = scene.do("sort", path=scene.shell.spell(path), reverse=True, numeric=True)
    scene.answers = [lines(shown)[0]]
    return {"path": path}


def ask_difference(scene: Scene) -> Fields:
    fields, line = _differ(scene)
    scene.answers = [line]
    return fields


CHORES = {
    chore.__name__: chore
    for chore in (
        make_directory,
        write,
        append,
        move,
        copy,
        rename,
        sort_lines,
        sort_numbers,
        join,
        find_and_move,
        find_and_copy,
        list_names,
        save_difference,
    )
}
"""Name → a chore that changes the tree."""

QUESTIONS = {
    question.__name__: question for question in (ask_value, ask_file, ask_largest, ask_difference)
}
"""Name → a question; it comes last."""
