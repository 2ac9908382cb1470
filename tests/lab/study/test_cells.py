"""The cells of a study: the runs that its file describes."""

from __future__ import annotations

import pytest

from mentor_core.support.errors import ConfigError
from mentor_lab.study.cells import plan
from mentor_lab.study.file import read_study


def cells_of(file, **options):
    return {cell.name: cell for cell in plan(read_study(str(file)), **options)[0]}


def test_a_method_without_training_has_one_cell(write):
    found = cells_of(write())
    assert [*found] == ["easy/base/0", "easy/sparse/0", "easy/sparse/1"]
    assert [cell.trains for cell in found.values()] == [False, True, True]
    assert [cell.config.seed for cell in found.values()] == [0, 0, 1]


def test_later_settings_win(write):
    file = write(
        ("settings.train.steps", 9),
        ("settings.warm_start", "sft:9"),
        ("environments.easy.rollout", {"max_turns": 4}),
        ("methods.recipe", {"recipe": "imitate_then_reinforce", "train": {"group_size": 4}}),
    )
    config = cells_of(file, settings=["rollout.top_k=3"])["easy/recipe/1"].config
    assert config.warm_start == "sft:48"  # the recipe is the method's, and over common settings
    assert config.train.steps == 40
    assert config.train.group_size == 4
    assert config.train.tasks_per_step == 1
    assert config.rollout.max_turns == 4
    assert config.rollout.top_k == 3
    assert config.reports == []


def test_a_reward_replaces_a_reward_as_a_whole(write):
    found = cells_of(
        write(
            ("settings.reward", {"terms": {"outcome": 1.0, "format": 0.5}}),
            ("methods.own", {"reward": {"preset": "mentor", "composer": "weighted_sum"}}),
            ("methods.plain", {}),
        )
    )
    assert set(found["easy/plain/0"].config.reward.terms) == {"outcome", "format"}
    assert found["easy/own/0"].config.reward.composer == "weighted_sum"
    assert "teacher" in found["easy/own/0"].config.reward.terms
    assert "teacher" not in found["easy/sparse/0"].config.reward.terms


def test_shifts_are_those_of_the_environment(write):
    file = write(
        ("evaluate.splits", ["eval", "shifts"]),
        ("environments.shop", {"env": "bfcl"}),
    )
    found = cells_of(file)
    assert found["easy/base/0"].config.evaluate.splits == [
        *("eval", "phrasing", "numbers", "length", "tools")
    ]
    assert found["shop/base/0"].config.evaluate.splits == ["eval", "phrasing", "tools"]


def test_paths_are_relative_to_the_file(write, tmp_path, monkeypatch):
    term = "from mentor_core import RewardTerm\n\n\nclass Half(RewardTerm):\n"
    term += "    def score(self, trajectory, task, references):\n        return 0.5\n"
    file = write(("methods.own", {"rewards": "half.py:Half=0.5,outcome"}), name="there/s.toml")
    (file.parent / "half.py").write_text(term)
    monkeypatch.chdir(tmp_path)
    reward = cells_of(file)["easy/own/0"].config.reward
    assert reward.terms == {"Half": 0.5, "outcome": 1.0}
    assert reward.term_classes == {"Half": f"{file.parent / 'half.py'}:Half"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ([("methods.sparse.recpie", "hard")], "unknown key 'recpie'; did you mean recipe"),
        ([("methods.sparse.recipe", "hrd")], "did you mean hard?"),
        ([("methods.sparse.rewards", "spars")], "did you mean sparse?"),
        ([("methods.sparse.rewards", 1)], "rewards: expected text"),
        ([("methods.sparse.steps", -1)], "train.steps: expected a number of at least 0"),
        ([("methods.sparse.train", {"stpes": 1})], "did you mean train.steps"),
        ([("methods.sparse.seed", 1)], "the seeds of a study stand in study.seeds"),
        ([("methods.sparse.reward", {"preset": "mentor"})], "give one"),
        ([("methods.sparse.trainer", "stf")], "did you mean sft?"),
        ([("methods.sparse.trainer_options", {"imitaton": 1})], "did you mean imitation?"),
        ([("methods.sparse.model", "./no/such/model")], "there is no"),
        ([("methods.sparse.model", "embedded/calculatr")], "did you mean embedded/calculator"),
        ([("methods.sparse.env_options", {"seed": 5})], "other tasks than the methods before"),
    ],
)
def test_settings_that_make_no_run_are_refused_by_the_name_of_the_method(write, changes, said):
    with pytest.raises(ConfigError) as refused:
        cells_of(write(*changes))
    assert "the method 'sparse' with the environment 'easy'" in str(refused.value)
    assert said in str(refused.value)


def test_an_evaluation_of_nothing_is_refused(write):
    for change in (("evaluate.splits", []), ("evaluate.tasks", 0)):
        with pytest.raises(ConfigError, match="nothing is to be evaluated"):
            cells_of(write(change))
    with pytest.raises(ConfigError, match="did you mean phrasing"):
        cells_of(write(("evaluate.splits", ["phrasng"])))


@pytest.mark.parametrize("name", ["paper", "ablations"])
def test_references_and_rollouts_of_the_shipped_studies_are_equal(name):
    for quick in (False, True):
        cells, _ = plan(read_study(name, quick=quick))
        for cell in cells:
            train = cell.config.train
            tasks = cell.config.env_options["train_size"]
            if cell.config.trainer == "grpo" and cell.trains:
                assert train.steps * train.tasks_per_step == tasks, cell.name
                assert train.group_size == 8
