"""reasoning_gym: any of its datasets, scored as the package scores it."""

from __future__ import annotations

import sys
import time
import warnings

import pytest

pytest.importorskip("reasoning_gym", reason="needs the extra reasoning-gym")

from gymnasium.utils.env_checker import check_env
from reasoning_gym.factory import DATASETS

from mentor_core.contracts.task import SPLITS
from mentor_core.contracts.trajectory import Call
from mentor_core.support.errors import ConfigError
from mentor_envs.reasoning_gym import scorer
from mentor_envs.reasoning_gym.env import ReasoningGym

SMALL = {"train_size": 6, "eval_size": 4, "ood_size": 4}
WITHOUT_ORACLE = {"boxnet", "graph_color", "propositional_logic", "rubiks_cube", "rush_hour"}
EASY = {  # the defaults of these take seconds an item
    "knight_swap": {"min_nodes": 6, "max_nodes": 6, "min_pieces": 2, "max_pieces": 2},
}


def make(**options):
    return ReasoningGym(**{**SMALL, **options})


def outcome(env, task, content):
    env.reset(options={"task": task})
    return env.step(content)[-1]["outcome"]


def test_gymnasium_finds_nothing_to_complain_about():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check_env(make(), skip_render_check=True)


def test_the_oracle_answer_is_right_and_others_are_scored_as_the_package_does():
    env = make()
    task = env.tasks("train")[0]
    assert outcome(env, task, f"I think so. Answer: {task.answer}") == 1.0
    assert outcome(env, task, "Answer: no idea") < 0.1
    assert outcome(env, task, "") == 0.0


def test_the_calculator_is_at_hand_and_need_not_be(tmp_path, monkeypatch):
    env = make()
    env.reset()
    call = env.parser.render("", [Call("add", {"a": 40, "b": 2})])
    assert env.step(call)[0][0]["content"] == "42"
    assert make(tools="none").schemas == []
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_tools.py").write_text("def count(text: str) -> int:\n    return len(text)\n")
    assert list(make(tools="my_tools.py").tools) == ["count"]


def test_no_split_shares_a_prompt_with_another():
    # A dataset of so few items that seeds alone would not keep them apart.
    env = make(
        dataset="basic_arithmetic",
        dataset_options={"min_terms": 2, "max_terms": 2, "min_digits": 1, "max_digits": 1},
        train_size=200,
        eval_size=60,
    )
    parts = [shift for shift in env.shifts if shift != "tools"]
    splits = ("train", "eval", *parts)
    prompts = {split: [task.prompt for task in env.tasks(split)] for split in splits}
    assert parts and all(len(set(p)) == len(p) > 0 for p in prompts.values())
    assert not set(prompts["train"]) & set(prompts["eval"])
    for part in parts:
        assert not (set(prompts["train"]) | set(prompts["eval"])) & set(prompts[part])


def test_the_same_seed_is_the_same_tasks():
    assert make(seed=3).tasks("train") == make(seed=3).tasks("train")
    assert make(seed=3).tasks("train") != make(seed=4).tasks("train")
    ids = [task.id for split in SPLITS for task in make().tasks(split)]
    assert len(set(ids)) == len(ids)


def test_each_part_of_the_curriculum_is_a_shift_or_ood_is_what_one_says():
    assert make().splits == ("train", "eval", "ood", "num_terms", "num_digits", "tools")
    (longer, *_), (larger, *_) = make().tasks("num_terms"), make().tasks("num_digits")
    assert longer.metadata["options"] == {"min_terms": 6, "max_terms": 7}
    assert larger.metadata["options"] == {"min_digits": 4, "max_digits": 5}
    (task, *_) = make(ood_dataset="countdown").tasks("ood")
    assert task.id == "countdown-ood-0"
    (task, *_) = make(ood_options={"min_terms": 9, "max_terms": 9}).tasks("ood")
    assert task.metadata["entry"]["metadata"]["num_terms"] == 9
    assert make(dataset="gsm_symbolic", tools="none").splits == ("train", "eval", "ood")
    # Where its first step up is none that the dataset can make, the next one counts.
    for shift in make(dataset="ransom_note", tools="none").shifts:
        assert len(make(dataset="ransom_note").tasks(shift)) in (0, 4)


def test_several_datasets_are_one():
    parts = [{"name": "chain_sum", "weight": 2.0}, {"name": "letter_counting"}]
    env = make(dataset="composite", dataset_options={"datasets": parts}, train_size=20)
    sources = {t.metadata["entry"]["metadata"]["source_dataset"] for t in env.tasks("train")}
    assert sources == {"chain_sum", "letter_counting"}
    for task in env.tasks("train")[:4]:
        assert outcome(env, task, f"Answer: {task.answer}") == 1.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dataset": "chain_sums"}, "no dataset 'chain_sums'; did you mean chain_sum"),
        ({"dataset_options": {"min_term": 2}}, "unknown option 'min_term'; did you mean min_terms"),
        ({"dataset_options": {"seed": 2}}, "unknown option 'seed'"),
        ({"dataset_options": {"min_terms": -2}}, "dataset 'chain_sum': AssertionError"),
        ({"ood_dataset": "nothing"}, "no dataset 'nothing'"),
        ({"seed": -1}, "option 'seed'"),
        ({"tools": "none.py"}, "none.py: No such file"),
    ],
)
def test_wrong_options_are_told_at_once(options, message):
    with pytest.raises(ConfigError, match=message):
        make(**options)


def test_without_the_package_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "reasoning_gym", None)
    with pytest.raises(ConfigError, match=r"pip install 'mentor-core\[reasoning-gym\]'"):
        make()


def test_an_answer_that_never_ends_is_not_scored_and_holds_up_nothing(monkeypatch):
    monkeypatch.setattr(scorer, "SECONDS", 1.0)
    env = make(dataset="countdown")
    task = env.tasks("train")[0]
    assert outcome(env, task, f"Answer: {task.answer}") == 1.0
    started = time.monotonic()
    assert outcome(env, task, "Answer: 9**9**9**9") is None
    assert time.monotonic() - started < 30
    monkeypatch.undo()
    assert outcome(env, task, f"Answer: {task.answer}") == 1.0  # the next one is scored


def test_an_answer_is_no_program(tmp_path):
    # n_queens evaluates answers as Python.
    env = make(dataset="n_queens")
    task = env.tasks("train")[0]
    for program in (
        f"open({str(tmp_path / 'made')!r}, 'w')",
        f"__import__('os').mkdir({str(tmp_path / 'made')!r})",
        f"__import__('subprocess').run(['touch', {str(tmp_path / 'made')!r}])",
    ):
        assert outcome(env, task, f"Answer: {program}") < 0.1
        assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("dataset", sorted(set(DATASETS) - {"composite"}))
def test_every_dataset_is_an_environment(dataset):
    env = make(dataset=dataset, dataset_options=EASY.get(dataset, {}), ood_size=2, train_size=2)
    for split in SPLITS:
        for task in env.tasks(split):
            if task.answer is not None and "No solution" not in task.answer:
                assert outcome(env, task, f"Answer: {task.answer}") == 1.0
            assert 0.0 <= outcome(env, task, "Answer: nonsense (") <= 1.0
    assert (env.tasks("eval")[0].answer is None) == (dataset in WITHOUT_ORACLE)
