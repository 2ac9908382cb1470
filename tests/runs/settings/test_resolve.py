"""What settings come to: presets, which one wins, and what is refused."""

import math
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.task import SPLITS
from mentor_core.door.registry import PRESETS, names
from mentor_core.support.errors import ConfigError, UnknownName
from mentor_runs.settings.config import to_toml
from mentor_runs.settings.resolve import parse_rewards, resolve

SECTIONS = {
    "rollout": {
        "temperature": st.floats(0, 2),
        "top_p": st.floats(0.01, 1),
        "max_turns": st.integers(1, 20),
        "max_error_share": st.floats(0, 1),
    },
    "train": {
        "steps": st.integers(0, 10**9),
        "group_size": st.integers(2, 64),
        "learning_rate": st.floats(1e-9, 1),
        "mask_truncated": st.booleans(),
    },
    "evaluate": {
        "tasks": st.integers(0, 500),
        "splits": st.lists(st.sampled_from(SPLITS), max_size=3),
        "temperature": st.floats(0.1, 2),
    },
}


def toml_values():
    scalars = (
        st.booleans()
        | st.integers()
        | st.floats(allow_nan=False)
        | st.dates()
        | st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
    )
    nested = st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(toml_keys(), inner, max_size=2),
        max_leaves=4,
    )
    return st.dictionaries(toml_keys(), nested, max_size=2)


def toml_keys():
    return st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


def rewards():
    terms = st.dictionaries(
        st.sampled_from(("outcome", "teacher", "format", "valid_tools", "from.elsewhere")),
        st.floats(-1, 1).filter(bool),
        max_size=3,
    )
    return st.fixed_dictionaries(
        {},
        optional={
            "preset": st.sampled_from(("", "mentor", "mentor-paper", "sparse")),
            "description": st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
            "terms": terms,
            "term_options": st.dictionaries(st.just("teacher"), toml_values(), max_size=1),
            "composer": st.sampled_from(("", "weighted_sum", "outcome_gated", "rules")),
            "composer_options": toml_values(),
        },
    )


def settings_of_runs():
    sections = {name: st.fixed_dictionaries({}, optional=keys) for name, keys in SECTIONS.items()}
    sections["train"] = st.fixed_dictionaries(
        {}, optional=SECTIONS["train"] | {"trl": toml_values(), "lora": st.none() | toml_values()}
    )
    return st.fixed_dictionaries(
        {},
        optional={
            "env": st.lists(
                st.text(
                    st.characters(exclude_categories=["Cs", "Z", "C"], exclude_characters=",="),
                    min_size=1,
                ),
                min_size=1,
                max_size=3,
                unique=True,
            ).map(",".join),
            "env_options": toml_values(),
            "reward": rewards(),
            "gate": st.none() | st.just("/gates.py:Shut"),
            "trackers": st.lists(st.just("jsonl"), max_size=2),
            "seed": st.integers(0, 2**32 - 1),
            **sections,
        },
    )


@given(settings_of_runs())
def test_the_written_configuration_makes_the_same_run_again(settings):
    config = resolve(settings)
    assert resolve(tomllib.loads(to_toml(config))) == config


@given(settings_of_runs())
def test_no_setting_that_is_given_is_replaced(settings):
    found = resolve(settings)
    for key, value in settings.items():
        if key != "reward":
            dumped = found.model_dump()[key]
            assert dumped == value if key not in SECTIONS else value.items() <= dumped.items()
    for term, weight in settings.get("reward", {}).get("terms", {}).items():
        assert found.reward.terms[term] == weight


@pytest.mark.parametrize("preset", names(PRESETS))
def test_a_preset_is_written_out_in_full_and_stays_as_it_is(preset):
    """Otherwise a run could not be made again once the preset has changed."""
    config = resolve({"reward": {"preset": preset}})
    assert (config.reward.preset, bool(config.reward.terms)) == ("", True)
    assert config.reward.composer
    assert resolve(config.model_dump()) == config


def test_the_default_preset_is_mentor():
    assert resolve({}) == resolve({"reward": {"preset": "mentor"}})


def test_terms_of_ones_own_replace_those_of_the_preset_and_what_described_them():
    reward = resolve({"reward": {"terms": {"teacher": 2}}}).reward
    assert reward.terms == {"teacher": 2.0}
    assert (reward.composer, reward.composer_options) == ("weighted_sum", {})
    assert reward.term_options == {"teacher": {"mode": "flexible"}}
    assert reward.description == ""


def test_terms_with_the_outcome_keep_the_presets_composer_and_its_options():
    reward = resolve({"reward": {"terms": {"teacher": 1, "outcome": 1}}}).reward
    assert reward.composer == "outcome_gated"
    assert "wrong_share" in reward.composer_options


def test_a_composer_of_ones_own_does_not_inherit_options_of_the_presets():
    """Else `--set reward.composer=weighted_sum` would fail on an option nobody gave."""
    reward = resolve({"reward": {"composer": "weighted_sum"}}).reward
    assert (reward.composer, reward.composer_options) == ("weighted_sum", {})
    assert reward.terms == resolve({}).reward.terms


def test_one_composer_option_leaves_the_presets_others():
    options = resolve({"reward": {"composer_options": {"wrong_share": 0.1}}}).reward
    assert options.composer_options == {"threshold": 1.0, "wrong_share": 0.1}


def test_without_a_preset_the_composer_is_chosen_by_the_terms():
    reward = resolve({"reward": {"preset": "", "terms": {"outcome": 1}}}).reward
    assert reward.composer == "outcome_gated"
    assert reward.terms == {"outcome": 1.0}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"trian": {}}, "unknown key 'trian'; did you mean train"),
        ({"train": {"step": 3}}, "unknown key 'train.step'; did you mean train.steps"),
        (
            {"rollout": {"temprature": 1}},
            "unknown key 'rollout.temprature'; did you mean rollout.temp",
        ),
        (
            {"reward": {"compose": "x"}},
            "unknown key 'reward.compose'; did you mean reward.composer",
        ),
        ({"evaluate": {"task": 1}}, "unknown key 'evaluate.task'; did you mean evaluate.tasks"),
        ({"train": {"steps": -1}}, "train.steps: .* number of at least 0, not -1"),
        ({"train": {"steps": "many"}}, "train.steps: expected a whole number, not 'many'"),
        ({"train": {"learning_rate": math.nan}}, "train.learning_rate: .*not nan"),
        ({"train": 3}, "train: expected a table"),
        ({"evaluate": {"samples": 4}}, "evaluate: samples > 1 would repeat the same greedy"),
        ({"seed": 2**32}, "seed: .*below 4294967296"),
        ({"reward": {"terms": {"a": math.inf}}}, "reward.terms.a: .*finite number, not inf"),
        ({"reward": {"terms": {"a": 0, "b": 0}}}, "reward.terms: all weights are zero"),
        ({"reward": {"preset": "mentr"}}, "unknown preset 'mentr'; did you mean mentor"),
    ],
)
def test_a_wrong_setting_names_key_and_expectation(settings, message):
    with pytest.raises(ConfigError, match=message):
        resolve(settings)


def test_all_wrong_settings_are_told_at_once_with_their_origin():
    with pytest.raises(ConfigError, match=r"^my.toml: unknown key 'sede'.*; unknown key 'evn'"):
        resolve({"sede": 1, "evn": "x"}, "my.toml")


@pytest.mark.parametrize("preset", names(PRESETS))
def test_rewards_may_be_a_preset(preset):
    assert parse_rewards(preset) == {"preset": preset}


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("teacher", {"teacher": 1.0}),
        ("teacher,outcome", {"teacher": 1.0, "outcome": 1.0}),
        ("teacher=0.3,outcome=0.7", {"teacher": 0.3, "outcome": 0.7}),
        (" teacher = 1e-1 , outcome ", {"teacher": 0.1, "outcome": 1.0}),
        ("format=-1", {"format": -1.0}),
    ],
)
def test_rewards_may_be_terms_with_weights(text, terms):
    assert parse_rewards(text) == {"terms": terms}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("teacher,teacher=2", "the term 'teacher' is given twice"),
        ("teacher=much", "the weight of 'teacher' is 'much'; expected a number"),
        ("teacher=", "the weight of 'teacher' is ''; expected a number"),
        ("outcom,teacher", "unknown reward term 'outcom'; did you mean outcome"),
        ("mentor-papr", "unknown reward term 'mentor-papr'; did you mean mentor-paper"),
        ("teacher,,outcome", "unknown reward term ''"),
        ("", "unknown reward term ''"),
    ],
)
def test_wrong_rewards_are_refused(text, message):
    with pytest.raises(ConfigError, match=f"--rewards: {message}"):
        parse_rewards(text)


@pytest.mark.parametrize("text", ["teacher=nan", "teacher=inf", "teacher=0,outcome=0"])
def test_weights_that_mean_nothing_are_refused(text):
    with pytest.raises(ConfigError, match=r"finite|all weights are zero"):
        resolve({"reward": parse_rewards(text)})


def test_an_unknown_preset_is_an_unknown_name():
    with pytest.raises(UnknownName):
        resolve({"reward": {"preset": "nope"}})
