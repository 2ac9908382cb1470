"""Descriptions of parameters, read from docstrings in Google, NumPy or Sphinx style."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

__all__ = ["describe_parameters", "summarise"]

_SECTION = re.compile(r"((other |keyword )?(parameters|params|arguments|args)):?\s*", re.IGNORECASE)
_RULE = re.compile(r"-{3,}\s*|={3,}\s*")
_FIELD = re.compile(r":\w[^:]*:")
_ENTRY = r"\s*([*\w]+(?:\s*,\s*[*\w]+)*)\s*"
_GOOGLE = re.compile(_ENTRY + r"(?:\(.*?\)\s*)?:(.*)")
_NUMPY = re.compile(_ENTRY + r"(?::.*)?()")
_SPHINX = re.compile(
    r"\s*:(?:param|parameter|arg|argument|key|keyword)\s+(?:[^:]*\s)?([*\w]+)\s*:(.*)"
)


def summarise(documentation: str) -> str:
    """The first paragraph of a docstring, in one line."""
    found: list[str] = []
    for line in documentation.strip().splitlines():
        if not line.strip() or _FIELD.match(line) or _SECTION.fullmatch(line):
            break
        found.append(line)
    return " ".join(" ".join(found).split())


def describe_parameters(documentation: str, names: Collection[str]) -> dict[str, str]:
    """Name → the whole text of its entry, in one line; names without an entry are left out.

    Args:
        documentation: a docstring, as `inspect.getdoc` gives it.
        names: the parameters.
    """
    lines = documentation.splitlines()
    found: dict[str, str] = {}
    for number, line in enumerate(lines):
        below = lines[number + 1] if number + 1 < len(lines) else ""
        entries: Iterator[tuple[str, str]] = iter(())
        if _SPHINX.match(line):
            entries = _entries(_below(lines, number, depth=-1), _SPHINX, names)
        elif _SECTION.fullmatch(line.strip()) and _RULE.fullmatch(below.strip()):
            entries = _entries(_until_title(lines[number + 2 :]), _NUMPY, names)
        elif _SECTION.fullmatch(line.strip()) and line.rstrip().endswith(":"):
            entries = _entries(_below(lines, number, _depth(line))[1:], _GOOGLE, names)
        for name, text in entries:
            if text:
                found.setdefault(name, text)
    return found


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _below(lines: Sequence[str], start: int, depth: int) -> list[str]:
    """A line and the deeper lines after it; `depth` -1: deeper than the line itself."""
    depth = _depth(lines[start]) if depth < 0 else depth
    found = [lines[start]]
    for line in lines[start + 1 :]:
        if line.strip() and _depth(line) <= depth:
            break
        found.append(line)
    return found


def _until_title(lines: Sequence[str]) -> list[str]:
    """A NumPy section: the lines before the next underlined title."""
    for number, line in enumerate(lines):
        if _RULE.fullmatch(line.strip()) and number:
            return list(lines[: number - 1])
    return list(lines)


def _entries(
    lines: Sequence[str], head: re.Pattern[str], names: Collection[str]
) -> Iterator[tuple[str, str]]:
    """Name and text of each entry. Lines that begin no entry of a parameter belong to the last."""
    depth = next((_depth(line) for line in lines if line.strip()), 0)
    heads: list[str] = []
    text: list[str] = []
    for line in lines:
        match = head.fullmatch(line) if _depth(line) == depth else None
        begun = [name.strip(" *") for name in match[1].split(",")] if match else []
        if match and any(name in names for name in begun):
            yield from ((name, " ".join(" ".join(text).split())) for name in heads)
            heads, text = [name for name in begun if name in names], [match[2]]
        elif heads:
            text.append(line)
    yield from ((name, " ".join(" ".join(text).split())) for name in heads)
