"""Goals: their texts, price bounds, order and splits."""

import pytest

from mentor_core.contracts.task import Task
from mentor_core.support.errors import DataError
from mentor_envs.webshop.catalogue import Catalogue, Product, Written
from mentor_envs.webshop.goals import Goal, human_goals, in_order, synthetic_goals
from mentor_envs.webshop.splits import split_files


def product(code="B1", prices=(12.5,), **fields):
    fields = {"instruction": "find me a widget", "asked": ("sturdy",)} | fields
    return Product(code, "Widget", "", ("",), "tools", "widgets", "Home", prices, **fields)


def goals_of(*products, seed=0, draw=synthetic_goals):
    return list(draw(Catalogue(products), seed))


def test_there_is_a_goal_for_each_combination_of_options():
    options = {"size": ("s", "m"), "color": ("red", "blue", "red")}
    goals = goals_of(product(options=options))
    assert len(goals) == 6 and len({goal.id for goal in goals}) == 6
    assert goals[0].options == (("color", "red"), ("size", "s"))
    assert goals[0].text.startswith(
        "find me a widget with color: red, and size: s, and price lower"
    )
    assert len({goal.price_upper for goal in goals}) == 1


def test_without_options_or_instruction():
    (goal,) = goals_of(product(), product("B2", instruction=None), product("B3", asked=()))
    assert goal.text == f"find me a widget, and price lower than {goal.price_upper:.2f} dollars"


@pytest.mark.parametrize(
    ("price", "bounds"),
    [
        (12.5, {30.0, 40.0, 50.0}),  # the higher of two of 20, 30, 40 and 50
        (10.0, {30.0, 40.0, 50.0}),
        (970.0, {990.0}),
        (980.0, {1_000_000.0}),  # one is left: no bound
        (5000.0, {1_000_000.0}),
    ],
)
def test_price_bounds(price, bounds):
    goals = [goals_of(product(prices=(price,)), seed=seed)[0] for seed in range(60)]
    assert {goal.price_upper for goal in goals} == bounds
    assert all(("price lower" in goal.text) == (goal.price_upper < 1000) for goal in goals)


def test_draws_depend_on_the_seed_and_the_product_alone():
    # In the original they depend on the process: numbers could not be compared.
    ranged, other = product(prices=(5.0, 95.0)), product("B2", (1.0, 900.0))
    alone, together = Catalogue([ranged]), Catalogue([other, ranged])
    assert alone.price(ranged, 3) == together.price(ranged, 3) != alone.price(ranged, 4)
    assert goals_of(ranged)[0] in goals_of(other, ranged)
    assert 5.0 <= alone.price(ranged, 3) <= 95.0


def test_goals_written_by_people():
    written = (
        Written("i need a widget.", ("sturdy",), ("red", "xl")),
        Written("no attribute", (), ()),
        Written("another", ("light",), ()),
    )
    first, second = goals_of(product(written=written), draw=human_goals)
    assert first.text.startswith("i need a widget, and price lower than ")
    assert first.options == (("", "red"), ("", "xl"))
    assert (first.id, second.id) == ("B1-0", "B1-2")


def test_the_order_is_webshops():
    # random.seed(233); random.shuffle(goals): its test goals are the first 500.
    goals = [Goal(str(number), "B1", "", ("x",)) for number in range(10)]
    assert [goal.id for goal in in_order(goals)] == list("5901476382")


def test_a_goal_survives_its_task():
    (goal,) = goals_of(product(options={"color": ("red",)}))
    task = Task(goal.id, "webshop", goal.text, metadata=goal.metadata())
    assert Goal.of(task) == goal


@pytest.mark.parametrize(
    "change", [{"product": None}, {"attributes": 3}, {"options": [["x"]]}, {"price_upper": "x"}]
)
def test_a_task_without_a_goal_is_named(change):
    (goal,) = goals_of(product())
    metadata = {k: v for k, v in (goal.metadata() | change).items() if v is not None}
    with pytest.raises(DataError, match="task 'T'"):
        Goal.of(Task("T", "webshop", "?", metadata=metadata))


@pytest.mark.parametrize(
    ("count", "sizes"), [(3000, (500, 1500)), (2999, (300, 2699)), (1, (1, 0))]
)
def test_the_splits_of_files_are_webshops(count, sizes):
    goals = [Goal(str(number), "B1", "", ("x",)) for number in range(count)]
    splits = split_files(Catalogue([product()]), goals, ())
    assert (len(splits["eval"]), len(splits["train"]), splits["domain"]) == (*sizes, [])
    assert splits["eval"][0].id == "0"
    if count == 3000:
        assert splits["train"][0].id == "1500"


def test_goals_of_held_out_categories_are_a_shift():
    splits = split_files(Catalogue([product()]), [Goal("0", "B1", "", ("x",))], ["tools"])
    assert len(splits["domain"]) == 1 and not splits["train"] and not splits["eval"]
