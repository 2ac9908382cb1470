"""`mentor new`: names, folders, and what the packages are made of."""

import ast
import tomllib
from pathlib import PurePosixPath

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core.support.errors import ConfigError
from mentor_lab.commands.new import command
from mentor_lab.new.package import KINDS, Package, write


@pytest.mark.parametrize("kind", KINDS)
def test_a_package_has_all_that_it_takes_to_publish_it(kind, tmp_path):
    folder = write(Package(kind, "my-thing"), tmp_path)
    assert folder.name == "mentor-plugin-my-thing"
    project = tomllib.loads((folder / "pyproject.toml").read_text())
    points = project["project"]["entry-points"]["mentor"]
    assert points == {"my-thing": "mentor_plugin_my_thing"}
    assert project["project"]["dependencies"][0].startswith("mentor-core>=")
    for name in ("README.md", "LICENSE", ".gitignore", ".github/workflows/test.yml"):
        assert (folder / name).is_file(), name
    source = folder / "mentor_plugin_my_thing" / f"{kind}.py"
    assert len(source.read_text().splitlines()) < 80
    assert (source.parent / "py.typed").is_file()
    tests = (folder / "tests" / "test_my_thing.py").read_text()
    assert "@given" in tests
    assert "check_" in tests
    assert "{{" not in "".join(f.read_text() for f in folder.rglob("*") if f.is_file())
    assert list(tmp_path.iterdir()) == [folder]


@settings(max_examples=25, deadline=None)
@given(st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,5}([_-][A-Za-z0-9]{1,3}){0,2}", fullmatch=True))
def test_every_name_that_is_taken_gives_python_that_can_be_read(name):
    try:
        package = Package("env", name)
    except ConfigError as error:
        assert "choose another name" in str(error)
        return
    for place, text in package.files().items():
        if place.suffix == ".py":
            ast.parse(text)
    assert package.class_name.isidentifier()
    assert PurePosixPath(package.package, "env.py") in package.files()


@pytest.mark.parametrize(
    "name", ["my thing", "", "-x", "x-", "1st", "a/b", "../x", "é", "a__b", "x.y"]
)
def test_a_name_that_no_package_can_have_is_refused(name):
    with pytest.raises(ConfigError, match="cannot be the name of a plugin; expected a letter"):
        Package("env", name)


def test_a_taken_name_is_refused_with_its_distribution():
    with pytest.raises(ConfigError, match="environment 'calculator' comes from mentor-core"):
        Package("env", "calculator")
    assert Package("reward", "calculator").class_name == "CalculatorScore"


def test_nothing_is_overwritten_and_nothing_is_left_half_written(tmp_path, monkeypatch):
    package = Package("reward", "politeness")
    folder = tmp_path / package.distribution
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    with pytest.raises(ConfigError, match="exists already; nothing was written"):
        write(package, tmp_path)
    assert [file.name for file in folder.iterdir()] == ["mine.txt"]

    other = Package("reward", "kindness")
    good = other.files()
    # a name longer than a file system takes: the last file cannot be written
    bad = {**good, PurePosixPath("x" * 300): ""}
    monkeypatch.setattr(Package, "files", lambda self: bad)
    with pytest.raises(OSError, match="too long"):
        write(other, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [package.distribution]


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(ConfigError, match="nowhere: there is no such folder"):
        write(Package("reward", "politeness"), tmp_path / "nowhere")


def test_a_method_is_an_objective_and_the_command_says_what_to_do_next(tmp_path):
    done = CliRunner().invoke(command, ["method", "capped", "--output", str(tmp_path)])
    assert done.exit_code == 0
    assert "pip install -e" in done.output
    assert (tmp_path / "mentor-plugin-capped/mentor_plugin_capped/objective.py").is_file()
