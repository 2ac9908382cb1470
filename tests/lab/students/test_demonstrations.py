"""The weak player really plays, errs as it is told to, and always comes to an end."""

import random

import pytest

from mentor_core.door.registry import ENVIRONMENTS, load
from mentor_lab.students.demonstrations import WeakPlayer, demonstrate

SIZES = {"train_size": 120, "eval_size": 0, "ood_size": 0}
PERFECT = {"misconceived": 0, "skill": 1, "skip": 0, "stop": 0, "swap": 0, "talk": 0}
WORST = {"misconceived": 1, "guess": 0, "skip": 0.3, "stop": 0.3, "swap": 0.5, "copy_error": 0.5}


def outcomes(name, player, options=SIZES):
    env = load(ENVIRONMENTS, name)(**options)
    draw = random.Random(0)
    found = []
    for task in env.tasks("train")[:40]:
        conversation = demonstrate(env, task, player, draw)
        assert conversation is not None
        assert conversation[-1]["role"] in ("assistant", "tool")
        found.append(env.verify())
    env.close()
    return found


@pytest.mark.parametrize("name", ["calculator", "files", "sql"])
def test_a_player_without_errors_plays_as_the_expert_does(name):
    assert outcomes(name, WeakPlayer(**PERFECT)) == [1.0] * 40


@pytest.mark.parametrize("name", ["calculator", "files", "sql"])
def test_every_kind_of_error_at_once_still_gives_whole_conversations(name):
    player = WeakPlayer(**WORST, forget=0.5, retry=0.5, talk=0.5)
    assert sum(outcomes(name, player)) < 20


def test_a_tool_is_taken_for_the_one_that_is_named():
    player = WeakPlayer(**PERFECT | {"guess": 0}, takes={"mv": "cp"})
    env = load(ENVIRONMENTS, "files")(**SIZES)
    tasks = env.tasks("train")
    moves = [t for t in tasks if [s["name"] for s in t.metadata["steps"]] == ["mv"]]
    assert moves
    for task in moves:
        demonstrate(env, task, player, random.Random(0))
        assert "mv" not in [call.name for turn in env.turns for call in turn.calls]


def test_a_word_is_mistaken_for_the_one_that_is_named():
    player = WeakPlayer(**PERFECT, mistake=1, mistaken={"AVG": "SUM"})
    env = load(ENVIRONMENTS, "sql")(**SIZES)
    averages = [task for task in env.tasks("train") if "AVG(" in task.answer]
    assert averages
    for task in averages:
        demonstrate(env, task, player, random.Random(0))
        assert "AVG(" not in env.turns[-2].calls[0].arguments["sql"].split("(SELECT")[0]


def test_who_tires_buys_without_the_options_but_buys():
    env = load(ENVIRONMENTS, "webshop")()
    for task in env.tasks("train")[:10]:
        demonstrate(env, task, WeakPlayer(**PERFECT, skip_repeated=1), random.Random(0))
        clicked = [call.arguments.get("target") for turn in env.turns for call in turn.calls]
        assert len(clicked) == 3  # search, the product, and what is last
        assert clicked[-1] == "buy now"


def test_the_same_draws_give_the_same_demonstration():
    def messages():
        env = load(ENVIRONMENTS, "files")(**SIZES)
        player = WeakPlayer(**WORST)
        return [demonstrate(env, t, player, random.Random(1)) for t in env.tasks("train")[:10]]

    assert messages() == messages()
