"""Classes of one's own, without a package: the names they have inside a run."""

import pytest

from mentor_core.support.errors import ConfigError, MentorError, PluginError
from mentor_runs.assembly.assemble import assemble, make_reward
from mentor_runs.settings.naming import environment_factory
from mentor_runs.settings.resolve import parse_rewards, resolve

SHOP = '''
from mentor_core import RewardTerm, Task, Tool, ToolEnv, TaskSampler


class Shop(ToolEnv):
    name = "shop"

    class Options(ToolEnv.Options):
        fruit: str = "pear"

    def make_tools(self):
        return [Tool(self.price)]

    def price(self, fruit: str) -> int:
        """Price of a fruit."""
        return 4

    def load_tasks(self, split):
        return [Task(f"{split}-1", "shop", f"What is a {self.options.fruit}?", 4, split)]

    def verify(self):
        return float(self.answer == "4")


def small(fruit: str = "fig"):
    return Shop(fruit=fruit)


def other():
    return 3


class Half(ToolEnv):
    name = "half"


class Nameless(Shop):
    name = "two words"


class Brevity(RewardTerm):
    turns: int = 2

    def score(self, trajectory, task, references):
        return None


class First(TaskSampler):
    def start(self, tasks, seed): ...

    def choose(self, drawn, count): ...
'''


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "corner.py").write_text(SHOP)
    return tmp_path


@pytest.mark.parametrize("written", ["corner.py:Shop", "corner:Shop"])
def test_an_environment_goes_by_the_name_that_its_class_gives_itself(folder, written):
    config = resolve({"env": f"{written}=2,calculator"})
    assert config.environments == {"shop": 2.0, "calculator": 1.0}
    assert config.env_classes == {"shop": f"{folder / 'corner.py'}:Shop"}
    assert resolve(config.model_dump()) == config
    domains = assemble(config).domains
    assert [task.env for task in domains["shop"].tasks("eval")] == ["shop"]


def test_its_options_are_those_of_any_other():
    config = resolve({"env": "corner.py:Shop", "env_options": {"fruit": "apple"}})
    (task,) = assemble(config).domains["shop"].tasks("train")
    assert task.prompt == "What is a apple?"


def test_a_function_may_make_it_and_the_run_s_own_settings_hold():
    values = {"env": "corner.py:small", "env_options": {"fruit": "kiwi"}}
    config = resolve(values | {"rollout": {"max_turns": 3}})
    env = assemble(config).domains["shop"].env
    assert (env.options.fruit, env.max_turns) == ("kiwi", 3)
    assert type(env.parser).__name__ == "AutoParser"


def test_a_term_goes_by_its_class_s_name(folder):
    reward = {"terms": {"corner:Brevity": 0.3, "outcome": 0.7}}
    options = {"corner:Brevity": {"turns": 5}}
    config = resolve({"reward": {**reward, "term_options": options}}).reward
    assert config.terms == {"Brevity": 0.3, "outcome": 0.7}
    assert config.term_classes == {"Brevity": f"{folder / 'corner.py'}:Brevity"}
    assert make_reward(config).terms["Brevity"].turns == 5


def test_one_class_may_stand_in_a_reward_twice_under_two_names():
    classes = {"short": "corner.py:Brevity", "long": "corner.py:Brevity"}
    options = {"short": {"turns": 1}, "long": {"turns": 9}}
    terms = {"short": 1, "long": 2}
    reward = {"terms": terms, "term_classes": classes, "term_options": options}
    made = make_reward(resolve({"reward": reward}).reward).terms
    assert [term.turns for term in made.values()] == [1, 9]


def test_a_distributions_own_name_becomes_the_bare_one():
    """Composers, presets and tasks know it by that."""
    reward = {"terms": {"mentor-core:outcome": 1}}
    config = resolve({"env": "mentor-core:calculator", "reward": reward})
    assert (config.env, config.model) == ("calculator", "embedded/calculator")
    assert config.reward.composer == "outcome_gated"
    assert list(assemble(config).domains) == ["calculator"]
    assert list(make_reward(config.reward).terms) == ["outcome"]


def test_any_other_part_may_be_a_class_of_one_s_own(folder):
    config = resolve({"sampler": "corner:First"})
    assert config.sampler == f"{folder / 'corner.py'}:First"
    assert type(assemble(config).sampler.samplers["calculator"]).__name__ == "First"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"env": "corner:Shop,./corner.py:Shop"}, "another environment of this run is called"),
        ({"env": "corner:Shop,shop"}, "another environment of this run is called 'shop'"),
        (
            {"reward": {"terms": {"corner:Brevity": 1, "corner.py:Brevity": 1}}},
            "another reward term of this run is called 'Brevity'",
        ),
        ({"env_classes": {"shop": "corner:Shop"}}, "env_classes: 'shop' is not among"),
    ],
)
def test_two_of_one_name_are_refused(values, message):
    with pytest.raises(ConfigError, match=message):
        resolve(values)


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("corner:Shup", "has no 'Shup'; did you mean Shop"),
        ("corner:Half", "is abstract: it does not define load_tasks, make_tools, verify"),
        ("corner:Brevity", "is not a subclass of mentor_core.contracts.env:ToolEnv"),
        ("corner:Nameless", "its name is 'two words'; an environment needs one of letters"),
        ("absent.py:Shop", r"absent\.py: No such file"),
        ("mentor-core:calculater", "did you mean mentor-core:calculator"),
    ],
)
def test_what_cannot_be_an_environment_says_why(written, message):
    with pytest.raises(MentorError, match=message):
        environment_factory(written)
    with pytest.raises(MentorError, match=message):
        assemble(resolve({"env": written}))


def test_a_function_that_makes_something_else_is_found_out():
    with pytest.raises(PluginError, match="its maker gives 3, which is no ToolEnv"):
        assemble(resolve({"env": "corner:other"}))


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("corner:Brevity", {"Brevity": 1.0}),
        ("corner.py:Brevity=0.3,outcome=0.7", {"Brevity": 0.3, "outcome": 0.7}),
        ("odd=name/corner.py:Brevity=2", {"Brevity": 2.0}),
    ],
)
def test_rewards_of_the_command_line(folder, text, terms):
    (folder / "odd=name").mkdir()
    (folder / "odd=name" / "corner.py").write_text(SHOP)
    assert parse_rewards(text)["terms"] == terms
