"""Small pieces of Markdown, and docstrings as Markdown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

__all__ = ["cell", "of_docstring", "table"]

_SECTION = re.compile(r"(Args|Attributes|Raises|Returns|Yields):")
_ENTRY = re.compile(r"    (?P<name>[\w*., `]+): (?P<text>.*)")


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of Markdown."""
    lines = [head, ["---"] * len(head), *(map(cell, row) for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def cell(text: str) -> str:
    """The text on one line, without the marks of a table."""
    return " ".join(text.replace("|", "\\|").split())


def of_docstring(text: str) -> str:
    """A docstring in the style of Google as Markdown: its sections become lists."""
    lines: list[str] = []
    section = ""
    for line in text.splitlines():
        if title := _SECTION.fullmatch(line):
            section = title[1]
            lines += ["", f"*{section}*", ""]
        elif section and line and not line.startswith(" "):
            section = ""
            lines += ["", line]
        elif section and (entry := _ENTRY.fullmatch(line)):
            lines.append(f"- `{entry['name'].strip('`')}`: {entry['text']}")
        elif section:
            new = line.startswith("    ") and lines[-1] == ""
            lines.append(f"- {line[4:]}" if new else f"    {line.strip()}".rstrip())
        else:
            lines.append(line)
    return "\n".join(lines).strip()
