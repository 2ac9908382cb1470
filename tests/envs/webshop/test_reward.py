"""Reward: the formula, worked out by hand; and that it is never outside [0, 1]."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mentor_envs.webshop.catalogue import Product
from mentor_envs.webshop.colours import normalise_colour
from mentor_envs.webshop.goals import Goal
from mentor_envs.webshop.nouns import title_nouns
from mentor_envs.webshop.reward import score_purchase, similar


def product(title="Tarnwick Hiking Backpack", **fields):
    known = {"description": "", "bullets": ("",), "category": "bags", "query": "backpack"}
    return Product("B1", title, **known | {"levels": "Outdoor › Bags › Packs"} | fields)


def goal(attributes=("waterproof", "padded straps"), options=(("color", "red"),), price=50.0):
    return Goal("g", "B1", "?", tuple(attributes), tuple(options), price)


def score(bought, wanted=None, price=20.0, chosen=(), asked=None, **more):
    return score_purchase(
        bought, price, chosen, asked or goal(), wanted or product(), title_nouns, **more
    )


def test_everything_right_is_one():
    bought = product(attributes=("waterproof", "padded strap"))
    assert score(bought, chosen=["red"]).reward == 1.0


@pytest.mark.parametrize(
    ("fields", "chosen", "price", "expected"),
    [
        ({"attributes": ("waterproof",)}, ["red"], 20, 3 / 4),
        ({"attributes": ("waterproof",)}, [], 20, 2 / 4),
        ({"attributes": ("waterproof",)}, [], 50, 2 / 4),
        ({"attributes": ("waterproof",)}, [], 50.01, 1 / 4),
        ({}, [], 90, 0),
        ({"description": "It is WATERPROOF."}, [], 90, 1 / 4),
        ({"bullets": ("has padded", "straps")}, [], 90, 1 / 4),
        ({"title": "Waterproof Hiking Backpack"}, [], 90, 1 / 4),
        ({}, ["dark red 3"], 90, 0),  # "dark" comes before "red"
        ({}, ["red-brown"], 90, 0),  # and so does "brown"
        ({}, ["light-red"], 90, 0),
        ({}, ["tomato red"], 90, 1 / 4),
    ],
)
def test_each_part_counts_the_same(fields, chosen, price, expected):
    assert score(product(**fields), price=price, chosen=chosen).reward == expected


@pytest.mark.parametrize(
    ("title", "fields", "kind"),
    [
        ("Tarnwick Hiking Backpack", {}, 1.0),
        ("Tarnwick Hiking Sofa", {"query": "sofa", "levels": "Home › Sofas"}, 1.0),  # 2 of 3 nouns
        ("Velvet Sofa", {}, 0.0),  # no noun in common, whatever else is
    ],
)
def test_the_kind_of_product(title, fields, kind):
    assert score(product(title, **fields)).kind == kind


TEN = "one1a two2a three3a four4a five5a six6a seven7a eight8a nine9a ten10a"
ELEVEN = TEN + " eleven11a"


@pytest.mark.parametrize(
    ("wanted", "bought", "fields", "kind"),
    [
        (TEN, "one1a", {"query": "x", "levels": "x"}, 0.5),  # 0.1 is not below 0.1
        (TEN, "one1a two2a", {"query": "x", "levels": "x"}, 0.5),  # 0.2 is not above 0.2
        (TEN, "one1a two2a three3a", {"query": "x", "levels": "x"}, 1.0),
        (TEN, "one1a", {"levels": "x"}, 1.0),  # the same query
        (TEN, "one1a", {"query": "x", "levels": "Bags › Outdoor"}, 1.0),  # two levels
        (TEN, "one1a", {"query": "x", "levels": "Bags › Bags"}, 0.5),
        (ELEVEN, "one1a", {}, 0.1),
        ("1 2 3", "one1a", {"query": "x", "levels": "x"}, 0.5),  # no nouns: 0.2
    ],
)
def test_the_thresholds_of_the_kind(wanted, bought, fields, kind):
    assert score(product(bought, **fields), product(wanted)).kind == kind


def test_repeated_nouns_count_in_the_wanted_title_only():
    assert score(product("sofa"), product("sofa " * 11 + "bed"), asked=goal(())).kind == 0.1


def test_compat_compares_a_synthetic_goals_option_with_its_name():
    # "darkgreen" is normalised on one side only there, so that it can never be matched.
    asked = goal((), (("color", "darkgreen"),))
    assert score(product(), chosen=["darkgreen"], asked=asked).options == 1
    assert score(product(), chosen=["darkgreen"], asked=asked, compat=True).options == 0
    assert (
        score(
            product(), chosen=["darkgreen"], asked=goal((), (("", "darkgreen"),)), compat=True
        ).options
        == 1
    )
    assert score(product(), chosen=["red"], compat=True).options == 1


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("padded strap", "padded straps", True),
        ("straps, PADDED", "padded straps", True),
        ("padded", "padded straps", True),  # all words of one are in the other
        ("plastic", "elastic", True),  # 86
        ("soft", "loft", False),
        ("", "", False),
        ("café", "caf", True),  # letters above ASCII are dropped
    ],
)
def test_similar_texts(a, b, expected):
    assert similar(a, b) is expected


@pytest.mark.parametrize(
    ("value", "colour"),
    [("light blue", "blue"), ("sky-blue 2", "blue"), ("small", "small"), ("layered", "red")],
)
def test_colours_are_normalised(value, colour):
    assert normalise_colour(value) == colour


texts = st.text(max_size=12) | st.sampled_from(["red", "light blue", "hiking backpack", "1"])
products = st.builds(
    product,
    title=texts,
    query=texts,
    levels=texts,
    description=texts,
    attributes=st.lists(texts, max_size=3).map(tuple),
)
goals = st.builds(
    goal,
    st.lists(texts, max_size=3),
    st.lists(st.tuples(texts, texts), max_size=3),
    st.floats(0, 1e6),
)


@given(products, products, goals, st.lists(texts, max_size=3), st.floats(0, 1e6), st.booleans())
def test_the_reward_is_in_its_range(bought, wanted, asked, chosen, price, compat):
    result = score(bought, wanted, price, chosen, asked, compat=compat)
    assert 0.0 <= result.reward <= result.kind <= 1.0
    more = score(bought, wanted, price, [*chosen, *(v for _, v in asked.options)], asked)
    assert more.reward >= score(bought, wanted, price, chosen, asked).reward
