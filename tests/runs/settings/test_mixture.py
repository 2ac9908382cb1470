"""Several environments in one run: how they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_core.support.errors import ConfigError
from mentor_runs.settings.mixture import carry_options, format_mixture, parse_mixture, split_options

NAMES = ("calculator", "dice", "shop", "files")
WEIGHTS = st.dictionaries(
    st.sampled_from(NAMES), st.floats(1e-3, 1e3), min_size=1, max_size=len(NAMES)
)


@pytest.mark.parametrize(
    ("text", "weights", "written"),
    [
        ("calculator", {"calculator": 1}, "calculator"),
        ("calculator=3", {"calculator": 3}, "calculator"),
        ("calculator,dice", {"calculator": 1, "dice": 1}, "calculator,dice"),
        (" dice = 0.5 ,calculator=1.0", {"dice": 0.5, "calculator": 1}, "dice=0.5,calculator"),
        ("calculator,dice=1e-1", {"calculator": 1, "dice": 0.1}, "calculator,dice=0.1"),
        ("calculator=20,dice=2", {"calculator": 20, "dice": 2}, "calculator=20,dice=2"),
    ],
)
def test_a_mixture_is_read_and_written_in_one_way(text, weights, written):
    assert parse_mixture(text) == weights
    assert format_mixture(parse_mixture(text)) == written


@given(WEIGHTS)
def test_what_is_written_gives_the_same_weights_to_the_last_bit(weights):
    read = parse_mixture(format_mixture(weights))
    assert list(read) == list(weights)
    assert len(weights) == 1 or read == weights


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a name is empty"),
        ("calculator,", "a name is empty"),
        ("calculator,,dice", "a name is empty"),
        ("=2", "a name is empty"),
        ("dice,calculator,dice=2", "'dice' is given twice"),
        (
            "dice,calculator=0",
            "the weight of 'calculator' is '0'; expected a finite number above 0",
        ),
        ("dice,calculator=-1", "the weight of 'calculator' is '-1'"),
        ("dice=nan,calculator", "the weight of 'dice' is 'nan'"),
        ("dice=inf,calculator", "the weight of 'dice' is 'inf'"),
        ("dice=,calculator", "the weight of 'dice' is ''"),
        ("dice=half,calculator", "the weight of 'dice' is 'half'"),
        ("dice=1=2", "the weight of 'dice' is '1=2'"),
    ],
)
def test_what_is_no_mixture_says_why(text, message):
    with pytest.raises(ValueError, match=message):
        parse_mixture(text)


# Options ---------------------------------------------------------------------------------------


def test_one_environment_has_all_options_and_of_several_each_its_own():
    assert split_options(["dice"], {"sides": 6}) == {"dice": {"sides": 6}}
    assert split_options(["dice", "shop"], {"shop": {"size": 3}}) == {
        "dice": {},
        "shop": {"size": 3},
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"sides": 6},
            "env_options.sides: .*write env_options.NAME.sides, with NAME one of dice, sh",
        ),
        ({"shp": {"size": 3}}, "env_options.shp: 'shp' is not an environment.*did you mean shop"),
        ({"shop": 3}, "env_options.shop: expected a table of options of 'shop', not 3"),
    ],
)
def test_options_of_nobody_are_refused(options, message):
    with pytest.raises(ConfigError, match=message):
        split_options(["dice", "shop"], options)


@pytest.mark.parametrize(
    ("old", "new", "options", "expected"),
    [
        ("dice", "dice", {"sides": 6}, {"sides": 6}),
        ("dice", "dice,shop", {"sides": 6}, {"dice": {"sides": 6}}),
        ("dice,shop", "shop", {"dice": {"sides": 6}, "shop": {"size": 3}}, {"size": 3}),
        ("dice,shop", "shop,dice=2", {"dice": {"sides": 6}}, {"dice": {"sides": 6}}),
        ("dice,shop", "files", {"dice": {"sides": 6}}, {}),
        ("dice", "shop", {"sides": 6}, {}),
    ],
)
def test_options_stay_with_their_environment(old, new, options, expected):
    assert carry_options(old, new, options) == expected
