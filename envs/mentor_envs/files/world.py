"""The small directories that generated tasks start with.

Three directories and seven files of a few short lines: two lists that differ in one line, numbers,
a record of "key: value" lines, and notes. No word stands in two files, but for the two lists.
"""

from __future__ import annotations

import random

from mentor_envs.files.tree import Tree

__all__ = ["DIRECTORIES", "EXTENSIONS", "STEMS", "WORDS", "make_tree"]

_DIRECTORIES_TEXT = """
docs work home old new data shared backup archive drafts lists trips garden school music club
recipes projects reports letters
"""
_STEMS_TEXT = """
plan tasks guests prices budget ideas diary menu stock scores names dates orders rooms books tools
parts songs teams costs goals route items seeds visits bills
"""
_WORDS_TEXT = """
apple bread candle desk engine feather grape hammer island jacket kettle lemon mirror needle
orange pencil quilt rabbit saddle table umbrella violin window zebra anchor basket carpet dragon
easel fiddle goose harbor ink jungle kitten ladder magnet nectar onion parrot quartz ribbon spoon
tiger urn velvet walnut yarn almond button camel drum ember flute garlic honey ivory jasmine kayak
lantern maple nutmeg oven pepper quiver radish silk turnip vase wagon barrel cherry dolphin falcon
ginger hazel iris juniper koala lilac melon nickel olive peach raven salmon tulip viola willow
"""
_KEYS_TEXT = """
price room code phone weight height order total limit points length age
"""
DIRECTORIES = _DIRECTORIES_TEXT.split()
STEMS = _STEMS_TEXT.split()
WORDS = _WORDS_TEXT.split()
_KEYS = _KEYS_TEXT.split()
EXTENSIONS = ("txt", "md", "csv", "log")
_SENTENCES = (
    "buy a {} soon",
    "the {} is gone",
    "ask Mia about the {}",
    "one more {} needed",
    "no {} this week",
    "paint the {} red",
)


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
