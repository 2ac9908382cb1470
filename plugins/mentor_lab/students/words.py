"""Words that a player copies: seen words, and words that look alike."""

from __future__ import annotations

import random
import re
from collections.abc import Container, Sequence

__all__ = ["fill", "miscopy", "words"]

_WORD = re.compile(r"[\w/](?:[\w./-]*[\w/])?")


def words(text: str) -> set[str]:
    """The words of a text, in lower case; a path or a name in code is one word."""
    return {word.lower() for word in _WORD.findall(text)}


def fill(text: str, secret: set[str], seen: Sequence[str], draw: random.Random) -> str:
    """The text with each word of `secret` that has not been seen replaced by a guess.

    A guess looks alike, and comes from the latest message with such a word.
    """
    known = {word for message in seen for word in words(message)}
    unknown = secret - known
    if not unknown:
        return text
    for phrase in _phrases(text, unknown):
        for message in reversed(seen):
            found = _alike(phrase, message)
            if found:
                text = _replace(phrase, draw.choice(found), text)
                break
    return text


def miscopy(text: str, seen: Sequence[str], draw: random.Random) -> str:
    """The text with one word copied wrongly, if another word looks alike."""
    latest = {word: message for message in seen for word in words(message)}
    phrases = _phrases(text, latest.keys())
    draw.shuffle(phrases)
    for phrase in phrases:
        word = phrase.split(" ")[0].lower()
        found = _alike(phrase, latest[word])
        if found:
            return _replace(phrase, draw.choice(found), text)
    return text


def _phrases(text: str, among: Container[str]) -> list[str]:
    """The longest runs of words that are all among the given ones."""
    runs: list[list[int]] = []
    for match in _WORD.finditer(text):
        if match.group().lower() not in among:
            continue
        if runs and text[runs[-1][1] : match.start()] == " ":
            runs[-1][1] = match.end()
        else:
            runs.append([match.start(), match.end()])
    return [text[start:end] for start, end in runs]


def _alike(phrase: str, message: str) -> list[str]:
    """The other phrases of the same form in a message."""
    if phrase not in message and phrase.lower() == phrase:
        message = message.lower()
    form = re.sub(r"[a-z]+|[A-Z]+|\d+|[^a-zA-Z\d]", _form, phrase)
    found = re.findall(_whole(form), message)
    return [other for other in dict.fromkeys(found) if other != phrase]


def _whole(form: str) -> str:
    """A pattern of the form, bounded by ends of words."""
    return rf"(?<![\w/.-]){form}(?![\w/]|[.-]\w)"


def _replace(phrase: str, other: str, text: str) -> str:
    return re.sub(_whole(re.escape(phrase)), lambda _: other, text)


def _form(match: re.Match[str]) -> str:
    part = match.group()
    if part.isdigit():
        return r"\d+"
    if part.isascii() and part.isalpha():
        return "[a-z]+" if part.islower() else "[A-Z]+"
    return re.escape(part)
