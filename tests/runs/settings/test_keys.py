"""What pydantic refuses reaches a person in plain words, with the key as a person writes it."""

import re

import pytest
import tomli_w
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.contracts.component import build
from mentor_core.contracts.reward import RewardTerm
from mentor_core.support.errors import ConfigError
from mentor_runs.settings.config import RunConfig
from mentor_runs.settings.keys import given_as, keys_of
from mentor_runs.settings.resolve import resolve
from mentor_runs.settings.tables import parse_setting

KEYS = [".".join(path) for path in keys_of(RunConfig)]
PYDANTIC = re.compile(
    r"Input|valid |instance|unable|to parse|Field|\bTrue\b|Config\b|pydantic|\bdict"
)
VALUES = st.one_of(
    st.booleans(),
    st.integers(-3, 3),
    st.floats(allow_nan=True),
    st.sampled_from(["", "x", "eval", "[a, b]", "a,b"]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["k", "outcome"]), st.integers(), max_size=1),
)


def refusal(settings):
    try:
        resolve(settings)
    except ConfigError as error:
        return str(error)
    return None


@given(st.sampled_from(KEYS), VALUES)
def test_no_message_is_pydantic_s_own_and_each_names_its_key(key, value):
    """`train.steps: Input should be a valid integer, unable to parse string` helps nobody."""
    written = tomli_w.dumps({"v": value}).partition("= ")[2].strip()
    setting = parse_setting(f"{key}={written}") if written else parse_setting(f"{key}=x")
    said = refusal(setting)
    if said is not None:
        assert not PYDANTIC.search(said.replace(repr(value), "")), said
        assert key.partition(".")[0] in said or "preset" in said


@given(st.sampled_from([key for key in KEYS if "." in key]))
def test_a_key_without_its_table_suggests_the_whole_key(key):
    name = key.rpartition(".")[2]
    if name in RunConfig.model_fields:
        return
    assert key in refusal({name: 1}), name


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("train.steps=3\nseed=4", "train.steps: expected a whole number, not '3\\nseed=4'"),
        ("steps=3", "unknown key 'steps'; did you mean train.steps?"),
        ("train.temperature=1", "did you mean rollout.temperature or evaluate.temperature?"),
        ("train_size=9", "did you mean env_options.train_size"),
        ("learning_rte=1", "did you mean train.learning_rate?"),
        (
            "trackers=jsonl",
            """a list such as ["jsonl"], not 'jsonl'; in a shell: --set 'trackers""",
        ),
        ("evaluate.splits=eval,ood", """--set 'evaluate.splits=["eval", "ood"]'"""),
        ("evaluate.splits=[eval, ood]", """--set 'evaluate.splits=["eval", "ood"]'"""),
        ("evaluate.splits=[1]", 'evaluate.splits.0: expected text in quotes: "1"'),
        ("train=3", "train: expected a table with keys of its own: train.KEY = VALUE"),
        ("train.steps.x=3", "train.steps: expected a whole number, not a table"),
        ("train.steps=many", "train.steps: expected a whole number, not 'many'"),
        ("seed=true", "seed: expected a whole number, not true"),
        ("train.bf16=3", "train.bf16: expected true or false, not 3"),
        ("rollout.top_p=2", "rollout.top_p: expected a number of at most 1, not 2"),
        ("model=3", """model: expected text in quotes: "3"; in a shell: --set 'model="3"'"""),
        ("model=", "model: it is empty"),
    ],
)
def test_a_wrong_setting_is_told_with_what_would_be_right(setting, message):
    assert message in refusal(parse_setting(setting))


class Demanding(RewardTerm):
    words: list[str]
    secret: dict[str, str] = {}
    either: str | list[int] = ""

    def score(self, trajectory, task, references):
        return 1.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "term 'd': the option 'words' is missing; give it with --set t.words=VALUE"),
        (
            {"words": "a"},
            """option 'words': expected a list such as ["a"], not 'a'; in a shell: """,
        ),
        ({"words": ["a", 3]}, "option 'words.1': expected text in quotes"),
        ({"words": [], "either": {}}, "option 'either': expected text or a list"),
        ({"words": [], "word": 1}, "unknown option 'word'; did you mean words?"),
    ],
)
def test_a_wrong_option_is_told_with_how_to_give_it(options, message):
    with pytest.raises(ConfigError, match=re.escape(message)), given_as("--set t."):
        build(Demanding, "term 'd'", options)


def test_a_value_that_may_be_a_secret_is_not_repeated():
    with pytest.raises(ConfigError) as refused:
        build(Demanding, "term 'd'", {"words": [], "secret": "Bearer 123"})
    assert "Bearer" not in str(refused.value)


def test_an_option_with_a_flag_of_its_own_is_told_by_the_flag():
    flags = {"words": "--words FILE", "word": "--word W"}
    with (
        pytest.raises(ConfigError, match=r"; give it with --words FILE$"),
        given_as("--set ", flags),
    ):
        build(Demanding, "term 'd'")
    with (
        pytest.raises(ConfigError, match=r"^--word W does not fit here: "),
        given_as("--set ", flags),
    ):
        build(Demanding, "term 'd'", {"words": [], "word": "x"})
