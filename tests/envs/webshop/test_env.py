"""WebShop: the environment that gymnasium, experts and policies see."""

import pickle
import random
import warnings

import pytest
from gymnasium.utils.env_checker import check_env
from hypothesis import given, settings
from hypothesis import strategies as st

from mentor_core.contracts.task import Task
from mentor_core.contracts.trajectory import Call
from mentor_core.support.errors import ConfigError, DataError
from mentor_envs.webshop.env import WebShop
from mentor_lab.testing import json_values
from mentor_toolkit.scripts import play_expert

from .shops import Player, goal_task, item, turn, values, write_shop


@pytest.fixture(scope="module")
def env():
    return WebShop(max_turns=12)


def test_gymnasium_finds_nothing_to_complain_about():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(WebShop(), skip_render_check=True)


@pytest.mark.parametrize("split", ["eval", *WebShop.shifts])
def test_the_expert_solves_every_task(split):
    # A reference that fails would teach a wrong solution; one that is too long is none.
    env = WebShop()
    for task in env.tasks(split):
        played = play_expert(env, task)
        assert (played.outcome, played.end) == (1.0, "finished"), task
        assert not any(call.failure for call in played.calls), task
        assert max(len(call.result) for call in played.calls) < 1500


def test_the_expert_does_not_look_at_the_title_if_it_need_not(env):
    # A policy cannot know the title: it could not learn such a search.
    for task in env.tasks("eval"):
        keywords = next(env.expert(task))[1][0].arguments["keywords"]
        assert set(keywords.split()) <= set(task.prompt.replace(",", "").split()), task


def test_the_splits(env):
    tasks = {split: env.tasks(split) for split in ("train", "eval", "domain", "phrasing")}
    assert {split: len(of) for split, of in tasks.items()} == {
        "train": 5984,
        "eval": 128,
        "domain": 128,
        "phrasing": 128,
    }
    codes = {s: {task.metadata["product"] for task in of} for s, of in tasks.items()}
    assert not codes["train"] & codes["eval"] and not codes["train"] & codes["domain"]
    products = env.shop.catalogue.products
    category = {product.code: product.category for product in products}
    assert {category[code] for code in codes["domain"]} == {"garden", "pets"}
    assert not {category[code] for code in codes["train"]} & {"garden", "pets"}
    assert len({task.id for of in tasks.values() for task in of}) == 5984 + 3 * 128


def test_other_categories_can_be_held_out():
    env = WebShop(ood_categories=["toys"])
    category = {product.code: product.category for product in env.shop.catalogue.products}
    assert {category[task.metadata["product"]] for task in env.tasks("domain")} == {"toys"}
    with pytest.raises(ConfigError, match="no category 'toy'; did you mean toys"):
        WebShop(ood_categories=["toy"]).tasks("domain")


ACTIONS = [
    ("search[red shoes]", [("search", "red shoes")]),
    ("Thought: I need shoes.\nAction: Search[red shoes]", [("search", "red shoes")]),
    ("  click[< Prev]  ", [("click", "< Prev")]),
    ("click[size [us]: 9]", [("click", "size [us]: 9")]),
    ("click[a]\nclick[b]", [("click", "a"), ("click", "b")]),
    ("search[]", [("search", "")]),
    ("I would search[red shoes] now", []),
    ("searching[red]", []),
    ("search[red", []),
    ("", []),
]


@pytest.mark.parametrize(("text", "calls"), ACTIONS)
def test_text_actions_are_read(env, text, calls):
    read = [(call.name, *call.arguments.values()) for call in env.read_calls(text)]
    assert read == calls


def test_text_actions_and_tool_calls_do_the_same(tmp_path):
    options = write_shop(tmp_path, [item("B000000001", "Widget")])
    play, other = Player(options, goal_task()), Player(options, goal_task())
    for name, argument in [("search", "widget"), ("click", "b000000001"), ("click", "buy now")]:
        shown = play(f"{name}[{argument}]")
        messages, reward, *_ = other.env.step(turn(other.env, name, argument))
        assert (messages[0]["content"], reward) == (shown.text, shown.reward)
    assert shown.over and shown.reward == 1.0


def test_a_turn_without_an_action_changes_nothing(env):
    env.reset(seed=0)
    env.step("search[tea]")
    state = repr(env.state)
    messages, _, terminated, *_ = env.step("Let me think about tea.")
    assert messages[0]["role"] == "user" and "search[keywords]" in messages[0]["content"]
    assert repr(env.state) == state and not terminated
    assert env.step("")[4]["end"] == "policy_stopped"


def test_nothing_bought_is_worth_nothing():
    env = WebShop(max_turns=1)
    env.reset(seed=0)
    assert env.step("search[tea]")[4]["outcome"] == 0.0


def test_a_purchase_is_scored_by_what_was_chosen(tmp_path):
    rows = [item("B000000001", "Widget", customization_options={"color": values("red", "blue")})]
    task = goal_task(options=[["color", "red"]])
    rewards = []
    for clicks in (["red"], ["blue"], [], ["red", "blue"]):
        play = Player(write_shop(tmp_path, rows), task)
        for action in ("search[widget]", "click[b000000001]", *(f"click[{c}]" for c in clicks)):
            play(action)
        rewards.append(play("click[buy now]").reward)
    assert rewards == [1.0, 2 / 3, 2 / 3, 2 / 3]


def key(env, name, **arguments):
    return env.canonical(Call(name, arguments))


def test_equal_calls_have_equal_keys_and_others_do_not(env):
    red = key(env, "search", keywords="red shoes")
    assert (
        red == key(env, "search", keywords="The SHOE, red!") != key(env, "search", keywords="red")
    )
    assert key(env, "click", target="Buy Now ") == key(env, "click", target="buy now")
    assert key(env, "click", target="buy now") != key(env, "click", target="< prev")
    assert key(env, "click", keywords="x") is None and key(env, "buy", target="x") is None


words = st.text(max_size=20) | st.sampled_from(["tea", "buy now", "< prev", "x" * 10_000])
wild_calls = st.builds(
    Call,
    st.sampled_from(["search", "click", "buy"]),
    st.dictionaries(st.sampled_from(["keywords", "target", "x"]), words | json_values()),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(wild_calls | words, max_size=10), st.integers(0, 99))
def test_whatever_a_policy_writes_is_answered(env, wanted, seed):
    env.reset(seed=seed)
    for item_ in wanted:
        if env.end is not None:
            break
        before = repr(env.state)
        text = item_ if isinstance(item_, str) else env.parser.render("", [item_])
        observation, reward, *_, info = env.step(text)
        assert env.observation_space.contains(observation) and 0.0 <= reward <= 1.0
        if all(call.failure for call in info["calls"]):
            assert repr(env.state) == before


def walk(env, seed, steps):
    """The actions of a random walk over what the pages offer."""
    draw = random.Random(seed)
    for _ in range(steps):
        targets = list(env.shop.visits.targets(env.state))
        if not targets or draw.random() < 0.1:
            yield f"search[{' '.join(draw.sample(env.task.prompt.split(), 3))}]"
        else:
            yield f"click[{draw.choice(targets)}]"


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["text", "text_rich"]), st.booleans())
def test_random_walks_end_well(seed, mode, compat):
    env = WebShop(observation_mode=mode, compat=compat, max_turns=30)
    env.reset(seed=seed)
    for action in walk(env, seed, 30):
        observation, reward, *_, info = env.step(action)
        assert observation[0]["content"] and 0.0 <= reward <= 1.0
        if env.end:
            break
    assert 0.0 <= info["outcome"] <= 1.0 if info["end"] else not env.is_over()
    env.close()


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 8))
def test_a_snapshot_is_as_good_as_a_replay(env, seed, at):
    # Branching from the middle of an episode would give another episode.
    env.reset(seed=seed)
    actions, seen, kept = [], [], None
    for action in walk(env, seed, 12):
        if len(actions) == at:
            kept = pickle.loads(pickle.dumps(env.snapshot()))
        actions.append(action)
        seen.append(env.step(action)[0])
        if env.end:
            break
    if kept is not None:
        other = WebShop(max_turns=12)
        other.restore(kept)
        assert [other.step(action)[0] for action in actions[at:]] == seen[at:]
        other.close()
    env.reset(seed=seed)
    assert [env.step(action)[0] for action in actions] == seen


def test_instances_share_the_shop_and_no_state(env):
    other = WebShop(observation_mode="text_rich")
    assert other.shop is env.shop
    env.reset(seed=0)
    other.reset(seed=0)
    env.step("search[tea]")
    assert other.state.page == "index"
    assert WebShop(seed=1).shop is not env.shop


def test_a_changed_file_is_read_again(tmp_path):
    write_shop(tmp_path, [item("B1", "Widget")])
    assert len(WebShop(products=tmp_path / "products.json").shop.catalogue.products) == 1
    write_shop(tmp_path, [item("B1", "Widget"), item("B2", "Widget")])
    assert len(WebShop(products=tmp_path / "products.json").shop.catalogue.products) == 2


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"product": "x"}, "did you mean products"),
        ({"attributes": "x.json"}, "attributes needs products"),
        ({"products": "x.json", "num_products": 0}, "num_products"),
        ({"observation_mode": "html"}, "observation_mode"),
        ({"nouns": "nltk"}, "nouns"),
    ],
)
def test_a_wrong_option_is_explained(options, expected):
    with pytest.raises(ConfigError, match=expected):
        WebShop(**options)


def test_a_task_of_another_shop_is_refused(env):
    with pytest.raises(DataError, match="no product 'B000000001' in the catalogue"):
        env.reset(options={"task": goal_task()})
    with pytest.raises(DataError, match="no 'product' in its metadata"):
        env.reset(options={"task": Task("t", "webshop", "?")})


@pytest.fixture(scope="module")
def real(shared_data):
    folder = shared_data / "webshop"
    options = {"products": folder / "products_1k.jsonl.gz"}
    return WebShop(max_turns=15, attributes=folder / "items_ins_v2_1000.json", **options)


def test_the_real_catalogue_is_played(real):
    sizes = [len(real.tasks(split)) for split in ("eval", "train", "domain")]
    assert sizes == [500, 6910 - 1500, 0]
    solved = [play_expert(real, task) for task in real.tasks("eval")[:100]]
    assert all(played is not None and played.outcome == 1.0 for played in solved)


def test_people_s_goals_are_played(real, tmp_path):
    product = next(p for p in real.shop.catalogue.products if p.options and p.attributes)
    value = next(iter(product.options.values()))[0]
    wish = {"instruction": "i want it.", "instruction_attributes": [product.attributes[0]]}
    written = {product.code: [{**wish, "instruction_options": [value]}]}
    options = write_shop(tmp_path, [], written=written)
    env = WebShop(
        products=real.options.products,
        attributes=real.options.attributes,
        human_goals=options["human_goals"],
    )
    (task,) = env.tasks("eval")
    assert task.prompt.startswith("i want it, and price lower than ")
    assert play_expert(env, task).outcome == 1.0
