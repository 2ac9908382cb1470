"""The registry with plugins made for the test, none of them installed."""

import sys
from importlib.metadata import EntryPoint
from types import ModuleType, SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from mentor_core import hookimpl
from mentor_core.contracts.component import build
from mentor_core.contracts.reward import RewardTerm
from mentor_core.door import registry
from mentor_core.door.discovery import Entry, _register
from mentor_core.door.registry import COMMANDS, ENVIRONMENTS, GATES, PRESETS, REWARD_TERMS, STUDENTS
from mentor_core.support.errors import AmbiguousName, ConfigError, PluginError, UnknownName


class Brevity(RewardTerm):
    words: int = Field(10, gt=0)

    def score(self, trajectory, task, references):
        return None


def implementation_of(targets, **options):
    def implementation():
        if isinstance(targets, BaseException):
            raise targets
        return targets

    return hookimpl(**options)(implementation)


@pytest.fixture
def install(monkeypatch):
    """install(name, distribution, **hooks): a plugin whose hooks return what is given."""
    points = []
    monkeypatch.setattr(registry.importlib.metadata, "entry_points", lambda group: points)

    def add(plugin, distribution="other", *, importable=True, needs="mentor-core", **hooks):
        module = ModuleType(plugin)
        module.Brevity, module.number, module.RewardTerm = Brevity, 3, RewardTerm
        for hook, targets in hooks.items():
            setattr(module, hook, targets if callable(targets) else implementation_of(targets))
        if importable:
            monkeypatch.setitem(sys.modules, plugin, module)
        point = EntryPoint(plugin, plugin, "mentor")
        facts = f"Name: {distribution}\nVersion: 2.0\nRequires-Dist: {needs}\n\nName: no fact"
        vars(point)["dist"] = SimpleNamespace(read_text=lambda name: facts)
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
        ("plugin_a:number", "is not a subclass of mentor_core.contracts.reward:RewardTerm"),
        ("plugin_a:RewardTerm", "is abstract: it does not define score"),
    ],
)
def test_a_broken_target_breaks_only_itself(install, target, problem):
    install("plugin_a", mentor_reward_terms={"bad": target, "brevity": "plugin_a:Brevity"})
    with pytest.raises(PluginError, match=rf"reward term 'bad' \(other: {target}\).*{problem}"):
        registry.load(REWARD_TERMS, "bad")
    bad, good = registry.entries(REWARD_TERMS)
    assert target in bad.problem
    assert (good.name, good.problem, good.plugin) == ("brevity", None, "plugin_a")


@pytest.mark.parametrize("first", ["Aaa_B", "mentor-core"])
def test_a_name_of_two_distributions_is_nobodys(install, first):
    """If either had it, installing a package would silently change what a reward means."""
    install("plugin_a", first, mentor_reward_terms={"brevity": "plugin_a:Brevity"})
    install("plugin_b", "bbb", mentor_reward_terms={"brevity": "plugin_b:number"})
    install("plugin_c", "ccc", mentor_reward_terms={"other": "plugin_c:Brevity"})
    with pytest.raises(AmbiguousName, match=f"write .*{first}:brevity") as e:
        registry.load(REWARD_TERMS, "brevity")
    assert "bbb:brevity" in str(e.value)
    assert registry.names(REWARD_TERMS) == sorted([f"{first}:brevity", "bbb:brevity", "other"])
    assert registry.targets(REWARD_TERMS)[f"{first}:brevity"] == "plugin_a:Brevity"
    assert registry.load(REWARD_TERMS, f"{first}:brevity") is Brevity
    assert registry.load(REWARD_TERMS, "ccc:other") is Brevity
    problems = {entry.name: entry.problem for entry in registry.entries(REWARD_TERMS)}
    assert (problems[f"{first}:brevity"], problems["other"]) == (None, None)
    assert "is not a subclass" in problems["bbb:brevity"]


def test_a_distribution_is_found_by_any_spelling_of_its_name(install):
    install("plugin_a", "Aaa_B", mentor_reward_terms={"brevity": "plugin_a:Brevity"})
    assert registry.load(REWARD_TERMS, "aaa-b:brevity") is Brevity


@pytest.mark.parametrize("options", [{}, {"tryfirst": True}, {"trylast": True}])
def test_pluggy_decides_which_functions_are_hooks(install, options):
    """Two functions of one hook, one by `specname`; a decorator's options change nothing else."""
    install(
        "plugin_a",
        mentor_reward_terms={"one": "plugin_a:Brevity"},
        more=implementation_of(
            {"two": "plugin_a:Brevity"}, specname="mentor_reward_terms", **options
        ),
    )
    assert registry.names(REWARD_TERMS) == ["one", "two"]
    assert registry.broken_plugins() == []


def test_a_plugin_may_be_an_object_with_methods(install, monkeypatch):
    class Plugin:
        @hookimpl
        def mentor_reward_terms(self):
            return {"brevity": "plugin_a:Brevity"}

    install("plugin_a")
    module = sys.modules["plugin_a"]
    module.plugin = Plugin()
    (point,) = registry.importlib.metadata.entry_points(group="mentor")
    changed = EntryPoint("plugin_a", "plugin_a:plugin", "mentor")
    vars(changed)["dist"] = vars(point)["dist"]
    monkeypatch.setattr(registry.importlib.metadata, "entry_points", lambda group: [changed])
    assert registry.load(REWARD_TERMS, "brevity") is Brevity


def undecorated():
    return {"brevity": "plugin_bad:Brevity"}


@hookimpl
def wants_an_argument(config):
    return {"brevity": "plugin_bad:Brevity"}


@hookimpl(wrapper=True)
def wrapper():
    yield


@hookimpl
async def late():
    return {}


@pytest.mark.filterwarnings("ignore:coroutine")
@pytest.mark.parametrize(
    ("hooks", "problem"),
    [
        ({"mentor_reward_term": {}}, "no hook 'mentor_reward_term'; did you mean mentor_reward_te"),
        ({"more": implementation_of({}, specname="mentor_terms")}, "no hook 'mentor_terms'"),
        ({"mentor_reward_terms": undecorated}, "not registered without @hookimpl"),
        ({"mentor_reward_terms": wants_an_argument}, "'config'"),
        ({"mentor_reward_terms": wrapper}, "a wrapper cannot be used"),
        ({"mentor_reward_terms": late}, "must return name"),
        ({"mentor_reward_terms": ["brevity"]}, "must return name"),
        ({"mentor_reward_terms": {"brevity": Brevity}}, "must return name"),
        ({"mentor_reward_terms": {"brevity": "plugin_bad"}}, "must return name"),
        ({"mentor_reward_terms": {"brevity": ":Brevity"}}, "must return name"),
        ({"mentor_reward_terms": {"a name": "plugin_bad:Brevity"}}, "'a name'"),
        ({"mentor_reward_terms": {"a:b": "plugin_bad:Brevity"}}, "letters, digits"),
        ({"mentor_reward_terms": {"--rm": "plugin_bad:Brevity"}}, "letters, digits"),
        ({"mentor_reward_terms": {"": "plugin_bad:Brevity"}}, "letters, digits"),
        ({"mentor_reward_terms": {3: "plugin_bad:Brevity"}}, "letters, digits"),
        ({"mentor_reward_terms": OSError("disk")}, "OSError: disk"),
        ({"mentor_reward_terms": SystemExit(3)}, "SystemExit: 3"),
        ({"mentor_reward_terms": KeyboardInterrupt()}, "KeyboardInterrupt"),
        ({"mentor_reward_terms": GeneratorExit()}, "GeneratorExit"),
    ],
)
def test_what_is_wrong_is_listed_with_its_reason_and_the_rest_works(install, hooks, problem):
    install("plugin_bad", "bad", **hooks, mentor_gates={"good": "plugin_bad:Brevity"})
    install("plugin_good", "good", mentor_reward_terms={"good": "plugin_good:Brevity"})
    (broken,) = registry.broken_plugins()
    assert (broken.plugin, broken.distribution) == ("plugin_bad", "bad")
    assert problem in broken.problem
    assert registry.names(REWARD_TERMS) == ["good"]
    assert registry.names(GATES) == ["good"]


def test_one_bad_name_costs_that_name_alone(install):
    terms = {"": "plugin_a:Brevity", "good": "plugin_a:Brevity", "bad": None}
    install("plugin_a", mentor_reward_terms=terms)
    assert registry.names(REWARD_TERMS) == ["good"]
    assert len(registry.broken_plugins()) == 2


def test_the_same_name_twice_in_one_distribution_is_the_firsts(install):
    install("plugin_a", mentor_reward_terms={"brevity": "plugin_a:Brevity"})
    install("plugin_b", mentor_reward_terms={"brevity": "plugin_b:number"})
    assert registry.load(REWARD_TERMS, "brevity") is Brevity
    (broken,) = registry.broken_plugins()
    assert (broken.plugin, "'brevity' is registered twice" in broken.problem) == ("plugin_b", True)


@given(
    name=st.one_of(st.text(max_size=5), st.none(), st.integers()),
    target=st.one_of(st.text(max_size=5), st.none(), st.just("json:loads"), st.binary(max_size=2)),
)
def test_whatever_a_hook_returns_ends_as_an_entry_or_a_reason(name, target):
    entries: list[Entry] = []
    problems = list(_register(entries, {name: target}, "plugin", "distribution"))
    assert len(entries) + len(problems) == 1


@pytest.mark.parametrize(
    "error", [SystemExit(1), KeyboardInterrupt(), GeneratorExit(), BaseException()]
)
def test_whatever_a_plugin_raises_when_it_is_imported_breaks_only_itself(
    install, tmp_path, monkeypatch, error
):
    name = f"raises_{type(error).__name__.lower()}"
    (tmp_path / f"{name}.py").write_text(f"raise {error!r}")
    monkeypatch.syspath_prepend(tmp_path)
    install(name, "bad", importable=False)
    install("plugin_a", mentor_reward_terms={"term": f"{name}:Term", "good": "plugin_a:Brevity"})
    (broken,) = registry.broken_plugins()
    assert (broken.distribution, type(error).__name__ in broken.problem) == ("bad", True)
    with pytest.raises(PluginError, match=type(error).__name__):
        registry.load(REWARD_TERMS, "term")
    assert registry.load(REWARD_TERMS, "good") is Brevity


def test_an_unreadable_list_of_entry_points_costs_its_distribution(tmp_path, monkeypatch):
    """`importlib.metadata.entry_points` fails on it, and with it every plugin was gone."""
    facts = tmp_path / "unreadable-1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: unreadable\nVersion: 1\n")
    (facts / "entry_points.txt").write_text("[mentor]\nno equals sign\n")
    monkeypatch.syspath_prepend(tmp_path)
    registry._find.cache_clear()
    try:
        assert "outcome" in registry.names(REWARD_TERMS)
        assert [broken.distribution for broken in registry.broken_plugins()] == ["unreadable"]
    finally:
        registry._find.cache_clear()


def test_a_command_must_be_one_of_click_s(install):
    install("plugin_a", mentor_commands={"count": "plugin_a:number"})
    with pytest.raises(PluginError, match=r"command 'count' .* is not a click\.Command"):
        registry.load(COMMANDS, "count")


def test_students_are_directories_inside_packages(install):
    students = {"calculator": "mentor_students:calculator", "none": "mentor_core:student/none"}
    install("plugin_a", mentor_students=students)
    assert (registry.directory(STUDENTS, "calculator") / "config.json").is_file()
    with pytest.raises(PluginError, match=r"student 'none' .*NotADirectoryError"):
        registry.directory(STUDENTS, "none")


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
