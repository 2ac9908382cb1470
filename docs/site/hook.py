"""What mkdocs asks while it builds the site (its key `hooks`).

Generated pages and the README are added to the files of docs/. A gap in the documentation ends
the build.
"""

from __future__ import annotations

import re
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

from mentor_site import gallery, reference
from mentor_site.gaps import gaps
from mentor_site.parts import ROOT

_CODE = re.compile(r"`[^`\n]+`")
_OVERVIEW = "overview.md"
"""The README as a page; a page of the name `README.md` would be the folder's index."""


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Add generated pages, and all decisions, to the navigation."""
    if found := gaps():
        raise PluginError("\n  ".join(["not documented:", *found]))
    decisions = sorted(path.name for path in (ROOT / "docs/decisions").glob("*.md"))
    *readers, developers = config.nav or []
    config.nav = [
        *readers,
        {"Gallery": ["gallery/index.md", *gallery.GROUPS]},
        {"Reference": sorted(reference.pages())},
        developers,
        {"Decisions": [f"decisions/{name}" for name in decisions]},
    ]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the generated pages and the README."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    made = {**gallery.pages(), **reference.pages(), _OVERVIEW: readme.replace("](docs/", "](")}
    for path, text in made.items():
        files.append(File.generated(config, path, content=text))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Let links to the README lead to its page, and show `|` in the code of tables.

    A table needs the mark `\\|` on the repository's host. Here a `|` in code does not end a cell.
    """
    text = re.sub(r"\]\(((?:\.\./)+)README\.md", lambda up: f"]({up[1][3:]}{_OVERVIEW}", markdown)
    return re.sub(r"^\|.*", lambda row: _CODE.sub(_unmarked, row[0]), text, flags=re.MULTILINE)


def _unmarked(code: re.Match[str]) -> str:
    return code[0].replace("\\|", "|")
