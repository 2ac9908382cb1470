"""Distributions with plugins: blocked by the user, or made for another mentor."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from mentor_core import __version__
from mentor_core.door import registry
from mentor_core.door.distributions import BLOCK, _unmet, block
from mentor_core.door.registry import REWARD_TERMS
from mentor_core.support.errors import ConfigError, UnknownName

MODULE = """
from mentor_core import hookimpl


@hookimpl
def mentor_reward_terms():
    return {NAME: "mentor_plugins.rewards.outcome:Outcome"}
"""


@pytest.fixture
def install(tmp_path, monkeypatch):
    """install(name, *requirements): a distribution mentor-plugin-NAME with the reward term NAME."""
    monkeypatch.delenv(BLOCK, raising=False)
    monkeypatch.syspath_prepend(tmp_path)

    def add(name, *requirements, version="1.0"):
        module = f"mentor_plugin_{name}"
        facts = tmp_path / f"{module}-{version}.dist-info"
        facts.mkdir()
        needs = "".join(f"Requires-Dist: {requirement}\n" for requirement in requirements)
        (facts / "METADATA").write_text(
            f"Metadata-Version: 2.4\nName: mentor-plugin-{name}\nVersion: {version}\n{needs}"
            "\nRequires-Dist: mentor-core>=99\n"
        )
        (facts / "entry_points.txt").write_text(f"[mentor]\n{name} = {module}\n")
        (tmp_path / f"{module}.py").write_text(MODULE.replace("NAME", repr(name)))
        monkeypatch.delitem(sys.modules, module, raising=False)
        registry._find.cache_clear()

    yield add
    os.environ.pop(BLOCK, None)
    registry._find.cache_clear()


def mentor(tmp_path, *arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "mentor_core", *arguments],
        env={**os.environ, "PYTHONPATH": str(tmp_path), **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def of(name):
    return next(one for one in registry.distributions() if one.name == f"mentor-plugin-{name}")


def test_a_distribution_is_described_with_its_version_and_time(install):
    install("aa", "mentor-core>=0.1", version="1.2")
    assert registry.load(REWARD_TERMS, "aa").__name__ == "Outcome"
    found = of("aa")
    assert (found.version, found.blocked, found.problem) == ("1.2", False, None)
    assert 0 < found.seconds < 5
    assert [point.name for point in found.points] == ["aa"]


def test_a_plugin_for_a_newer_mentor_is_named_with_what_it_asks_for(install):
    install("new", "numpy", "Mentor_Core >=9,<10")
    install("aa")
    (broken,) = registry.broken_plugins()
    assert (broken.plugin, broken.distribution) == ("new", "mentor-plugin-new")
    assert broken.problem == (
        f"made for mentor-core<10,>=9; mentor-core {__version__} is installed"
    )
    assert registry.names(REWARD_TERMS).count("aa") == 1
    with pytest.raises(UnknownName) as e:
        registry.load(REWARD_TERMS, "new")
    assert any("made for mentor-core<10,>=9" in note for note in e.value.__notes__)


@pytest.mark.parametrize(
    ("requirement", "met"),
    [
        ("mentor-core", True),
        ("mentor-core[testing]; extra == 'dev'", True),
        ("mentor-core>=99; extra == 'dev'", True),
        ("mentor-core>=99; python_version < '3'", True),
        ("mentor-core-extras>=99", True),
        ("mentor.core>=99", False),
        ("mentor-core<0.0.1", False),
        ("mentor-core (>=99)", False),
        ("mentor-core>=nine", False),
    ],
)
def test_only_a_requirement_of_mentor_core_that_applies_counts(requirement, met):
    assert (_unmet(requirement) is None) == met


@given(st.lists(st.integers(0, 12), min_size=1, max_size=4))
def test_the_short_way_to_compare_versions_agrees_with_packaging(numbers):
    text = f"mentor-core>={'.'.join(map(str, numbers))}"
    assert (_unmet(text) is None) == Requirement(text).specifier.contains(__version__)


@pytest.mark.parametrize("spelling", ["mentor-plugin-aa", "Mentor_Plugin.AA"])
def test_a_blocked_distribution_is_not_loaded_and_named_where_its_parts_are_missing(
    install, spelling
):
    install("aa")
    registry.block([spelling])
    assert "aa" not in registry.names(REWARD_TERMS)
    assert of("aa").blocked
    assert "mentor_plugin_aa" not in sys.modules
    for name in ("aa", "mentor-plugin-aa:aa"):
        with pytest.raises(UnknownName) as e:
            registry.load(REWARD_TERMS, name)
        assert any("plugins of mentor-plugin-aa are blocked" in note for note in e.value.__notes__)


def test_an_unknown_distribution_cannot_be_blocked(install):
    install("aa")
    with pytest.raises(ConfigError, match="'mentor-plugin-a'; did you mean mentor-plugin-aa"):
        block(["mentor-plugin-a"])
    with pytest.raises(ConfigError, match="has mentor's commands"):
        block(["mentor_core"])
    assert BLOCK not in os.environ


@pytest.mark.slow
def test_the_command_line_blocks_by_option_and_by_variable(install, tmp_path):
    install("aa")
    given = ("run", "--dry-run", "--rewards", "outcome,aa")
    assert mentor(tmp_path, *given).returncode == 0
    for arguments, variable in ((("--block", "mentor-plugin-aa"), ""), ((), "mentor-plugin-aa")):
        done = mentor(tmp_path, *arguments, *given, MENTOR_BLOCK_PLUGINS=variable)
        assert done.returncode == 2, done.stderr
        assert "the plugins of mentor-plugin-aa are blocked" in done.stderr
    for arguments, variable in ((("--block", "plugin-aa"), ""), ((), "plugin-aa")):
        done = mentor(tmp_path, *arguments, "envs", MENTOR_BLOCK_PLUGINS=variable)
        assert done.returncode == 2
        assert "did you mean mentor-plugin-aa" in done.stderr
