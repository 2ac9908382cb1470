"""The registry with plugins made for the test, none of them installed."""

import sys
from importlib.metadata import EntryPoint
from types import ModuleType, SimpleNamespace

import pytest
from pydantic import Field

from mentor_core import hookimpl, registry
from mentor_core.errors import ConfigError, PluginError, UnknownName
from mentor_core.registry import ENVIRONMENTS, GATES, PRESETS, REWARD_TERMS, build
from mentor_core.reward import RewardTerm


class Brevity(RewardTerm):
    words: int = Field(10, gt=0)

    def score(self, trajectory, task, references):
        return None


def implementation_of(targets):
    @hookimpl
    def implementation():
        if isinstance(targets, Exception):
            raise targets
        return targets

    return implementation


@pytest.fixture
def install(monkeypatch):
    """install(name, distribution, **hooks): a plugin whose hooks return what is given."""
    points = []
    monkeypatch.setattr(registry.importlib.metadata, "entry_points", lambda group: points)

    def add(plugin, distribution="other", *, importable=True, **hooks):
        module = ModuleType(plugin)
        module.Brevity, module.number = Brevity, 3
        for hook, targets in hooks.items():
            setattr(module, hook, implementation_of(targets))
        if importable:
            monkeypatch.setitem(sys.modules, plugin, module)
        point = EntryPoint(plugin, plugin, "mentor")
        vars(point)["dist"] = SimpleNamespace(name=distribution)
        points.append(point)

    registry._find.cache_clear()
    yield add
    registry._find.cache_clear()


def test_names_are_found_and_loaded(install):
    install("plugin_a", mentor_reward_terms={"brevity": "plugin_a:Brevity"})
    assert registry.names(REWARD_TERMS) == ["brevity"]
    assert registry.targets(REWARD_TERMS) == {"brevity": "plugin_a:Brevity"}
    assert registry.load(REWARD_TERMS, "brevity") is Brevity
    assert registry.create(REWARD_TERMS, "brevity", {"words": 3}).words == 3
    assert registry.names(ENVIRONMENTS) == []
    assert registry.broken_plugins() == []


def test_an_unknown_name_suggests_the_nearest_and_mentions_broken_plugins(install):
    install("plugin_a", mentor_reward_terms={"brevity": "plugin_a:Brevity"})
    install("plugin_b", importable=False)
    with pytest.raises(
        UnknownName, match="unknown reward term 'brevty'; did you mean brevity"
    ) as e:
        registry.load(REWARD_TERMS, "brevty")
    assert any("plugin_b is broken" in note for note in e.value.__notes__)
    with pytest.raises(UnknownName, match="unknown gate 'x'; there is none"):
        registry.load(GATES, "x")
    with pytest.raises(UnknownName, match="unknown preset"):
        registry.resource(PRESETS, "x")


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("plugin_nowhere:Thing", "ModuleNotFoundError: No module named 'plugin_nowhere'"),
        ("plugin_a:Thing", "AttributeError: .*'Thing'"),
        ("plugin_a:number", "is not a subclass of mentor_core.reward:RewardTerm"),
    ],
)
def test_a_broken_target_breaks_only_itself(install, target, problem):
    install("plugin_a", mentor_reward_terms={"bad": target, "brevity": "plugin_a:Brevity"})
    with pytest.raises(PluginError, match=rf"reward term 'bad' \(other: {target}\).*{problem}"):
        registry.load(REWARD_TERMS, "bad")
    bad, good = registry.entries(REWARD_TERMS)
    assert target in bad.problem
    assert (good.name, good.problem, good.plugin) == ("brevity", None, "plugin_a")


def test_the_second_to_take_a_name_is_listed_as_a_duplicate(install):
    install("plugin_a", "aaa", mentor_reward_terms={"brevity": "plugin_a:number"})
    install("plugin_b", "mentor-core", mentor_reward_terms={"brevity": "plugin_b:Brevity"})
    kept, duplicate = registry.entries(REWARD_TERMS)
    assert (kept.distribution, kept.problem) == ("mentor-core", None)
    assert (duplicate.distribution, duplicate.problem) == (
        "aaa",
        "the name is taken by mentor-core",
    )
    assert registry.load(REWARD_TERMS, "brevity") is Brevity


@pytest.mark.parametrize(
    ("hooks", "problem"),
    [
        ({"mentor_reward_term": {}}, "mentor_reward_term"),
        ({"mentor_reward_terms": ["brevity"]}, "must return name"),
        ({"mentor_reward_terms": {"brevity": Brevity}}, "must return name"),
        ({"mentor_reward_terms": {"brevity": "plugin_bad"}}, "must return name"),
        ({"mentor_reward_terms": OSError("disk")}, "OSError: disk"),
    ],
)
def test_a_broken_plugin_is_listed_and_the_others_work(install, hooks, problem):
    install("plugin_bad", "bad", **hooks)
    install("plugin_good", "good", mentor_reward_terms={"good": "plugin_good:Brevity"})
    (broken,) = registry.broken_plugins()
    assert (broken.plugin, broken.distribution) == ("plugin_bad", "bad")
    assert problem in broken.problem
    assert registry.load(REWARD_TERMS, "good") is Brevity


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"wrds": 3}, "reward term 'brevity': unknown option 'wrds'; did you mean words"),
        ({"words": 0}, "reward term 'brevity': option 'words': expected a number above 0, not 0"),
    ],
)
def test_options_are_checked_by_name(install, options, problem):
    install("plugin_a", mentor_reward_terms={"brevity": "plugin_a:Brevity"})
    with pytest.raises(ConfigError, match=problem):
        registry.create(REWARD_TERMS, "brevity", options)


def test_presets_are_files_inside_packages(install):
    install(
        "plugin_a", mentor_presets={"ok": "mentor_plugins.presets:sparse.toml", "no": "json:x.toml"}
    )
    assert "[terms]" in registry.resource(PRESETS, "ok")
    with pytest.raises(PluginError, match="preset 'no'"):
        registry.resource(PRESETS, "no")
    assert [bool(entry.problem) for entry in registry.entries(PRESETS)] == [True, False]


class Plain:
    """A gate, say: a class that is no pydantic model."""

    def __init__(self, limit: int, strict: bool = False) -> None:
        self.limit = limit


class Bare:
    """It takes nothing."""


@pytest.mark.parametrize(
    ("factory", "options", "message"),
    [
        (Plain, {"limt": 3}, "gate 'x': unknown option 'limt'; did you mean limit"),
        (Plain, {}, "gate 'x': missing a required argument: 'limit'"),
        (Bare, {"limit": 3}, "gate 'x': unknown option 'limit'; it has none"),
    ],
)
def test_options_of_a_class_that_is_no_component_are_checked_too(factory, options, message):
    """They come from a user's settings: a TypeError would look like a bug in mentor."""
    with pytest.raises(ConfigError, match=message):
        build(factory, "gate 'x'", options)
    assert build(Plain, "gate 'x'", {"limit": 3}).limit == 3


def test_a_bug_in_a_constructor_is_not_taken_for_a_wrong_option():
    class Broken:
        def __init__(self, limit: int) -> None:
            raise TypeError("a bug")

    with pytest.raises(TypeError, match="a bug"):
        build(Broken, "gate 'x'", {"limit": 3})
