"""What the documentation states about the code, of what a test can find out."""

import ast
import importlib
import re
from pathlib import Path

import pytest

from mentor_core.contracts.component import Component
from mentor_core.door.registry import COMMANDS, ENVIRONMENTS, KINDS, TRACKERS, load, names

ROOT = Path(__file__).parents[2]
HEAVY = {"torch", "trl", "transformers", "peft", "accelerate", "datasets"}
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def words(path):
    """The text of a page, on one line."""
    return " ".join((ROOT / path).read_text(encoding="utf-8").split())


def imports(module):
    """The packages that a module imports at its top."""
    for node in ast.parse(module.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").partition(".")[0]


def test_the_folders_that_import_torch_at_their_top_are_those_that_are_named():
    said = re.search(
        r"Modules that import them at their top are in (.*?) alone", words("docs/index.md")
    )
    found = {
        module.parent.name
        for package in ("mentor_core", "plugins", "envs")
        for module in (ROOT / package).rglob("*.py")
        if HEAVY & set(imports(module))
    }
    assert set(re.findall(r"`(\w+)/`", said[1])) == found


@pytest.mark.parametrize("page", ["docs/decisions/0001-rollouts-inside-trl.md", None])
def test_the_methods_of_trl_that_are_overridden_are_counted_and_named(page):
    from trl import GRPOTrainer

    from mentor_plugins.trainers.grpo import trainer

    text = words(page) if page else " ".join(trainer.__doc__.split())
    inherited = {
        name
        for name, value in vars(trainer.MentorTrainer).items()
        if callable(value) and hasattr(GRPOTrainer, name) and not name.startswith("__")
    }
    private = {name for name in inherited if name.startswith("_")}
    listed = re.findall(r"- `(\w+)` ", text)
    assert sorted(listed) == sorted(private)
    assert re.findall(r"the public `(\w+)`", text) == sorted(inherited - private)
    assert re.search(rf"\b{NUMBERS[len(private)]} (?:\w+ )*methods\b", text, re.IGNORECASE)


def test_the_parts_that_no_plugin_replaces_are_those_that_readme_names():
    text = words("README.md")
    parts = re.search(r"task → [\w →]+ → report", text)[0].split(" → ")
    closed = re.search(r"everything but the ([\w, ]+?), which are the core's own", text)[1]
    open_to_plugins = {kind.name for kind in KINDS} | {"env"}
    open_to_plugins |= {f"{kind.name}s" for kind in KINDS} | {"composed reward"}  # a composer's
    expected = [part for part in parts if part not in open_to_plugins]
    assert re.split(r", | and ", closed) == expected


def test_readme_lists_every_kind_of_plugin():
    section = words("README.md").partition("## What is a plugin")[2].partition(" all come in ")[0]
    for kind in KINDS:
        assert re.search(rf"\b{kind.name.removesuffix('y')}", section.lower()), kind.name


def test_the_table_of_hooks_lists_what_is_built_in():
    rows = re.findall(
        r"^\| `(mentor_\w+)` \|.*\| (.*) \|$", (ROOT / "docs/plugins.md").read_text(), re.MULTILINE
    )
    listed = dict(rows)
    for kind in KINDS:
        if not listed[kind.hook].startswith("see "):
            assert listed[kind.hook].split(", ") == (names(kind) or ["none"]), kind.hook


def test_the_page_of_trackers_names_each_with_its_options():
    page = (ROOT / "docs/trackers.md").read_text(encoding="utf-8")
    for name in names(TRACKERS):
        assert f"| `{name}` |" in page, name
        section = page.partition(f"\n## {name}\n")[2].partition("\n## ")[0]
        options = set(load(TRACKERS, name).model_fields) - {"episodes_every"}
        listed = set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE))
        assert options - listed <= {"episodes"} | (
            {"file", "evaluations"} if name == "jsonl" else set()
        )
        assert listed <= options, name


def test_the_kinds_that_are_no_components_are_those_that_are_named():
    said = re.search(r"Everything but ([\w, ]+) is a \*component\*", words("docs/plugins.md"))[1]
    others = {
        kind.name
        for kind in KINDS
        if kind.contract is None or not issubclass(_contract(kind.contract), Component)
    }
    assert {name.removesuffix("s") for name in re.split(r", | and ", said)} == others


def _contract(target):
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def test_every_environment_is_in_the_table_of_readme():
    rows = re.findall(
        r"^\| `(\w+)` \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(rows) == names(ENVIRONMENTS)


def test_the_table_of_commands_is_complete():
    rows = re.findall(r"^\| `mentor ([\w-]+)", (ROOT / "docs/runs.md").read_text(), re.MULTILINE)
    visible = [name for name in names(COMMANDS) if not load(COMMANDS, name).hidden]
    assert sorted(rows) == visible


def test_the_paths_that_the_architecture_names_exist():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    paths = set(re.findall(r"\b(?:mentor_core|plugins|envs)/[\w./]*\w", text))
    assert len(paths) > 15
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_the_benchmark_of_the_main_job_runs_what_make_runs():
    """README's table is measured by the benchmark, and read as what `make run` does."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8").replace("\\\n\t", "")
    [command] = re.findall(r"mentor run (.*) \$\(ARGS\)", makefile)
    source = (ROOT / "benchmarks" / "main_job.py").read_text(encoding="utf-8")
    [flags] = [
        node.value
        for node in ast.parse(source).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "MAIN"
    ]
    assert [c.value for c in ast.walk(flags) if isinstance(c, ast.Constant)] == command.split()
