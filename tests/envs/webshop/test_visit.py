"""Visit: what a search and a click do, and where the original goes wrong."""

import pytest

from .shops import Player, goal_task, item, turn, values, write_shop

ODD = [
    item(
        "B000000001",
        "Widget",
        customization_options={
            "Color": values("red", "both", "features", "search", 'two"'),
            "Size": values("both", "small", "Buy Now"),
        },
    )
]


@pytest.fixture
def play(tmp_path):
    return Player(write_shop(tmp_path, ODD), goal_task(), observation_mode="text_rich")


@pytest.fixture
def compat(tmp_path):
    options = write_shop(tmp_path, ODD)
    return Player(options, goal_task(), observation_mode="text_rich", compat=True)


def chosen(player):
    return player.env.state.options


def open_item(player):
    player("search[widget]")
    return player("click[b000000001]").text


def test_a_value_of_two_options_can_be_chosen_for_each(play):
    # In the original only the last of them: goals that ask for the first cannot be met.
    shown = open_item(play)
    assert "  [button] color: both [button_]" in shown
    play("click[color: both]")
    shown = play("click[size: both]").text
    assert chosen(play) == {"color": "both", "size": "both"}
    assert "[clicked button] color: both [clicked button_]" in shown
    assert play("click[both]").failure == "tool_error"


def test_a_value_that_is_a_button_can_be_chosen(play):
    open_item(play)
    play("click[color: features]")
    play("click[size: buy now]")
    assert chosen(play) == {"color": "features", "size": "buy now"}
    play("click[search]")
    assert chosen(play) == {"color": "search", "size": "buy now"}
    assert "first bullet" in play("click[features]").text


def test_a_value_that_an_option_has_twice_is_shown_twice(tmp_path):
    # As in WebShop, where two of the 1,000 products have one.
    twice = item("B000000001", "Widget", customization_options={"Size": values("s", "m", "s")})
    play = Player(write_shop(tmp_path, [twice]), goal_task())
    assert "size [SEP] s [SEP] m [SEP] s [SEP] Widget" in open_item(play)
    play("click[s]")
    assert chosen(play) == {"size": "s"}


def test_compat_has_the_collisions_of_the_original(compat):
    open_item(compat)
    compat("click[both]")
    assert chosen(compat) == {"size": "both"}
    compat("click[search]")
    assert chosen(compat) == {"size": "both"}
    assert "first bullet" in compat("click[features]").text


def test_a_chosen_value_with_quotes_is_shown_as_chosen(play, compat):
    mark = '[clicked button] two" [clicked button_]'
    for player, shown in ((play, True), (compat, False)):
        open_item(player)
        assert (mark in player('click[two"]').text) is shown


@pytest.mark.parametrize(
    ("before", "action"),
    [
        ([], "click[search]"),
        ([], "click[buy now]"),
        (["search[widget]"], "click[buy now]"),
        (["search[widget]"], "click[< prev]"),
        (["search[widget]"], "click[b000000009]"),
        (["search[widget]", "click[b000000001]"], "click[b000000001]"),
        (["search[widget]", "click[b000000001]", "click[features]"], "click[buy now]"),
        (["search[widget]", "click[b000000001]", "click[red]", "click[reviews]"], "click[small]"),
    ],
)
def test_an_invalid_action_changes_nothing(play, compat, before, action):
    for action_before in before:
        play(action_before)
        shown = compat(action_before).text
    state = repr(play.env.state)
    refused = play(action)
    assert repr(play.env.state) == state
    assert refused.failure == "tool_error" and not refused.over
    same = compat(action)
    assert same.failure is None and (not before or same.text == shown)


def test_an_error_names_what_can_be_clicked(play):
    open_item(play)
    assert "did you mean small?" in play("click[smal]").text
    assert "back to search, < prev, description" in play("click[qqqqqqqq]").text


def test_options_are_forgotten_with_the_product(play):
    # A colour chosen on one product must not be bought with another.
    open_item(play)
    play("click[red]")
    play("click[description]")
    play("click[< prev]")
    assert chosen(play) == {"color": "red"}
    play("click[< prev]")
    assert chosen(play) == {}


def test_going_back_to_search_forgets_what_was_opened(play):
    open_item(play)
    play("click[back to search]")
    assert "[clicked button]" not in play("search[widget]").text


def test_a_search_is_possible_on_every_page(play):
    open_item(play)
    play("click[features]")
    assert "Page 1" in play("search[widget]").text


@pytest.mark.parametrize("keywords", ["", " ", "\n"])
def test_an_empty_search_is_explained(play, keywords):
    messages, *_, info = play.env.step(turn(play.env, "search", keywords))
    assert "a search needs keywords" in messages[0]["content"] and info["calls"][0].failure


def test_a_search_of_stop_words_finds_nothing(play):
    assert "Page 1 (Total results: 0)" in play("search[the of and]").text


def test_nothing_can_be_done_after_the_purchase(play):
    open_item(play)
    action = '<tool_call>{"name": "click", "arguments": {"target": "buy now"}}</tool_call>'
    *_, info = play.env.step(action + action)
    first, second = info["calls"]
    assert first.failure is None and second.failure == "tool_error"
    assert info["end"] == "finished" and "the purchase is made" in second.result
