"""Lines of text: broken between words on a terminal, whole for a file or a pipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

__all__ = ["print_line"]


def print_line(console: Console, text: str | Text) -> None:
    """Print text as it is, without markup. A program that reads a pipe gets one line a line."""
    from rich.text import Text

    line = Text(text) if isinstance(text, str) else text
    console.print(line, soft_wrap=not console.is_terminal)
