"""The small directories that generated tasks start with.

There are three directories and seven files of a few short lines. The files are two lists that
differ in one line, numbers, a record of "key: value" lines, and notes. Only the two lists have
words in common.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from mentor_envs.files.tree import Tree
from mentor_envs.words import read_words

__all__ = ["DIRECTORIES", "EXTENSIONS", "STEMS", "WORDS", "make_tree"]

_READ = read_words(__package__, "words.toml")
DIRECTORIES: Sequence[str] = _READ["directories"]
STEMS: Sequence[str] = _READ["stems"]
WORDS: Sequence[str] = _READ["words"]
EXTENSIONS: Sequence[str] = _READ["extensions"]
_KEYS: Sequence[str] = _READ["keys"]
_SENTENCES: Sequence[str] = _READ["sentences"]


def make_tree(draw: random.Random) -> Tree:
    """A tree to start with; no two of its files have the same name."""
    words = iter(draw.sample(WORDS, len(WORDS)))
    directories = draw.sample(DIRECTORIES, 3)
    if draw.random() < 0.4:
        directories[2] = f"{directories[0]}/{directories[2]}"
    tree: Tree = dict.fromkeys(directories)
    shorter = [next(words) for _ in range(draw.randint(2, 4))]
    longer = list(shorter)
    longer.insert(draw.randint(0, len(longer)), next(words))
    numbers = draw.sample(range(11, 999), draw.randint(3, 5))
    keys = draw.sample(_KEYS, 3)
    notes = [
        [sentence.format(next(words)) for sentence in draw.sample(_SENTENCES, 2)] for _ in range(3)
    ]
    contents = [
        shorter,
        longer,
        [str(number) for number in numbers],
        [f"{key}: {draw.randint(1000, 9999)}" for key in keys],
        *notes,
    ]
    for stem, found in zip(draw.sample(STEMS, len(contents)), contents, strict=True):
        name = f"{stem}.{draw.choice(EXTENSIONS)}"
        above = draw.choice([*directories, *directories, ""])
        tree[f"{above}/{name}" if above else name] = "\n".join(found) + "\n"
    return tree
