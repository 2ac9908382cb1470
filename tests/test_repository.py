"""What the repository may hold."""

from __future__ import annotations

import ast
import io
import subprocess
import tokenize
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST = 1_000_000
CORE = sorted((ROOT / "mentor_core").rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
NO_CODE = {
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE),
    *(tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER),
}


def test_large_files_are_students_weights_only():
    """Each large file stays in the history for ever, and in every clone."""
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    files = (ROOT / name for name in listed.stdout.splitlines())
    large = [
        file.relative_to(ROOT) for file in files if file.is_file() and file.stat().st_size > MOST
    ]
    assert [file for file in large if file.parts[:2] != ("envs", "mentor_students")] == []


def test_the_core_stays_small():
    """Decision 29: what plugins implement, the door, an episode's play, and a run's assembly."""
    assert sum(code_lines(file) for file in CORE) <= 6_500
    assert sum(map(physical_lines, CORE)) <= 10_320


def test_no_file_of_the_core_needs_a_table_of_contents():
    long = {str(file.relative_to(ROOT)): physical_lines(file) for file in CORE}
    assert {name: lines for name, lines in long.items() if lines > 400} == {}


def test_code_lines_are_counted_without_docstrings_comments_and_blanks(tmp_path):
    file = tmp_path / "module.py"
    file.write_text('"""About\nit."""\n\n# why\nX = (  # one\n    1\n)\n"""Of X."""\n')
    assert (code_lines(file), physical_lines(file)) == (3, 8)


def test_the_rules_of_imports_have_no_exemptions_and_name_every_room_of_the_plugins():
    rules = PROJECT["tool"]["importlinter"]["contracts"]
    assert not [rule["name"] for rule in rules if "ignore_imports" in rule]
    ruled = {name for rule in rules for name in rule.get("source_modules", rule.get("modules", ()))}
    rooms = {path.parent.name for path in (ROOT / "plugins/mentor_plugins").glob("*/__init__.py")}
    assert {f"mentor_plugins.{room}" for room in rooms} <= ruled


def code_lines(file: Path) -> int:
    """Lines with code: not those of docstrings (of attributes, too), comments and blanks."""
    text = file.read_text(encoding="utf-8")
    said = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if isinstance(node.value.value, str)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    code = {
        line
        for token in tokens
        if token.type not in NO_CODE
        for line in range(token.start[0], token.end[0] + 1)
    }
    return len(code - said)


def physical_lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


if __name__ == "__main__":
    print(sum(map(code_lines, CORE)), "lines of code,", sum(map(physical_lines, CORE)), "in all")  # noqa: T201
