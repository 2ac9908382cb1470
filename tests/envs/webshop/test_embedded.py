"""The embedded catalogue: varied, always the same, and fair to who reads it."""

from collections import Counter
from itertools import combinations

from mentor_envs.webshop.colours import normalise_colour
from mentor_envs.webshop.embedded import EMBEDDED_OOD, embedded_catalogue, generate_products
from mentor_envs.webshop.reward import similar
from mentor_envs.webshop.vocabulary import COLOURS, GROUPS, OPTIONS

PRODUCTS = embedded_catalogue().products


def test_it_is_varied():
    assert len(PRODUCTS) == 3600
    assert len({product.title for product in PRODUCTS}) == 3600
    kinds = Counter(product.query for product in PRODUCTS)
    assert len(kinds) > 80 and min(kinds.values()) > 30
    assert set(EMBEDDED_OOD) < set(embedded_catalogue().categories)


def test_it_is_always_the_same():
    # Other products would make other tasks of the same ids: saved episodes would not replay.
    first = PRODUCTS[0]
    title = "Lumuna Refillable Weekly Planner, Numbered Pages"
    assert (first.code, first.title, first.price_tag) == ("P25071", title, "$40.99")
    assert generate_products(50) == generate_products(50) != generate_products(50, seed=1)


def test_everything_that_is_asked_for_can_be_read():
    # What only the shop knows could not be learned.
    for product in PRODUCTS:
        shown = " ".join([product.title, product.description, *product.bullets]).lower()
        assert product.instruction and product.asked
        assert all(word in shown and word in product.instruction for word in product.asked)
        assert product.query in product.instruction
        assert len(product.title) < 70


def test_no_value_is_taken_for_another():
    # Or any of them would earn the reward.
    for pool in (COLOURS, *OPTIONS.values()):
        for a, b in combinations(map(normalise_colour, pool), 2):
            assert not similar(a, b), (a, b)
    names = Counter(value for pool in (COLOURS, *OPTIONS.values()) for value in pool)
    assert max(names.values()) == 1


def test_no_attribute_is_taken_for_another():
    for group in GROUPS:
        for a, b in combinations((*group.adjectives, *group.features), 2):
            assert not similar(a, b), (a, b)


def test_a_larger_catalogue_has_titles_of_their_own():
    products = generate_products(20_000)
    assert len({product.title for product in products}) == 20_000
