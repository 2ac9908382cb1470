"""The third party's package has a part of every kind, and is made with public names alone."""

from __future__ import annotations

import ast
from pathlib import Path

import mentor_core
from mentor_core.door import registry
from mentor_core.door.hookspecs import HOOKS

PACKAGE = Path(__file__).parent / "mentor-plugin-xyz" / "mentor_plugin_xyz"
# docs/plugins.md, "What plugins may import": a command may take the options that mentor's have.
FOR_COMMANDS = "mentor_runs.command_line"


def test_no_hook_is_missing_and_every_part_is_sound(outsider):
    """A hook that nobody outside has used may ask for what nobody outside can give."""
    found = {
        kind.hook: [
            (entry.name, entry.problem)
            for entry in registry.entries(kind)
            if entry.distribution == "mentor-plugin-xyz"
        ]
        for kind in registry.KINDS
    }
    assert set(found) == set(HOOKS)
    assert [hook for hook, parts in found.items() if not parts] == []
    assert [part for parts in found.values() for part in parts if part[1] is not None] == []


def test_it_imports_public_names_alone():
    """What the package needs beside them is missing in the public interface."""
    private = []
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                module, names = node.module or "", [alias.name for alias in node.names]
                public = module == "mentor_core" and set(names) <= set(mentor_core.__all__)
                public = public or module.startswith(f"{FOR_COMMANDS}.")
            elif isinstance(node, ast.Import):
                names, public = [alias.name for alias in node.names], False
                module = names[0]
            else:
                continue
            if module.startswith("mentor_") and module.split(".")[0] != PACKAGE.name:
                private += [] if public else [f"{file.name}: {module} {names}"]
    assert private == []
    assert FOR_COMMANDS in (Path(__file__).parents[2] / "docs/plugins.md").read_text()
